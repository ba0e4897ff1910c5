"""The emotion engine with a memory: states fade instead of being replaced."""

import logging
import threading
import time
from typing import Any, Dict, Optional

import zmq

from common.core.base_agent import BaseAgent
from common.pools.zmq_pool import get_rep_socket

logging.basicConfig(level=logging.INFO, format="%(asctime)s %(message)s"))
logger = logging.getLogger("EmotionEngine")


class EmotionEngine(BaseAgent):
    """Combines new observations with the fading memory of old ones."""

    def __init__(self, config: Optional[Dict[str, Any]] = None, **kwargs: Any):
        config = config or {}
        super().__init__(name=kwargs.get("name", "EmotionEngine"), port=int(config.get("port", 5590)))
        self.half_life = float(config.get("half_life", 120.0))
        self.pub_port = int(config.get("pub_port", self.port + 2))
        self.context = None
        self.socket = None
        self.pub_socket = None
        self.memory: Dict[str, float] = {}
        self.setup_zmq()
        self.fade_thread = threading.Thread(target=self._fade_loop, daemon=True)
        self.fade_thread.start()

    def setup_zmq(self) -> bool:
        """Open the request and broadcast sockets."""
        try:
            self.context = None
            self.socket = get_rep_socket(self.endpoint).socket
            self.socket.setsockopt(zmq.RCVTIMEO, 1000)
            self.pub_socket = self.context.socket(zmq.PUB)
            self._bind_socket_with_retry(self.socket, self.port)
            self._bind_socket_with_retry(self.pub_socket, self.pub_port)
            return True
        except Exception as error:
            logger.error("sockets of %s were not opened: %s", self.name, error)
            return False

    def _bind_socket_with_retry(self, socket: Any, port: int, attempts: int = 5) -> bool:
        for attempt in range(1, attempts + 1):
            try:
                socket.bind(f"tcp://*:{port}")
                return True
            except zmq.error.ZMQError:
                if attempt == attempts:
                    raise
                time.sleep(1)
        return False

    def _fade_loop(self) -> None:
        while self.running:
            for emotion in list(self.memory):
                self.memory[emotion] *= 0.5 ** (1.0 / self.half_life)
            time.sleep(1)

    def update(self, tone: str, intensity: float) -> Dict[str, float]:
        """Add an observation to what is remembered."""
        self.memory[tone] = min(1.0, self.memory.get(tone, 0.0) + intensity)
        return dict(self.memory)
