"""The named statements of the store's SQL files."""

from __future__ import annotations

import re
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tachograph.columns import BY_REQUEST, COLUMNS, FINISHED
from tachograph.metric import FIRST_US
from tachograph.prices import COST_SQL, PRICE_COLUMNS, PRICE_JOIN, UNITS_PER_DOLLAR
from tachograph.store.measures import BUCKET, IS_REPORTED, NAMES, SUMS, TOLD, USED, WIDE_BUCKET

if TYPE_CHECKING:
    from collections.abc import Mapping

_NAMED: Final = r"(?m)^-- name: (\w+)\n"
DAY_US: Final = 86_400_000_000
_SQL_TYPES: Final = {"key": "VARCHAR", "words": "VARCHAR", "int64": "BIGINT", "float64": "DOUBLE"}
STORED: Final = tuple(name for name in COLUMNS if name != "moment")
"""The columns of a stored metric that come from a batch."""
_COMPRESSIONS: Final = {"id": " USING COMPRESSION zstd"}
"""Where the engine's own choice is slower and larger: it tries several on strings that all differ."""
_EARLIEST: Final = ("ts", "ended_ts")
_ORDER_KEY: Final = "{'ts': ts, 'id': id}"
_IS_OLD: Final = f"""(ts < $before AND NOT coalesce(in_parts AND ts >= $settled AND (
    (type IN ('tool_use', 'agent_execution') AND ended_ts IS NULL) OR blocks <> '{FINISHED}'), false))"""
"""Whether a metric is old enough to be condensed; not while the rest of it may come, as a call's result may."""
_IS_FREE: Final = "(session_id IS NULL OR session_id NOT IN (SELECT session_id FROM held))"
"""Whether its session tells of nothing that one which goes on tells of too."""
_CONDENSED_RUN: Final = "CASE WHEN metrics.in_parts THEN metrics.agent_run_id END AS agent_run_id"
"""Runs of agents matter where several metrics tell of one, which those of a metrics log don't."""
_ADDED_KINDS: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_EARLIEST_CWD: Final = "arg_min(cwd, {'ts': coalesce(ts, ended_ts), 'cwd': cwd}) FILTER (cwd IS NOT NULL)"
_FIRST_REQUEST: Final = "min(least(request, other_request))"
_REQUESTS: Final = {
    "request": _FIRST_REQUEST,
    "other_request": f"nullif(max(greatest(request, other_request)), {_FIRST_REQUEST})",
}
COMPLETED_DURATION: Final = """
    CASE WHEN duration_ms IS NULL AND in_parts AND type IN ('tool_use', 'agent_execution') AND ended_ts >= ts
    THEN (ended_ts - ts) / 1000.0 ELSE duration_ms END
"""
"""Without a stated duration a call took from its beginning to its result."""

_FINE_USD: Final = 10**12
PRICED_BY: Final = (
    "ts", "model", "cost_usd", "input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens",
    "cache_write_1h_tokens",
)  # fmt: skip
"""The columns that the cost of a metric depends on."""


HASH_OF_HASH: Final = "hash('hash')::VARCHAR"
"""What tells the engine's hash from that of another version."""
QUARTER_KEYS: Final = {
    "rollup_by_kind": ("quarter", "kind"),
    "rollup_by_owner": ("quarter", "owner"),
    "rollup_by_use": ("quarter", "owner", "use"),
    "rollup_durations": ("quarter", "bucket"),
    "rollup_runs": ("quarter", "source", "agent_run_id", "agent_id", "type", "told"),
}
"""The tables of sums by quarter of an hour, and what tells their rows apart."""
_ADDED: Final = {
    "rollup_by_kind": ("first_ts", "last_ts", "shortest", "longest", *(each.name for each in SUMS)),
    "rollup_by_owner": ("first_ts", "last_ts", "errors", *(each.name for each in SUMS)),
    "rollup_by_use": ("metrics_count",),
    "rollup_durations": ("timed",),
    "rollup_runs": tuple(each.name for each in SUMS),
}
_EXTREMES: Final = {"first_ts": "min", "shortest": "min", "last_ts": "max", "longest": "max"}
QUARTER_US: Final = 900_000_000
"""A quarter of an hour: the most that all zones' windows are multiples of."""
KIND: Final = {
    **{name: f'metrics."{name}"' for name in (
        "type", "tool_name", "agent_id", "error_type", "command_name", "operation", "hook_name", "model", "success",
        "source", "in_parts",
    )},
    "told": TOLD,
    "used": f"coalesce({USED}, false)",
    "in_run": "(metrics.in_parts AND metrics.agent_run_id IS NOT NULL)",
}  # fmt: skip
"""What tells kinds of metrics apart whose sums are kept, and its expression in SQL."""
USE: Final = ("tool_name", "agent_id", "error_type", "model", "used")
"""What of a kind is kept of owners too."""
OWNER: Final = ("session_id", "user_id", "project_path")
OWNED: Final = """
SELECT
    owners.number, owners.session, owners.session_id,
    coalesce(owners.user_id, sessions.user_id) AS user_id,
    coalesce(owners.project_path, sessions.project_path) AS project_path
FROM rollup_owners AS owners LEFT JOIN sessions ON sessions.session_id = owners.session_id
"""
"""Whose each owner's metrics are: its own user and project, or else the session's."""


