"""The coordinator's heart: knows which models are loaded and how much memory they take."""

import logging
import threading
from typing import Any, Dict

from model_ops_coordinator.core.errors import ModelOpsError
from model_ops_coordinator.core.schemas import Config, InferenceRequest, InferenceResult

logger = logging.getLogger(__name__)


class Kernel:
    """Loads, unloads and runs models."""

    def __init__(self, cfg: Config):
        self.cfg = cfg
        self._models: Dict[str, str] = {}
        self._lock = threading.Lock()
        self._healthy = False

    async def initialize(self) -> None:
        self._healthy = True

    async def shutdown(self) -> None:
        with self._lock:
            self._models.clear()
        self._healthy = False

    def is_healthy(self) -> bool:
        return self._healthy

    def load(self, name: str, path: str) -> None:
        with self._lock:
            if len(self._models) >= self.cfg.resources.max_loaded_models:
                raise ModelOpsError("too many models are loaded", "CAPACITY")
            self._models[name] = path

    def unload(self, name: str) -> bool:
        with self._lock:
            return self._models.pop(name, None) is not None

    def infer(self, request: InferenceRequest) -> InferenceResult:
        with self._lock:
            if request.model_name not in self._models:
                raise ModelOpsError(f"{request.model_name} is not loaded", "NOT_LOADED")
        words = request.prompt.split()[: request.max_tokens]
        return InferenceResult(" ".join(words), len(words))

    def get_system_status(self) -> Dict[str, Any]:
        with self._lock:
            return {"healthy": self._healthy, "models": sorted(self._models)}
