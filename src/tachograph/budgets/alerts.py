"""Telling that a budget is used up, or soon will be: to its webhook, once for each window of time and level."""

from __future__ import annotations

import json
from contextlib import suppress
from html import escape
from typing import TYPE_CHECKING, Any, Final

from tachograph.posting import post
from tachograph.store.files import write_cache

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tachograph.budgets.checking import Used

STATE: Final = "budget-alerts.json"


def alert(path: Path, found: Sequence[Used]) -> int:
    """Tells the webhooks what they weren't told yet, and gives how many times that was; `path` is of the state.

    Raises `NotSent` where one can't be told; what was told before it is remembered, and it is tried again next time.
    """
    told = _told(path)
    current = {_key(one): one for one in found if one.budget.webhook and one.level != "fine"}
    kept = [key for key in told if key.partition("\t")[0] in {_window(one) for one in found} or key in current]
    number = 0
    try:
        for key, one in current.items():
            if key not in told:
                assert one.budget.webhook is not None
                post(one.budget.webhook, json.dumps(alert_document(one)).encode())
                kept.append(key)
                number += 1
    finally:
        write_cache(path, json.dumps(kept).encode())
    return number


def alert_document(used: Used) -> dict[str, Any]:
    """What a webhook is told. `text` is the same in words, as chats want it: with `&`, `<` and `>` escaped."""
    budget = used.budget
    unit = "tokens" if budget.usd is None else "usd"
    of = f" of {_in_words(used.group)}" if used.group is not None else ""
    words = "is used up" if used.level == "over" else f"is used to {used.share:.0%}"
    amounts = f"{used.used:,.2f} of {budget.limit:,.2f} {unit} this {budget.per}"
    return {
        "text": f"Budget {budget.name}{of} {words}: {amounts}",
        "budget": budget.name,
        "level": used.level,
        "group": used.group,
        "each": budget.each,
        "unit": unit,
        "limit": budget.limit,
        "used": used.used,
        "at_least": used.is_at_least,
        "projected": used.projected,
        "per": budget.per,
        "start": used.start.isoformat(),
        "end": used.end.isoformat(),
    }


def _in_words(name: str) -> str:
    """A name from a log, in which chats find no markup, no link and nobody to call."""
    return escape("".join(letter for letter in name if letter.isprintable()), quote=False)


def _window(used: Used) -> str:
    return f"{used.budget.name} {used.start.isoformat()}"


def _key(used: Used) -> str:
    return "\t".join((_window(used), used.level, "" if used.group is None else used.group))


def _told(path: Path) -> list[str]:
    with suppress(OSError, ValueError):
        told = json.loads(path.read_bytes())
        if isinstance(told, list):
            return [key for key in told if isinstance(key, str)]
    return []
