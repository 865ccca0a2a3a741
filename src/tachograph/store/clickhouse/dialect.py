"""Statements as the embedded engine is asked them, for ClickHouse.

Measures, dimensions and filters are said once, in DuckDB's SQL. Its tree is changed where the two engines mean
different things by the same words, and written down as ClickHouse's:

- A sum of integers is exact there, and wraps around here: it is taken of integers of 128 bits.
- A float becomes the nearest integer there, and loses its fraction here.
- `//` is a division of integers, which would become one of floats.
- `quantile_disc(-x, 1 - p)` is, of n values in their order, the one at floor(n·p): so is `quantileExact(p)(x)`.
- Maps can't be null here: an empty one stands for that.

Which tables there are, and what stands for each, is told by whoever asks (`Tables`).
Source of what the functions mean: https://clickhouse.com/docs/sql-reference, https://duckdb.org/docs/sql.
"""

from __future__ import annotations

from decimal import Decimal
from functools import lru_cache
from typing import TYPE_CHECKING, Final

import sqlglot
from sqlglot import exp
from sqlglot.dialects.clickhouse import ClickHouse

from tachograph.store.clickhouse.names import MAPS, by_names

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

_FLOATS: Final = frozenset({
    "duration_ms", "cost_usd", "coarse_duration", "shortest", "longest", "least", "most", "percentiles",
})  # fmt: skip
"""The columns that hold floats, under any table's name."""
_INTEGERS: Final = frozenset({
    exp.DataType.Type.INT, exp.DataType.Type.BIGINT, exp.DataType.Type.INT128, exp.DataType.Type.SMALLINT,
})  # fmt: skip
_MADE_FLOAT: Final = (exp.Ln, exp.Pow, exp.Ceil, exp.Floor, exp.Div)
_ABOVE: Final = Decimal("0.000000000000003")
"""How much more than p is asked for, so that n·p, which is worked out in floats, isn't below an integer that it is:
more than the error of that, and too little to reach the next rank among less than a billion values."""
_CACHED: Final = 500


class Tables:
    """What stands for each table of the store."""

    def __init__(self, named: Mapping[str, str], columns: Mapping[str, tuple[str, ...]]) -> None:
        self._named = {name: sqlglot.parse_one(sql, read="clickhouse") for name, sql in named.items()}
        self.columns = columns
        """What each has, in order."""

    def of(self, name: str) -> exp.Expr | None:
        """A copy of what stands for a table; None where it isn't one of the store's."""
        found = self._named.get(name)
        return None if found is None else found.copy()


@lru_cache(_CACHED)
def translated(sql: str, kinds: tuple[tuple[str, str], ...], tables: Tables) -> str:
    """The statement in ClickHouse's SQL; `kinds` says of which of its types each parameter is.

    Empty where it makes a temporary table of what is a table here.
    """
    typed = dict(kinds)
    tree = sqlglot.parse_one(sql, read="duckdb")
    if isinstance(tree, exp.Create) and tables.of(tree.this.name) is not None:
        return ""  # it is there
    by_names(tree, tables.columns)
    for number, place in enumerate(tree.find_all(exp.Placeholder, bfs=False)):
        place.set("this", place.this or f"q{number}")  # `?`
    for node in reversed(list(tree.walk())):  # what is within another comes first
        changed = _changed(node, typed)
        if changed is not node:
            node.replace(changed)
    given = {common.alias for common in tree.find_all(exp.CTE)}
    for table in list(tree.find_all(exp.Table)):
        stands = None if table.name in given else tables.of(table.name)
        if stands is not None:
            alias = table.alias or table.name
            table.replace(exp.Subquery(this=stands, alias=exp.TableAlias(this=exp.to_identifier(alias))))
    return tree.sql(dialect=ClickHouse)


def _changed(node: exp.Expr, kinds: Mapping[str, str]) -> exp.Expr:
    change = _CHANGES.get(type(node))
    if change is not None:
        return change(node)
    if isinstance(node, exp.Parameter | exp.Placeholder):
        name = node.this.name if isinstance(node.this, exp.Expr) else str(node.this)
        return exp.Var(this=f"{{{name}:{kinds[name]}}}")
    return node


def _is_float(node: exp.Expr) -> bool:
    """Whether an expression is one of floats, as far as that matters here."""
    if isinstance(node, exp.Cast):
        return bool(node.to.is_type(exp.DataType.Type.DOUBLE))
    if isinstance(node, exp.Column):
        return node.name in _FLOATS
    if isinstance(node, exp.Case):
        results = [branch.args["true"] for branch in node.args["ifs"]] + [node.args.get("default")]
        return any(_is_float(result) for result in results if result is not None)
    if isinstance(node, _MADE_FLOAT):
        return True
    if isinstance(node, exp.Literal):
        return not node.is_string and not node.is_int
    return any(_is_float(part) for part in node.iter_expressions())


def _sum(node: exp.Expr) -> exp.Expr:
    if _is_float(node.this) or (isinstance(node.this, exp.Anonymous) and node.this.name == "toInt128"):
        return node
    return exp.Sum(this=exp.Anonymous(this="toInt128", expressions=[node.this]))


def _cast(node: exp.Expr) -> exp.Expr:
    kind: exp.DataType = node.args["to"]
    if kind.is_type(exp.DataType.Type.MAP):
        return exp.Cast(this=exp.Anonymous(this="map"), to=kind)
    if kind.this in _INTEGERS and _is_float(node.this) and not isinstance(node.this, exp.Anonymous):
        node.set("this", exp.Anonymous(this="roundBankers", expressions=[node.this]))
    return node


