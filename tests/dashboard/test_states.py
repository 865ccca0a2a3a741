"""What the page says where there is nothing, where it has to be let in, where something fails, and while agents work."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.made_up import metric, write_log
from dashboard.histories import place
from dashboard.opened import Dashboard, Look, serious_faults
from tachograph.collector.keys import Keys

if TYPE_CHECKING:
    from pathlib import Path

    from playwright.sync_api import Browser, Route

OLD = metric("m1", "2026-03-01T09:00:00Z", tool_name="Bash", duration_ms=5, success=True)


def test_an_empty_store_says_how_it_is_filled_and_fills(browser: Browser, tmp_path: Path) -> None:
    with Dashboard(tmp_path) as dashboard, Look(browser, dashboard) as look:
        page = look.at("#/overview")
        assert "nothing in the store yet" in page.inner_text(".banner")
        for view in ("activity", "tools", "errors", "insights", "sessions", "health"):
            look.at(f"#/{view}")
            assert page.locator(".empty").count() > 0, view
        look.at("#/tools?range=all")
        write_log(place(tmp_path), OLD)
        page.wait_for_selector("#tools >> text=Bash")
        assert "Changed at" in page.inner_text(".seen")


def test_old_history_is_shown_without_being_asked_for(browser: Browser, tmp_path: Path) -> None:
    write_log(place(tmp_path), OLD)
    with Dashboard(tmp_path) as dashboard, Look(browser, dashboard) as look:
        page = look.at("#/tools")
        assert "range=all" in page.url
        assert [row[:2] for row in look.cells("tools")] == [["Bash", "1"]]
        look.at("#/tools?range=last-7-days")
        assert "Nothing happened in this range" in page.inner_text(".banner")
        look.after(lambda: page.click("text=Show all of it"))
        assert [row[:2] for row in look.cells("tools")] == [["Bash", "1"]]


def test_a_key_is_asked_for_and_not_put_into_the_address(browser: Browser, tmp_path: Path) -> None:
    write_log(place(tmp_path), OLD)
    keys = Keys(tmp_path / "store")
    reader, writer = (keys.create("default", (scope,), "test", 0)[1] for scope in ("read", "write"))
    with Dashboard(tmp_path) as dashboard:
        look = Look(browser, dashboard)
        page = look.page
        page.goto(f"{dashboard.url}/dashboard/#/tools?range=all")
        page.wait_for_selector("input[type=password]")
        assert serious_faults(page) == []
        for key, told in (("nonsense", "is unknown"), (writer, "hasn't the scope"), (reader, None)):
            page.fill("input[type=password]", key)
            page.click("text=Show the dashboard")
            page.wait_for_selector(f"text={told}" if told else ".heading")
        page.wait_for_selector("#tools >> text=Bash")
        assert reader not in page.url
        assert page.evaluate("Object.keys(localStorage).length") == 0
        look.context.close()


def test_a_part_that_fails_says_why_and_the_others_are_shown(browser: Browser, tmp_path: Path) -> None:
    write_log(place(tmp_path), OLD)

    def fail(route: Route) -> None:
        told = '{"title":"","status":504,"detail":"the answer took longer than 30 s","mend":"ask for a shorter range"}'
        route.fulfill(status=504, content_type="application/problem+json", body=told)

    with Dashboard(tmp_path) as dashboard:
        look = Look(browser, dashboard)
        page = look.page
        page.route("**/api/v1/aggregations/projects?*", fail)
        look.at("#/overview?range=all")
        assert look.figure("sessions") == 1
        assert "the answer took longer than 30 s" in page.inner_text(".trouble")
        assert "ask for a shorter range" in page.inner_text(".trouble")
        page.unroute("**/api/v1/aggregations/projects?*")
        look.after(lambda: page.click("text=Try again"))
        assert page.locator(".trouble").count() == 0
        look.context.close()


def test_a_server_that_has_ended_is_told(browser: Browser, tmp_path: Path) -> None:
    write_log(place(tmp_path), OLD)
    with Dashboard(tmp_path) as dashboard:
        look = Look(browser, dashboard)
        page = look.at("#/tools?range=all")
        dashboard.end()
        page.wait_for_selector(".seen >> text=the server can't be reached")
        assert look.cells("tools")[0][0] == "Bash"
        look.context.close()
