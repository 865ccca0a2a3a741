"""What the server tells of itself, in the form of Prometheus."""

from __future__ import annotations

from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, Counter, Gauge, Histogram, generate_latest
from starlette.responses import Response

if TYPE_CHECKING:
    from tachograph.collector.collector import Collector
    from tachograph.otlp.decoded import Decoded

_SECONDS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0)
_MEDIA_TYPE = "text/plain; version=0.0.4; charset=utf-8"


class Figures:
    """Counters and gauges of one server. None is by tenant, user or session."""

    def __init__(self, collector: Collector) -> None:
        self._registry = CollectorRegistry()
        names = ["signal"]
        self._rows = Counter(
            "tachograph_accepted_metrics", "Metrics made of what was acknowledged.", names, registry=self._registry
        )
        self._rejected = Counter(
            "tachograph_rejected_items", "Items that can't be read.", names, registry=self._registry
        )
        self._unmapped = Counter(
            "tachograph_unmapped_items", "Items that are no metric.", names, registry=self._registry
        )
        self._took = Histogram(
            "tachograph_acknowledge_seconds", "From a request that was read to its acknowledgement.", names,
            buckets=_SECONDS, registry=self._registry,
        )  # fmt: skip
        self._answers = Counter("tachograph_http_responses", "Answers over HTTP.", ["status"], registry=self._registry)
        waiting = Gauge("tachograph_spool_unread_bytes", "Acknowledged, not in a store yet.", registry=self._registry)
        waiting.set_function(lambda: sum(collected.unread() for collected in collector.all()))
        writing = Gauge("tachograph_intake_waiting_bytes", "Received, not acknowledged yet.", registry=self._registry)
        writing.set_function(collector.intake.waiting_bytes)

    def received(self, signal: str, decoded: Decoded, seconds: float) -> None:
        """Counts what a request held, and how long it took until it was acknowledged."""
        self._rows.labels(signal).inc(len(decoded.rows) + len(decoded.points))
        self._rejected.labels(signal).inc(decoded.rejected)
        self._unmapped.labels(signal).inc(sum(decoded.unmapped.values()))
        self._took.labels(signal).observe(seconds)

    def answered(self, status: int) -> None:
        """Counts an answer."""
        self._answers.labels(str(status)).inc()

    def response(self) -> Response:
        """All of it."""
        return Response(generate_latest(self._registry), media_type=_MEDIA_TYPE)
