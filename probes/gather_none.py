"""Proves that the coordinator's stop raises TypeError, although it asks for return_exceptions.

The servers are real objects that were never started, so that their stop does nothing.
"""

import asyncio


def probe(context):
    module = context.load("model_ops_coordinator.app")

    def idle(kind):
        server = kind.__new__(kind)
        server._running = False
        return server

    stopped = []

    async def shutdown():
        stopped.append("kernel")

    hub = module.ModelOpsCoordinator.__new__(module.ModelOpsCoordinator)
    hub._running = True
    hub._shutdown_event = context.fake()
    hub.kernel = context.fake(shutdown=shutdown)
    hub.zmq_server = idle(module.ZMQServer)
    hub.grpc_server = idle(module.GRPCServer)
    hub.rest_server = idle(module.RESTAPIServer)
    try:
        asyncio.run(hub.stop())
    except TypeError as error:
        skipped = "" if stopped else "; the kernel was not shut down"
        return context.holds(f"stop raised TypeError: {error}{skipped}")
    return context.does_not_hold("stop ran to its end")
