"""Whether the process is our own: then we know what its threads do."""

from __future__ import annotations

_is_own = False


def own_process() -> None:
    """Says that the process runs a command of ours, and nothing else."""
    global _is_own  # noqa: PLW0603 - it is the process's
    _is_own = True


def is_own_process() -> bool:
    """Whether that was said."""
    return _is_own
