"""Tells the language of partial transcripts from their commonest words."""

import json
import logging
import time
from typing import Any, Dict

import zmq

from common.core.base_agent import BaseAgent

logger = logging.getLogger(__name__)

COMMON_WORDS = {
    "en": {"the", "and", "you", "is", "what"},
    "de": {"der", "und", "ist", "was", "nicht"},
    "tl": {"ang", "ng", "mga", "sa", "ano"},
}


class StreamingLanguageAnalyzer(BaseAgent):
    """Between speech recognition and translation."""

    def __init__(self, port: int = 5579, transcripts: str = "tcp://127.0.0.1:5575", **kwargs: Any):
        super().__init__(name=kwargs.get("name", "StreamingLanguageAnalyzer"), port=port)
        self.sub_socket = self.context.socket(zmq.SUB)
        self.sub_socket.connect(transcripts)
        self.sub_socket.setsockopt(zmq.SUBSCRIBE, b"")
        self.pub_socket = self.context.socket(zmq.PUB)
        self.pub_socket.bind(f"tcp://*:{self.port + 1}")

    def detect_language(self, text: str) -> str:
        """The language with most words in common."""
        words = set(text.lower().split())
        return max(COMMON_WORDS, key=lambda language: len(words & COMMON_WORDS[language]))

    def _receive(self) -> Dict[str, Any]:
        raw = self.sub_socket.recv(flags=zmq.NOBLOCK)
        return json.loads(raw)

    def run(self) -> None:
        """Label transcripts until told to stop."""
        while self.running:
            try:
                transcript = self._receive()
            except zmq.Again:
                time.sleep(0.05)
                continue
            language = self.detect_language(transcript.get("text", ""))
            self.pub_socket.send_json({"text": transcript.get("text", ""), "language": language})
