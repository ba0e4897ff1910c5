"""Proves that a REP socket from the pool is bound already: a second bind on its address raises ZMQError.

This is the demonstration that the audit itself gives, on a free port instead of a fixed one.
"""


def probe(context):
    pool = context.load("common.pools.zmq_pool")
    zmq = pool.zmq
    if context.is_stub(zmq):
        return context.could_not("binding is ZMQ's work, and pyzmq is a stub here")
    endpoint = f"tcp://127.0.0.1:{context.free_port()}"
    socket = pool.get_rep_socket(endpoint).socket
    try:
        socket.bind(endpoint)
    except zmq.ZMQError as error:
        return context.holds(f"the second bind raised ZMQError: {zmq.strerror(error.errno)}")
    return context.does_not_hold("the second bind on the same address succeeded")
