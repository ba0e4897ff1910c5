"""Recognises faces in frames and reads the emotion off them."""

import logging
import queue
import threading
import time
from dataclasses import dataclass, field
from typing import Any, Dict, List, Optional

import insightface
import numpy as np
import onnxruntime as ort
import zmq

from common.core.base_agent import BaseAgent

logger = logging.getLogger(__name__)

LABELS = ("angry", "happy", "neutral", "sad")


@dataclass
class EmotionState:
    """An emotion and how sure the model is."""

    label: str
    confidence: float
    timestamp: float = field(default_factory=time.time)


class EmotionAnalyzer:
    """Emotion from a face, to be helped by the voice one day."""

    def __init__(self, config: Dict[str, Any]):
        self.config = config
        self.emotion_model = self._load_emotion_model()
        self.voice_model = self._load_voice_model() if config.get("voice") else None
        self.history: Dict[int, List[EmotionState]] = {}
        self.voice_buffer: "queue.Queue[Any]" = queue.Queue()
        self._voice_stop = threading.Event()
        self.voice_thread: Optional[threading.Thread] = None
        if self.voice_model:
            self._start_voice_processing()

    def _load_emotion_model(self) -> Any:
        try:
            return ort.InferenceSession(self.config.get("model_path"))
        except Exception as error:
            logger.error("the emotion model was not loaded: %s", error)
            return None

    def _load_voice_model(self) -> Any:
        """There is no voice model yet."""
        return None

    def _start_voice_processing(self) -> None:
        """Work off the buffer on a thread of its own."""

        def process_voice() -> None:
            while not self._voice_stop.is_set():
                try:
                    self.voice_buffer.get(timeout=0.1)
                except queue.Empty:
                    continue

        self.voice_thread = threading.Thread(target=process_voice, daemon=True)
        self.voice_thread.start()

    def analyze_emotion(self, face: Any, track_id: int) -> EmotionState:
        """The emotion of one face; remembered per person."""
        if self.emotion_model is None:
            return EmotionState("unknown", 0.0)
        scores = self.emotion_model.run(None, {"input": np.asarray(face)[None]})[0]
        best = int(np.argmax(scores))
        state = EmotionState(LABELS[best], float(scores[best]))
        self.history.setdefault(track_id, []).append(state)
        return state


class FaceRecognitionAgent(BaseAgent):
    """Detects faces and tells who they are."""

    def __init__(self, port: int = 5610, config: Optional[Dict[str, Any]] = None, **kwargs: Any):
        self.config = config or {}
        self.zmq_timeout = int(self.config.get("zmq_timeout", 5000))
        self.initialization_status: Dict[str, Any] = {"is_initialized": False, "error": None}
        super().__init__(name=kwargs.get("name", "FaceRecognitionAgent"), port=port)

    def _perform_initialization(self) -> None:
        try:
            self._init_zmq()
            self.model = insightface.app.FaceAnalysis(name=self.config.get("model", "buffalo_l"))
            self.emotions = EmotionAnalyzer(self.config)
            self.initialization_status["is_initialized"] = True
        except Exception as error:
            self.initialization_status["error"] = str(error)
            logger.error("face recognition was not initialised: %s", error)

    def _init_zmq(self) -> None:
        """Open the event publisher; the request socket is BaseAgent's and bound already."""
        self.socket.setsockopt(zmq.RCVTIMEO, self.zmq_timeout)
        self.pub_socket = self.context.socket(zmq.PUB)
        self.pub_socket.bind(f"tcp://*:{self.port + 1}")

    def process_frame(self, frame: Any) -> Dict[str, Any]:
        """Everybody in this frame."""
        faces = self.model.get(frame)
        people = [self.emotions.analyze_emotion(face.crop, face.track_id).label for face in faces]
        return {"status": "ok", "faces": len(faces), "emotions": people}

    def handle_request(self, request: Dict[str, Any]) -> Dict[str, Any]:
        if request.get("action") == "process_frame":
            return self.process_frame(request["frame"])
        return super().handle_request(request)
