"""Writes the pages of the manual that are made of the program itself, or says which of them it no longer agrees with.

usage: uv run --extra dev bench/make_docs.py [--check]

`docs/changelog.md` isn't kept in the repository: it is CHANGELOG.md, with links as the site has them.
"""

from __future__ import annotations

import argparse
import re
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Final

from docs_commands import commands_page
from docs_http import http_page
from docs_python import python_page
from docs_schema import schema_page

if TYPE_CHECKING:
    from collections.abc import Callable

ROOT: Final = Path(__file__).parent.parent
KEPT: Final[dict[str, Callable[[], str]]] = {
    "commands.md": commands_page,
    "http-reference.md": http_page,
    "python-api.md": python_page,
    "sql-schema.md": schema_page,
}


def changelog() -> str:
    """The changelog as a page of the site, which begins in `docs`."""
    return re.sub(r"\]\(docs/", "](", (ROOT / "CHANGELOG.md").read_text(encoding="utf-8"))


def main() -> int:
    """1 where a page is out of date and only that was asked."""
    parser = argparse.ArgumentParser(description="The pages of the manual that are made of the program itself.")
    parser.add_argument("--check", action="store_true", help="write nothing; say which are out of date")
    check = parser.parse_args().check
    stale = []
    for name, made in KEPT.items():
        path, text = ROOT / "docs" / name, made()
        if not path.exists() or path.read_text(encoding="utf-8") != text:
            stale.append(name)
            if not check:
                path.write_text(text, encoding="utf-8")
    if check and stale:
        mend = "run 'uv run --extra dev bench/make_docs.py' and look at what changed"
        print(f"docs: {', '.join(stale)} out of date: {mend}", file=sys.stderr)
        return 1
    if not check:
        (ROOT / "docs/changelog.md").write_text(changelog(), encoding="utf-8")
        print(f"written: {', '.join([*stale, 'changelog.md'])}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
