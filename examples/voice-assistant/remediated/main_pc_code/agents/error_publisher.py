"""Reports errors on the error bus, where one collector listens for all agents."""

import json
import logging
import os
import time
import uuid
from typing import Any, Optional

import zmq

logger = logging.getLogger(__name__)


class ErrorPublisher:
    """A PUB socket towards the collector of the error bus."""

    def __init__(self, source: str, *, endpoint: Optional[str] = None, context: Optional[Any] = None):
        self.source = source
        self.endpoint = endpoint or self._build_default_endpoint()
        self.context = context or zmq.Context.instance()

        try:
            self.socket = self.context.socket(zmq.PUB)
            self.socket.setsockopt(zmq.LINGER, 0)
            self.socket.connect(self.endpoint)
        except Exception as error:
            logging.error("the error bus at %s cannot be used: %s", self.endpoint, error)
            self.socket = None

    @staticmethod
    def _build_default_endpoint() -> str:
        host = os.environ.get("ERROR_BUS_HOST", "127.0.0.1")
        port = int(os.environ.get("ERROR_BUS_PORT", "7150"))
        return f"tcp://{host}:{port}"

    def publish_error(self, error_type: str, severity: str = "error", details: Any = None) -> None:
        """Send one error; does nothing when the bus cannot be used."""
        if self.socket is None:
            return
        report = {
            "id": str(uuid.uuid4()),
            "source": self.source,
            "timestamp": time.time(),
            "type": error_type,
            "severity": severity,
            "details": details,
        }
        try:
            self.socket.send_string(f"ERROR:{json.dumps(report)}")
        except Exception as error:
            logger.error("an error of %s was not published: %s", self.source, error)

    def close(self) -> None:
        if self.socket is not None:
            self.socket.close(linger=0)
            self.socket = None

    def __enter__(self) -> "ErrorPublisher":
        return self

    def __exit__(self, *exception: Any) -> None:
        self.close()