def _divided(node: exp.Expr) -> exp.Expr:
    return exp.Anonymous(this="intDiv", expressions=[node.this, node.expression])


def _percentiles(node: exp.Expr) -> exp.Expr:
    """Of what is negated, as the list of percentiles; of what isn't, the value at one rank."""
    values, wanted = node.this, node.expression
    if not isinstance(values, exp.Neg):
        return exp.Anonymous(this=f"quantileExact({wanted.sql()})", expressions=[values])
    shares = ", ".join(str(1 - Decimal(each.name) + _ABOVE) for each in wanted.expressions)
    of = values.this.sql(dialect=ClickHouse)
    many = f"arrayWithConstant({len(wanted.expressions)}, count({of}))"
    found = f"quantilesExact({shares})({of})"
    return exp.maybe_parse(f"arrayMap((v, n) -> if(n = 0, NULL, -v), {found}, {many})", dialect="clickhouse")


def _likeness(node: exp.Expr) -> exp.Expr:
    likeness: exp.Expr = node.this  # a backslash escapes without being told so
    return likeness


def _all_of(node: exp.Expr) -> exp.Expr:
    text = exp.Coalesce(this=node.this, expressions=[exp.Literal.string("")])
    return exp.Anonymous(this="extractAll", expressions=[text, node.expression])


def _is(node: exp.Expr) -> exp.Expr:
    if isinstance(node.this, exp.Column) and node.this.name in MAPS and isinstance(node.expression, exp.Null):
        return exp.Anonymous(this="empty", expressions=[node.this])
    return node


def _side_by_side(node: exp.Expr) -> exp.Expr:
    """Lists that are unnested beside each other give a row for each place, not for each combination."""
    lists = [found for selected in node.expressions for found in [selected.unalias()] if isinstance(found, exp.Explode)]
    if len(lists) > 1:
        rows = exp.Anonymous(
            this="arrayJoin", expressions=[exp.Anonymous(this="arrayZip", expressions=[each.this for each in lists])]
        )
        for place, each in enumerate(lists, 1):
            each.replace(exp.Anonymous(this="tupleElement", expressions=[rows.copy(), exp.Literal.number(place)]))
    return node


def _range(node: exp.Expr) -> exp.Expr:
    ends = [node.args.get(name) for name in ("start", "end", "step")]
    plain = [exp.Anonymous(this="assumeNotNull", expressions=[end]) for end in ends if end is not None]
    return exp.Anonymous(this="range", expressions=plain)


def _ordered(node: exp.Expr) -> exp.Expr:
    """By its place, where it is a column of the answer: a name would be taken for that of a column that is asked."""
    query, by = node.find_ancestor(exp.Select, exp.Window), node.this
    if isinstance(query, exp.Select) and isinstance(by, exp.Column) and not by.table:
        names = [selected.alias_or_name for selected in query.expressions]
        if by.name in names and not query.is_star:
            by.replace(exp.Literal.number(names.index(by.name) + 1))
    return node


def _function(node: exp.Expr) -> exp.Expr:
    name = node.name.lower()
    if name == "hash":  # of nulls it would be null
        each = ", ".join(
            f"ifNull(toString({of}), ''), isNull({of})" for of in (n.sql(dialect=ClickHouse) for n in node.expressions)
        )
        return exp.maybe_parse(f"cityHash64({each})", dialect="clickhouse")
    if name == "md5_number":
        return exp.Anonymous(
            this="reinterpretAsUInt128", expressions=[exp.Anonymous(this="MD5", expressions=node.expressions)]
        )
    if name == "list_sum":  # of numbers that are written as texts
        texts = node.expressions[0].this.sql(dialect=ClickHouse)
        return exp.maybe_parse(f"arraySum(arrayMap(text -> toInt64(text), {texts}))", dialect="clickhouse")
    if name in _RENAMED:
        return exp.Anonymous(this=_RENAMED[name], expressions=node.expressions)
    return node


def _map(node: exp.Expr) -> exp.Expr:
    """Of pairs of integers that are gathered, those of no null."""
    pair = node.find(exp.Tuple)
    assert pair is not None
    plain = ", ".join(f"assumeNotNull({of.sql(dialect=ClickHouse)})" for of in pair.expressions)
    known = " AND ".join(f"isNotNull({of.sql(dialect=ClickHouse)})" for of in pair.expressions)
    return exp.maybe_parse(
        f"CAST(arraySort(groupArrayIf(tuple({plain}), {known})), 'Map(Int32, Int64)')", dialect="clickhouse"
    )


_RENAMED: Final = {
    "map_values": "mapValues",
}
_CHANGES: Final[dict[type[exp.Expr], Callable[[exp.Expr], exp.Expr]]] = {
    exp.Sum: _sum,
    exp.Cast: _cast,
    exp.IntDiv: _divided,
    exp.PercentileDisc: _percentiles,
    exp.Escape: _likeness,
    exp.RegexpExtractAll: _all_of,
    exp.Is: _is,
    exp.GenerateSeries: _range,
    exp.Select: _side_by_side,
    exp.Ordered: _ordered,
    exp.MapFromEntries: _map,
    exp.LogicalOr: lambda node: exp.Max(this=node.this),
    exp.MapKeys: lambda node: exp.Anonymous(this="mapKeys", expressions=[node.this]),
    exp.Anonymous: _function,
}
