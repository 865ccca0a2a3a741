"""Answers for programs on stdout: one JSON document, or rows."""

from __future__ import annotations

import sys
from typing import Any

from tachograph.report.documents import as_json


def write_json(document: Any) -> None:
    """One document, on one line."""
    print(as_json(document), end="")


def write_rows(text: str) -> None:
    """Comma-separated values, whose lines end in CR LF on every system."""
    reconfigure = getattr(sys.stdout, "reconfigure", None)
    if reconfigure:
        reconfigure(newline="")
    print(text, end="")
