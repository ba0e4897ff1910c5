"""Carries out requests on this machine, on a small pool of threads."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any, Dict

from model_ops_coordinator.core.errors import ModelOpsError
from model_ops_coordinator.core.kernel import Kernel
from model_ops_coordinator.core.schemas import InferenceRequest, InferenceResult


class LocalWorkerAdapter:
    """What the servers call."""

    def __init__(self, kernel: Kernel, workers: int = 2):
        self.kernel = kernel
        self._executor = ThreadPoolExecutor(max_workers=workers, thread_name_prefix="worker")

    def execute_inference(self, request: InferenceRequest) -> InferenceResult:
        return self._executor.submit(self.kernel.infer, request).result()

    def execute_model_load(self, model_name: str, model_path: str) -> Dict[str, Any]:
        try:
            self.kernel.load(model_name, model_path)
        except ModelOpsError as error:
            return {"success": False, "error": str(error)}
        return {"success": True, "model": model_name}

    def execute_model_unload(self, model_name: str) -> Dict[str, Any]:
        return {"success": self.kernel.unload(model_name), "model": model_name}

    def shutdown(self) -> None:
        self._executor.shutdown(wait=False)
