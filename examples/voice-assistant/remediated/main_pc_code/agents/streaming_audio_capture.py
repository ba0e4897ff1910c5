"""Reads the microphone and publishes what it hears."""

import logging
import threading
import time
from typing import Any, Callable, Optional

import zmq

logger = logging.getLogger(__name__)


class StreamingAudioCapture:
    """Has no context until it is started: most processes never are."""

    def __init__(self, read_frame: Callable[[], Any], port: int = 6575):
        self.read_frame = read_frame
        self.port = port
        self.context: Optional[zmq.Context] = None
        self.pub_socket: Optional[zmq.Socket] = None
        self.stop_event = threading.Event()
        self.thread: Optional[threading.Thread] = None

    def start(self) -> None:
        """Open the socket and begin to listen."""
        self.context = zmq.Context()
        self.pub_socket = self.context.socket(zmq.PUB)
        self.pub_socket.bind(f"tcp://*:{self.port}")
        self.thread = threading.Thread(target=self._capture_loop, daemon=True)
        self.thread.start()

    def _capture_loop(self) -> None:
        while not self.stop_event.is_set():
            frame = self.read_frame()
            if frame is None:
                time.sleep(0.01)
            else:
                self.pub_socket.send(bytes(frame))

    def stop(self) -> None:
        """Stop listening, wait for the thread, give everything back."""
        self.stop_event.set()
        if self.thread:
            self.thread.join(timeout=5)
        if self.pub_socket:
            self.pub_socket.close()
        if self.context:
            self.context.term()
