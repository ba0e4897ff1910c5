"""Casual conversation: keeps a short history per user and asks a language model."""

import logging
import threading
from collections import defaultdict, deque
from typing import Any, Deque, Dict

import zmq

from common.core.base_agent import BaseAgent

logger = logging.getLogger(__name__)

REQUEST_TIMEOUT = 5000
LLM_ADDRESS = "tcp://127.0.0.1:5557"
HISTORY_LENGTH = 10


class ChitchatAgent(BaseAgent):
    """Answers small talk."""

    def __init__(self, port: int = 5711, **kwargs: Any):
        self.chitchat_port = port
        super().__init__(name=kwargs.get("name", "ChitchatAgent"), port=port)
        self.history: Dict[str, Deque[Dict[str, str]]] = defaultdict(lambda: deque(maxlen=HISTORY_LENGTH))
        self.history_lock = threading.Lock()

    def _init_sockets(self) -> None:
        """Open the request socket on the first free port, then the other two."""
        try:
            self.socket = self.context.socket(zmq.REP)
            self.socket.setsockopt(zmq.LINGER, 0)
            self.socket.setsockopt(zmq.SNDTIMEO, REQUEST_TIMEOUT)
            port = self.chitchat_port
            while True:
                try:
                    self.socket.bind(f"tcp://*:{port}")
                    self.chitchat_port = port
                    break
                except zmq.error.ZMQError as error:
                    if "Address already in use" not in str(error):
                        raise
                    port += 1

            self.health_socket = self.context.socket(zmq.PUB)
            self.health_socket.bind(f"tcp://*:{self.health_port}")
            self.llm_socket = self.context.socket(zmq.REQ)
            self.llm_socket.setsockopt(zmq.RCVTIMEO, 6 * REQUEST_TIMEOUT)
            self.llm_socket.connect(LLM_ADDRESS)
        except Exception as error:
            logger.error("sockets of the chitchat agent were not opened: %s", error)
            raise

    def _remember(self, user: str, role: str, text: str) -> None:
        with self.history_lock:
            self.history[user].append({"role": role, "content": text})

    def reply(self, user: str, text: str) -> str:
        """What the model says to this, given what was said before."""
        self._remember(user, "user", text)
        with self.history_lock:
            messages = list(self.history[user])
        self.llm_socket.send_json({"action": "chat", "messages": messages})
        answer = self.llm_socket.recv_json().get("response", "")
        self._remember(user, "assistant", answer)
        return answer

    def handle_request(self, request: Dict[str, Any]) -> Dict[str, Any]:
        if request.get("action") == "chitchat":
            return {"status": "ok", "response": self.reply(request.get("user_id", "anyone"), request["text"])}
        return super().handle_request(request)
