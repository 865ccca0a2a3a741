"""Aggregates in Prometheus's text format, version 0.0.4, as its node exporter's textfile collector reads it.

https://prometheus.io/docs/instrumenting/exposition_formats/. What isn't plainly visible in a name is written as its
escape, for the file may be shown on a terminal.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tachograph.report.monitored import Family, Labels

_ESCAPED: Final = str.maketrans({"\\": "\\\\", '"': '\\"', "\n": "\\n"})
_PREFIX: Final = "tachograph_"


def prometheus(families: Sequence[Family], *, are_counters: bool) -> str:
    """All of them, each with a line of help and its type."""
    return "".join(_family(each, are_counters=are_counters) for each in families)


def _family(family: Family, *, are_counters: bool) -> str:
    name = f"{_PREFIX}{family.name}{'_total' if are_counters else ''}"
    kind = "counter" if are_counters else "gauge"
    samples = "".join(f"{name}{_labels(labels)} {value!r}\n" for labels, value in family.samples)
    return f"# HELP {name} {family.what}\n# TYPE {name} {kind}\n{samples}"


def _labels(labels: Labels) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{name}="{printable(value).translate(_ESCAPED)}"' for name, value in labels) + "}"
