"""Lets the user interrupt the assistant: listens to partial transcripts, stops the speech."""

import json
import logging
import time
from typing import Any, Dict, Optional

import zmq

from common.core.base_agent import BaseAgent

logger = logging.getLogger(__name__)

KEYWORDS = {"en": ("stop", "wait", "cancel"), "de": ("halt", "warte", "stopp")}
COOLDOWN = 2.0


class StreamingInterruptHandler(BaseAgent):
    """Between speech recognition and speech synthesis."""

    def __init__(self, port: int = 5576, config: Optional[Dict[str, Any]] = None, **kwargs: Any):
        config = config or {}
        super().__init__(name=kwargs.get("name", "StreamingInterruptHandler"), port=port)
        self.last_interrupt_time = 0.0
        self.sub_socket = self.context.socket(zmq.SUB)
        self.sub_socket.connect(config.get("transcripts", "tcp://127.0.0.1:5575"))
        self.sub_socket.setsockopt(zmq.SUBSCRIBE, b"")
        self.pub_socket = self.context.socket(zmq.PUB)
        self.pub_socket.bind(f"tcp://127.0.0.1:{self.port + 2}")
        self.tts_socket = self.context.socket(zmq.REQ)
        self.tts_socket.connect(config.get("tts", "tcp://127.0.0.1:5562"))

    def detect_interruption(self, text: str, language: str = "en") -> bool:
        """Whether the user wants the assistant to be quiet."""
        words = text.lower().split()
        return any(keyword in words for keyword in KEYWORDS.get(language, KEYWORDS["en"]))

    def publish_interrupt(self) -> bool:
        """Tell everybody, unless somebody was told a moment ago."""
        now = time.time()
        if now - self.last_interrupt_time < COOLDOWN:
            return False
        self.last_interrupt_time = now
        self.pub_socket.send_string(json.dumps({"type": "interrupt", "timestamp": now}))
        self.tts_socket.send_json({"command": "stop"})
        return True

    def run(self) -> None:
        """Watch the partial transcripts until told to stop."""
        try:
            while self.running:
                try:
                    message = self.sub_socket.recv(flags=zmq.NOBLOCK)
                    data = json.loads(message)
                    if data.get("type") == "partial_transcription":
                        if self.detect_interruption(data.get("text", ""), data.get("language", "en")):
                            self.publish_interrupt()
                except zmq.Again:
                    time.sleep(0.05)
        except Exception as error:
            logger.error("the interrupt handler ends: %s", error)
        finally:
            self.cleanup()

    def cleanup(self) -> None:
        for socket in (self.sub_socket, self.pub_socket, self.tts_socket):
            socket.close()
        super().cleanup()
