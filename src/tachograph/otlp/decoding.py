"""A request's body, whole: which signal it is, and in which form."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from tachograph.otlp.decoded import Decoded, Form, Signal
from tachograph.otlp.logs import read_logs
from tachograph.otlp.metrics import read_metrics
from tachograph.otlp.requests import read_request
from tachograph.otlp.traces import read_traces

if TYPE_CHECKING:
    from collections.abc import Callable

_READERS: Final[dict[Signal, Callable[[Any, Decoded], None]]] = {
    "logs": read_logs,
    "metrics": read_metrics,
    "traces": read_traces,
}


def decode(signal: Signal, body: bytes, form: Form) -> Decoded:
    """What a request's body says. Raises `Undecodable` for what is no OTLP; a malformed item costs no other."""
    decoded = Decoded()
    _READERS[signal](read_request(signal, body, form, decoded), decoded)
    return decoded
