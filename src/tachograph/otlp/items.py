"""An item of a request on its way to becoming metrics, and the tables that say what becomes of it."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, Final

import msgspec
from opentelemetry.proto.common.v1.common_pb2 import KeyValueList

from tachograph.digest import digest
from tachograph.metric import MetricType
from tachograph.otlp.decoded import EVENT, Refused, Row
from tachograph.otlp.values import Told, extra, finished, milliseconds

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    from opentelemetry.proto.common.v1.common_pb2 import KeyValue

    from tachograph.otlp.origin import Origin

_DIGEST_BYTES: Final = 16


class Seen:
    """Which of the equal items of a request one is: how many of the same digest there were before it."""

    def __init__(self) -> None:
        self._times: Counter[str] = Counter()

    def __call__(self, key: str) -> int:
        """How many, this one not counted."""
        self._times[key] += 1
        return self._times[key] - 1


class Item:
    """An event or a span: what was asked of its attributes, and when it was (microseconds since 1970, UTC)."""

    __slots__ = (
        "attributes", "began", "failed", "is_root", "key", "name", "number", "origin", "source", "told", "ts",
    )  # fmt: skip

    def __init__(
        self, origin: Origin, source: str, name: str, ts: int, told: Told, attributes: Sequence[KeyValue]
    ) -> None:
        self.origin = origin
        self.source = source
        self.name = name
        self.ts = ts
        self.began = ts
        """Of a span, when it began; `ts` is its end."""
        self.failed = False
        """Of a span, whether it ended with an error."""
        self.is_root = False
        """Of a span, whether none is above it."""
        self.key: str | None = None
        """Of a span, what tells it from all others."""
        self.told = told
        self.attributes = attributes
        self.number: Callable[[str], int] = _first
        """How many items of the same digest there were before it in this request."""

    def row(self, part: str | None, kind: MetricType, ts: int | None = None, **values: Any) -> Row:
        """A part of the metric of that id; without one, its own id comes from all that it says."""
        row = {
            "id": f"{self.source}:{part}" if part else self.own_id(),
            "ts": self.ts if ts is None else ts,
            "type": kind.value,
            **self.origin.whose(self.told),
            **values,
        }
        return finished(row)

    def failed_request(self, kind: str, model: object, words: Iterable[tuple[str, str]], took: float | None) -> Row:
        """An error of a request of a model, told by an event of its own."""
        return self.row(
            None,
            MetricType.ERROR_OCCURRED,
            error_type=kind,
            success=False,
            model=model,
            duration_ms=took,
            extra=extra(self.told, words),
            witness=EVENT,
        )

    def own_id(self) -> str:
        """An id for what has none: the digest of all that it says and, of equals in one request, which it is."""
        attributes = KeyValueList(values=self.attributes).SerializeToString(deterministic=True)
        parts = (self.origin.key, self.name.encode(), str(self.ts).encode(), attributes)
        key = digest(msgspec.msgpack.encode(parts), _DIGEST_BYTES)
        number = self.number(key)
        return f"{self.source}:otlp:{key}:{number}" if number else f"{self.source}:otlp:{key}"

    def begun(self, duration_ms: float | None) -> int:
        """When that began which ends with this event. Raises `Refused` where that would be before 1970."""
        began = self.ts if duration_ms is None else self.ts - round(duration_ms * 1000)
        if began < 0:
            raise Refused("duration_ms is longer than the time since 1970")
        return began

    def duration(self, key: str = "duration_ms") -> float | None:
        """How long it took, in milliseconds."""
        return milliseconds(self.told.get(key), key)

    @property
    def session(self) -> str | None:
        """Its session."""
        session: str | None = self.origin.whose(self.told)["session_id"]
        return session


class Mapping(msgspec.Struct, frozen=True):
    """What becomes of events, or spans, of one name."""

    source: str | None
    """None: the one that the resource or the scope tells."""
    wanted: frozenset[str]
    """The attributes that this takes."""
    rows: Callable[[Item], list[Row]]


def _first(key: str) -> int:
    del key
    return 0
