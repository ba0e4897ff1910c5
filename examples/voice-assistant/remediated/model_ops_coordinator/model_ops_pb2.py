"""The messages of the lease service, written out by hand until protoc is part of the build."""

from dataclasses import dataclass


@dataclass
class GpuLeaseRequest:
    client: str = ""
    model_name: str = ""
    vram_estimate_mb: int = 0
    priority: int = 0
    ttl_seconds: int = 0


@dataclass
class GpuLeaseReply:
    granted: bool = False
    lease_id: str = ""
    vram_reserved_mb: int = 0
    reason: str = ""
    retry_after_ms: int = 0


@dataclass
class GpuLeaseRelease:
    lease_id: str = ""


@dataclass
class GpuLeaseReleaseAck:
    success: bool = False
