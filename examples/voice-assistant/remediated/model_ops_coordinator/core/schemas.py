"""The data that the coordinator's parts exchange."""

from dataclasses import dataclass, field
from typing import Any, Dict


@dataclass
class ResourceLimits:
    """What the models together may use."""

    vram_soft_limit_mb: int = 22_000
    max_loaded_models: int = 4


@dataclass
class ServerSettings:
    """Where the three servers listen; a port of zero leaves a server out."""

    zmq_port: int = 7211
    grpc_port: int = 7212
    rest_port: int = 8008
    max_workers: int = 8


@dataclass
class Config:
    """Everything that the kernel needs to know."""

    server: ServerSettings = field(default_factory=ServerSettings)
    resources: ResourceLimits = field(default_factory=ResourceLimits)


@dataclass
class InferenceRequest:
    """A prompt for one model."""

    model_name: str
    prompt: str
    max_tokens: int = 100
    temperature: float = 0.7


@dataclass
class InferenceResult:
    """What the model made of it."""

    response_text: str
    tokens_generated: int
    status: str = "success"
    extra: Dict[str, Any] = field(default_factory=dict)
