"""Proves that ErrorPublisher has no socket when the error bus is on another host.

The address is one that is reserved for documentation: no machine has it, and none can bind it.
"""


def probe(context):
    module = context.load("main_pc_code.agents.error_publisher")
    if context.is_stub(module.zmq):
        return context.could_not("binding is ZMQ's work, and pyzmq is a stub here")
    publisher = module.ErrorPublisher("probe", endpoint="tcp://192.0.2.1:7150")
    if publisher.socket is None:
        return context.holds("the publisher was constructed without a socket and drops every report")
    return context.does_not_hold("the publisher has a socket that is connected to the bus")
