"""Asks whether leases can exceed the capacity, with the sweeper switched off altogether.

Several threads ask for more than there is, again and again, until leases that have expired were
granted anew. What counts against the capacity is noted after every call. The clock by which leases
expire runs fast, where it is the one that can be made to.
"""

import threading
import time

FASTER = 10


def probe(context):
    began, clock = time.monotonic(), time.time
    epoch = clock()
    time.time = lambda: epoch + (clock() - epoch) * FASTER
    module = context.load("model_ops_coordinator.transport.grpc_server")

    class Unswept(module.ModelOpsGRPCServicer):
        def _sweep_expired_leases(self):
            return

    limits = context.fake(vram_soft_limit_mb=1000)
    servicer = Unswept(context.fake(cfg=context.fake(resources=limits)))
    capacity = servicer._capacity_mb
    peaks, grants = [0], []
    # More leases than there is room for: the first ones must have expired.
    enough = capacity // 190 + 2

    def ask(thread):
        count = 0
        while len(grants) < enough and time.monotonic() - began < 4:
            count += 1
            request = context.fake(
                client=f"{thread}-{count}", model_name="m", vram_estimate_mb=190, priority=1, ttl_seconds=1
            )
            reply = servicer.AcquireGpuLease(request, context.fake())
            with servicer._lease_lock:
                peaks.append(sum(lease["mb"] for lease in servicer._leases.values()))
            if reply.granted is True:
                grants.append(thread)
            time.sleep(0.002)

    threads = [threading.Thread(target=ask, args=(number,)) for number in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    if max(peaks) > capacity:
        return context.holds(f"{max(peaks)} MB were granted of {capacity} MB")
    if len(grants) < enough:
        return context.could_not("no lease was granted after the first had expired")
    return context.does_not_hold(
        f"never more than {max(peaks)} of {capacity} MB were granted, and expired leases were granted anew"
    )
