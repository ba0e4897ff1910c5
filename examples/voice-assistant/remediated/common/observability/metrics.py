"""Counters, gauges, and alerts on them."""

import asyncio
import json
import operator
import re
import threading
import time
from dataclasses import dataclass, field
from enum import Enum
from typing import Any, Callable, Dict, List


_CONDITION = re.compile(r"\s*(==|!=|>=|<=|>|<)\s*([-+]?\d+(?:\.\d+)?)\s*")
_COMPARISONS = {
    "==": operator.eq,
    "!=": operator.ne,
    ">=": operator.ge,
    "<=": operator.le,
    ">": operator.gt,
    "<": operator.lt,
}


class AlertLevel(Enum):
    """How loud an alert is."""

    INFO = "info"
    WARNING = "warning"
    CRITICAL = "critical"


@dataclass
class MetricValue:
    """One measured value."""

    name: str
    value: float
    timestamp: float = field(default_factory=time.time)
    tags: Dict[str, str] = field(default_factory=dict)


@dataclass
class Alert:
    """Tells somebody when a metric meets a condition such as `> 100`."""

    name: str
    metric_name: str
    condition: str
    level: AlertLevel = AlertLevel.WARNING
    message: str = ""
    cooldown: float = 300.0
    last_triggered: float = 0.0

    def should_trigger(self, value: float) -> bool:
        """Whether the value meets the condition."""
        condition = _CONDITION.fullmatch(self.condition)
        if condition is None:
            return False
        comparison, limit = condition.groups()
        return _COMPARISONS[comparison](value, float(limit))

    def can_trigger(self) -> bool:
        """Whether the last alarm was long enough ago."""
        return time.time() - self.last_triggered > self.cooldown


class MetricsRegistry:
    """Keeps the last value of every metric, and the alerts."""

    def __init__(self) -> None:
        self._lock = threading.RLock()
        self._values: Dict[str, MetricValue] = {}
        self._alerts: List[Alert] = []
        self._subscribers: List[Callable[[Alert, MetricValue], None]] = []

    def add_alert(self, alert: Alert) -> None:
        with self._lock:
            self._alerts.append(alert)

    def subscribe(self, subscriber: Callable[[Alert, MetricValue], None]) -> None:
        with self._lock:
            self._subscribers.append(subscriber)

    def record_metric(self, metric: MetricValue) -> List[Alert]:
        """Store a value and return the alerts that it set off."""
        with self._lock:
            self._values[metric.name] = metric
            due = [alert for alert in self._alerts if alert.metric_name == metric.name and alert.can_trigger()]
            subscribers = list(self._subscribers)
        fired = [alert for alert in due if alert.should_trigger(metric.value)]
        for alert in fired:
            alert.last_triggered = time.time()
            for subscriber in subscribers:
                subscriber(alert, metric)
        return fired

    def snapshot(self) -> Dict[str, Any]:
        with self._lock:
            return {name: metric.value for name, metric in self._values.items()}


class MetricsExporter:
    """Writes the registry to a file; runs as a task of the caller's event loop."""

    def __init__(self, registry: MetricsRegistry) -> None:
        self.registry = registry

    async def export_to_file(self, file_path: str, interval: float = 60.0) -> None:
        """Write the metrics again and again; cancelling the task ends it."""
        while True:
            with open(file_path, "w", encoding="utf-8") as stream:
                json.dump({"timestamp": time.time(), "metrics": self.registry.snapshot()}, stream)
            await asyncio.sleep(interval)
