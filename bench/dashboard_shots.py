"""Takes the pictures of the dashboard that its manual shows, of the demo history: light, dark, and on a phone.

usage: uv run --extra dev bench/dashboard_shots.py [FOLDER]     (else docs/dashboard; needs Debian's Chromium)
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from playwright.sync_api import sync_playwright

if TYPE_CHECKING:
    from playwright.sync_api import Browser

TARGET: Final = Path(__file__).parent.parent / "docs" / "dashboard"
RANGE: Final = "since=2026-04-04&until=2026-04-24&timezone=Europe/Rome"
VIEWS: Final = {
    "overview": f"overview?{RANGE}",
    "activity": f"activity?{RANGE}&split=project",
    "tools": f"tools?{RANGE}",
    "agents": f"agents?{RANGE}",
    "projects": f"projects?{RANGE}",
    "users": f"users?{RANGE}",
    "models": f"models?{RANGE}",
    "errors": f"errors?{RANGE}",
    "insights": f"insights?{RANGE}&sensitivity=high",
    "sessions": f"sessions?{RANGE}",
    "session": f"sessions?{RANGE}&of=",
    "health": f"health?{RANGE}",
}
LOOKS: Final[dict[str, dict[str, Any]]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 860}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 860}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "is_mobile": True},
}
READY: Final = 'html[data-ready][data-waiting="0"] body:not(:has(.loading, .stale))'


def take(browser: Browser, url: str, session: str, target: Path) -> None:
    """All views in all looks."""
    for look, options in LOOKS.items():
        context = browser.new_context(timezone_id="Europe/Rome", locale="en-GB", **options)
        page = context.new_page()
        for name, address in VIEWS.items():
            page.goto("about:blank")
            page.goto(f"{url}#/{address}{session if name == 'session' else ''}")
            page.wait_for_selector(READY, state="attached")
            for chart in page.locator(".chart").all():
                chart.locator("canvas").wait_for(state="attached")
            page.screenshot(path=target / f"{name}-{look}.png", full_page=look != "phone", clip=None)
        context.close()


def busiest(browser: Browser, url: str) -> str:
    """A session in which sub-agents ran."""
    page = browser.new_page()
    page.goto(url)
    found: str = page.evaluate(
        """async () => {
            const asked = new URL("../api/v1/query", location.href);
            asked.search = new URLSearchParams({ by: "session", measures: "count", where: "type=agent_execution", limit: 1 });
            return (await (await fetch(asked)).json()).rows[0].session;
        }"""
    )
    page.close()
    return found


def main() -> None:
    """Serves the demo history and takes its pictures."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tachograph", "dashboard", "--demo", "--no-open"]
    with subprocess.Popen(command, stderr=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        assert server.stderr
        told = (re.search(r"http://\S+", line) for line in server.stderr)
        url = next(found[0] for found in told if found)
        browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
        take(browser, url, busiest(browser, url), target)
        browser.close()
        server.terminate()


if __name__ == "__main__":
    main()
