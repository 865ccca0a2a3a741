from __future__ import annotations

import io
import re
import sys
from typing import TYPE_CHECKING

import pytest

from cli.made_up import metric, write_log
from tachograph.report.figures import count, duration, several, share, size, tokens
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from pathlib import Path

    from cli.conftest import Command

HOSTILE = (
    ("plain /srv/api – naïve 東京 🙂", "plain /srv/api – naïve 東京 🙂"),
    ("a\nb\r\tc", "a\\nb\\r\\tc"),
    ("\x1b[31mred\x1b]0;title\x07", "\\x1b[31mred\\x1b]0;title\\x07"),
    ("\x00\x08\x7f", "\\x00\\x08\\x7f"),
    ("\x85\x9b31m", "\\x85\\x9b31m"),  # C1: a newline, and a CSI without an ESC
    ("\u202egpj.exe\u202c", "\\u202egpj.exe\\u202c"),
    ("\u2066isolate\u2069 \u200f\u061c", "\\u2066isolate\\u2069 \\u200f\\u061c"),
    ("\u2028\u2029\u200b\ufeff", "\\u2028\\u2029\\u200b\\ufeff"),
    ("\U000e0041\udcff", "\\U000e0041\\udcff"),
    ("[red]markup[/red] :smile:", "[red]markup[/red] :smile:"),
)


@pytest.mark.parametrize(("text", "shown"), HOSTILE)
def test_a_hostile_text_is_shown_escaped(text: str, shown: str) -> None:
    assert printable(text) == shown


def test_hostile_names_are_escaped_in_every_table(log: Path, tachograph: Command) -> None:
    names = [text for text, _ in HOSTILE if not any("\ud800" <= letter <= "\udfff" for letter in text)]
    write_log(log, *(
        metric(f"m{number}", "2026-03-01T00:00:00Z", "error_occurred", name, name, tool_name=name, agent_id=name, project_path=name, error_type=name)
        for number, name in enumerate(names)
    ))  # fmt: skip
    for command in ("sessions", "users", "tools", "agents", "projects", "summary"):
        out = tachograph(command).out
        assert all(line.isprintable() for line in out.splitlines())
        shown = [text for name, text in HOSTILE if name in names]
        assert all(text in out for text in (shown if command != "summary" else []))


FIGURES = (
    (count, 1234567, "1,234,567"),
    (duration, None, "–"),
    (duration, 0, "0 ms"),
    (duration, 0.25, "0.2 ms"),
    (duration, 9.96, "10.0 ms"),
    (duration, 412.5, "412 ms"),
    (duration, 999.6, "1.0 s"),
    (duration, 59_940, "59.9 s"),
    (duration, 59_970, "1.0 min"),
    (duration, 3_599_000, "1.0 h"),
    (duration, 3_600_000_000, "1,000.0 h"),
    (duration, 1e300, "2.8e+293 h"),
    (duration, float("inf"), "∞"),
    (duration, -1500, "-1.5 s"),
    (tokens, 999, "999"),
    (tokens, 1234, "1.2k"),
    (tokens, 999_960, "1.0M"),
    (tokens, 168_200_000, "168.2M"),
    (tokens, 2**63, "9,223,372.0T"),
    (tokens, -1234, "-1.2k"),
    (size, 0, "0 B"),
    (size, 158_128_627, "158.1 MB"),
    (share, 1, "100 %"),
    (share, 0, "0 %"),
    (share, 0.99999, "99.9 %"),
    (share, 0.00001, "0.1 %"),
    (share, 0.925, "92.5 %"),
)


@pytest.mark.parametrize(("show", "number", "shown"), FIGURES)
def test_a_figure(show: object, number: float | None, shown: str) -> None:
    assert callable(show)
    assert show(number) == shown


def test_several_things() -> None:
    assert [several(number, "file") for number in (0, 1, 2000)] == ["0 files", "1 file", "2,000 files"]


LONG = "a-very-long-name-" * 8


class Terminal(io.StringIO):
    encoding = "utf-8"

    def isatty(self) -> bool:
        return True


def on_a_terminal(monkeypatch: pytest.MonkeyPatch, width: int, tachograph: Command, *arguments: str) -> str:
    monkeypatch.setenv("COLUMNS", str(width))
    monkeypatch.setenv("TERM", "xterm-256color")
    screen = Terminal()
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        tachograph(*arguments)
    return screen.getvalue()


@pytest.fixture
def long_names(log: Path) -> None:
    names = {"tool_name": "Bash", "project_path": f"/srv/{LONG}"}
    write_log(
        log, *(metric(f"m{n}", "2026-03-01T00:00:00Z", session=f"{n}{LONG}", duration_ms=12, **names) for n in range(3))
    )


def test_elsewhere_than_on_a_terminal_nothing_is_cut(long_names: None, tachograph: Command) -> None:
    out = tachograph("sessions").out
    assert all(f"{n}{LONG}  2026-03-01 00:00" in out for n in range(3))
    assert "…" not in out
    assert f"/srv/{LONG}  " in tachograph("projects").out


@pytest.mark.parametrize("width", [70, 80, 100, 140])
def test_a_table_fits_the_terminal(
    width: int, long_names: None, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    for command in ("sessions", "projects", "daily"):
        screen = on_a_terminal(monkeypatch, width, tachograph, command)
        plain = screen.replace("\x1b[1m", "").replace("\x1b[2m", "").replace("\x1b[0m", "")
        assert "\x1b" not in plain  # no colours
        assert max(map(len, plain.splitlines())) <= max(width, 75)


def test_what_a_narrow_terminal_leaves_out_or_cuts_is_said(
    long_names: None, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    screen = on_a_terminal(monkeypatch, 80, tachograph, "sessions")
    assert screen.count("…  2026-03-01 00:00") == 3
    plain = " ".join(re.sub(r"\x1b\[[0-9]m", " ", screen).split())
    assert "(… a wider terminal also shows: lasted, input, output, cache read, cache write, tools used)" in plain
    folded = on_a_terminal(monkeypatch, 80, tachograph, "projects").splitlines()
    assert "".join(line.split(" ")[0] for line in folded).count(LONG) == 1


def test_wide_letters_keep_the_columns_in_line(log: Path, tachograph: Command) -> None:
    write_log(
        log,
        metric("1", "2026-03-01T00:00:00Z", tool_name="東京"),
        metric("2", "2026-03-01T00:00:00Z", tool_name="Bash"),
    )
    rows = tachograph("tools").out.splitlines()[3:5]
    assert rows[0].startswith("Bash      1  ")
    assert rows[1].startswith("東京      1  ")


def test_hours_that_are_repeated_are_told_apart(log: Path, tachograph: Command) -> None:
    write_log(log, metric("1", "2026-10-25T00:30:00Z"), metric("2", "2026-10-25T01:30:00Z"))
    out = tachograph("hourly", "--timezone", "Europe/Rome").out
    assert "2026-10-25 02:00 +02:00  " in out
    assert "2026-10-25 02:00 +01:00  " in out


def test_a_terminal_without_the_characters_is_shown_their_numbers(
    log: Path, monkeypatch: pytest.MonkeyPatch, tachograph: Command
) -> None:
    write_log(log, metric("1", "2026-03-01T00:00:00Z", tool_name="東"))
    screen = io.TextIOWrapper(io.BytesIO(), encoding="ascii")
    with monkeypatch.context() as patch:
        patch.setattr(sys, "stdout", screen)
        assert tachograph("tools").code == 0
    screen.seek(0)
    assert "\\u6771" in screen.read()
