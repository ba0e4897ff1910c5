"""Proves that starting the coordinator's servers raises TypeError: their start methods return None.

The servers are the real ones, on free ports; only the kernel is a fake.
"""

import asyncio
import importlib
import sys


def probe(context):
    module, told = coordinator(context)
    hub = module.ModelOpsCoordinator.__new__(module.ModelOpsCoordinator)
    hub.kernel = context.fake(cfg=context.fake(resources=context.fake(vram_soft_limit_mb=1000)))
    hub.logger = context.fake()
    ports = {"zmq_port": context.free_port(), "grpc_port": context.free_port(), "rest_port": 0, "max_workers": 2}
    if hasattr(module, "Config"):
        hub.hub_config = module.Config()
        for name, value in ports.items():
            setattr(hub.hub_config.server, name, value)
    else:
        hub.hub_config = {"server": ports}
    error = started(hub)
    if error is None:
        return context.does_not_hold("all servers were started", **told)
    if "coroutine was expected" in str(error) and not told:
        return context.holds(f"the first server's task raised TypeError: {error}")

    # Something else fails first. Whether it hides what the claim says is told as well.
    first = told.get("as_shipped") or f"{type(error).__name__}: {error}"
    if "unexpected keyword argument 'port'" in str(error):
        first += f"; behind it {type(error).__name__}: {error}"
        for name in ("ZMQServer", "GRPCServer"):
            setattr(module, name, with_port(getattr(module, name)))
        error = started(hub)
    behind = "all servers are started" if error is None else f"{type(error).__name__}: {error}"
    return context.could_not(f"something else fails first: {first}; with that put right: {behind}")


def started(hub):
    """What starting the servers raises."""
    try:
        asyncio.run(hub._start_servers())
    except Exception as error:
        # Some wrap it: what it was is in its cause or its context.
        return error.__cause__ or error.__context__ or error


def with_port(kind):
    """A constructor that takes the port that it is given."""

    def construct(kernel, port=None, **settings):
        host = "tcp://127.0.0.1:" if kind.__name__ == "ZMQServer" else "127.0.0.1:"
        return kind(kernel, bind_address=f"{host}{port}", **settings)

    return construct


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
