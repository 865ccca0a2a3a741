"""The tables on a server, made from those of the embedded store: what differs is what each is sorted by.

Rows are only ever added. One with the key of another and a later `version` stands in its place; one that is `gone` says
that there is none any more. What is asked is almost always asked of one tenant, in a range of time.
"""

from __future__ import annotations

from functools import cache, lru_cache
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.store.clickhouse.dialect import Tables, translated
from tachograph.store.measures import WIDE_BUCKET
from tachograph.store.statements import OWNED, QUARTER_KEYS, quarter

if TYPE_CHECKING:
    from collections.abc import Container

    from tachograph.store.clickhouse.progress import Progress

KEYS: Final = {
    "meta": ("name",),
    "metrics": ("ts", "seq"),
    "sessions": ("session_id",),
    "claims": ("id", "session_id"),
    "claimed_starts": ("session_id", "ts", "cwd"),
    "files": ("path",),
    "rejects": ("path", "line", "byte_offset"),
    "condensed": ("window_start", "number"),
    "condensed_ids": ("hash",),
    "condensed_owners": ("session_id", "ts", "id"),
    "rollup_uses": ("number",),
    "rollup_kinds": ("number",),
    "rollup_owners": ("number",),
    **QUARTER_KEYS,
    "rollup_dirty": ("quarter",),
    "minutes": ("key", "minute"),
}
"""The tables, and what tells the rows of one tenant apart."""
_OWN: Final = {"minutes": {"key": "UBIGINT", "minute": "BIGINT"}}
"""Tables that the embedded store doesn't have, whose rows are nothing but their keys: they never change."""
COMPUTED: Final = {
    "condensed": {"number": ("Int64", "row_number() OVER ()")},
}
"""Columns that the embedded store doesn't have: their types, and what they are there."""
_TYPES: Final = {
    "VARCHAR": "Nullable(String)",
    "BIGINT": "Nullable(Int64)",
    "UBIGINT": "UInt64",
    "INTEGER": "Nullable(Int32)",
    "HUGEINT": "Nullable(Int128)",
    "UHUGEINT": "UInt128",
    "DOUBLE": "Nullable(Float64)",
    "BOOLEAN": "Nullable(Bool)",
    "MAP(INTEGER, BIGINT)": "Map(Int32, Int64)",
}
_FEW: Final = frozenset({
    "type", "tool_name", "agent_id", "command_name", "error_type", "operation", "hook_name", "model", "source",
    "user_id", "project_path", "cwd", "resolution", "timezone",
})  # fmt: skip
"""Names of which there are few in one part of a table."""
_CODECS: Final = {
    "ts": "Delta, ZSTD(1)", "ended_ts": "Delta, ZSTD(1)", "seq": "Delta, ZSTD(1)", "key": "Delta, T64, ZSTD(1)",
    "minute": "T64, ZSTD(1)",
}  # fmt: skip
_NUMBERS: Final = frozenset({"number", "use", "kind", "owner", "session"})
"""What stands for names where sums are kept: numbers that are counted in the embedded store, and hashes here."""
_ALWAYS: Final = frozenset({"id", "seq", "quarter", "bucket", "minute"})
"""What is never null."""
_LEFT_OUT: Final = frozenset({"id_hash"})
"""What serves the embedded store alone."""
_FIRST_MONTH_US, _LAST_MONTH_US = 1_420_070_400_000_000, 2_524_608_000_000_000
"""2015 and 2050: what is said to be before or after has a partition together, so that no log makes thousands."""
_MONTH: Final = f"least(greatest(ifNull(ts, 0), {_FIRST_MONTH_US}), {_LAST_MONTH_US})"
_PARTITIONS: Final = {"metrics": f"toYYYYMM(toDateTime64({_MONTH} / 1000000, 0, 'UTC'))"}


