"""Collects what users think of the answers."""

import logging
from collections import Counter
from typing import Any, Dict

import zmq

from common.core.base_agent import BaseAgent

logger = logging.getLogger(__name__)


class FeedbackHandler(BaseAgent):
    """Counts thumbs and forwards the thoughtful comments."""

    def __init__(self, port: int = 5636, reviewers: str = "tcp://127.0.0.1:5640", **kwargs: Any):
        super().__init__(name=kwargs.get("name", "FeedbackHandler"), port=port)
        self.counts: Counter = Counter()
        self.review_socket = self.context.socket(zmq.PUSH)
        self.review_socket.connect(reviewers)

    def record(self, vote: str, comment: str = "") -> Dict[str, int]:
        """Count a vote; pass a comment of some length on to people."""
        self.counts[vote] += 1
        if len(comment.split()) > 3:
            self.review_socket.send_json({"vote": vote, "comment": comment})
        return dict(self.counts)

    def handle_request(self, request: Dict[str, Any]) -> Dict[str, Any]:
        if request.get("action") == "feedback":
            return {"status": "ok", "counts": self.record(request["vote"], request.get("comment", ""))}
        return super().handle_request(request)