def quarter(moment: str) -> str:
    """The number of the quarter of an hour of a moment, in SQL, counted from the calendar's first."""
    return f"CAST(({moment} - ({FIRST_US})) // {QUARTER_US} AS INTEGER)"


def quarter_start(number: int) -> int:
    """When a quarter of an hour begins, in microseconds since 1970."""
    return number * QUARTER_US + FIRST_US


def together(table: str) -> str:
    """The rows of a table of sums, those of the same keys as one, in the order of time."""
    keys = ", ".join(QUARTER_KEYS[table])
    added = ", ".join(f"{_EXTREMES.get(name, 'sum')}({name}) AS {name}" for name in _ADDED[table])
    return f"SELECT {keys}, {added} FROM {table} GROUP BY {keys} ORDER BY quarter"


def cost_by(by_tokens: str) -> str:
    """What one of `metrics` cost, in 1e-24 USD: what its log says, to 1e-12 USD, else what its tokens cost."""
    return f"""
    CASE WHEN {IS_REPORTED}
    THEN CAST(round(metrics.cost_usd * {_FINE_USD}) AS HUGEINT) * {UNITS_PER_DOLLAR // _FINE_USD}
    ELSE {by_tokens} END"""


@cache
def schema() -> str:
    """The statements that make an empty store."""
    columns = ",\n    ".join(f'"{name}" {sql_type(name)}{_COMPRESSIONS.get(name, "")}' for name in STORED)
    prices = ", ".join(f'"{name}" {kind}' for name, kind in PRICE_COLUMNS.items())
    names = ",\n    ".join(f'"{name}" {_name_type(name)}' for name in NAMES)
    sums = ",\n    ".join(f"{each.name} {each.kind}" for each in SUMS)
    text = _text("schema.sql").replace("{columns}", columns).replace("{price_columns}", prices)
    text = text.replace("{condensed_names}", names).replace("{condensed_sums}", sums).replace("{rollup_sums}", sums)
    for place, columns_of in (("{kind_columns}", KIND), ("{use_columns}", USE)):
        text = text.replace(place, ", ".join(f'"{name}" {_name_type(name)}' for name in columns_of))
    return text


@cache
def load_statements(*, hashed: bool = False) -> dict[str, str]:
    """The statements of `load.sql`, by name; `hashed` is whether the hash of each id is kept."""
    text = _text("load.sql").replace("{id_hash}", "id_hash" if hashed else "hash(id)")
    text = text.replace("{merged_columns}", ",\n    ".join(_merged(name) for name in STORED if name != "id"))
    text = text.replace("{order_key}", _ORDER_KEY)
    text = text.replace("{earliest_cwd}", _EARLIEST_CWD).replace("{completed_duration}", COMPLETED_DURATION)
    text = text.replace("{by_request}", str(BY_REQUEST)).replace("{day_us}", str(DAY_US))
    for table in ("parts", "metrics", "moved"):
        text = text.replace(f"{{quarter_of_{table}}}", quarter(f"{table}.ts"))
    named = _named(text)
    named["merge_unpriced"] = _priced(named["merge_parts"], "CAST(NULL AS HUGEINT)", "")
    return {name: _priced(sql, cost_by(COST_SQL), PRICE_JOIN) for name, sql in named.items()}


def _priced(sql: str, cost: str, join: str) -> str:
    return sql.replace("{cost}", cost).replace("{price_join}", join)