class Table(msgspec.Struct, frozen=True):
    """One table: its columns as the embedded store names and types them, and what is worked out beside them."""

    name: str
    columns: dict[str, str]
    """As DuckDB names its types."""

    @property
    def key(self) -> tuple[str, ...]:
        """What tells the rows of one tenant apart."""
        return KEYS[self.name]

    @property
    def changes(self) -> bool:
        """Whether its rows have versions, and may be said to be gone."""
        return self.name not in _OWN

    def read(self, database: str) -> str:
        """Its latest rows."""
        names = ", ".join(f"`{name}`" for name in self.columns)
        return f"SELECT {names} FROM {database}.{self.name} FINAL WHERE tenant = {{tenant:String}}"

    def inserting(self, database: str, rows: str, version: int, *, gone: bool = False) -> str:
        """The statement that inserts the rows which a statement of ClickHouse's gives, with all of its columns."""
        columns = ", ".join(f"`{column}`" for column in (*COMPUTED.get(self.name, ()), *self.columns))
        return (
            f"INSERT INTO {database}.{self.name} (tenant, {columns}, version, gone)"
            f" SELECT {{tenant:String}}, {columns}, {version:d}, {gone:d} FROM ({rows})"
        )

    def _type(self, name: str, kind: str) -> str:
        if self.name.startswith("rollup_") and name in _NUMBERS:
            return "Nullable(UInt64)" if name == "session" else "UInt64"
        if name in _FEW:
            return "LowCardinality(Nullable(String))"
        return _TYPES[kind] if name not in _ALWAYS else _TYPES[kind].removeprefix("Nullable(").removesuffix(")")

    def definitions(self) -> dict[str, str]:
        """What each column is on a server, by its name."""
        return {
            "tenant": "LowCardinality(String)",
            **{name: f"{kind}{_codec(name)}" for name, (kind, _) in COMPUTED.get(self.name, {}).items()},
            **{name: f"{self._type(name, kind)}{_codec(name)}" for name, kind in self.columns.items()},
            **(_VERSIONS if self.changes else {}),
        }

    def missing(self, database: str, there: Container[str], cluster: str | None = None) -> list[str]:
        """The statements that add the columns which a table of an earlier version doesn't have."""
        new = {name: kind for name, kind in self.definitions().items() if name not in there}
        whole = f"{database}.{self.name}"
        places = (
            [whole] if cluster is None else [f"{whole}_local ON CLUSTER {cluster}", f"{whole} ON CLUSTER {cluster}"]
        )
        return [
            f"ALTER TABLE {place} ADD COLUMN IF NOT EXISTS `{name}` {kind.partition(' CODEC')[0]}"
            for place in places
            for name, kind in new.items()
        ]

    def definition(self, database: str, cluster: str | None = None) -> list[str]:
        """The statements that make it where it isn't there; in a cluster, on each of its nodes."""
        columns = [f"`{name}` {definition}" for name, definition in self.definitions().items()]
        settings = _SETTINGS if self.changes else f"{_SETTINGS}, {_FEW_AT_ONCE}"
        order = f"ORDER BY ({', '.join(('tenant', *self.key))}) {_partition(self.name)} SETTINGS {settings}"
        listed = ",\n    ".join([*columns, *(f"INDEX {index}" for index in INDICES.get(self.name, ()))])
        versions = tuple(_VERSIONS) if self.changes else ()
        if cluster is None:
            engine = f"ReplacingMergeTree({', '.join(versions)})"
            return [f"CREATE TABLE IF NOT EXISTS {database}.{self.name} (\n    {listed}\n) ENGINE = {engine} {order}"]
        path = f"/clickhouse/tables/{{shard}}/{database}/{self.name}"
        engine = f"ReplicatedReplacingMergeTree({', '.join((repr(path), repr('{replica}'), *versions))})"
        shards = f"Distributed({cluster}, {database}, {self.name}_local, {_sharded(self)})"
        local, whole = f"{database}.{self.name}_local", f"{database}.{self.name}"
        return [
            f"CREATE TABLE IF NOT EXISTS {local} ON CLUSTER {cluster} (\n    {listed}\n) ENGINE = {engine} {order}",
            f"CREATE TABLE IF NOT EXISTS {whole} ON CLUSTER {cluster} AS {local} ENGINE = {shards}",
        ]


