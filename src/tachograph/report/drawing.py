"""Charts as SVG, to stand in a page: columns over time, bars by name. All text is escaped, and nothing runs."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING, Final

from tachograph.report.axis import lines
from tachograph.report.figures import count, tokens
from tachograph.report.shortening import shortened

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tachograph.report.report import Chart

_WIDTH: Final = 900
_HEIGHT, _TOP, _BOTTOM = 220, 10, 26
_LEFT, _RIGHT = 66, 12
_LABEL_WIDTH, _LABEL_APART = 92, 112
_THINNEST: Final = 1.0
_BAR, _BAR_GAP = 18, 6
_NAMES_WIDTH, _VALUE_WIDTH = 270, 90
_NAME_MAX: Final = 38
_LARGEST: Final = 1e300


def drawn(chart: Chart) -> str:
    """The chart, or nothing where there is nothing to draw."""
    largest = _largest(chart)
    if not 0 < largest < _LARGEST:
        return ""
    return _over_time(chart, largest) if chart.kind == "time" else _by_name(chart, largest)


def _largest(chart: Chart) -> float:
    if chart.kind == "time":
        together = sum if chart.is_sum else max
        stacks = zip(*(each.values for each in chart.series), strict=True)
        return max((together(max(value or 0, 0) for value in stack) for stack in stacks), default=0)
    return max((value or 0 for value in chart.series[0].values), default=0)


def _over_time(chart: Chart, largest: float) -> str:
    """Columns where their windows begin: those of several series upon each other if they add up."""
    first, last = chart.places[0], chart.places[-1]
    widest = min(after - before for before, after in zip(chart.places, chart.places[1:], strict=False))
    inner = _WIDTH - _LEFT - _RIGHT
    scale = inner / (last - first + widest)
    beside = 1 if chart.is_sum else len(chart.series)
    width = max(widest * scale * 0.8 / beside, _THINNEST)
    axis = lines(largest, is_duration=chart.is_duration, is_whole=chart.show in {count, tokens})
    up = (_HEIGHT - _TOP - _BOTTOM) / axis[-1]
    ground = _HEIGHT - _BOTTOM
    parts = [*_grid(chart, axis, up, ground)]
    for number, place in enumerate(chart.places):
        left, bottom = _LEFT + (place - first + widest * 0.1) * scale, float(ground)
        for series, each in enumerate(chart.series):
            value = each.values[number]
            if not value or value < 0:
                continue
            height = value * up
            bottom = bottom - height if chart.is_sum else ground - height
            x = left if chart.is_sum else left + series * width
            named = f", {each.name}" if len(chart.series) > 1 else ""
            told = _told(f"{chart.labels[number]}{named}: {chart.show(value)}")
            parts.append(
                f'<rect class="c{series + 1}" x="{x:.1f}" y="{bottom:.1f}" width="{width:.1f}"'
                f' height="{height:.1f}"><title>{told}</title></rect>'
            )
    parts += _labels(chart, first, scale, ground)
    return _svg(_HEIGHT, parts, f"{chart.measure} over time")


def _grid(chart: Chart, axis: Sequence[float], up: float, ground: int) -> Iterator[str]:
    for value in axis:
        y = ground - value * up
        yield f'<line x1="{_LEFT}" x2="{_WIDTH - _RIGHT}" y1="{y:.1f}" y2="{y:.1f}"/>'
        shown = chart.show(int(value) if chart.show in {count, tokens} else value)
        yield f'<text x="{_LEFT - 8}" y="{y + 4:.1f}" text-anchor="end">{_told(shown)}</text>'


def _labels(chart: Chart, first: float, scale: float, ground: int) -> Iterator[str]:
    """As many as there is room for, the first of all among them."""
    last_x = -float(_WIDTH)
    for place, label in zip(chart.places, chart.labels, strict=True):
        x = _LEFT + (place - first) * scale
        if x - last_x >= _LABEL_APART and x <= _WIDTH - _LABEL_WIDTH:
            last_x = x
            yield f'<text x="{x:.1f}" y="{ground + 18}">{_told(label[:16])}</text>'


def _by_name(chart: Chart, largest: float) -> str:
    """A bar for each name, with its value behind it."""
    values, parts = chart.series[0].values, []
    room = _WIDTH - _NAMES_WIDTH - _VALUE_WIDTH
    for number, (name, value) in enumerate(zip(chart.labels, values, strict=True)):
        y = number * (_BAR + _BAR_GAP)
        length = max((value or 0) / largest * room, 0)
        shown = "–" if value is None else chart.show(value)
        place = f'x="{_NAMES_WIDTH - 8}" y="{y + 13}" text-anchor="end" unicode-bidi="isolate"'
        size = f'width="{length:.1f}" height="{_BAR}"'
        told = _told(f"{shortened(name)}: {shown}")
        parts += [
            f'<text class="strong" {place}>{_told(shortened(name, _NAME_MAX))}</text>',
            f'<rect class="c1" x="{_NAMES_WIDTH}" y="{y}" {size}><title>{told}</title></rect>',
            f'<text x="{_NAMES_WIDTH + length + 6:.1f}" y="{y + 13}">{_told(shown)}</text>',
        ]
    return _svg(len(values) * (_BAR + _BAR_GAP), parts, f"{chart.measure} by name")


def _svg(height: int, parts: Sequence[str], title: str) -> str:
    return f'<svg viewBox="0 0 {_WIDTH} {height}" role="img" aria-label="{_told(title)}">{"".join(parts)}</svg>'


def _told(text: str) -> str:
    return escape(text, quote=True)
