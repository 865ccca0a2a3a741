"""What was measured of stores of several sizes, as Markdown tables and as curves."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from peers import table
from scale_questions import DAILY, NINE, QUESTIONS, TOTALS
from scale_rounds import DASHBOARD, OURS, PYTHON, SQL

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from scale_rounds import Measured

_ASKED: Final = {
    **{question.name: (question.name,) for question in QUESTIONS},
    "the nine together": tuple(question.name for question in NINE),
    DASHBOARD: (DASHBOARD,),
}
"""What has a line of its own, and the questions that it is about."""
_GROWING: Final = {
    (OURS, TOTALS.name): "totals",
    (OURS, DAILY.name): "daily",
    (OURS, "the nine together"): "the nine",
    (OURS, DASHBOARD): "dashboard",
    (SQL, TOTALS.name): "SQL: totals",
    (SQL, DAILY.name): "SQL: daily",
    (SQL, "the nine together"): "SQL: the nine",
    (PYTHON, DAILY.name): "Python: daily",
}
_CURVES: Final = (
    ("the nine together", OURS),
    ("the nine together", SQL),
    (DAILY.name, OURS),
    (DAILY.name, SQL),
    (DAILY.name, PYTHON),
)

Curves = dict[tuple[str, str], list[tuple[int, float]]]


def by_question(measured: Measured) -> list[str]:
    """Each question to one store, ours beside the plain SQL."""
    rows = []
    for name, questions in _ASKED.items():
        ours, plain = measured.seconds(OURS, *questions), measured.seconds(SQL, *questions)
        lacking = measured.too_little.intersection(questions)
        rows.append(
            (
                name,
                _figure(ours, 2),
                _figure(measured.peak_mb(OURS, *questions), 0),
                "too little memory" if lacking else _figure(plain, 2),
                _figure(measured.peak_mb(SQL, *questions), 0),
                _figure(plain / ours if ours and plain else None, 1),
            )
        )
    title = f"{measured.metrics:,} metrics, a store of {measured.store_mb:,.0f} MB:"
    return [title, "", *table(("", "seconds", "peak MB", "plain SQL", "peak MB", "× ours"), rows), ""]


def by_size(all_measured: Iterable[Measured]) -> list[str]:
    """How the seconds grow, and the most memory that ours took."""
    rows = [
        (
            f"{each.metrics:,}",
            *(_figure(each.seconds(who, *_ASKED[name]), 2) for who, name in _GROWING),
            _figure(each.peak_mb(OURS, *(question.name for question in QUESTIONS), DASHBOARD), 0),
        )
        for each in all_measured
    ]
    return table(("metrics", *_GROWING.values(), "peak MB"), rows)


def curves(all_measured: Sequence[Measured]) -> Curves:
    """By what was asked, and who: metrics and seconds of those who answered."""
    found = {}
    for name, who in _CURVES:
        points = [(each.metrics, each.seconds(who, *_ASKED[name])) for each in all_measured]
        found[name, who] = [(metrics, seconds) for metrics, seconds in points if seconds is not None]
    return found


def _figure(value: float | None, digits: int) -> str:
    return "–" if value is None else f"{value:,.{digits}f}"
