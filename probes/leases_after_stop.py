"""Asks whether the lease sweeper, which nobody joins, leaves the accounting of leases incomplete.

Servers are stopped while a lease expires, each a little later within the sweeper's interval, so
that some are told to end just while it sweeps; the last one has certainly swept. When the sweeper has
ended, what counts as used is compared with what the leases hold, which must agree whenever it ended.
"""

import threading

SERVERS = 12


def probe(context):
    module = context.load("model_ops_coordinator.transport.grpc_server")
    limits = context.fake(vram_soft_limit_mb=1000)

    def started():
        servicer = module.ModelOpsGRPCServicer(context.fake(cfg=context.fake(resources=limits)))
        server = module.GRPCServer.__new__(module.GRPCServer)
        server._running, server.server, server.servicer = True, None, servicer
        for client, seconds in [("short", 1), ("long", 60)]:
            request = context.fake(
                client=client, model_name="m", vram_estimate_mb=100, priority=1, ttl_seconds=seconds
            )
            servicer.AcquireGpuLease(request, context.fake())
        return server, servicer

    running = [started() for _ in range(SERVERS)]
    for server, servicer in running:
        threading.Event().wait(2.2 / SERVERS)
        if servicer is running[-1][1] and not is_swept(servicer):
            return context.could_not("no lease was swept within five seconds")
        server.stop(0)
        if not servicer._lease_sweeper_stop.is_set():
            return context.could_not("stop did not signal the sweeper")

    for _, servicer in running:
        servicer._lease_sweeper.join(5)
        if servicer._lease_sweeper.is_alive():
            return context.could_not("the sweeper did not end within five seconds")
        held = sum(lease["mb"] for lease in servicer._leases.values())
        if servicer._used_mb != held:
            return context.holds(f"{servicer._used_mb} MB count as used, the leases hold {held} MB")
    return context.does_not_hold(
        f"the accounts of {SERVERS} servers agree with their leases, however soon they were stopped"
    )


def is_swept(servicer):
    for _ in range(50):
        if len(servicer._leases) == 1:
            return True
        threading.Event().wait(0.1)
    return False
