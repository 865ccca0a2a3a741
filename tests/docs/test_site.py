"""The manual hangs together: each page can be found, each link leads somewhere, and no page is behind the program."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from itertools import pairwise
from typing import TYPE_CHECKING, Final

import pytest

from docs.documented import MADE_AT_BUILD, PAGES, ROOT
from tachograph.cli.main import COMMANDS

if TYPE_CHECKING:
    from pathlib import Path

DOCS: Final = ROOT / "docs"
_LINK: Final = re.compile(r"\]\((?!https?:)(?P<path>[^)#\s]*)(?:#(?P<anchor>[^)\s]+))?\)")
_CODE: Final = re.compile(r"^```.*?^```$|`[^`\n]+`", re.MULTILINE | re.DOTALL)
_HEADING: Final = re.compile(r"^#+ (.+)$", re.MULTILINE)


def anchors(path: Path) -> set[str]:
    """What headings are called in an address."""
    text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).strip().replace(" ", "-") for heading in _HEADING.findall(text)}


def in_nav(entries: list[dict[str, object]]) -> list[str]:
    """The pages of the site's menu, in its order."""
    found = []
    for entry in entries:
        for value in entry.values():
            found += in_nav(value) if isinstance(value, list) else [str(value)]
    return found


def test_each_page_is_in_the_menu_once() -> None:
    nav = in_nav(tomllib.loads((ROOT / "zensical.toml").read_text(encoding="utf-8"))["project"]["nav"])
    pages = {path.name for path in DOCS.rglob("*.md")} | {MADE_AT_BUILD}
    assert sorted(nav) == sorted(pages)


@pytest.mark.parametrize("page", [*PAGES, ROOT / "CHANGELOG.md", ROOT / "CONTRIBUTING.md"], ids=lambda path: path.name)
def test_each_link_leads_somewhere(page: Path) -> None:
    for link in _LINK.finditer(_CODE.sub("", page.read_text(encoding="utf-8"))):
        target = (page.parent / link["path"]).resolve() if link["path"] else page
        assert target.exists(), f"{page.name} links to {link['path']}, which isn't there"
        if page.parent == DOCS:
            assert target.is_relative_to(DOCS), f"{page.name} links to {link['path']}, which isn't on the site"
            assert target.is_file(), f"{page.name} links to a folder, {link['path']}"
        if link["anchor"]:
            assert link["anchor"] in anchors(target), f"{page.name} links to {target.name}#{link['anchor']}"


def test_each_picture_of_the_dashboard_is_shown_or_belongs_to_a_view_that_is() -> None:
    shown = set(re.findall(r"dashboard/(\w+)-", (DOCS / "dashboard.md").read_text(encoding="utf-8")))
    assert {path.name.split("-")[0] for path in (DOCS / "dashboard").iterdir()} == shown


def test_the_pages_made_of_the_program_are_up_to_date() -> None:
    program = [sys.executable, str(ROOT / "bench/make_docs.py"), "--check"]
    done = subprocess.run(program, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_readme_names_every_command_that_people_run() -> None:
    readme = (ROOT / "README.md").read_text(encoding="utf-8")
    for name in COMMANDS:
        assert f"`tachograph {name}" in readme or f"`{name}`" in readme, f"README.md says nothing of {name}"


def test_headings_go_down_by_one_step() -> None:
    for path in PAGES:
        text = re.sub(r"^```.*?^```$", "", path.read_text(encoding="utf-8"), flags=re.MULTILINE | re.DOTALL)
        depths = [len(marks) for marks in re.findall(r"^(#+) ", text, re.MULTILINE)]
        assert depths[0] == 1, path.name
        assert all(after - before <= 1 for before, after in pairwise(depths)), path.name
