"""The known sources, by name. To add one, copy the smallest module here and add its row below."""

from __future__ import annotations

from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Final, cast

from tachograph.errors import BadQuestion

if TYPE_CHECKING:
    from tachograph.sources.protocol import Source

_MODULES: Final = {
    "claude-code": "tachograph.sources.claude_code:ClaudeCode",
    "metrics-log": "tachograph.sources.metrics_log:MetricsLog",
}
SOURCE_NAMES: Final = tuple(_MODULES)


@cache
def source(name: str) -> Source:
    """The source of that name. Raises `BadQuestion` where there is none."""
    if name not in _MODULES:
        raise BadQuestion(f"there is no source {name!r}", mend=f"known are {', '.join(SOURCE_NAMES)}")
    module, _, attribute = _MODULES[name].partition(":")
    return cast("Source", getattr(import_module(module), attribute)())


def all_sources() -> list[Source]:
    """Every known source, in the order in which an unknown file is offered to them."""
    return [source(name) for name in SOURCE_NAMES]
