"""A browser of this machine's own; nothing is downloaded for it."""

from __future__ import annotations

import os
import shutil
from typing import TYPE_CHECKING

import pytest

from dashboard.histories import everyday, hostile
from dashboard.opened import Dashboard

if TYPE_CHECKING:
    from collections.abc import Iterator

    from playwright.sync_api import Browser

CHROMIUM = os.environ.get("TACHOGRAPH_CHROMIUM") or shutil.which("chromium") or shutil.which("google-chrome")


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """For a module alone: as long as it is there, an event loop runs in this thread, and no other can."""
    api = pytest.importorskip("playwright.sync_api")
    if CHROMIUM is None:
        pytest.skip("needs a Chromium: apt-get install chromium, or name one in TACHOGRAPH_CHROMIUM")
    with api.sync_playwright() as playwright:
        made = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox", "--disable-gpu"])
        yield made
        made.close()


@pytest.fixture(scope="session")
def dashboard(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Of a made-up history that ends today; the tests only look."""
    home = tmp_path_factory.mktemp("everyday")
    everyday(home)
    with Dashboard(home) as made:
        yield made


@pytest.fixture(scope="session")
def beset(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dashboard]:
    """Of a history whose names would do harm if they could."""
    home = tmp_path_factory.mktemp("hostile")
    hostile(home)
    with Dashboard(home) as made:
        yield made
