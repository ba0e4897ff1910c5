"""Proves that ErrorPublisher occupies the port of the error bus instead of connecting to it.

A collector that comes up after the publisher tries to bind the address of the bus.
"""


def probe(context):
    module = context.load("main_pc_code.agents.error_publisher")
    zmq = module.zmq
    if context.is_stub(zmq):
        return context.could_not("binding is ZMQ's work, and pyzmq is a stub here")
    endpoint = f"tcp://127.0.0.1:{context.free_port()}"
    publisher = module.ErrorPublisher("probe", endpoint=endpoint)
    if publisher.socket is None:
        return context.could_not("the publisher has no socket")
    collector = zmq.Context.instance().socket(zmq.SUB)
    try:
        collector.bind(endpoint)
    except zmq.ZMQError as error:
        return context.holds(f"the collector cannot bind its own address: {zmq.strerror(error.errno)}")
    return context.does_not_hold("the collector binds its address while the publisher is connected to it")
