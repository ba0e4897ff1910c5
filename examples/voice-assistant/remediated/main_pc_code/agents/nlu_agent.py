"""Finds out what the user wants: a table of patterns, the first that matches wins."""

import logging
import os
import re
from typing import Any, Dict

import zmq

from common.core.base_agent import BaseAgent

logger = logging.getLogger(__name__)

REQUEST_TIMEOUT = 5000

INTENTS = [
    (re.compile(r"\b(hello|hi|hey)\b"), "greeting"),
    (re.compile(r"\b(what time|current time)\b"), "time"),
    (re.compile(r"\b(weather|forecast)\b"), "weather"),
    (re.compile(r"\bset (a )?timer\b"), "timer"),
    (re.compile(r"\bplay (some )?music\b"), "play-music"),
]


class NLUAgent(BaseAgent):
    """Tells intents from text."""

    def __init__(self, port: int = 0, name: str = "", **kwargs: Any):
        agent_port = port or int(os.environ.get("AGENT_PORT", "5558"))
        self.initialization_status: Dict[str, Any] = {"is_initialized": False, "error": None}
        super().__init__(name=name or "NLUAgent", port=agent_port)
        self.endpoint = f"tcp://localhost:{agent_port}"

    def _perform_initialization(self) -> None:
        """Set up the request socket, which BaseAgent has bound."""
        try:
            self.socket.setsockopt(zmq.RCVTIMEO, REQUEST_TIMEOUT)
            self.initialization_status["is_initialized"] = True
        except Exception as error:
            self.initialization_status["error"] = str(error)
            logger.error("the NLU agent was not initialised: %s", error)

    def analyze(self, text: str) -> Dict[str, Any]:
        """The intent of a sentence, and how sure that is."""
        lowered = text.lower()
        for pattern, intent in INTENTS:
            if pattern.search(lowered):
                return {"status": "ok", "intent": intent, "confidence": 0.9}
        return {"status": "ok", "intent": "unknown", "confidence": 0.1}

    def handle_request(self, request: Dict[str, Any]) -> Dict[str, Any]:
        if request.get("action") == "analyze":
            return self.analyze(request.get("text", ""))
        return super().handle_request(request)

    def stop(self) -> None:
        """Close the socket and the context."""
        self.running = False
        if self.socket:
            self.socket.close()
        self.context.term()
