"""A history whose names are markup, scripts, of 10,000 characters, or turn the direction of writing."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING

from dashboard.histories import HOSTILE, LONG, MARKUP
from dashboard.opened import Dashboard, Look
from tachograph.report.csv_text import csv_text

if TYPE_CHECKING:
    from playwright.sync_api import Browser

VIEWS = ("overview", "activity?split=tool", "tools", "agents", "projects", "users", "models", "errors", "sessions")


def test_nothing_of_it_is_run_and_no_view_breaks(browser: Browser, beset: Dashboard) -> None:
    with Look(browser, beset) as look:
        for view in VIEWS:
            page = look.at(f"#/{view}")
            assert page.title().endswith("Tachograph"), view
            assert page.locator(".trouble").count() == 0, view
            assert page.locator("main img, main script, main iframe").count() == 0, view
            assert page.evaluate("document.documentElement.scrollWidth <= innerWidth"), view


def test_names_are_shown_as_they_are_and_what_can_not_be_seen_as_its_escape(browser: Browser, beset: Dashboard) -> None:
    with Look(browser, beset) as look:
        look.at("#/tools")
        shown = [row[0] for row in look.cells("tools")]
        assert len(shown) == len(HOSTILE)
        assert any(name.startswith(MARKUP[:40]) for name in shown)
        assert any("\\u202ereversed\\u202c" in name for name in shown)
        assert any("\\x1b[31m" in name for name in shown)


def test_a_long_name_is_cut_with_a_sign_and_can_be_unfolded(browser: Browser, beset: Dashboard) -> None:
    with Look(browser, beset) as look:
        page = look.at("#/tools")
        row = page.locator("#tools tr", has_text="long-xxx")
        assert "…" in row.inner_text()
        row.locator(".unfold").click()
        assert LONG in row.inner_text()


def test_no_spreadsheet_takes_a_saved_name_for_a_formula(browser: Browser, beset: Dashboard) -> None:
    with Look(browser, beset) as look:
        page = look.at("#/tools")
        with page.expect_download() as saved:
            page.click('[aria-label="CSV of tools"]')
        _, *rows = csv.reader(io.StringIO(saved.value.path().read_text(encoding="utf-8")))
        _, *expected = csv.reader(io.StringIO(csv_text(["name"], [[name] for name in HOSTILE])))
        assert {row[0] for row in rows} == {row[0] for row in expected}


def test_hovering_over_charts_runs_nothing(browser: Browser, beset: Dashboard) -> None:
    with Look(browser, beset) as look:
        page = look.at("#/tools")
        for chart in page.locator(".chart").all():
            chart.locator("canvas").wait_for()
            chart.scroll_into_view_if_needed()
            box = chart.bounding_box()
            assert box
            for step in range(10):
                page.mouse.move(box["x"] + box["width"] * 0.7, box["y"] + box["height"] * step / 10)
        assert page.title() == "Tools · Tachograph"
        assert page.locator(".tip img, .tip script").count() == 0


def test_a_hostile_name_can_be_filtered_by_and_its_session_be_looked_into(browser: Browser, beset: Dashboard) -> None:
    with Look(browser, beset) as look:
        page = look.at("#/tools")
        look.after(page.locator("#tools button.plain", has_text="<img src=x").first.click)
        assert page.locator(".chips li").count() == 2
        assert len(look.cells("tools")) == 1
        look.at("#/sessions")
        look.after(page.locator("#sessions button.plain", has_text="<img src=x").first.click)
        page.locator("#timeline tbody tr").first.wait_for()
        assert page.title() == "Sessions · Tachograph"
