"""Every view of the page on a real store: the numbers of the command line, filters, ranges, and no trouble at all."""

from __future__ import annotations

import csv
import io
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from dashboard.opened import Dashboard, Look, serious_faults
from tachograph.report.figures import count, dollars, duration, tokens
from tachograph.report.shown_columns import _IN_ALL, _change, shows

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser

VIEWS = (
    "overview", "activity", "tools", "agents", "projects", "users", "models", "errors", "insights", "sessions", "health",
)  # fmt: skip
SESSION = "sessions?of=session-85"
PHONE = {"viewport": {"width": 390, "height": 844}, "has_touch": True, "is_mobile": True}
TODAY = datetime.now(UTC).date()
RANGE = ("--since", str(TODAY - timedelta(days=29)), "--until", str(TODAY))


def numbers(texts: list[str]) -> list[int]:
    return [int(text.replace(",", "")) for text in texts]


@pytest.mark.parametrize(("scheme", "views"), [("light", VIEWS), ("dark", ("overview", "activity", "health"))])
def test_each_view_is_shown_without_trouble_or_a_serious_fault_of_accessibility(
    browser: Browser, dashboard: Dashboard, scheme: str, views: tuple[str, ...]
) -> None:
    with Look(browser, dashboard, color_scheme=scheme) as look:
        for view in (*views, SESSION, "tools?time-by-tool=table&tool=Bash"):
            page = look.at(f"#/{view}")
            assert page.locator(".trouble").count() == 0, view
            assert page.locator(".tile, .card, .insight, .empty").count() > 0, view
            assert page.get_attribute("html", "data-theme") == scheme
            assert serious_faults(page) == [], view


def test_no_view_is_wider_than_a_phone(browser: Browser, dashboard: Dashboard) -> None:
    with Look(browser, dashboard, **PHONE) as look:
        for view in (*VIEWS, SESSION):
            page = look.at(f"#/{view}")
            assert page.evaluate("document.documentElement.scrollWidth") <= 390, view


def test_the_overview_has_the_figures_of_the_command_line(browser: Browser, dashboard: Dashboard) -> None:
    told = dashboard.command_line("daily", *RANGE)
    with Look(browser, dashboard) as look:
        look.at("#/overview")
        assert look.figure("sessions") == told["total_sessions"]
        assert look.figure("errors") == told["total_errors"]
        assert look.figure("tokens") == told["token_stats"]["total"]
        for kind in ("input", "output", "cache_read", "cache_write"):
            assert look.figure(f"{kind}_tokens") == told["token_stats"][f"{kind}_tokens"]
        assert look.figure("cost_usd") == told["cost_stats"]["total_usd"]
        assert look.figure("success_rate") == told["success_metrics"]["success_rate"]
        asked = dashboard.command_line("query", "-m", "active_ms", "--compare", "previous", *RANGE)
        assert look.figure("active_ms") == asked["total"]["active_ms"]
        assert look.page.inner_text('[data-measure="cost_usd"] .figure').startswith("at least ")
        assert "acme-1" in look.page.inner_text(".remarks")


def test_changes_are_told_as_on_the_command_line(browser: Browser, dashboard: Dashboard) -> None:
    measures = ("sessions", "tokens", "cost_usd", "errors", "success_rate")
    total = dashboard.command_line("query", "-m", ",".join(measures), "--compare", "previous", *RANGE)["total"]
    with Look(browser, dashboard) as look:
        page = look.at("#/overview")
        for name in measures:
            shown = page.locator(f'[data-measure="{name}"] .change').inner_text()
            expected = _change(name, shows(name), False, {**total, _IN_ALL: True})
            assert shown.lstrip("▲▼ ").startswith(expected), name
        look.after(lambda: page.uncheck("text=Compare"))
        assert page.locator(".change").count() == 0


def calls(row: dict[str, Any]) -> list[str]:
    """As the command line shows them."""
    return [
        *(count(row[key]) for key in ("count", "success", "failure")),
        duration(row["total_duration_ms"]),
        duration(row["avg_duration_ms"]),
    ]


