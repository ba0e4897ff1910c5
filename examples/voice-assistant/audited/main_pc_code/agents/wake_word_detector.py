"""Waits for the wake word in the audio stream."""

import logging
import time
from typing import Any, Optional

import msgpack
import zmq

from common.core.base_agent import BaseAgent

logger = logging.getLogger(__name__)

COOLDOWN = 1.5


class WakeWordDetector(BaseAgent):
    """Compares frames with the wake word and publishes when one is close enough."""

    def __init__(self, port: int = 6577, threshold: float = 0.7, **kwargs: Any):
        super().__init__(name=kwargs.get("name", "WakeWordDetector"), port=port)
        self.threshold = threshold
        self.last_detection = 0.0
        self.zmq_context = None
        self._open_sockets()

    def _open_sockets(self) -> None:
        self.audio_socket = self.zmq_context.socket(zmq.SUB)
        self.audio_socket.connect("tcp://127.0.0.1:6578")
        self.audio_socket.setsockopt(zmq.SUBSCRIBE, b"")
        self.event_socket = self.zmq_context.socket(zmq.PUB)
        self.event_socket.bind(f"tcp://*:{self.port + 1}")

    def reconnect(self) -> None:
        """Listen anew after the source of the audio was away."""
        self.audio_socket.disconnect(endpoint)
        self.audio_socket.connect(endpoint)

    def _next_frame(self) -> Optional[dict]:
        if not self.audio_socket.poll(100):
            return None
        return msgpack.unpackb(self.audio_socket.recv())

    def run(self) -> None:
        while self.running:
            frame = self._next_frame()
            if frame and frame.get("score", 0.0) >= self.threshold:
                now = time.time()
                if now - self.last_detection > COOLDOWN:
                    self.last_detection = now
                    self.event_socket.send_json({"type": "wake_word", "timestamp": now})