@cache
def rollup_statements(chosen: str) -> dict[str, str]:
    """The statements of `rollup.sql`, by name; `chosen` is the condition on the rows that are added."""
    replaced = {
        "chosen": f"metrics.ts IS NOT NULL AND {chosen}",
        "kind": ", ".join(f'{sql} AS "{name}"' for name, sql in KIND.items()),
        "kind_names": ", ".join(f'"{name}"' for name in KIND),
        "kind_values": ", ".join(KIND.values()),
        "kind_hash": f"hash({', '.join(f'kinds.{name}' for name in KIND)})",
        "owner_values": ", ".join(f"metrics.{name}" for name in OWNER),
        "owner_hash": f"hash({', '.join(f'owners.{name}' for name in OWNER)})",
        "use_names": ", ".join(f'"{name}"' for name in USE),
        "same_use": " AND ".join(f'uses."{name}" IS NOT DISTINCT FROM new_kinds."{name}"' for name in USE),
        "no_use": " AND ".join(f'"{name}" IS NULL' if name != "used" else "NOT used" for name in USE),
        "quarter": quarter("metrics.ts"),
        "sums": ", ".join(f"sum({each.of_one}) AS {each.name}" for each in SUMS),
        "told": TOLD,
        "in_run": KIND["in_run"],
        "bucket": WIDE_BUCKET,
    }
    return filled("rollup.sql", replaced)


@cache
def condense_statements(
    window_start: str, window_end: str, *, file: str = "condense.sql", only: str = "true"
) -> dict[str, str]:
    """The statements of `condense.sql`, by name; the window of a metric is given as two expressions.

    `only` is a condition on all metrics that may be condensed. Another `file` has statements on the same metrics.
    """
    replaced = {
        "window_start": window_start,
        "window_end": window_end,
        "names": ", ".join(_CONDENSED_RUN if name == "agent_run_id" else f'metrics."{name}"' for name in NAMES),
        "name_columns": ", ".join(f'"{name}"' for name in NAMES),
        "told": TOLD,
        "used": USED,
        "bucket": f"CASE WHEN metrics.duration_ms IS NOT NULL THEN {BUCKET} END",
        "sums_of_ones": ",\n        ".join(f"sum({each.of_one}) AS {each.name}" for each in SUMS),
        "sums_of_sums": ",\n    ".join(f"sum({each.name}) AS {each.name}" for each in SUMS),
        "is_condensable": f"({only} AND {_IS_OLD} AND {_IS_FREE})",
        "is_old": _IS_OLD,
        "quarter": quarter("ts"),
        "quarter_before": quarter("$before - 1"),
        "order_key": _ORDER_KEY,
        "first_us": f"{FIRST_US}",
        "day_us": f"{DAY_US}",
    }
    named = filled(file, replaced)
    for name in named.keys() & {"linked", "young"}:
        named["find_held"] = named["find_held"].replace(f"{{{name}}}", named[name])
    return named


@cache
def settling_statements() -> dict[str, str]:
    """The statements of `clickhouse/settling.sql`, by name."""
    return filled("clickhouse/settling.sql", {"day_us": f"{DAY_US}"})


def filled(file: str, replaced: Mapping[str, str]) -> dict[str, str]:
    """The statements of a file, by name, with what stands for each word in braces."""
    text = _text(file)
    for name, sql in replaced.items():
        text = text.replace(f"{{{name}}}", sql)
    return _named(text)


def _named(text: str) -> dict[str, str]:
    _, *rest = re.split(_NAMED, text)
    return {name: sql.strip().rstrip(";") for name, sql in zip(rest[::2], rest[1::2], strict=True)}


def _text(name: str) -> str:
    return Path(__file__).parent.joinpath(name).read_text(encoding="utf-8")


def _name_type(name: str) -> str:
    given = {"source": "VARCHAR", "in_parts": "BOOLEAN", "told": "BOOLEAN", "used": "BOOLEAN", "in_run": "BOOLEAN"}
    return given.get(name) or sql_type(name)


def sql_type(name: str) -> str:
    """What a column is in SQL."""
    return "BOOLEAN" if name == "success" else _SQL_TYPES[COLUMNS[name]]


def _merged(name: str) -> str:
    """How the parts' values of one column become one: a least upper bound, so that neither order nor repeats matter."""
    if name in _EARLIEST:
        return f"min({name}) AS {name}"
    if name == "success":
        return "bool_and(success) AS success"
    if name == "cwd":
        return f"{_EARLIEST_CWD} AS cwd"
    if name == "token_count":
        added = " + ".join(f"coalesce(max({kind}), 0)" for kind in _ADDED_KINDS)
        any_kind = ", ".join(f"max({kind})" for kind in _ADDED_KINDS)
        return f"CASE WHEN coalesce({any_kind}) IS NOT NULL THEN {added} ELSE max(token_count) END AS token_count"
    if name in _REQUESTS:
        return f"{_REQUESTS[name]} AS {name}"
    if name == "witness":
        return "CASE WHEN count(witness) = count(*) THEN min(witness) END AS witness"
    if name == "blocks":
        told = "list_sort(list_distinct(string_split(string_agg(blocks, ' '), ' ')))"
        return f"if(bool_or(blocks = '{FINISHED}'), '{FINISHED}', array_to_string({told}, ' ')) AS blocks"
    return f'max("{name}") AS "{name}"'
