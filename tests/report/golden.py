"""Golden files: what a report was when somebody looked at it and found it good.

`TACHOGRAPH_GOLDEN=write pytest tests/report` writes them anew, to be looked at.
"""

from __future__ import annotations

import os
from pathlib import Path

from tachograph import __version__

FOLDER = Path(__file__).with_name("golden")


def is_as_golden(name: str, text: str) -> bool:
    """Whether the text is that of the file, byte for byte."""
    path = FOLDER / name
    text = text.replace(f"Tachograph {__version__}", "Tachograph")
    if os.environ.get("TACHOGRAPH_GOLDEN") == "write":
        path.write_bytes(text.encode())
    return path.read_bytes() == text.encode()
