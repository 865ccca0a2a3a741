"""A `tachograph dashboard` of our own, as a process, and a browser that looks at it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from collections.abc import Callable

    from playwright.sync_api import Browser, ConsoleMessage, Page, Response

AXE = Path(__file__).parents[2] / "dashboard" / "node_modules" / "axe-core" / "axe.min.js"
_SECONDS = 60
_ADDRESS = re.compile(r"the dashboard is at (http://127\.0\.0\.1:\d+)(/dashboard/\S*)")


def serious_faults(page: Page) -> list[tuple[str, str]]:
    """What axe-core finds, and the first element of each; nothing where it isn't installed (npm ci in dashboard/)."""
    if not AXE.exists():
        return []
    page.evaluate(AXE.read_text(encoding="utf-8"))
    found = page.evaluate("axe.run().then(found => found.violations)")
    return [(one["id"], one["nodes"][0]["html"]) for one in found if one["impact"] in {"serious", "critical"}]


class Dashboard:
    """The process, from the line on that says where it is."""

    def __init__(self, home: Path, *options: str, browser: Path | None = None) -> None:
        """With a program as the browser, that is opened; else none."""
        self.home = home
        own = ("--no-open",) if browser is None else ()
        command = [sys.executable, "-m", "tachograph", "dashboard", *own, *options]
        environment = self.environment | ({"DISPLAY": ":0", "BROWSER": str(browser)} if browser else {})
        self.process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment)
        self.said: list[str] = []
        assert self.process.stderr
        for line in self.process.stderr:
            self.said.append(line)
            if found := _ADDRESS.search(line):
                self.url, self.path = found[1], found[2]
                return
        raise AssertionError("".join(self.said))

    @property
    def environment(self) -> dict[str, str]:
        """That of a user whose home is there, and who has no other agents."""
        own = {"HOME": str(self.home), "TACHOGRAPH_HOME": str(self.home / "store"), "TZ": "UTC"}
        return {name: value for name, value in os.environ.items() if not name.startswith("TACHOGRAPH")} | own

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.process.kill()
        self.process.communicate(timeout=_SECONDS)

    def end(self) -> int:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        _, rest = self.process.communicate(timeout=_SECONDS)
        self.said += rest.splitlines(keepends=True)
        return self.process.returncode

    def command_line(self, *arguments: str) -> Any:
        """What a command says of the same store, as JSON."""
        command = [sys.executable, "-m", "tachograph", *arguments, "--json"]
        done = subprocess.run(
            command, capture_output=True, text=True, check=True, timeout=_SECONDS, env=self.environment
        )
        return json.loads(done.stdout)


class Look:
    """A page of a browser, which fails at its end if anything went wrong in it."""

    def __init__(self, browser: Browser, dashboard: Dashboard, **more: Any) -> None:
        self.dashboard = dashboard
        self.context = browser.new_context(timezone_id="UTC", locale="en-GB", **more)
        self.page: Page = self.context.new_page()
        self.wrong: list[str] = []
        self.page.on("console", self._told)
        self.page.on("pageerror", lambda error: self.wrong.append(f"error: {error}"))
        self.page.on("response", self._answered)
        self.page.on("dialog", lambda dialog: self.wrong.append(f"dialog: {dialog.message}"))

    def _told(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.wrong.append(f"{message.type}: {message.text}")

    def _answered(self, response: Response) -> None:
        if not response.url.startswith(self.dashboard.url):
            self.wrong.append(f"it asked {response.url}")

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: object, *_: object) -> None:
        self.context.close()
        if kind is None:
            assert self.wrong == []

    def at(self, address: str) -> Page:
        """The page at that address, when it has all its answers."""
        self.page.goto("about:blank")
        self.page.goto(f"{self.dashboard.url}/dashboard/{address}")
        self.wait()
        return self.page

    def wait(self, after: str | None = None) -> None:
        """Until the page waits for no answer any longer (than after that one), and all of it is drawn."""
        changed = "" if after is None else f':not([data-ready="{after}"])'
        ready = f'html[data-ready][data-waiting="0"]{changed} body:not(:has(.loading, .stale))'
        self.page.wait_for_selector(ready, state="attached")

    def after(self, act: Callable[[], object]) -> None:
        """Does something that asks, and waits for the answers."""
        before = self.page.get_attribute("html", "data-ready")
        act()
        self.wait(before)

    def cells(self, table: str) -> list[list[str]]:
        """What the rows of a table show."""
        rows: list[list[str]] = self.page.eval_on_selector_all(
            f"#{table} tbody tr", "rows => rows.map(row => [...row.cells].map(cell => cell.innerText.trim()))"
        )
        return rows

    def figure(self, measure: str) -> float:
        """The exact value of a tile."""
        return float(self.page.get_attribute(f'[data-measure="{measure}"] .figure', "data-value") or "nan")
