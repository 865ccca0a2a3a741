"""Unions by name, which ClickHouse doesn't have: both sides get the same columns in the same order.

So it has to be known which columns a query gives, through its stars.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlglot import exp

if TYPE_CHECKING:
    from collections.abc import Mapping

    Columns = Mapping[str, tuple[str, ...]]
MAPS: Final = frozenset({"durations"})
"""The columns that hold maps, under any table's name."""


def by_names(tree: exp.Expr, tables: Columns) -> None:
    """Makes unions by name in a statement plain ones; `tables` says what columns each table has."""
    for union in reversed(list(tree.find_all(exp.SetOperation))):
        if not union.args.get("by_name"):
            continue
        left, right = union.left, union.right
        mine, others = _columns(left, tables), _columns(right, tables)
        whole = [*mine, *(name for name in others if name not in mine)]
        union.set("by_name", None)
        union.set("this", _with(left, mine, whole))
        union.set("expression", _with(right, others, whole))


def _with(side: exp.Expr, has: list[str], whole: list[str]) -> exp.Select:
    """A side with all of the columns; those that it doesn't have are null."""
    selected = [exp.column(name, quoted=True) if name in has else _nothing(name) for name in whole]
    common = side.args.pop("with_", None)
    made = exp.Select(expressions=selected).from_(
        exp.Subquery(this=side.copy(), alias=exp.TableAlias(this=exp.to_identifier("side")))
    )
    if common is not None:
        made.set("with_", common)
    return made


def _nothing(name: str) -> exp.Expr:
    kind = exp.DataType.build("MAP(INTEGER, BIGINT)", dialect="duckdb")
    nothing = exp.Cast(this=exp.Null(), to=kind) if name in MAPS else exp.Null()
    return exp.alias_(nothing, name, quoted=True)


def _columns(query: exp.Expr, tables: Columns) -> list[str]:
    """The names of the columns that a query gives."""
    if isinstance(query, exp.Subquery):
        return _columns(query.this, tables)
    if isinstance(query, exp.SetOperation):
        mine = _columns(query.left, tables)
        if query.args.get("by_name"):
            return [*mine, *(name for name in _columns(query.right, tables) if name not in mine)]
        return mine
    names: list[str] = []
    for selected in query.expressions:
        if selected.is_star:
            star = selected.this if isinstance(selected, exp.Column) else selected
            left_out = {each.name for each in star.args.get("except_") or ()}
            names += [name for name in _of_star(query, selected, tables) if name not in left_out]
        else:
            names.append(selected.alias_or_name)
    return names


def _of_star(query: exp.Expr, star: exp.Expr, tables: Columns) -> list[str]:
    """What stands for a star: the columns of one source, or of all."""
    wanted = star.table if isinstance(star, exp.Column) else ""
    clause = query.args["from_"]
    sources = [clause.this, *(join.this for join in query.args.get("joins") or ())]
    names: list[str] = []
    for source in sources:
        if not wanted or source.alias_or_name == wanted:
            names += _of_source(query, source, tables)
    return names


def _of_source(query: exp.Expr, source: exp.Expr, tables: Columns) -> list[str]:
    if not isinstance(source, exp.Table):
        return _columns(source, tables)
    scope: exp.Expr | None = query
    while scope is not None:
        common = scope.args.get("with_")
        for each in common.expressions if common else ():
            if each.alias == source.name:
                return _columns(each.this, tables)
        scope = scope.parent
    return list(tables[source.name])
