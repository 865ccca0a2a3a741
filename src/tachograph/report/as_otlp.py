"""Aggregates as a request of OpenTelemetry's protocol (OTLP 1.0, metrics, in its JSON form).

https://opentelemetry.io/docs/specs/otlp/#json-protobuf-encoding: 64-bit integers are texts, enumerations are numbers.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tachograph import __version__

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.report.monitored import Family, Labels

_CUMULATIVE: Final = 2


def otlp_metrics(families: Sequence[Family], *, are_counters: bool, start_us: int, now_us: int) -> dict[str, Any]:
    """An ExportMetricsServiceRequest: sums that only grow since `start_us`, or gauges; times since 1970 in UTC."""
    times = {"startTimeUnixNano": str(start_us * 1000), "timeUnixNano": str(now_us * 1000)}
    return {
        "resourceMetrics": [
            {
                "resource": {"attributes": _attributes((("service.name", "tachograph"),))},
                "scopeMetrics": [
                    {
                        "scope": {"name": "tachograph", "version": __version__},
                        "metrics": [_metric(each, times, are_counters=are_counters) for each in families],
                    }
                ],
            }
        ]
    }


def _metric(family: Family, times: dict[str, str], *, are_counters: bool) -> dict[str, Any]:
    points = [{"attributes": _attributes(labels), **times, **_number(value)} for labels, value in family.samples]
    kind = "sum" if are_counters else "gauge"
    more: dict[str, Any] = {"aggregationTemporality": _CUMULATIVE, "isMonotonic": True} if are_counters else {}
    name = f"tachograph.{family.name}"
    return {"name": name, "description": family.what, "unit": family.unit, kind: {"dataPoints": points, **more}}


def _number(value: float) -> dict[str, Any]:
    return {"asInt": str(value)} if isinstance(value, int) else {"asDouble": value}


def _attributes(labels: Labels) -> list[dict[str, Any]]:
    return [{"key": name, "value": {"stringValue": value}} for name, value in labels]
