"""The page of the store's tables: the comments of its schema, the columns as DuckDB describes them, what they mean."""

from __future__ import annotations

import re
from typing import Final

import duckdb

from docs_columns import COLUMNS, COMMON, TABLES
from docs_text import code, page, table
from tachograph.store.duckdb import SCHEMA_VERSION
from tachograph.store.statements import schema

INTRO: Final = f"""
# The store in SQL

<!-- Written by bench/make_docs.py from the store's schema. -->

The [store](store.md) is one DuckDB file, `tachograph.duckdb`, which DuckDB's own programs and libraries can open. Open
it read only: Tachograph relies on what it wrote itself. While a command of Tachograph writes, DuckDB lets nobody else
in, and while you have it open no command can write; close it when you have your answer.

```python
import duckdb

with duckdb.connect("store/tachograph.duckdb", read_only=True) as store:
    print(
        store.sql(\"\"\"
            SELECT tool_name, count(*) AS calls, count(*) FILTER (NOT success) AS failed,
                round(quantile_disc(duration_ms, 0.95)) AS p95_ms
            FROM metrics
            WHERE type = 'tool_use' AND ts >= epoch_us(TIMESTAMP '2026-03-01')
            GROUP BY tool_name
            ORDER BY calls DESC
        \"\"\")
    )
```

Moments are microseconds since 1970 in UTC (`make_timestamp(ts)` shows them), durations milliseconds, cost 10⁻²⁴ US
dollars (`cost / 1e24`).

**What SQL doesn't do for you.** [The numbers](numbers.md) of Tachograph come of more than a sum over `metrics`: rows
without a `ts` are none; nor are those whose `seq` is above `whole` in `meta`, which a process left that was killed;
the user or the project of a metric may only be in `sessions`; and what was condensed is in `condensed` alone.
[Queries](queries.md) see to all of that, and answer from sums where there are millions of rows. For other programs
there are [exports](exports.md), which stay the same when tables change: this is schema {SCHEMA_VERSION}, and a later
version of Tachograph may have another.
"""
_TABLE: Final = re.compile(
    r"(?P<said>(?:^--[^\n]*\n)*)^CREATE TABLE (?P<name>\w+) \((?P<body>.*?)\);$", re.MULTILINE | re.DOTALL
)
_REMARK: Final = re.compile(r"^\s*\"?(?P<name>\w+)\"? [^\n]*?-- (?P<said>[^\n]+)$", re.MULTILINE)


def schema_page() -> str:
    """All of it. Raises `ValueError` where a table or a column has no meaning."""
    with duckdb.connect() as store:
        store.execute(schema())
        parts = [INTRO]
        for made in _TABLE.finditer(schema()):
            name = made["name"]
            parts += [f"## {name}", TABLES.get(name) or _said(made["said"])]
            parts.append(_columns(store, name, made["body"]))
            if not all(parts):
                raise ValueError(f"bench/docs_columns.py: nothing is said of the table {name}")
    return page(*parts)


def _said(comment: str) -> str:
    """A comment of SQL as a paragraph."""
    return "\n".join(line.removeprefix("--").strip() for line in comment.splitlines()).replace(" (measures.py)", "")


def _columns(store: duckdb.DuckDBPyConnection, name: str, body: str) -> str:
    noted = {found["name"]: found["said"] for found in _REMARK.finditer(body)}
    meanings = COMMON | noted | COLUMNS.get(name, {})
    columns = [(column, kind) for column, kind, *_ in store.execute(f"DESCRIBE {name}").fetchall()]
    if unsaid := [column for column, _ in columns if column not in meanings]:
        raise ValueError(f"bench/docs_columns.py: nothing is said of {name}: {', '.join(unsaid)}")
    return table(["column", "type", "meaning"], ((code(column), kind, meanings[column]) for column, kind in columns))
