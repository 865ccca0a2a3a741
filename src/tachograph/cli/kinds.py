"""Kinds of questions: how one is answered, and how an answer is kept and found again."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Final, Generic, TypeVar

import msgspec

from tachograph.aggregate.result import AggregationResult
from tachograph.report.figures import count, several
from tachograph.report.naming import question_name
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from tachograph.aggregate.question import Question
    from tachograph.store.duckdb import Store

Asked = TypeVar("Asked")
Answer = TypeVar("Answer")


class Kind(msgspec.Struct, Generic[Asked, Answer], frozen=True):
    """What can be done with questions of one kind, and with their answers."""

    answerer: Callable[[], Callable[[Store, Asked], Answer]]
    """Gives what answers, once that is imported: an answer that is remembered doesn't need it."""
    name: Callable[[Asked], str | None]
    """The question as text, no other of any kind being the same; None for one whose answer can't be kept."""
    write: Callable[[Answer], bytes]
    """As JSON. Raises `ValueError` or `OverflowError` where that can't hold it."""
    read: Callable[[bytes, Asked], Answer]
    """The answer again. Raises `ValueError` for what isn't as we write it."""
    remarks: Callable[[Sequence[Answer]], list[str]]
    """What isn't a part of the answers, but about them."""


def _answerer() -> Callable[[Store, Question], AggregationResult]:
    from tachograph.aggregate.compute import compute

    return compute


def _read(content: bytes, _: Question) -> AggregationResult:
    return msgspec.json.decode(content, type=AggregationResult)


def _of_condensed(results: Sequence[AggregationResult]) -> list[str]:
    """What answers take from metrics whose detail was condensed; one line for all of them."""
    told = [result.condensed for result in results if result.condensed]
    if not told:
        return []
    found = max(told, key=lambda one: one.uncertain)
    sums = f"sums by {found.resolution} in {printable(found.timezone)}"
    parts = [f"of {several(found.metrics, 'metric')} from before {found.before} only {sums} are kept"]
    if found.duration_percentiles != "exact":
        parts.append(f"percentiles of durations are {found.duration_percentiles}")
    if found.uncertain:
        parts.append(f"{count(found.uncertain)} may belong to another row, or beyond the range")
    return ["; ".join(parts)]


AGGREGATIONS: Final[Kind[Question, AggregationResult]] = Kind(
    _answerer, question_name, msgspec.json.encode, _read, _of_condensed
)
