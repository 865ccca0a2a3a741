"""Times the dashboard in a browser, over a million metrics: until the first view is ready, and after a changed filter.

usage: uv run --extra dev bench/dashboard.py [--lines N] [--runs N]

The log is made once and kept in bench/.cache. `tachograph dashboard` serves its store; a new tab of Chromium opens the
page of all time, or of 30 days, in each run. "ready" is when the last answer of the view is drawn, from the beginning
of the navigation, as the page itself marks it (`tachograph-ready`); a filter is one project, put into the address.
What is told is the median of the runs, and the slowest.
"""

from __future__ import annotations

import argparse
import re
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

from playwright.sync_api import sync_playwright

from core import log_of
from timing import timed

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser, Page

READY: Final = 'html[data-ready][data-waiting="0"]{} body:not(:has(.loading, .stale))'
MARK: Final = "performance.getEntriesByName('tachograph-ready').at(-1).startTime"
RANGES: Final = {"all time": "range=all", "30 days": "since=2026-05-01&until=2026-05-30"}
FILTER: Final = "&project=/home/dev/project-7"
VIEWS: Final = (
    "overview", "activity", "tools", "agents", "projects", "users", "models", "errors", "insights", "sessions",
    "health",
)  # fmt: skip


def ready_ms(page: Page, before: str | None = None) -> float:
    """When the page was ready, in milliseconds from the beginning of the navigation."""
    page.wait_for_selector(READY.format("" if before is None else f':not([data-ready="{before}"])'), state="attached")
    found: float = page.evaluate(MARK)
    return found


def times(browser: Browser, url: str, view: str, asked: str) -> tuple[float, float]:
    """Until the first view is ready, and until a filter has changed it, in milliseconds."""
    context = browser.new_context(timezone_id="UTC", viewport={"width": 1280, "height": 900})
    page = context.new_page()
    page.goto(f"{url}#/{view}?{asked}")
    first = ready_ms(page)
    before = page.get_attribute("html", "data-ready")
    begun: float = page.evaluate(
        "address => { const now = performance.now(); location.hash = address; return now }", f"#/{view}?{asked}{FILTER}"
    )
    filtered = ready_ms(page, before) - begun
    context.close()
    return first, filtered


def report(browser: Browser, url: str, runs: int) -> Iterator[str]:
    """A line for each view and range."""
    yield f"{'view':<10} {'range':<9} {'first ready':>18} {'filter changed':>18}"
    for view in VIEWS:
        for name, asked in RANGES.items():
            told = [times(browser, url, view, asked) for _ in range(runs)]
            cells = [f"{median(each):.0f} ms ({max(each):.0f})" for each in zip(*told, strict=True)]
            yield f"{view:<10} {name:<9} {cells[0]:>18} {cells[1]:>18}"


def main() -> None:
    """Makes the log and the store, serves it, and prints the table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--lines", type=int, default=1_000_000)
    parser.add_argument("--runs", type=int, default=5)
    options = parser.parse_args()
    log = log_of(options.lines)
    tachograph = [sys.executable, "-m", "tachograph"]
    with tempfile.TemporaryDirectory() as folder, sync_playwright() as playwright:
        home = Path(folder)
        timed([*tachograph, "ingest", str(log), "--home", f"{home}/store"], home)
        command = [*tachograph, "dashboard", "--no-open", "--no-ingest", "--home", f"{home}/store"]
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server:
            assert server.stderr
            url = next(found[0] for line in server.stderr if (found := re.search(r"http://\S+", line)))
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            for line in report(browser, url, options.runs):
                print(line, flush=True)
            browser.close()
            server.terminate()


if __name__ == "__main__":
    main()
