"""Draws how times grow with the number of metrics, as a small SVG that is the same for the same figures."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any, Final

from scale_questions import DAILY
from scale_rounds import OURS, PYTHON, SQL

if TYPE_CHECKING:
    from pathlib import Path

    from scale_tables import Curves

_SETTINGS: Final = {
    "svg.fonttype": "none",  # text as text: smaller, and it can be searched
    "svg.hashsalt": "scale",  # else every drawing has other ids
    "axes.spines.top": False,
    "axes.spines.right": False,
}
_NO_METADATA: Final = dict.fromkeys(("Creator", "Date", "Format", "Type"))
_COLOURS: Final = {OURS: "#0b6e4f", SQL: "#c8553d", PYTHON: "#5b5f97"}


def draw(file: Path, curves: Curves) -> None:
    """Metrics against seconds, both logarithmic: a colour for each who answered, dashed where it is rows by day."""
    pyplot: Any = import_module("matplotlib.pyplot")  # where types are checked it isn't there
    with pyplot.rc_context(_SETTINGS):
        figure, axes = pyplot.subplots(figsize=(7, 4.2), layout="constrained")
        for (name, who), points in curves.items():
            style = "s--" if name == DAILY.name else "o-"
            metrics, seconds = [point[0] for point in points], [point[1] for point in points]
            axes.plot(metrics, seconds, style, color=_COLOURS[who], label=f"{name}: {who}")
        axes.set(xscale="log", yscale="log", xlabel="metrics", ylabel="seconds")
        axes.grid(visible=True, which="major", linewidth=0.4)
        axes.legend(frameon=False)
        figure.savefig(file, format="svg", metadata=_NO_METADATA)
        pyplot.close(figure)
