"""The page of the Python API: what `tachograph` exports, with its signatures and docstrings, as its source has them."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec

import tachograph
from docs_text import code, escaped, fenced, page, table
from tachograph.aggregate import result as aggregate_result
from tachograph.insights import insight
from tachograph.query import model as query_model

if TYPE_CHECKING:
    from collections.abc import Iterator

INTRO: Final = """
# The Python API

<!-- Written by bench/make_docs.py from the docstrings of the package. -->

These names are what `import tachograph` promises; everything else may change. Each is imported when it is first used,
so that importing the package costs nothing. All errors that are a user's to mend are `TachographError`s.

How to use them is in [reports](reports.md#in-python), [queries](queries.md#in-python), [recording](recording.md) and
[insights](insights.md). Here an aggregation of a [metrics log](sources.md#metrics-logs):

```python
import asyncio
from datetime import UTC, datetime

from tachograph import AggregationType, MetricsAggregator, MetricsParser


async def main() -> None:
    aggregator = MetricsAggregator(MetricsParser("metrics/"))
    start, end = datetime(2026, 3, 1, tzinfo=UTC), datetime(2026, 4, 1, tzinfo=UTC)
    result = await aggregator.aggregate(AggregationType.DAILY, start, end, {"tool_name": ["Bash"]})
    print(result.to_dict())


asyncio.run(main())
```
"""
GROUPS: Final = {
    "Asking": (
        "MetricsAggregator", "AggregationType", "AggregationResult", "ask", "Query", "QueryResult", "find_insights",
        "Insight", "ReportGenerator",
    ),
    "What is asked": ("Store", "MetricsParser", "Metric", "MetricType", "Reject"),
    "Recording": ("Recorder", "AsyncRecorder"),
    "Errors": ("TachographError", "BadQuestion", "BadRecord", "NoLogs", "StoreUnusable", "UnreadableLog"),
}  # fmt: skip
"""Every exported name, once."""
PARTS: Final = {
    "Conditions": (query_model, ("AnyOf", "NoneOf", "Prefix", "Pattern", "Between", "All", "Any_", "Not")),
    "Parts of answers": (
        aggregate_result,
        ("DurationStats", "TokenStats", "CostStats", "Unpriced", "SuccessMetrics", "Breakdowns", "Calls", "Condensed"),
    ),
    "Parts of insights": (insight, ("Explanation", "Also")),
}
"""What exported classes are made of, and the modules that have it."""
OF_THE_STORE: Final = frozenset({"open", "in_memory", "close", "metrics_count", "rejects", "files"})
"""What programs want of a store; its other methods are for the rest of the package."""

Definition = ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef


def python_page() -> str:
    """All of it. Raises `ValueError` where an exported name is in no group."""
    named = {name for names in GROUPS.values() for name in names}
    if named != set(tachograph.__all__) - {"__version__"}:
        raise ValueError(f"bench/docs_python.py: exported or grouped, but not both: {named ^ set(tachograph.__all__)}")
    parts = [INTRO]
    for title, names in GROUPS.items():
        parts.append(f"## {title}")
        for name in names:
            parts += [f"### {name}", *_described(name, getattr(tachograph, name))]
    for title, (module, names) in PARTS.items():
        parts += [f"## {title}", f"In `{module.__name__}`."]
        for name in names:
            parts += [f"### {name}", *_described(name, getattr(module, name))]
    return page(*parts)


def _described(name: str, thing: type | object) -> Iterator[str]:
    if not isinstance(thing, type):
        found = _definition(sys.modules[thing.__module__], name)
        assert isinstance(found, ast.FunctionDef)
        yield fenced("text", _signature(found, name))
        yield _doc(found)
        return
    bases = [base for base in thing.__mro__ if base.__module__.startswith("tachograph.")]
    trees = [_definition(sys.modules[base.__module__], base.__name__) for base in bases]
    yield _doc(trees[0])
    if issubclass(thing, Exception) and thing is not tachograph.TachographError:
        yield f"A `{bases[1].__name__}`."
        return
    if issubclass(thing, msgspec.Struct) or "(enum." in ast.unparse(trees[0]).splitlines()[0]:
        yield _fields(trees[0])
    yield from _methods(thing.__name__, trees)


def _fields(tree: Definition) -> str:
    """The fields of a struct or the members of an enumeration, with what is said beneath each."""
    rows = []
    for node, after in zip(tree.body, [*tree.body[1:], None], strict=True):
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            default = f" = {ast.unparse(node.value)}" if node.value else ""
            rows.append((code(f"{node.target.id}: {ast.unparse(node.annotation)}{default}"), _string(after)))
        elif isinstance(node, ast.Assign):
            rows.append((code(ast.unparse(node)), _string(after)))
    shown = [(name, text) for name, text in rows if not name.startswith("`_")]
    if not any(text for _, text in shown):
        return ", ".join(name for name, _ in shown)
    return table(["field", "meaning"], shown)


def _string(node: ast.stmt | None) -> str:
    if isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant) and isinstance(node.value.value, str):
        return inspect.cleandoc(node.value.value)
    return ""


def _methods(owner: str, trees: list[Definition]) -> Iterator[str]:
    """Of a class and of those that it is made of, the public ones; the first that is found is the one that runs."""
    seen = set()
    for tree in trees:
        for node in tree.body:
            if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name in seen:
                continue
            seen.add(node.name)
            if node.name == "__init__" and owner != "Store" and len(node.args.args) + len(node.args.kwonlyargs) > 1:
                yield fenced("text", _signature(node, owner))
                yield _doc(node)
            elif not node.name.startswith("_") and (owner != "Store" or node.name in OF_THE_STORE):
                yield f"#### {owner}.{node.name}"
                if not _is_property(node):
                    yield fenced("text", _signature(node, node.name))
                yield _doc(node)


def _signature(node: ast.FunctionDef | ast.AsyncFunctionDef, name: str) -> str:
    """As it is called, without what the call fills in by itself; one argument a line where they are long."""
    arguments = [each for each in _arguments(node.args) if each not in {"self", "cls"}]
    answer = f" -> {ast.unparse(node.returns)}" if node.returns and node.name != "__init__" else ""
    waits = "await " if isinstance(node, ast.AsyncFunctionDef) and not _yields(node) else ""
    line = f"{waits}{name}({', '.join(arguments)}){answer}"
    if len(line) <= 100:
        return line
    return f"{waits}{name}(\n" + "".join(f"    {each},\n" for each in arguments) + f"){answer}"


def _arguments(given: ast.arguments) -> Iterator[str]:
    """Each with its annotation and default."""
    positional = [*given.posonlyargs, *given.args]
    defaults: list[ast.expr | None] = [None] * (len(positional) - len(given.defaults)) + [*given.defaults]
    for number, (argument, default) in enumerate(zip(positional, defaults, strict=True), 1):
        yield _argument(argument, default)
        if number == len(given.posonlyargs):
            yield "/"
    if given.vararg:
        yield f"*{ast.unparse(given.vararg)}"
    elif given.kwonlyargs:
        yield "*"
    for argument, default in zip(given.kwonlyargs, given.kw_defaults, strict=True):
        yield _argument(argument, default)
    if given.kwarg:
        yield f"**{ast.unparse(given.kwarg)}"


def _argument(argument: ast.arg, default: ast.expr | None) -> str:
    equals = " = " if argument.annotation else "="
    return ast.unparse(argument) + (f"{equals}{ast.unparse(default)}" if default else "")


def _yields(node: ast.AST) -> bool:
    return any(isinstance(each, ast.Yield | ast.YieldFrom) for each in ast.walk(node))


def _is_property(node: ast.FunctionDef | ast.AsyncFunctionDef) -> bool:
    return any(isinstance(each, ast.Name) and each.id == "property" for each in node.decorator_list)


def _doc(node: Definition) -> str:
    """Its docstring, which is Markdown but for angle brackets."""
    text = ast.get_docstring(node) or ""
    return text if "`" in text else escaped(text)


def _definition(module: object, name: str) -> Definition:
    return _definitions(module)[name]


@cache
def _definitions(module: object) -> dict[str, Definition]:
    tree = ast.parse(inspect.getsource(module))  # type: ignore[arg-type]
    return {node.name: node for node in tree.body if isinstance(node, ast.ClassDef | ast.FunctionDef)}
