"""The command line of a benchmark, by what the program says of itself."""

from __future__ import annotations

import argparse


def parser_of(said: str | None) -> argparse.ArgumentParser:
    """A parser for a program that says, in paragraphs, what it is, how it is used, and the rest."""
    about, _, details = (said or "").partition("\n\n")
    return argparse.ArgumentParser(
        description=about,
        epilog=details.partition("\n\n")[2],
        formatter_class=argparse.RawDescriptionHelpFormatter,
        allow_abbrev=False,
    )


def positive(text: str) -> int:
    """A whole number from 1 on."""
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text} is no whole number from 1 on")
    return int(text)