_DERIVED: Final = {
    "owned": OWNED,
    "rollup_values": f"""
        SELECT {WIDE_BUCKET} AS bucket, {quarter("metrics.ts")} AS quarter, metrics.duration_ms AS duration_ms
        FROM metrics WHERE metrics.ts IS NOT NULL AND metrics.duration_ms IS NOT NULL
    """,
}
"""Tables of the embedded store that are questions here."""
_DERIVED_COLUMNS: Final = {
    "owned": ("number", "session", "session_id", "user_id", "project_path"),
    "rollup_values": ("bucket", "quarter", "duration_ms"),
}
_SETTINGS: Final = (
    "allow_nullable_key = 1, non_replicated_deduplication_window = 1000, replicated_deduplication_window = 1000,"
    " min_age_to_force_merge_seconds = 3600, min_age_to_force_merge_on_partition_only = 1"
)
"""What is repeated within so many inserts isn't inserted again. A month that nothing was added to for an hour becomes
one part, of which the latest rows are read without looking for later ones, which takes half as long or less."""
_FEW_AT_ONCE: Final = "index_granularity = 2048, min_compress_block_size = 16384"
"""Where many keys are looked for, each of which is somewhere else: so many rows and bytes are read for each."""
_VERSIONS: Final = {"version": "UInt64 CODEC(Delta, ZSTD(1))", "gone": "UInt8"}
INDICES: Final = {"metrics": ("by_seq seq TYPE minmax GRANULARITY 1",)}
"""What tells which stretches of a table needn't be read that is sorted by something else: numbers go with time."""

_READINGS: Final = 64
"""So many databases, and stages of condensing, are known how to be read."""


@cache
def tables() -> dict[str, Table]:
    """All of them, by name."""
    from tachograph.store.duckdb import Store  # noqa: PLC0415 - it is asked how its tables are

    with Store.in_memory() as store:
        return {name: Table(name, _OWN.get(name) or _columns(store, name)) for name in KEYS}


@lru_cache(_READINGS)
def reading_tables(database: str, progress: Progress | None = None) -> Tables:
    """What stands for each where it is read, if a condensing is so far."""
    if progress and progress.is_over:
        return reading_tables(database)  # the very same, of which it is known what statements become
    read = {name: table.read(database) for name, table in tables().items()}
    for name in read:
        condition = progress.is_read(name, database) if progress else ""
        read[name] += f" AND {condition}" if condition else ""
    columns = {name: tuple(table.columns) for name, table in tables().items()}
    plain = Tables(read, columns)
    derived = {name: translated(sql, (), plain) for name, sql in _DERIVED.items()}
    return Tables(read | derived, columns | _DERIVED_COLUMNS)


def _columns(store: object, name: str) -> dict[str, str]:
    described = store.connection.execute(f"DESCRIBE {name}").fetchall()  # type: ignore[attr-defined]
    return {column: kind for column, kind, *_ in described if column not in _LEFT_OUT}


def _codec(name: str) -> str:
    return f" CODEC({_CODECS[name]})" if name in _CODECS else " CODEC(ZSTD(1))"


def _partition(name: str) -> str:
    return f"PARTITION BY {_PARTITIONS[name]}" if name in _PARTITIONS else ""


def _sharded(table: Table) -> str:
    """By session, so that what is said of one is in one place."""
    if "key" in table.columns:
        return "`key`"
    if "session_id" in table.columns:
        other = "id" if "id" in table.columns else "''"
        return f"cityHash64(ifNull(session_id, toString({other})))"
    return "cityHash64(tenant)"
