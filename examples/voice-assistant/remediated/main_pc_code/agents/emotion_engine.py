"""Keeps the assistant's emotional state and tells the other agents about it."""

import logging
import threading
import time
from typing import Any, Dict, Optional

import zmq

from common.core.base_agent import BaseAgent

logger = logging.getLogger(__name__)

NEUTRAL = {"tone": "neutral", "sentiment": 0.0, "intensity": 0.5}
COMBINATIONS = {
    ("angry", "high"): "furious",
    ("angry", "low"): "irritated",
    ("happy", "high"): "ecstatic",
    ("happy", "low"): "content",
}


class EmotionEngine(BaseAgent):
    """Combines tone and intensity into one dominant emotion."""

    def __init__(self, config: Optional[Dict[str, Any]] = None, **kwargs: Any):
        config = config or {}
        super().__init__(name=kwargs.get("name", "EmotionEngine"), port=int(config.get("port", 5590)))
        self.pub_port = int(config.get("pub_port", self.port + 2))
        self.pub_socket = None
        self.setup_zmq()
        self.current_emotional_state: Dict[str, Any] = dict(NEUTRAL)
        self.health_thread = threading.Thread(target=self._broadcast_loop, daemon=True)
        self.health_thread.start()
        logger.info("%s listens on port %d", self.name, self.port)

    def setup_zmq(self) -> bool:
        """Open the broadcast socket; the request socket is BaseAgent's and bound already."""
        try:
            self.socket.setsockopt(zmq.RCVTIMEO, 1000)
            self.pub_socket = self.context.socket(zmq.PUB)
            self._bind_socket_with_retry(self.pub_socket, self.pub_port)
            return True
        except Exception as error:
            logger.error("sockets of %s were not opened: %s", self.name, error)
            self.cleanup()
            return False

    def _bind_socket_with_retry(self, socket: Any, port: int, attempts: int = 5) -> bool:
        """Bind, and try again a second later while somebody else still holds the port."""
        for attempt in range(1, attempts + 1):
            try:
                socket.bind(f"tcp://*:{port}")
                return True
            except zmq.error.ZMQError as error:
                logger.warning("port %d, attempt %d: %s", port, attempt, error)
                if attempt == attempts:
                    raise
                time.sleep(1)
        return False

    def _broadcast_loop(self) -> None:
        while self.running:
            if self.pub_socket:
                self.pub_socket.send_json({"type": "emotional_state", "data": self.current_emotional_state})
            time.sleep(5)

    def update(self, tone: str, intensity: str) -> Dict[str, Any]:
        """Take in a new observation and return the resulting state."""
        dominant = COMBINATIONS.get((tone, intensity), tone)
        self.current_emotional_state = {**NEUTRAL, "tone": tone, "dominant_emotion": dominant}
        return self.current_emotional_state

    def handle_request(self, request: Dict[str, Any]) -> Dict[str, Any]:
        if request.get("action") == "update":
            return {"status": "ok", "state": self.update(request["tone"], request["intensity"])}
        if request.get("action") == "get_state":
            return {"status": "ok", "state": self.current_emotional_state}
        return super().handle_request(request)