def usage(row: dict[str, Any]) -> list[str]:
    return [
        ("≥" if row["tokens_at_least"] else "") + tokens(row["tokens"]),
        *(tokens(row[f"{kind}_tokens"]) for kind in ("input", "output", "cache_read", "cache_write")),
        ("≥" if row["cost_at_least"] else "") + dollars(row["cost_usd"]),
    ]


def work(row: dict[str, Any], *keys: str) -> list[str]:
    return [*(count(row[key]) for key in keys), duration(row["total_duration_ms"])]


def test_tools_are_those_of_the_command_line(browser: Browser, dashboard: Dashboard) -> None:
    told = dashboard.command_line("tools", *RANGE)["time_series"]
    measures = "duration_p50,duration_p95,duration_p99"
    asked = dashboard.command_line("query", "-m", measures, "--by", "tool", *RANGE)
    percentiles = {row["tool"]: [duration(row[f"duration_p{p}"]) for p in (50, 95, 99)] for row in asked["rows"]}
    with Look(browser, dashboard) as look:
        look.at("#/tools")
        shown = [[row[0], row[1], *row[3:5], row[6], *row[8:]] for row in look.cells("tools")]
        assert shown == [[row["tool"], *calls(row), *percentiles[row["tool"]]] for row in told]


@pytest.mark.parametrize(
    ("view", "name", "cells"),
    [
        ("agents", "agent", lambda row: [*calls(row), *usage(row)]),
        (
            "projects",
            "project_path",
            lambda row: [*work(row, "sessions", "users", "metrics_count", "errors"), *usage(row)],
        ),
        ("users", "user_id", lambda row: [*work(row, "sessions", "metrics_count", "errors"), *usage(row)]),
        ("models", "model", lambda row: [count(row["requests"]), count(row["sessions"]), *usage(row)]),
    ],
)
def test_rows_are_those_of_the_command_line(
    browser: Browser, dashboard: Dashboard, view: str, name: str, cells: Callable[[dict[str, Any]], list[str]]
) -> None:
    told = {row[name]: cells(row) for row in dashboard.command_line(view, *RANGE)["time_series"]}
    with Look(browser, dashboard) as look:
        look.at(f"#/{view}")
        columns = len(next(iter(told.values())))
        assert {row[0]: row[1 : columns + 1] for row in look.cells(view)} == told


def test_errors_and_sessions_are_those_of_the_command_line(browser: Browser, dashboard: Dashboard) -> None:
    told = dashboard.command_line("sessions", *RANGE)
    with Look(browser, dashboard) as look:
        look.at("#/errors")
        assert {row[0]: int(row[1]) for row in look.cells("kinds")} == told["breakdowns"]["errors"]
        page = look.at("#/sessions")
        latest = [row["session_id"] for row in reversed(told["time_series"])]
        assert [row[0] for row in look.cells("sessions")] == latest[:50]
        look.after(lambda: page.click(f"text={latest[0]}"))
        steps = dashboard.command_line("sessions", "--session", latest[0])["total_metrics"]
        page.locator("#timeline tbody tr").first.wait_for()
        assert page.locator("#timeline tbody tr").count() >= steps


def test_the_run_of_a_sub_agent_can_be_folded(browser: Browser, dashboard: Dashboard) -> None:
    with Look(browser, dashboard) as look:
        page = look.at(f"#/{SESSION}")
        assert page.locator("#timeline tr.run").count() == 1
        assert page.locator("#timeline tr.run").inner_text().split("\t")[1].strip().startswith("▾")
        nested = page.locator("#timeline .nested").count()
        assert f"run 1, {nested} metrics" in page.locator("#timeline tr.run").inner_text()
        page.click("#timeline tr.run button[aria-expanded=true]")
        assert page.locator("#timeline .nested").count() == 0


