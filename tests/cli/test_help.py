from __future__ import annotations

import argparse

import pytest

from tachograph.cli.options import Parser, add_question


@pytest.mark.parametrize("width", ["40", "100", "0", "-5", "wide", "", None])
def test_help_is_as_wide_as_argparse_makes_it(monkeypatch: pytest.MonkeyPatch, width: str | None) -> None:
    if width is None:
        monkeypatch.delenv("COLUMNS", raising=False)
    else:
        monkeypatch.setenv("COLUMNS", width)
    parser = Parser("daily", usage="tachograph daily [options]", description="One row per day.")
    add_question(parser, windows=True)
    ours = parser.format_help()
    parser.formatter_class = argparse.RawDescriptionHelpFormatter
    assert ours == parser.format_help()
