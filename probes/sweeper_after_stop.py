"""Proves that GRPCServer.stop returns while the lease sweeper is still alive.

The sweeper is made to take half a second to end after it was told to; whoever joins it waits.
"""

import time


def probe(context):
    module = context.load("model_ops_coordinator.transport.grpc_server")

    class SlowServicer(module.ModelOpsGRPCServicer):
        def _sweep_expired_leases(self):
            self._lease_sweeper_stop.wait(5)
            time.sleep(0.5)

    limits = context.fake(vram_soft_limit_mb=1000)
    servicer = SlowServicer(context.fake(cfg=context.fake(resources=limits)))
    server = module.GRPCServer.__new__(module.GRPCServer)
    server._running, server.server, server.servicer = True, None, servicer
    server.stop(0)
    if not servicer._lease_sweeper_stop.is_set():
        return context.could_not("stop did not signal the sweeper")
    if servicer._lease_sweeper.is_alive():
        return context.holds("stop has returned and the sweeper is alive")
    return context.does_not_hold("stop returned after the sweeper had ended")
