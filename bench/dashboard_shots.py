"""Takes the pictures of the dashboard that its manual shows: light, dark, and on a phone.

They are of the demo history, with one bad day added to it.

usage: uv run --extra dev bench/dashboard_shots.py [FOLDER]     (else docs/dashboard; needs Debian's Chromium)
"""

from __future__ import annotations

import gzip
import json
import os
import re
import shutil
import subprocess
import sys
import tempfile
from base64 import b64decode, b64encode
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from playwright.sync_api import sync_playwright

from tachograph.demo import demo_history

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page, ViewportSize

TARGET: Final = Path(__file__).parent.parent / "docs" / "dashboard"
BAD_DAY: Final = "2026-04-22"
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
    "insights": f"insights?{RANGE}",
    "sessions": f"sessions?{RANGE}",
    "session": f"sessions?{RANGE}&of=",
    "health": f"health?{RANGE}",
}
LOOKS: Final[dict[str, dict[str, Any]]] = {
    "light": {"color_scheme": "light", "viewport": {"width": 1280, "height": 860}},
    "dark": {"color_scheme": "dark", "viewport": {"width": 1280, "height": 860}},
    "phone": {"color_scheme": "light", "viewport": {"width": 390, "height": 844}, "is_mobile": True},
}
HIGHEST: Final = 1250
READY: Final = 'html[data-ready][data-waiting="0"] body:not(:has(.loading, .stale))'


def take(browser: Browser, url: str, session: str, target: Path) -> None:
    """All views in all looks."""
    drawing = browser.new_page()
    for look, options in LOOKS.items():
        context = browser.new_context(timezone_id="Europe/Rome", locale="en-GB", **options)
        page = context.new_page()
        for name, address in VIEWS.items():
            page.goto("about:blank")
            page.set_viewport_size(options["viewport"])
            page.goto(f"{url}#/{address}{session if name == 'session' else ''}")
            page.wait_for_selector(READY, state="attached")
            for chart in page.locator(".chart").all():
                chart.locator("canvas").wait_for(state="attached")
            page.set_viewport_size(size_of(page, options["viewport"]))
            (target / f"{name}-{look}.webp").write_bytes(as_webp(drawing, page.screenshot()))
        context.close()


def size_of(page: Page, usual: ViewportSize) -> ViewportSize:
    """As high as what there is to see, but no picture of a long list."""
    height = round(page.evaluate("document.querySelector('main > :last-child').getBoundingClientRect().bottom + 60"))
    return {"width": usual["width"], "height": min(max(height, 500), HIGHEST)}


def as_webp(page: Page, png: bytes) -> bytes:
    """The same picture, smaller: the browser draws it, and gives what it has drawn."""
    drawn: str = page.evaluate(
        """async png => {
            const bytes = Uint8Array.from(atob(png), letter => letter.charCodeAt(0));
            const picture = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
            const canvas = new OffscreenCanvas(picture.width, picture.height);
            canvas.getContext("2d").drawImage(picture, 0, 0);
            const blob = await canvas.convertToBlob({ type: "image/webp", quality: 0.82 });
            return btoa(Array.from(new Uint8Array(await blob.arrayBuffer()), one => String.fromCharCode(one)).join(""));
        }""",
        b64encode(png).decode(),
    )
    return b64decode(drawn)


def busiest(browser: Browser, url: str) -> str:
    """A session in which sub-agents ran."""
    page = browser.new_page()
    page.goto(url)
    found: str = page.evaluate(
        """async () => {
            const asked = new URL("../api/v1/query", location.href);
            const said = { by: "session", measures: "count", where: "type=agent_execution", limit: 1 };
            asked.search = new URLSearchParams(said);
            return (await (await fetch(asked)).json()).rows[0].session;
        }"""
    )
    page.close()
    return found


def write_history(folder: Path) -> None:
    """The demo history, and a day on which a service was often overloaded and commands failed."""
    folder.mkdir(parents=True)
    shutil.copy(demo_history(), folder / "metrics_20260316_000000.jsonl.gz")
    with gzip.open(demo_history(), "rt", encoding="utf-8") as file:
        found = [json.loads(line) for line in file]
    day = [one for one in found if one["timestamp"].startswith(BAD_DAY)]
    calls = [one for one in day if one["data"].get("tool_name") == "Bash"]
    more: list[dict[str, Any]] = []
    for number, one in enumerate(calls * 4):
        failed = {**one["data"], "success": False, "error_type": "command_failed"}
        more.append({**one, "id": f"failed-{number}", "data": failed})
    for number, one in enumerate(day[:60]):
        error = {"error_type": "overloaded"}
        more.append({**one, "id": f"overloaded-{number}", "type": "error_occurred", "data": error})
    lines = "".join(f"{json.dumps(one)}\n" for one in more)
    (folder / "metrics_20260424_000000.jsonl").write_text(lines, encoding="utf-8")


def main() -> None:
    """Serves that history and takes its pictures."""
    target = Path(sys.argv[1]) if len(sys.argv) > 1 else TARGET
    target.mkdir(parents=True, exist_ok=True)
    command = [sys.executable, "-m", "tachograph", "dashboard", "--no-open"]
    with tempfile.TemporaryDirectory() as home, sync_playwright() as playwright:
        write_history(Path(home) / "store" / "metrics")
        environment = os.environ | {"HOME": home, "TACHOGRAPH_HOME": f"{home}/store"}
        with subprocess.Popen(command, stderr=subprocess.PIPE, text=True, env=environment) as server:
            assert server.stderr
            told = (re.search(r"http://\S+", line) for line in server.stderr)
            url = next(found[0] for found in told if found)
            browser = playwright.chromium.launch(executable_path=shutil.which("chromium"), args=["--no-sandbox"])
            take(browser, url, busiest(browser, url), target)
            browser.close()
            server.terminate()


if __name__ == "__main__":
    main()
