"""Names that a log may hold and that want to be more than names, wherever they are shown."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cli.made_up import metric

if TYPE_CHECKING:
    from collections.abc import Iterator

NAMES = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "</style><style>body{display:none}</style>",
    "<!-- &lt;b&gt; ]]> &amp;",
    "=1+1",
    '=HYPERLINK("http://evil.example","x")',
    "+1",
    "-2+3",
    "@SUM(A1:A9)",
    "\tcmd|' /C calc'!A0",
    "\r=1",
    "\x1b[31mred\x1b[0m",
    "\x1b]0;title\x07",
    "\x9b31m\x85",
    "two\nlines\r\nthree",
    "a|b`c``d`",
    "`",
    "](javascript:alert(1)) [x](http://evil.example)",
    "**bold** _it_ ~~no~~ # $x$ @ana",
    "https://evil.example/?a=1&b=2",
    "\u202egpj.exe\u202c \u2066x\u2069",
    "שלום עולם",
    "مرحبا 123",
    "東京 \U0001f642",
    "{{7*7}} ${7*7} %s %(x)s {0}",
    "'; DROP TABLE metrics; --",
    "x" * 5000,
    "\\x1b \\\\",
    " ",
    "  spaces  ",
)  # fmt: skip


def history() -> list[str]:
    """A metric for each of the names, and it is all that the metric has."""
    return list(_lines())


def _lines() -> Iterator[str]:
    for number, name in enumerate(NAMES):
        names = {"tool_name": name, "agent_id": name, "project_path": name, "error_type": name, "model": name}
        more = {"duration_ms": 10 + number, "success": False, "input_tokens": 1000 - number, "cost_usd": 0.5}
        time = f"2026-03-0{1 + number % 9}T10:{number:02}:00Z"
        yield metric(f"m{number}", time, "error_occurred", name, name, **names, **more)
