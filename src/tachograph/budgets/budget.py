"""What a budget is, and what its file says: `budgets.toml` in the store's folder."""

from __future__ import annotations

import json
import math
import re
import tomllib
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, Literal, get_args

import msgspec

from tachograph.errors import TachographError
from tachograph.posting import check_address
from tachograph.query.closest import closest

if TYPE_CHECKING:
    from pathlib import Path

FILE: Final = "budgets.toml"
Per = Literal["day", "week", "month"]
Each = Literal["project", "user", "model"]
_NAME: Final = re.compile(r"[A-Za-z0-9_-]{1,60}", re.ASCII)
_WARN_AT: Final = 80.0
_MOST: Final = 1e15


class BadBudget(TachographError):  # noqa: N818 - the names of errors read as sentences
    """A budget says what can't be meant, or isn't there."""


class Budget(msgspec.Struct, frozen=True, kw_only=True):
    """So much in each window of time, of what passes; or so much for each project, user or model."""

    name: str
    usd: float | None = None
    """One of the two is given."""
    tokens: int | None = None
    per: Per = "month"
    project: str | None = None
    user: str | None = None
    model: str | None = None
    each: Each | None = None
    warn_at: float = _WARN_AT
    """Percent, from which on it is said that the budget will soon be used."""
    webhook: str | None = None

    @property
    def measure(self) -> str:
        """What is counted."""
        return "tokens" if self.usd is None else "cost_usd"

    @property
    def limit(self) -> float:
        """How much of that."""
        return float(self.tokens or 0) if self.usd is None else self.usd


_KEYS: Final = tuple(name for name in Budget.__struct_fields__ if name != "name")


def read_budgets(path: Path) -> list[Budget]:
    """Those of the file, in its order; none where there is no file. Raises `BadBudget`."""
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return []
    except UnicodeDecodeError:
        raise BadBudget("it is not UTF-8", where=str(path), mend="write it again as UTF-8") from None
    except OSError as error:
        raise BadBudget(f"it can't be read: {error.strerror}", where=str(path)) from None
    try:
        document = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise BadBudget(f"it is not TOML: {error}", where=str(path), mend="docs/terminal.md has an example") from None
    return [budget_of(name, table, str(path)) for name, table in document.items()]


def budget_of(name: str, table: Any, where: str) -> Budget:
    """The budget that a table says. Raises `BadBudget` for what can't be meant."""
    place = f"{where}: {name[:60]}"
    if not _NAME.fullmatch(name):
        raise BadBudget(f"{name[:60]!r} is no name of a budget", where=where, mend="use letters, digits, - and _")
    if not isinstance(table, Mapping):
        raise BadBudget("it is no table", where=place, mend=f"write [{name}] and its keys below")
    for key in table:
        if key not in _KEYS:
            raise BadBudget(f"there is no {key!r} in a budget", where=place, mend=closest(key, _KEYS))
    return _checked(name, dict(table), place)


def _checked(name: str, table: dict[str, Any], place: str) -> Budget:
    amounts = [key for key in ("usd", "tokens") if key in table]
    if len(amounts) != 1:
        raise BadBudget("a budget is of usd or of tokens", where=place, mend="give one of the two")
    amount = table[amounts[0]]
    wanted = (int,) if amounts == ["tokens"] else (int, float)
    if isinstance(amount, bool) or not isinstance(amount, wanted) or not 0 < amount < _MOST:
        raise BadBudget(f"{amount!r} is no amount", where=f"{place}: {amounts[0]}", mend="give a number above 0")
    for key, known in (("per", get_args(Per)), ("each", get_args(Each))):
        if key in table and table[key] not in known:
            raise BadBudget(
                f"{table[key]!r} can't be meant", where=f"{place}: {key}", mend=f"give {' or '.join(known)}"
            )
    for key in ("project", "user", "model", "webhook"):
        if key in table and (not isinstance(table[key], str) or not table[key]):
            raise BadBudget(f"{table[key]!r} is no name", where=f"{place}: {key}", mend="give a text")
    warn_at = table.get("warn_at", _WARN_AT)
    if isinstance(warn_at, bool) or not isinstance(warn_at, int | float) or not 0 < warn_at <= 100:
        raise BadBudget(f"{warn_at!r} is no share", where=f"{place}: warn_at", mend="give a percentage up to 100")
    if "webhook" in table:
        check_address(table["webhook"], f"{place}: webhook")
    if "usd" in table:
        table["usd"] = float(table["usd"])
        assert math.isfinite(table["usd"])
    return Budget(name=name, **table)


def budgets_text(budgets: list[Budget]) -> str:
    """The file that says these."""
    return "\n".join(_table(each) for each in budgets)


def _table(budget: Budget) -> str:
    lines = [f"[{budget.name}]"]
    for key in _KEYS:
        value = getattr(budget, key)
        if value is not None and value != {"warn_at": _WARN_AT}.get(key):
            lines.append(f"{key} = {_quoted(value) if isinstance(value, str) else repr(value)}")
    return "\n".join(lines) + "\n"


def _quoted(text: str) -> str:
    """As TOML's basic strings are: JSON's, but that DEL is escaped too."""
    return json.dumps(text, ensure_ascii=False).replace("\x7f", "\\u007F")
