"""Carries out commands on the machine, for users who may ask for that."""

import logging
import subprocess
import threading
import time
from typing import Any, Dict, List, Optional

import zmq

from common.core.base_agent import BaseAgent

logger = logging.getLogger(__name__)

ALLOWED = {"list-files": ["ls", "-l"], "disk-space": ["df", "-h"], "uptime": ["uptime"]}


class ExecutorAgent(BaseAgent):
    """Runs a command of a fixed list and publishes what came of it."""

    def __init__(self, port: int = 5709, config: Optional[Dict[str, Any]] = None, **kwargs: Any):
        config = config or {}
        super().__init__(name=kwargs.get("name", "ExecutorAgent"), port=port)
        self.bind_address = config.get("bind_address", "127.0.0.1")
        self.users: List[str] = list(config.get("users", []))
        self.command_history: List[Dict[str, Any]] = []

        self.context = None
        self.command_socket = self.context.socket(zmq.REP)
        self.command_socket.bind(f"tcp://{self.bind_address}:{self.port + 2}")
        self.feedback_socket = self.context.socket(zmq.PUB)
        self.feedback_socket.bind(f"tcp://{self.bind_address}:{self.port + 3}")

        self.command_thread = threading.Thread(target=self._serve_commands, daemon=True)
        self.command_thread.start()

    def _serve_commands(self) -> None:
        while self.running:
            if self.command_socket.poll(500):
                request = self.command_socket.recv_json()
                self.command_socket.send_json(self.execute(request.get("user", ""), request.get("command", "")))

    def execute(self, user: str, command: str) -> Dict[str, Any]:
        """Run one command of the list for a user who is known."""
        if user not in self.users:
            return {"status": "error", "error": "not allowed"}
        elif command not in ALLOWED:
            return {"status": "error", "error": f"unknown command {command}"}
        started = time.time()
        done = subprocess.run(ALLOWED[command], capture_output=True, text=True, timeout=30)
        result = {"status": "ok", "command": command, "output": done.stdout, "seconds": time.time() - started}
        self.command_history.append(result)
        self.feedback_socket.send_json(result)
        return result
