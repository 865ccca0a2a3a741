"""What time zones are called."""

from __future__ import annotations

from datetime import UTC
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from datetime import tzinfo


def zone_name(zone: tzinfo) -> str:
    """The zone's name for people and programs."""
    return "UTC" if zone is UTC else getattr(zone, "key", None) or "local time"


def named_zone(zone: tzinfo) -> str | None:
    """The name that a zone is known by again, if it has one."""
    return getattr(zone, "key", None) or ("UTC" if str(zone) == "UTC" else None)
