"""Translates text; the first engine that answers is believed."""

import logging
from typing import Any, Callable, Dict, List

import zmq

from common.core.base_agent import BaseAgent
from common.pools.zmq_pool import get_rep_socket

logger = logging.getLogger(__name__)

Engine = Callable[[str, str, str], str]


class TranslationService(BaseAgent):
    """Owns its endpoint, takes the bound socket from the pool, and leaves it at that."""

    def __init__(self, port: int = 5595, **kwargs: Any):
        self.endpoint = f"tcp://*:{port + 2}"
        super().__init__(name=kwargs.get("name", "TranslationService"), port=port)
        self.engines: List[Engine] = []
        self.requests = get_rep_socket(self.endpoint).socket
        self.requests.setsockopt(zmq.RCVTIMEO, 1000)

    def register(self, engine: Engine) -> None:
        self.engines.append(engine)

    def translate(self, text: str, source: str, target: str) -> str:
        """The text in the target language, or as it was when nobody could translate it."""
        for engine in self.engines:
            try:
                return engine(text, source, target)
            except RuntimeError as error:
                logger.warning("a translation engine failed: %s", error)
        return text

    def handle_request(self, request: Dict[str, Any]) -> Dict[str, Any]:
        if request.get("action") == "translate":
            text = self.translate(request["text"], request.get("from", "en"), request["to"])
            return {"status": "ok", "text": text}
        return super().handle_request(request)
