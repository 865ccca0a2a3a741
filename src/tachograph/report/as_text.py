"""A report as plain text, for mails and terminals."""

from __future__ import annotations

import unicodedata
from typing import TYPE_CHECKING, Final

from rich.cells import cell_len

from tachograph.report.about_report import lines_above, made_by, section_title
from tachograph.report.printable import printable
from tachograph.report.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tachograph.report.report import Figure, Report, Section

_NUMBERS: Final = frozenset({"number", "detail"})
_GAP: Final = "  "
_LONGEST: Final = 60
_LEFT_TO_RIGHT: Final = "\u200e"
"""Ends a run of letters that go the other way: else a bidirectional terminal turns the numbers after them round."""


def render(report: Report) -> str:
    """The report, which ends with a line feed."""
    return "\n".join(line.rstrip(" ") for line in _lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    title = printable(report.title)
    yield from (title, "=" * cell_len(title), *lines_above(report))
    if report.summary:
        yield from ("", *_summary(report.summary))
    for section in report.sections:
        above = section_title(report, section)
        yield from ("", *([above, "-" * cell_len(above)] if above else []), *_section(section))
    if report.remarks:
        yield from ("", *report.remarks)
    yield from ("", made_by(report))


def _summary(figures: Sequence[Figure]) -> Iterator[str]:
    compared = any(figure.change is not None for figure in figures)
    titles = [["", "value", "before", "change"]] if compared else []
    rows = [
        [figure.title, figure.shown, *([figure.shown_before, figure.shown_change] if compared else [])]
        for figure in figures
    ]
    return _aligned([*titles, *rows], [False, True, True, True])


def _section(section: Section) -> Iterator[str]:
    if section.rows or section.total is not None:
        below = [] if section.total is None else [section.total]
        texts = [[_cell(column.text(row)) for column in section.columns] for row in (*section.rows, *below)]
        numbers = [column.kind in _NUMBERS for column in section.columns]
        yield from _aligned([[column.title for column in section.columns], *texts], numbers)
    if section.note:
        yield section.note


def _cell(text: str) -> str:
    short = shortened(text, _LONGEST)
    turns = any(unicodedata.bidirectional(letter) in {"R", "AL"} for letter in short)
    return f"{short}{_LEFT_TO_RIGHT}" if turns else short


def _aligned(rows: Sequence[Sequence[str]], numbers: Sequence[bool]) -> Iterator[str]:
    widths = [max(map(cell_len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        padded = [
            f"{' ' * (width - cell_len(text))}{text}" if is_number else f"{text}{' ' * (width - cell_len(text))}"
            for text, width, is_number in zip(row, widths, numbers, strict=False)
        ]
        yield _GAP.join(padded)
