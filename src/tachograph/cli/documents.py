"""Answers for programs: one JSON document on stdout."""

from __future__ import annotations

from typing import Any

from tachograph.report.documents import as_json


def write_json(document: Any) -> None:
    """One document, on one line."""
    print(as_json(document), end="")
