"""ZMQ in front of the kernel: one JSON request, one JSON reply."""

import logging
import threading
from typing import Any, Dict, Optional

import zmq

from model_ops_coordinator.adapters.local_worker import LocalWorkerAdapter
from model_ops_coordinator.core.errors import ModelOpsError
from model_ops_coordinator.core.kernel import Kernel
from model_ops_coordinator.core.schemas import InferenceRequest

logger = logging.getLogger(__name__)


class ZMQServer:
    """A REP socket and the thread that serves it."""

    def __init__(self, kernel: Kernel, bind_address: str = "tcp://*:7211"):
        self.kernel = kernel
        self.bind_address = bind_address
        self.worker_adapter = LocalWorkerAdapter(kernel)
        self.socket: Optional[zmq.Socket] = None
        self._running = False
        self._shutdown_event = threading.Event()
        self._server_thread: Optional[threading.Thread] = None

    def start(self):
        """Bind and start the thread; returns at once."""
        if self._running:
            return
        try:
            self.socket = zmq.Context.instance().socket(zmq.REP)
            self.socket.setsockopt(zmq.LINGER, 1000)
            self.socket.bind(self.bind_address)
        except zmq.ZMQError as error:
            raise ModelOpsError(f"the ZMQ server did not start: {error}", "ZMQ_START") from error
        self._running = True
        self._server_thread = threading.Thread(target=self._server_loop, name="zmq-server", daemon=True)
        self._server_thread.start()

    def _server_loop(self) -> None:
        while not self._shutdown_event.is_set():
            if self.socket.poll(500):
                self.socket.send_json(self._answer(self.socket.recv_json()))

    def _answer(self, message: Dict[str, Any]) -> Dict[str, Any]:
        if message.get("type") == "status":
            return {"status": "ok", **self.kernel.get_system_status()}
        if message.get("type") == "inference":
            try:
                result = self.worker_adapter.execute_inference(InferenceRequest(message["model"], message["prompt"]))
            except ModelOpsError as error:
                return {"status": "error", "code": error.code, "error": str(error)}
            return {"status": "ok", "text": result.response_text}
        return {"status": "error", "error": "unknown type"}

    def stop(self):
        """Stop the thread, wait for it, close the socket."""
        if not self._running:
            return
        self._running = False
        self._shutdown_event.set()
        if self._server_thread:
            self._server_thread.join(timeout=5)
        if self.socket:
            self.socket.close()
            self.socket = None
        self.worker_adapter.shutdown()

    def is_running(self) -> bool:
        return self._running
