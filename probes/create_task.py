"""Proves that starting the coordinator's servers raises TypeError: their start methods return None.

The servers are the real ones, on free ports; only the kernel is a fake.
"""

import asyncio


def probe(context):
    module = context.load("model_ops_coordinator.app")
    hub = module.ModelOpsCoordinator.__new__(module.ModelOpsCoordinator)
    hub.kernel = context.fake(cfg=context.fake(resources=context.fake(vram_soft_limit_mb=1000)))
    hub.hub_config = module.Config()
    hub.hub_config.server.zmq_port = context.free_port()
    hub.hub_config.server.grpc_port = context.free_port()
    hub.hub_config.server.rest_port = 0
    try:
        asyncio.run(hub._start_servers())
    except TypeError as error:
        if "coroutine was expected" in str(error):
            return context.holds(f"the first server's task raised TypeError: {error}")
        return context.could_not(f"something else failed first: {error}")
    except Exception as error:
        return context.could_not(f"something else failed first: {type(error).__name__}: {error}")
    return context.does_not_hold("all servers were started")
