"""Cleans the microphone's audio: gain control, noise gate, voice detection."""

import json
import logging
import time
from typing import Any, Dict, Optional

import numpy as np
import zmq

from common.core.base_agent import BaseAgent

logger = logging.getLogger(__name__)

TARGET_LEVEL = 0.1


class FusedAudioPreprocessor(BaseAgent):
    """Between the microphone and speech recognition."""

    def __init__(self, port: int = 6578, config: Optional[Dict[str, Any]] = None, **kwargs: Any):
        self.config = config or {}
        super().__init__(name=kwargs.get("name", "FusedAudioPreprocessor"), port=port)
        self._running = True
        self.current_gain = 1.0
        self.sub_socket = self.context.socket(zmq.SUB)
        self.sub_socket.connect(self.config.get("capture_address", "tcp://127.0.0.1:6575"))
        self.sub_socket.setsockopt_string(zmq.SUBSCRIBE, "")
        self.clean_audio_pub_socket = self.context.socket(zmq.PUB)
        self.clean_audio_pub_socket.bind(f"tcp://*:{self.port + 1}")

    def apply_agc(self, audio: Any) -> Any:
        """Bring the signal towards the target level, slowly."""
        level = float(np.sqrt(np.mean(np.square(audio)))) or TARGET_LEVEL
        wanted = min(10.0, TARGET_LEVEL / level)
        self.current_gain += 0.1 * (wanted - self.current_gain)
        return np.clip(audio * self.current_gain, -1.0, 1.0)

    def detect_speech(self, audio: Any) -> bool:
        """Whether somebody speaks; a plain threshold."""
        return float(np.max(np.abs(audio))) > 0.02

    def process_audio_loop(self) -> None:
        """Take audio from the capture agent, clean it, pass it on."""
        while self._running:
            try:
                message = self.sub_socket.recv(flags=zmq.NOBLOCK)
                data = json.loads(message)
            except zmq.Again:
                time.sleep(0.001)
                continue
            except Exception as error:
                logger.error("audio was not received: %s", error)
                continue

            audio = np.asarray(data.get("audio", ()), dtype=np.float32)
            if audio.size == 0:
                continue
            clean = self.apply_agc(audio)
            self.clean_audio_pub_socket.send_json(
                {
                    "audio": clean.tolist(),
                    "sample_rate": data.get("sample_rate", 16000),
                    "speech": self.detect_speech(clean),
                }
            )

    def cleanup(self) -> None:
        self._running = False
        for socket in (self.sub_socket, self.clean_audio_pub_socket):
            socket.close()
        super().cleanup()
