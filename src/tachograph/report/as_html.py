"""A report as one HTML page that needs nothing else: styles and charts are in it, and nothing in it runs.

Names come from logs and may hold anything. Everything is escaped; the page's policy lets no script, no picture and no
other page in, and no style but its own; names whose letters go the other way turn nothing around them.
"""

from __future__ import annotations

from base64 import b64encode
from hashlib import sha256
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tachograph.report.about_report import lines_above, made_by, section_title
from tachograph.report.drawing import drawn
from tachograph.report.printable import printable
from tachograph.report.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tachograph.report.layouts import Column, Row
    from tachograph.report.report import Chart, Figure, Report, Section

_CLASSES: Final = {"number": "n", "detail": "n", "label": "label", "name": "name", "id": "name", "list": "name"}
_LONGEST: Final = 240


def render(report: Report) -> str:
    """The page, which ends with a line feed."""
    return "\n".join(_lines(report)) + "\n"


def _lines(report: Report) -> Iterator[str]:
    style = Path(__file__).with_name("report.css").read_text(encoding="utf-8")
    digest = b64encode(sha256(style.encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    title = _text(report.title)
    yield from (
        "<!doctype html>",
        '<html lang="en">',
        "<head>",
        '<meta charset="utf-8">',
        f'<meta http-equiv="Content-Security-Policy" content="{policy}">',
        '<meta name="referrer" content="no-referrer">',
        '<meta name="viewport" content="width=device-width, initial-scale=1">',
        f"<title>{title}</title>",
        f"<style>{style}</style>",
        "</head>",
        "<body>",
        "<header>",
        f"<h1>{title}</h1>",
        *(f'<p class="about">{_text(line)}</p>' for line in lines_above(report)),
        "</header>",
        "<main>",
    )
    if report.summary:
        yield from ('<dl class="figures">', *map(_figure, report.summary), "</dl>")
    for section in report.sections:
        yield from _section(section, section_title(report, section))
    if report.remarks:
        yield from (
            "<section>",
            "<h2>Remarks</h2>",
            *(f"<p>{_text(line)}</p>" for line in report.remarks),
            "</section>",
        )
    yield from ("</main>", f"<footer>{_text(made_by(report))}</footer>", "</body>", "</html>")


def _figure(figure: Figure) -> str:
    change = ""
    if figure.change is not None:
        change = f'<dd class="change">{_text(figure.shown_change)}, before {_text(figure.shown_before)}</dd>'
    return f"<div><dt>{_text(figure.title)}</dt><dd>{_text(figure.shown)}</dd>{change}</div>"


def _section(section: Section, title: str | None) -> Iterator[str]:
    yield "<section>"
    if title is not None:
        yield f"<h2>{_text(title)}</h2>"
    if section.chart is not None:
        yield from _chart(section.chart)
    if section.rows or section.total is not None:
        yield from _table(section)
    if section.note:
        yield f'<p class="about">{_text(section.note)}</p>'
    yield "</section>"


def _chart(chart: Chart) -> Iterator[str]:
    picture = drawn(chart)
    if not picture:
        return
    yield from ("<figure>", f"<figcaption>{_text(chart.measure)}</figcaption>")
    if len(chart.series) > 1:
        keys = [
            f'<li><svg viewBox="0 0 10 10" aria-hidden="true"><rect class="c{number}" width="10" height="10"/></svg>'
            f"<bdi>{_text(each.name)}</bdi></li>"
            for number, each in enumerate(chart.series, 1)
        ]
        yield f'<ul class="legend">{"".join(keys)}</ul>'
    yield from (picture, "</figure>")


def _table(section: Section) -> Iterator[str]:
    heads = "".join(f'<th scope="col"{_number_class(column)}>{_text(column.title)}</th>' for column in section.columns)
    yield from ('<div class="scrolls">', "<table>", f"<thead><tr>{heads}</tr></thead>", "<tbody>")
    for row in section.rows:
        yield f"<tr>{''.join(_cell(column, row) for column in section.columns)}</tr>"
    yield "</tbody>"
    if section.total is not None:
        total = section.total
        yield f"<tfoot><tr>{''.join(_cell(column, total) for column in section.columns)}</tr></tfoot>"
    yield from ("</table>", "</div>")


def _number_class(column: Column) -> str:
    return ' class="n"' if _CLASSES[column.kind] == "n" else ""


def _cell(column: Column, row: Row) -> str:
    kind = _CLASSES[column.kind]
    text = _text(shortened(column.text(row), _LONGEST))
    return f'<td class="{kind}">{f"<bdi>{text}</bdi>" if kind == "name" else text}</td>'


def _text(text: str) -> str:
    return escape(printable(text), quote=True)
