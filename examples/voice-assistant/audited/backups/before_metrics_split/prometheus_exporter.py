"""Publishes what an agent does in Prometheus' format. Kept from before requests had a counter."""

import threading
import time

from prometheus_client import CollectorRegistry, Gauge, generate_latest


class PrometheusExporter:
    """A gauge of the agent's uptime, kept up to date by a thread."""

    def __init__(self, agent_name: str):
        self.agent_name = agent_name
        self.start_time = time.time()
        self.registry = CollectorRegistry()
        self.uptime_seconds = Gauge("agent_uptime_seconds", "Uptime", ["agent"], registry=self.registry)
        threading.Thread(target=self._collect, daemon=True).start()

    def _collect(self) -> None:
        while True:
            self.uptime_seconds.labels(agent=self.agent_name).set(time.time() - self.start_time)
            time.sleep(30)

    def render(self) -> bytes:
        """The text that Prometheus scrapes."""
        return generate_latest(self.registry)
