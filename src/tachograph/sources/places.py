"""Folders that the environment names."""

from __future__ import annotations

from pathlib import Path


def named_folder(name: str) -> Path:
    """The folder of that name, from the root on; `~` is a home folder, where there is such a user."""
    try:
        return Path(name.strip()).expanduser().absolute()
    except RuntimeError:
        return Path(name.strip()).absolute()


def named_folders(names: str) -> list[Path]:
    """Several, separated by commas."""
    return [named_folder(name) for name in names.split(",") if name.strip()]
