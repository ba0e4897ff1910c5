"""Turns the text of an answer into speech: chooses a voice and queues the sentences."""

import logging
from typing import Any, Dict, List

import zmq

from common.core.base_agent import BaseAgent
from common.pools.zmq_pool import get_sub_socket

logger = logging.getLogger(__name__)


class Responder(BaseAgent):
    """Listens to the pool's subscription and on a port of its own with the same socket."""

    def __init__(self, port: int = 5637, **kwargs: Any):
        super().__init__(name=kwargs.get("name", "Responder"), port=port)
        self.endpoint = kwargs.get("events", "tcp://127.0.0.1:5638")
        self.queue: List[Dict[str, Any]] = []
        self.setup_sockets()

    def setup_sockets(self) -> None:
        """Subscribe where the base agents publish, and let others push here as well."""
        self.events = get_sub_socket(self.endpoint).socket
        self.events.setsockopt(zmq.SUBSCRIBE, b"")
        self.events.bind(f"tcp://*:{self.port + 2}")

    def voice_for(self, emotion: str) -> str:
        """The voice that fits the mood."""
        return {"angry": "calm", "sad": "warm"}.get(emotion, "neutral")

    def handle_request(self, request: Dict[str, Any]) -> Dict[str, Any]:
        if request.get("action") == "say":
            self.queue.append({"text": request["text"], "voice": self.voice_for(request.get("emotion", ""))})
            return {"status": "ok", "queued": len(self.queue)}
        return super().handle_request(request)
