"""gRPC in front of the kernel, and the leases on GPU memory."""

import logging
import threading
import time
import uuid
from concurrent import futures
from typing import Any, Dict, Optional

import grpc

from model_ops_coordinator.adapters.local_worker import LocalWorkerAdapter
from model_ops_coordinator.core.errors import ModelOpsError
from model_ops_coordinator.core.kernel import Kernel
from model_ops_coordinator.model_ops_pb2 import (
    GpuLeaseRelease,
    GpuLeaseReleaseAck,
    GpuLeaseReply,
    GpuLeaseRequest,
)

logger = logging.getLogger(__name__)


class ModelOpsGRPCServicer:
    """Answers the calls; leases end by themselves when their time is up."""

    def __init__(self, kernel: Kernel):
        self.kernel = kernel
        self.worker_adapter = LocalWorkerAdapter(kernel)
        self._lease_lock = threading.RLock()
        self._leases: Dict[str, Dict[str, Any]] = {}
        self._capacity_mb = int(kernel.cfg.resources.vram_soft_limit_mb * 0.9)
        self._used_mb = 0
        self._lease_sweeper_stop = threading.Event()
        self._lease_sweeper = threading.Thread(target=self._sweep_expired_leases, name="lease-sweeper", daemon=True)
        self._lease_sweeper.start()

    def AcquireGpuLease(self, request: GpuLeaseRequest, context: Any) -> GpuLeaseReply:
        """Grant a lease when the memory is there, otherwise say when to ask again."""
        with self._lease_lock:
            now_ms = int(time.time() * 1000)
            self._reap_locked(now_ms)

            wanted = max(0, int(request.vram_estimate_mb))
            if self._used_mb + wanted <= self._capacity_mb:
                lease_id = uuid.uuid4().hex
                seconds = max(1, int(request.ttl_seconds or 30))
                self._leases[lease_id] = {"mb": wanted, "expires_ms": now_ms + seconds * 1000}
                self._used_mb += wanted
                return GpuLeaseReply(granted=True, lease_id=lease_id, vram_reserved_mb=wanted)

            return GpuLeaseReply(granted=False, reason="not enough memory", retry_after_ms=250)

    def ReleaseGpuLease(self, request: GpuLeaseRelease, context: Any) -> GpuLeaseReleaseAck:
        """Give a lease back before its time."""
        with self._lease_lock:
            lease = self._leases.pop(request.lease_id, None)
            if lease:
                self._used_mb -= lease["mb"]
        return GpuLeaseReleaseAck(success=lease is not None)

    def _sweep_expired_leases(self) -> None:
        while not self._lease_sweeper_stop.wait(0.1):
            with self._lease_lock:
                self._reap_locked(int(time.time() * 1000))

    def _reap_locked(self, now_ms: int) -> None:
        for lease_id in [key for key, lease in self._leases.items() if lease["expires_ms"] <= now_ms]:
            self._used_mb -= self._leases.pop(lease_id)["mb"]


class GRPCServer:
    """The server around the servicer."""

    def __init__(self, kernel: Kernel, bind_address: str = "[::]:7212", max_workers: int = 10):
        self.kernel = kernel
        self.bind_address = bind_address
        self.max_workers = max_workers
        self.server: Optional[grpc.Server] = None
        self.servicer: Optional[ModelOpsGRPCServicer] = None
        self._running = False

    def start(self):
        """Start to listen; returns at once."""
        if self._running:
            return
        try:
            self.server = grpc.server(futures.ThreadPoolExecutor(max_workers=self.max_workers))
            self.servicer = ModelOpsGRPCServicer(self.kernel)
            self.server.add_generic_rpc_handlers((self._handlers(),))
            self.server.add_insecure_port(self.bind_address)
            self.server.start()
            self._running = True
        except Exception as error:
            self.server = None
            raise ModelOpsError(f"the gRPC server did not start: {error}", "GRPC_START") from error

    def _handlers(self) -> Any:
        return grpc.method_handlers_generic_handler(
            "modelops.Leases",
            {
                "Acquire": grpc.unary_unary_rpc_method_handler(self.servicer.AcquireGpuLease),
                "Release": grpc.unary_unary_rpc_method_handler(self.servicer.ReleaseGpuLease),
            },
        )

    def stop(self, grace_period: int = 30):
        """Let running calls end, then stop."""
        if not self._running:
            return
        self._running = False
        if self.server:
            self.server.stop(grace_period).wait(timeout=grace_period + 5)
            self.server = None
        if self.servicer:
            self.servicer._lease_sweeper_stop.set()
            self.servicer._lease_sweeper.join(timeout=5
            self.servicer.worker_adapter.shutdown()
            self.servicer = None

    def is_running(self) -> bool:
        return self._running
