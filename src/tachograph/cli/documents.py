"""Answers for programs: one JSON document on stdout."""

from __future__ import annotations

import json
from typing import Any


def write_json(document: Any) -> None:
    """One document, on one line, in ASCII so that no encoding can harm it."""
    print(json.dumps(document, allow_nan=False))
