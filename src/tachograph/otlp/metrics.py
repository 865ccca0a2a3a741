"""Points of counters and histograms: by how much they have grown, or how far they have come."""

from __future__ import annotations

from math import isfinite
from typing import TYPE_CHECKING, Any, Final

import msgspec
from opentelemetry.proto.metrics.v1.metrics_pb2 import AggregationTemporality, DataPointFlags

from tachograph.digest import digest
from tachograph.otlp.counters import ABOUT_KEYS, COUNTERS, OWN_SOURCES, REDUNDANT, kind_of, overruled
from tachograph.otlp.decoded import Decoded, Point, Refused, Unmapped
from tachograph.otlp.increments import THINGS_MAX, Increment, rows_of
from tachograph.otlp.origin import WHOSE_KEYS, Origin
from tachograph.otlp.values import LONGEST_MS, MOST_DOLLARS, MOST_TOKENS, finished, shown, told

if TYPE_CHECKING:
    from opentelemetry.proto.collector.metrics.v1.metrics_service_pb2 import ExportMetricsServiceRequest
    from opentelemetry.proto.metrics.v1.metrics_pb2 import Metric

    from tachograph.otlp.counters import Counter
    from tachograph.otlp.decoded import Row

_DIGEST_BYTES: Final = 16
_WANTED: Final = WHOSE_KEYS | ABOUT_KEYS
_DELTA: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_DELTA
_CUMULATIVE: Final = AggregationTemporality.AGGREGATION_TEMPORALITY_CUMULATIVE
_NO_VALUE: Final = DataPointFlags.DATA_POINT_FLAGS_NO_RECORDED_VALUE_MASK
_NO_COUNTERS: Final = frozenset({"gauge", "summary", None})
_TOTAL: Final = "total"


def read_metrics(request: ExportMetricsServiceRequest, decoded: Decoded) -> None:
    """Takes in the points of a request."""
    reading = _Reading(decoded)
    for resource_metrics in request.resource_metrics:
        scopes = resource_metrics.scope_metrics
        losers = overruled(metric.name for scope_metrics in scopes for metric in scope_metrics.metrics)
        for scope_metrics in scopes:
            origin = Origin(resource_metrics.resource, scope_metrics.scope)
            for metric in scope_metrics.metrics:
                reading.read(metric, origin, losers)
    decoded.rows += rows_of(reading.increments)


class _Reading:
    """A request that is being read."""

    def __init__(self, decoded: Decoded) -> None:
        self.increments: list[Increment] = []
        self._decoded = decoded
        self._room = THINGS_MAX

    def read(self, metric: Metric, origin: Origin, losers: frozenset[str]) -> None:
        """Takes in the points of a counter."""
        shape = metric.WhichOneof("data")
        data: Any = getattr(metric, shape) if shape else None
        points = data.data_points if shape else ()
        name, counter = metric.name, COUNTERS.get(metric.name)
        if counter is None and name not in REDUNDANT:
            self._unmapped(origin, name, len(points))
        elif (
            counter is None
            or name in losers
            or (counter.source is None and origin.source in OWN_SOURCES)
            or shape in _NO_COUNTERS
            or (shape == "sum" and not data.is_monotonic)
        ):
            self._decoded.redundant += len(points)
        elif data.aggregation_temporality not in (_DELTA, _CUMULATIVE):
            self._decoded.reject(f"{shown(name)}: neither delta nor cumulative", len(points))
        else:
            is_cumulative = data.aggregation_temporality == _CUMULATIVE
            for point in points:
                self._point(point, name, counter, origin, is_cumulative=is_cumulative)

    def _unmapped(self, origin: Origin, name: str, points: int) -> None:
        kind = Unmapped("metrics", shown(origin.title), shown(name))
        self._decoded.unmapped[kind] = self._decoded.unmapped.get(kind, 0) + points

    def _point(self, found: Any, name: str, counter: Counter, origin: Origin, *, is_cumulative: bool) -> None:
        if found.flags & _NO_VALUE:
            return
        try:
            about = told(found.attributes, _WANTED)
            kind, row = kind_of(counter, about), counter.about(about)
            if counter.counts_amounts and kind is None and about.get(counter.kind_key) != _TOTAL:
                self._unmapped(origin, name, 1)
            elif row is None or (counter.counts_amounts and kind is None):
                self._decoded.redundant += 1
            else:
                row = finished({**origin.whose(about), **row})
                made = _made(found, name, counter, origin, kind, row)
                self._take(made, is_cumulative=is_cumulative)
        except Refused as refusal:
            self._decoded.reject(f"{shown(name)}: {refusal}")

    def _take(self, point: Point, *, is_cumulative: bool) -> None:
        if is_cumulative:
            self._decoded.points.append(point)
            return
        if not COUNTERS[point.counter].counts_amounts:
            if point.count > self._room:
                raise Refused(f"more than {THINGS_MAX:,} things in one request")
            self._room -= point.count
        if point.value or point.count:
            self.increments.append(Increment(point, point.value, point.count))


def _made(found: Any, name: str, counter: Counter, origin: Origin, kind: Any, row: Row) -> Point:
    if not found.time_unix_nano:
        raise Refused("no time")
    value, count = _amount(found, counter)
    attributes = sorted(each.SerializeToString(deterministic=True) for each in found.attributes)
    common = sorted(
        each.SerializeToString(deterministic=True) for each in found.attributes if each.key != counter.kind_key
    )
    began = found.start_time_unix_nano
    source = counter.source or origin.source
    return Point(
        source=source,
        counter=name,
        series=_digest(origin.key, name, attributes, began),
        ts=found.time_unix_nano // 1000,
        began=began,
        value=value,
        count=count,
        group=_digest(origin.key, common),
        kind=kind,
        row=row,
    )


def _digest(*parts: Any) -> str:
    return digest(msgspec.msgpack.encode(parts), _DIGEST_BYTES)


def _amount(found: Any, counter: Counter) -> tuple[float, int]:
    """The value of a point and how many things it is, checked."""
    if hasattr(found, "as_int"):
        value = getattr(found, found.WhichOneof("value") or "as_int")
        count = value
    else:
        value, count = found.sum, found.count
        if counter.counts_amounts and not found.HasField("sum"):
            raise Refused("a histogram without a sum")
    if not isfinite(value) or value < 0:
        raise Refused("the value is negative" if value < 0 else "the value is no number")
    if counter.counts_amounts:
        most = MOST_DOLLARS if counter.kind == "cost_usd" else MOST_TOKENS
        if value > most:
            raise Refused("the value is too large")
        if most == MOST_TOKENS and value != int(value):
            raise Refused("the value is no integer")
        return value, 0
    if counter.milliseconds is not None and value * counter.milliseconds > LONGEST_MS:
        raise Refused("the sum of durations is too large")
    if count != int(count) or count > THINGS_MAX:
        raise Refused(f"the count is {'too large' if count > THINGS_MAX else 'no integer'}")
    return value, int(count)
