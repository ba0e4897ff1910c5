"""The base class of all agents: one context, one bound REP socket, one initialisation thread.

A subclass may override `_init_sockets`, which the constructor calls, and
`_perform_initialization`, which runs on a background thread that the constructor starts.
Both may therefore run before the subclass's own constructor has gone on.
"""

import logging
import threading
import time
from typing import Any, Dict, List, Optional

import zmq


class BaseAgent:
    """What every agent has: a name, a port, a context, a request socket, a run loop."""

    def __init__(self, name: str = "agent", port: int = 5550, **settings: Any):
        self.name = name
        self.port = int(port)
        self.health_port = self.port + 1
        self.settings = settings
        self.logger = logging.getLogger(name)
        self.running = True
        self.start_time = time.time()
        self.context: Optional[zmq.Context] = zmq.Context()
        self.socket: Optional[zmq.Socket] = None
        self._agents: Dict[str, str] = {}
        self._background_threads: List[threading.Thread] = []
        self._init_sockets()
        self._start_initialization()

    def _init_sockets(self) -> None:
        """Bind the request socket to the agent's own port."""
        self.socket = self.context.socket(zmq.REP)
        self.socket.setsockopt(zmq.LINGER, 0)
        self.socket.bind(f"tcp://*:{self.port}")

    def _start_initialization(self) -> None:
        thread = threading.Thread(target=self._perform_initialization, name=f"{self.name}-init", daemon=True)
        self._background_threads.append(thread)
        thread.start()

    def _perform_initialization(self) -> None:
        """Slow things that need not delay the constructor."""
        self.logger.info("%s is ready", self.name)

    def register_agent(self, name: str, address: str) -> None:
        """Remember where another agent listens."""
        self._agents[name] = address

    def send_request_to_agent(self, name: str, request: Dict[str, Any], timeout: int = 5000) -> Dict[str, Any]:
        """Ask another agent and wait for its answer."""
        address = self._agents.get(name)
        if address is None:
            return {"status": "error", "error": f"unknown agent {name}"}
        request_socket = self.context.socket(zmq.REQ)
        try:
            request_socket.setsockopt(zmq.RCVTIMEO, timeout)
            request_socket.setsockopt(zmq.LINGER, 0)
            request_socket.connect(address)
            request_socket.send_json(request)
            return request_socket.recv_json()
        finally:
            request_socket.close()

    def handle_request(self, request: Dict[str, Any]) -> Dict[str, Any]:
        """Answer one request; subclasses know more actions."""
        if request.get("action") == "health_check":
            return {"status": "ok", "name": self.name, "uptime": time.time() - self.start_time}
        return {"status": "error", "error": "unknown action"}

    def run(self) -> None:
        """Answer requests until told to stop."""
        while self.running:
            if self.socket and self.socket.poll(1000):
                self.socket.send_json(self.handle_request(self.socket.recv_json()))

    def cleanup(self) -> None:
        """Stop, join the background threads, close the socket."""
        self.running = False
        for thread in self._background_threads:
            if thread is not threading.current_thread():
                thread.join(timeout=10)
        if self.socket:
            self.socket.close()
        if self.context:
            self.context.term()
