"""Publishes what an agent does in Prometheus' format."""

import logging
import threading
import time
from typing import Optional

import psutil
from prometheus_client import CollectorRegistry, Counter, Gauge, generate_latest

logger = logging.getLogger(__name__)

COLLECTION_INTERVAL = 30


class PrometheusExporter:
    """A registry of an agent's metrics, kept up to date by a thread."""

    def __init__(self, agent_name: str, enable_system_metrics: bool = True):
        self.agent_name = agent_name
        self.enable_system_metrics = enable_system_metrics
        self.start_time = time.time()
        self.registry = CollectorRegistry()
        self.requests = Counter("agent_requests_total", "Requests", ["agent"], registry=self.registry)
        self.uptime_seconds = Gauge("agent_uptime_seconds", "Uptime", ["agent"], registry=self.registry)
        self.memory_bytes = Gauge("agent_memory_bytes", "Resident memory", ["agent"], registry=self.registry)
        self._stop = threading.Event()
        self.metrics_thread: Optional[threading.Thread] = None
        self._start_metrics_collection()

    def _start_metrics_collection(self) -> None:
        """Keep the gauges current for as long as nobody calls cleanup."""

        def metrics_collector() -> None:
            while not self._stop.is_set():
                try:
                    self.uptime_seconds.labels(agent=self.agent_name).set(time.time() - self.start_time)
                    if self.enable_system_metrics:
                        self._update_system_metrics()
                except Exception as error:
                    logger.error("metrics of %s were not collected: %s", self.agent_name, error)
                self._stop.wait(COLLECTION_INTERVAL)

        self.metrics_thread = threading.Thread(target=metrics_collector, daemon=True)
        self.metrics_thread.start()

    def _update_system_metrics(self) -> None:
        self.memory_bytes.labels(agent=self.agent_name).set(psutil.Process().memory_info().rss)

    def record_request(self) -> None:
        self.requests.labels(agent=self.agent_name).inc()

    def render(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)

    def cleanup(self) -> None:
        """End the thread and wait for it."""
        self._stop.set()
        if self.metrics_thread:
            self.metrics_thread.join(timeout=5)
        logger.info("exporter of %s closed", self.agent_name)
