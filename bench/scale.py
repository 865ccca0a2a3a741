"""How the time grows from a million metrics to a hundred million: ours beside plain SQL on the same table.

usage: uv run bench/scale.py [--sizes N,N,…] [--runs N]
       uv run --with matplotlib bench/scale.py --plot FILE.svg
       uv run bench/scale.py --ingest [N,N,…]

The stores hold one year each. They are made once and kept in bench/.cache: 100 million metrics take 6 to 8 GB of it,
and some minutes; `--sizes` leaves them out. Every question is a process of its own, the eight of a dashboard are one.
Ours and the plain SQL take turns; both have as much memory as ours allows itself (TACHOGRAPH_MEMORY) and may spill to
the disk. Their answers are compared in every round. Up to a million metrics, plain Python counts them by day as well,
which is timed without fetching them. "peak" is the resident memory of a process, as the kernel counted it.

`--ingest` times instead how long reading takes: of logs of 1 and 10 million lines, 3 GB in bench/.cache.
"""

from __future__ import annotations

import argparse
import sys
from importlib.util import find_spec
from pathlib import Path
from typing import Final

from options import parser_of, positive
from scale_reading import reading
from scale_rounds import CACHE, WrongError, measure
from scale_tables import by_question, by_size, curves
from tachograph.errors import TachographError
from timing import CommandError

SIZES: Final = (1_000_000, 10_000_000, 100_000_000)
LINES: Final = (1_000_000, 10_000_000)


def _numbers(text: str) -> list[int]:
    parts = text.split(",")
    if not all(part.isdecimal() and int(part) for part in parts):
        raise argparse.ArgumentTypeError(f"{text} is no list of whole numbers from 1 on, as 1000000,10000000")
    return sorted({int(part) for part in parts})


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = parser_of(__doc__)
    parser.add_argument("--sizes", type=_numbers, default=SIZES, metavar="N,N", help="how many metrics")
    parser.add_argument("--runs", type=positive, default=3, help="rounds on each store, or log (default: 3)")
    parser.add_argument("--plot", type=Path, metavar="FILE", help="draw the times there, as SVG; needs matplotlib")
    parser.add_argument("--ingest", type=_numbers, nargs="?", const=LINES, metavar="N,N", help="time reading instead")
    return parser.parse_args()


def main() -> None:
    """Makes what isn't there yet, takes the rounds, prints the tables."""
    asked = arguments()
    CACHE.mkdir(exist_ok=True)
    if asked.ingest:
        print(*reading(asked.ingest, asked.runs), sep="\n")
        return
    if asked.plot and find_spec("matplotlib") is None:
        raise WrongError("matplotlib isn't there to draw with: run it with 'uv run --with matplotlib'")
    all_measured = []
    for metrics in asked.sizes:
        all_measured.append(measure(metrics, asked.runs))
        print(*by_question(all_measured[-1]), sep="\n", flush=True)
    print(*by_size(all_measured), sep="\n", flush=True)
    if asked.plot:
        from scale_plot import draw  # noqa: PLC0415 - after measuring: a child's peak shows no less than this program's

        draw(asked.plot, curves(all_measured))


if __name__ == "__main__":
    try:
        main()
    except (CommandError, OSError, TachographError, WrongError) as problem:
        sys.exit(f"scale: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
