"""The bundled demo history: a made-up metrics log, shown where a machine has no agent logs of its own.

`bench/make_demo.py` writes it. Nobody in it exists.
"""

from __future__ import annotations

from pathlib import Path


def demo_history() -> Path:
    """Where the demo history is: a gzipped metrics log, a file of the installed package."""
    return Path(__file__).with_name("history.jsonl.gz")
