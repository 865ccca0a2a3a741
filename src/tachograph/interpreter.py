"""Other processes of this very interpreter."""

from __future__ import annotations

import os
import sys


def module_command(module: str, *arguments: str) -> list[str]:
    """The command that runs a module there; it imports nothing from the folder that somebody happens to be in."""
    return [sys.executable, "-P", "-m", module, *arguments]


def program_command(program: str) -> list[str]:
    """The command that runs a program, given as text, in the same way."""
    return [sys.executable, "-P", "-c", program]


def module_environment() -> dict[str, str]:
    """The environment in which it finds the modules that this process finds."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(map(os.path.abspath, sys.path))}
