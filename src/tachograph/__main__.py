"""`python -m tachograph` is the command `tachograph`."""

from __future__ import annotations

from tachograph.cli.main import run_and_leave

run_and_leave()
