"""REST in front of the kernel."""

import os
import threading
from typing import Any, Dict, Optional

import uvicorn
from fastapi import Depends, FastAPI, HTTPException
from fastapi.middleware.cors import CORSMiddleware
from fastapi.security import HTTPAuthorizationCredentials, HTTPBearer
from pydantic import BaseModel

from model_ops_coordinator.adapters.local_worker import LocalWorkerAdapter
from model_ops_coordinator.core.errors import ConfigurationError
from model_ops_coordinator.core.kernel import Kernel
from model_ops_coordinator.core.schemas import InferenceRequest


class InferenceRequestModel(BaseModel):
    """Body of `POST /inference`."""

    model_name: str
    prompt: str
    max_tokens: int = 100


class ModelLoadRequestModel(BaseModel):
    """Body of `POST /models/load`."""

    model_name: str
    model_path: str


class ModelUnloadRequestModel(BaseModel):
    """Body of `POST /models/unload`."""

    model_name: str
    force: bool = False


class RESTAPIServer:
    """A FastAPI application and the thread that serves it."""

    def __init__(
        self,
        kernel: Kernel,
        host: str = "0.0.0.0",
        port: int = 8008,
        api_key: Optional[str] = None,
        enable_cors: bool = True,
    ):
        self.kernel = kernel
        self.host = host
        self.port = port
        self.api_key = api_key
        self.enable_cors = enable_cors
        self.worker_adapter = LocalWorkerAdapter(kernel)
        self.app = FastAPI(title="ModelOps Coordinator", version="1.0.0")
        self._server_thread: Optional[threading.Thread] = None
        self._running = False
        self._setup_middleware()
        self._setup_authentication()
        self._setup_routes()

    def _setup_middleware(self) -> None:
        if self.enable_cors:
            self.app.add_middleware(
                CORSMiddleware,
                allow_origins=os.environ.get("ALLOWED_ORIGINS", "http://localhost").split(","),
                allow_credentials=True,
                allow_methods=["GET", "POST"],
                allow_headers=["*"],
            )

    def _setup_authentication(self) -> None:
        """Ask for the key; without one there is no server."""
        if not self.api_key:
            raise ConfigurationError("the REST server needs an API key")

        def verify_api_key(credentials: HTTPAuthorizationCredentials = Depends(HTTPBearer())) -> str:
            if credentials.credentials != self.api_key:
                raise HTTPException(status_code=401, detail="invalid API key")
            return credentials.credentials

        self._auth_dependency = Depends(verify_api_key)

    def _setup_routes(self) -> None:
        @self.app.get("/health")
        async def health() -> Dict[str, Any]:
            return {"healthy": self.kernel.is_healthy()}

        @self.app.get("/status")
        async def status(auth: Any = self._auth_dependency) -> Dict[str, Any]:
            return self.kernel.get_system_status()

        @self.app.post("/inference")
        async def inference(request: InferenceRequestModel, auth: Any = self._auth_dependency) -> Dict[str, Any]:
            try:
                wanted = InferenceRequest(request.model_name, request.prompt, request.max_tokens)
                result = self.worker_adapter.execute_inference(wanted)
                return {"text": result.response_text, "tokens": result.tokens_generated}
            except Exception as error:
                raise HTTPException(status_code=500, detail=f"inference failed: {error}")

        @self.app.post("/models/load")
        async def load_model(request: ModelLoadRequestModel, auth: Any = self._auth_dependency) -> Dict[str, Any]:
            result = self.worker_adapter.execute_model_load(request.model_name, request.model_path)
            if not result["success"]:
                raise HTTPException(status_code=400, detail=result["error"])
            return result

        @self.app.post("/models/unload")
        async def unload_model(request: ModelUnloadRequestModel, auth: Any = self._auth_dependency) -> Dict[str, Any]:
            return self.worker_adapter.execute_model_unload(request.model_name)

    def start(self):
        """Serve on a thread; returns at once."""
        if self._running:
            return
        self._running = True
        self._server_thread = threading.Thread(target=self._run_server, name="rest-server", daemon=True)
        self._server_thread.start()

    def _run_server(self) -> None:
        try:
            uvicorn.run(self.app, host=self.host, port=self.port, log_level="info")
        finally:
            self._running = False

    def stop(self):
        """Let go of the worker; uvicorn ends with the process."""
        if not self._running:
            return
        self._running = False
        self.worker_adapter.shutdown()