def test_filters_and_range_change_the_figures_and_are_in_the_address(browser: Browser, dashboard: Dashboard) -> None:
    with Look(browser, dashboard) as look:
        page = look.at("#/overview")
        all_sessions = look.figure("sessions")
        page.click("text=Filter…")
        look.wait()
        assert serious_faults(page) == []
        look.after(lambda: page.select_option("dialog select", "user"))
        look.after(lambda: page.check("dialog >> text=user-1"))
        page.keyboard.press("Escape")
        told = dashboard.command_line("daily", "--user", "user-1", *RANGE)
        assert look.figure("sessions") == told["total_sessions"] < all_sessions
        assert "user=user-1" in page.url
        look.after(lambda: page.select_option(".range select", "last-7-days"))
        told = dashboard.command_line("daily", "--user", "user-1", "--since", str(TODAY - timedelta(days=6)))
        assert look.figure("sessions") == told["total_sessions"]
        look.after(page.go_back)
        assert "range" not in page.url
        look.after(lambda: page.click("text=Remove all"))
        assert look.figure("sessions") == all_sessions


def test_the_zone_moves_midnights(browser: Browser, dashboard: Dashboard) -> None:
    zone = "Pacific/Kiritimati"
    with Look(browser, dashboard) as look:
        page = look.at(f"#/activity?timezone={zone}&range=all&measure=count&split=none&over-time=table&window=day")
        told = dashboard.command_line("daily", "--timezone", zone)["time_series"]
        shown = {row[0][:10]: int(row[1]) for row in look.cells("over-time-table") if row[1] != "0"}
        days = {row["timestamp"][:10]: row["metrics_count"] for row in told}
        assert shown
        assert shown.items() <= days.items()
        assert page.input_value("select.zone") == zone


def test_a_table_is_sorted_and_saved(browser: Browser, dashboard: Dashboard) -> None:
    with Look(browser, dashboard) as look:
        page = look.at("#/projects")
        page.click("#projects >> text=metrics")
        counts = numbers([row[3] for row in look.cells("projects")])
        assert counts == sorted(counts, reverse=True)
        with page.expect_download() as saved:
            page.click('[aria-label="CSV of projects"]')
        rows = list(csv.DictReader(io.StringIO(saved.value.path().read_text(encoding="utf-8"))))
        assert [int(row["metrics"]) for row in rows] == counts


def test_a_chart_has_exact_values_on_hover_and_as_a_table(browser: Browser, dashboard: Dashboard) -> None:
    told = {row["tool"]: row for row in dashboard.command_line("tools", *RANGE)["time_series"]}
    with Look(browser, dashboard) as look:
        page = look.at("#/tools")
        chart = page.locator('[aria-label^="Chart: Time by tool"]')
        chart.locator("canvas").wait_for()
        chart.scroll_into_view_if_needed()
        box = chart.bounding_box()
        assert box
        page.mouse.move(box["x"] + box["width"] * 0.6, box["y"] + 20)
        tip = page.locator(".tip").first
        tip.wait_for()
        name, total = tip.locator("strong").inner_text(), tip.locator("b").first.inner_text()
        assert float(total.removesuffix(" ms").replace(",", "")) == pytest.approx(told[name]["total_duration_ms"])
        page.click('[aria-label="Time by tool as a table"]')
        assert {row[0] for row in look.cells("time-by-tool-table")} == told.keys()


def test_what_is_searched_for_is_found_in_any_name(browser: Browser, dashboard: Dashboard) -> None:
    with Look(browser, dashboard) as look:
        page = look.at("#/sessions?range=all")
        page.fill('[placeholder^="an id"]', "session-1")
        look.after(lambda: page.keyboard.press("Enter"))
        assert {row[0] for row in look.cells("sessions")} == {f"session-1{n}" for n in range(10)}
        look.at("#/sessions?range=all&search=no+such+thing")
        assert "No session in this range has a name like that" in page.inner_text("main")


def test_it_can_be_used_by_keyboard_alone(browser: Browser, dashboard: Dashboard) -> None:
    with Look(browser, dashboard) as look:
        page = look.at("#/overview")
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.textContent") == "Skip to the figures"
        page.keyboard.press("Tab")
        reached = page.evaluate("document.activeElement.textContent")
        assert reached == "Overview"
        for _ in range(2):
            page.keyboard.press("Tab")
        look.after(lambda: page.keyboard.press("Enter"))
        assert page.inner_text("h1") == "Tools"
        assert page.evaluate("document.activeElement.tagName") == "H1"
