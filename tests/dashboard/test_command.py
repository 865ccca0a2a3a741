"""`tachograph dashboard` as a process: what it serves, what it follows, and how it ends."""

from __future__ import annotations

import json
import sys
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest

from cli.made_up import metric, write_log
from dashboard.histories import place
from dashboard.opened import Dashboard
from served import Served, until
from tachograph.cli.main import main
from tachograph.collector.keys import Keys

if TYPE_CHECKING:
    from pathlib import Path

OLD = metric("m1", "2026-03-01T09:00:00Z", tool_name="Bash")
NEW = metric("m2", "2026-03-01T09:00:01Z", tool_name="Read")


def get(dashboard: Dashboard, path: str) -> Any:
    with urllib.request.urlopen(f"{dashboard.url}/api/v1/{path}") as answer:  # noqa: S310 - our own server
        return json.load(answer)


def metrics(dashboard: Dashboard) -> int:
    return sum(source["metrics"] for source in get(dashboard, "sources")["sources"])


@pytest.fixture
def home(tmp_path: Path) -> Path:
    write_log(place(tmp_path), OLD)
    return tmp_path


def test_what_was_there_is_shown_at_once_and_what_comes_soon_after(home: Path) -> None:
    with Dashboard(home) as dashboard:
        assert metrics(dashboard) == 1
        with urllib.request.urlopen(dashboard.url + dashboard.path) as page:  # noqa: S310 - our own server
            assert b"<title>Tachograph</title>" in page.read()
        write_log(place(home), NEW, name="metrics_20260301_000001.jsonl")
        until(lambda: metrics(dashboard) == 2)
        assert dashboard.end() == 0


def test_other_commands_may_use_the_store_meanwhile(home: Path) -> None:
    with Dashboard(home) as dashboard:
        assert dashboard.command_line("daily")["total_metrics"] == 1
        assert metrics(dashboard) == 1


def test_without_logs_it_waits_for_some(tmp_path: Path) -> None:
    with Dashboard(tmp_path) as dashboard:
        assert metrics(dashboard) == 0
        assert any("the page fills as agents work" in line for line in dashboard.said)
        write_log(place(tmp_path), OLD)
        until(lambda: metrics(dashboard) == 1)


def test_a_second_one_uses_the_first_ones_server(home: Path) -> None:
    with Dashboard(home) as first, Dashboard(home) as second:
        assert second.url == first.url
        assert second.end() == 0
        assert metrics(first) == 1


def test_beside_a_collecting_server_new_logs_are_read_into_its_store(home: Path) -> None:
    with Served(home / "store") as server, Dashboard(home) as dashboard:
        assert dashboard.url == server.url
        until(lambda: metrics(dashboard) == 1)
        write_log(place(home), NEW, name="metrics_20260301_000001.jsonl")
        until(lambda: metrics(dashboard) == 2)
        server.end()
        assert dashboard.process.wait(timeout=60) == 2


def test_no_logs_are_read_where_that_is_not_wanted(home: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboard", "--no-ingest", "--home", str(home / "store")]) == 2
    assert "there is no store yet" in capsys.readouterr().err


@pytest.mark.skipif(sys.platform == "win32", reason="the browser is a script")
def test_the_browser_is_opened_at_the_page(home: Path) -> None:
    browser, opened = home / "browser", home / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}.half && mv {opened}.half {opened}\n', encoding="utf-8")
    browser.chmod(0o700)
    with Dashboard(home, browser=browser) as dashboard:
        until(opened.exists)
        assert opened.read_text(encoding="utf-8") == f"{dashboard.url}{dashboard.path}\n"


def test_the_demo_is_not_kept(tmp_path: Path) -> None:
    with Dashboard(tmp_path, "--demo") as dashboard:
        assert metrics(dashboard) > 1000
        assert dashboard.path.endswith("?demo")
        assert dashboard.end() == 0
    assert not (tmp_path / "store").exists()


def test_with_keys_the_page_asks_for_one(home: Path) -> None:
    Keys(home / "store").create("default", ("read",), "test", 0)
    with Dashboard(home) as dashboard:
        assert dashboard.end() == 0
        assert "the page asks for one" in "".join(dashboard.said)


def test_a_port_that_is_none_is_a_mistake(capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["dashboard", "--port", "70000"]) == 2
    assert "--port" in capsys.readouterr().err
