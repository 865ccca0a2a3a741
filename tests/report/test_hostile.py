"""A history that wants to be more than data: in no format does it break anything, and nothing of it runs."""

from __future__ import annotations

import csv
import io
import json
import re
from base64 import b64encode
from hashlib import sha256
from html.parser import HTMLParser
from typing import TYPE_CHECKING

import pytest
from markdown_it import MarkdownIt

from hostile import NAMES, history
from report.asked import aggregations, queried
from report.golden import is_as_golden
from tachograph import ReportGenerator
from tachograph.report.generator import rendered
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from tachograph.report.report import Report

KINDS = ("daily", "by_session", "by_user", "by_tool", "by_agent", "by_project", "by_model")
PAGE = {
    "html", "head", "meta", "title", "style", "body", "header", "h1", "p", "main", "dl", "div", "dt", "dd", "section",
    "h2", "figure", "figcaption", "svg", "line", "text", "rect", "table", "thead", "tbody", "tfoot", "tr", "th", "td",
    "bdi", "footer", "ul", "li",
}  # fmt: skip
DOCUMENT = {"h1", "h2", "p", "table", "thead", "tbody", "tr", "th", "td", "code", "strong", "em", "ul", "li"}
SHORT = [name for name in NAMES if len(name) < 100]


@pytest.fixture(scope="module")
def reports() -> list[Report]:
    answers = aggregations(*KINDS, lines=history(), start=None, end=None)
    named = queried(history(), start=None, end=None, by=("tool", "user", "model"), measures=("count", "cost_usd"))
    in_series = queried(history(), start=None, end=None, by=("day", "tool"))
    generator = ReportGenerator(NAMES[0], timezone=NAMES[1], about=NAMES)
    return [
        generator.report(*answers, before=answers[0]),
        generator.report(named, in_series),
        generator.summary(answers[0], answers[5]),
    ]


class Page(HTMLParser):
    """What a browser sees."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.tags: set[str] = set()
        self.attributes: set[str] = set()
        self.values: list[str] = []
        self.texts: list[str] = []
        self.cells: list[str] = []
        self.declared: list[str] = []
        self._in_cell = False

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        self.attributes |= {name for name, _ in attrs}
        self.values += [value for _, value in attrs if value]
        if tag in {"td", "code"}:
            self.cells.append("")
            self._in_cell = True

    def handle_endtag(self, tag: str) -> None:
        self._in_cell = self._in_cell and tag not in {"td", "code"}

    def handle_data(self, data: str) -> None:
        self.texts.append(data)
        if self._in_cell:
            self.cells[-1] += data

    def handle_comment(self, data: str) -> None:
        self.declared.append(data)

    def handle_decl(self, decl: str) -> None:
        self.declared.append(decl)

    def handle_pi(self, data: str) -> None:
        self.declared.append(data)


def seen(html: str) -> Page:
    page = Page()
    page.feed(html)
    page.close()
    return page


def test_a_page_has_no_tag_of_theirs_and_nothing_that_runs(reports: list[Report]) -> None:
    for report in reports:
        page = seen(rendered(report, "html"))
        assert page.tags <= PAGE
        assert page.declared == ["doctype html"]
        assert not [name for name in page.attributes if name.startswith("on") or name in {"style", "href", "src"}]
        assert all(printable(name) in "".join(page.texts) for name in SHORT)


def test_every_name_is_one_cell_of_a_page(reports: list[Report]) -> None:
    page = seen(rendered(reports[0], "html"))
    assert {printable(name) for name in SHORT} <= set(page.cells)
    assert max(map(len, page.cells)) < 400


def test_the_policy_of_a_page_lets_in_its_own_style_alone(reports: list[Report]) -> None:
    html = rendered(reports[0], "html")
    style = re.search("<style>(.*?)</style>", html, re.DOTALL)
    assert style
    digest = b64encode(sha256(style[1].encode()).digest()).decode()
    policy = f"default-src 'none'; style-src 'sha256-{digest}'; base-uri 'none'; form-action 'none'"
    assert f'<meta http-equiv="Content-Security-Policy" content="{policy}">' in html
    assert "url(" not in html
    assert "@import" not in html


def test_markdown_has_no_markup_of_theirs(reports: list[Report]) -> None:
    reader = MarkdownIt("commonmark", {"html": True}).enable(["table", "strikethrough"])
    for report in reports:
        page = seen(reader.render(rendered(report, "markdown")))
        assert page.tags <= DOCUMENT
        assert not page.declared
        assert page.attributes <= {"style"}  # how the table aligns
    cells = {cell.strip() for cell in seen(reader.render(rendered(reports[0], "markdown"))).cells}
    assert {printable(name).strip() for name in SHORT} <= cells


@pytest.mark.parametrize("format", ["markdown", "html", "text", "csv", "json"])
def test_nothing_has_power_over_a_terminal(format: str, reports: list[Report]) -> None:
    for report in reports:
        text = rendered(report, format)
        allowed = {"\n", "\r", "\u200e"} if format in {"csv", "text"} else {"\n"}
        assert not {letter for letter in text if not letter.isprintable()} - allowed


def test_no_cell_of_csv_is_a_formula(reports: list[Report]) -> None:
    for report in reports:
        for row in csv.reader(io.StringIO(rendered(report, "csv"))):
            for cell in row:
                is_number = re.fullmatch(r"-?[0-9.e+-]+", cell)
                assert is_number or not cell.startswith(("=", "+", "-", "@", "\t", "\r"))


def test_letters_that_go_the_other_way_turn_nothing_around_them(reports: list[Report]) -> None:
    assert "<bdi>שלום עולם</bdi>" in rendered(reports[0], "html")
    assert "שלום עולם\u200e  " in rendered(reports[0], "text")


def test_a_long_name_has_its_middle_left_out_for_people_alone(reports: list[Report]) -> None:
    tables = rendered(reports[0], "text").partition("\n\n")[2]
    assert max(map(len, tables.splitlines())) < 400
    names = {row["tool"] for row in json.loads(rendered(reports[0], "json"))["tables"][3]["rows"]}
    assert names == set(NAMES)


@pytest.mark.parametrize(("format", "suffix"), [("markdown", "md"), ("html", "html"), ("text", "txt"), ("csv", "csv")])
def test_it_is_as_somebody_saw_it(format: str, suffix: str, reports: list[Report]) -> None:
    assert is_as_golden(f"hostile.{suffix}", rendered(reports[0], format))
