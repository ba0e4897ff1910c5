"""Proves that the coordinator's stop raises TypeError, although it asks for return_exceptions.

The servers are real objects that were never started, so that their stop does nothing.
"""

import asyncio
import importlib
import sys


def probe(context):
    module, told = coordinator(context)

    def idle(kind):
        server = kind.__new__(kind)
        server._running = False
        return server

    stopped = []

    async def shutdown():
        stopped.append("kernel")

    hub = module.ModelOpsCoordinator.__new__(module.ModelOpsCoordinator)
    hub._running = True
    hub._shutdown_event = hub.health_checker = context.fake()
    hub._startup_time = None
    hub.logger = context.fake()
    hub.kernel = context.fake(shutdown=shutdown)
    hub.zmq_server = idle(module.ZMQServer)
    hub.grpc_server = idle(module.GRPCServer)
    hub.rest_server = idle(module.RESTAPIServer)
    try:
        asyncio.run(hub.stop())
    except TypeError as error:
        skipped = "" if stopped else "; the kernel was not shut down"
        return context.holds(f"stop raised TypeError: {error}{skipped}", **told)
    return context.does_not_hold("stop ran to its end", **told)


def coordinator(context):
    """The coordinator's module, and what had to be put right before it could be imported."""
    try:
        return context.load("model_ops_coordinator.app"), {}
    except ImportError as error:
        problem = f"{type(error).__name__}: {error}"
    # Its packages go by two names, and only one of them can be imported.
    for name in ("core", "core.errors", "core.kernel", "transport"):
        sys.modules[name] = importlib.import_module("model_ops_coordinator." + name)
    for name in ("zmq_server", "grpc_server", "rest_api"):
        sys.modules["transport." + name] = importlib.import_module("model_ops_coordinator.transport." + name)
    module = context.load("model_ops_coordinator.app")
    told = f"the module cannot be imported: {problem}; here the names of its packages are put right"
    return module, {"as_shipped": told}
