"""Tables that aren't read as metrics are, and of which each node of a cluster has all."""

from __future__ import annotations


def everywhere(
    name: str, columns: str, rest: str, database: str, cluster: str | None, *, engine: str = "MergeTree", by: str = ""
) -> str:
    """The statement that makes such a table where it isn't there; `by` is what its engine is given."""
    place, given = f"{database}.{name}", f"({by})" if by else ""
    if cluster is not None:
        place += f" ON CLUSTER {cluster}"
        engine = f"Replicated{engine}"
        given = f"('/clickhouse/tables/{database}/{name}', '{{shard}}-{{replica}}'{f', {by}' if by else ''})"
    return f"CREATE TABLE IF NOT EXISTS {place} ({columns}) ENGINE = {engine}{given} {rest}"
