"""Times `tachograph statusline` beside ccusage's, as an agent runs them: whole processes, the agent's words on stdin.

usage: uv run bench/statusline.py [--mb N] [--runs N] [--generator FILE] [--seed N] [--tree HOME]

Each has a home of its own with the same made-up transcripts, which are in memory before the first run. ccusage keeps
its last line for a second, so it is timed with that and without. Ours reads no transcript: it knows of them what
an update in the background has left. Updates are timed too: the first, that reads all, and one after a line was added.
"""

from __future__ import annotations

import json
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

import claude_trees
import peer_tools
from claude_trees import TreeError
from options import parser_of, positive
from peer_tools import UnavailableError
from peers import CACHE, OUR_GENERATOR, machine, table
from timing import CommandError, Timing, timed

if TYPE_CHECKING:
    import argparse

LIMIT_MS: Final = 50
Row = tuple[str, str, list[Timing]]


def told(transcript: Path) -> bytes:
    """What Claude Code tells a status line of that session."""
    document = {
        "session_id": transcript.stem,
        "transcript_path": str(transcript),
        "cwd": "/srv/api",
        "model": {"id": "claude-opus-4-5", "display_name": "Opus 4.5"},
        "workspace": {"current_dir": "/srv/api", "project_dir": "/srv/api"},
        "version": "2.1.0",
        "cost": {"total_cost_usd": 0.42, "total_duration_ms": 180_000, "total_api_duration_ms": 2300},
    }
    return json.dumps(document).encode()


def ours(tree: claude_trees.Tree, home: Path, runs: int) -> list[Row]:
    """The updates, then the line."""
    transcript = tree.lend(home)
    tool = peer_tools.ours()
    line, given = [*tool.program, "statusline"], told(transcript)
    first, _ = timed([*line, "--update"], home, peer_tools.OFFLINE)
    claude_trees.append_line(transcript)
    second, _ = timed([*line, "--update"], home, peer_tools.OFFLINE)
    lines = [timed(line, home, peer_tools.OFFLINE, given=given)[0] for _ in range(runs)]
    return [
        (tool.name, "the line", lines),
        (tool.name, "in the background: the first update", [first]),
        (tool.name, "in the background: an update after one line", [second]),
    ]


def ccusages(tree: claude_trees.Tree, home: Path, runs: int) -> list[Row]:
    """The line, uncached and as it is kept for a second."""
    given = told(tree.lend(home))
    tool = peer_tools.ccusage(CACHE)
    line = [*tool.program, "statusline", "--offline"]
    anew = [*line, "--no-cache"]
    uncached = [timed(anew, home, peer_tools.OFFLINE, given=given)[0] for _ in range(max(1, runs // 5))]
    timed(line, home, peer_tools.OFFLINE, given=given)
    kept = [timed([*line, "--refresh-interval", "3600"], home, peer_tools.OFFLINE, given=given)[0] for _ in range(runs)]
    return [(tool.name, "the line, uncached", uncached), (tool.name, "the line, kept from before", kept)]


def report(tree: claude_trees.Tree, rows: list[Row]) -> list[str]:
    """A table of milliseconds."""
    lines = [
        (name, what, str(len(timings)), *(f"{1000 * figure:.0f}" for figure in _of(timings)))
        for name, what, timings in rows
    ]
    head = ("tool", "what", "runs", "median ms", "min ms", "max ms")
    return [f"## {tree.size_mb:.0f} MB of transcripts in {tree.files:,} files", "", *table(head, lines), ""]


def _of(timings: list[Timing]) -> tuple[float, float, float]:
    seconds = [timing.seconds for timing in timings]
    return median(seconds), min(seconds), max(seconds)


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = parser_of(__doc__)
    parser.add_argument("--mb", type=positive, default=500, help="how large the tree is (default: 500)")
    parser.add_argument("--runs", type=positive, default=50, help="lines of each (default: 50)")
    parser.add_argument("--seed", type=int, default=1, help="what the generator starts from (default: 1)")
    parser.add_argument("--generator", type=Path, default=OUR_GENERATOR, metavar="FILE", help="as in peers.py")
    parser.add_argument("--tree", type=Path, metavar="HOME", help="as in peers.py")
    return parser.parse_args()


def main() -> None:
    """Makes the tree, times both, prints the table; fails where even the quickest of our lines takes too long."""
    asked = arguments()
    CACHE.mkdir(exist_ok=True)
    home = asked.tree or claude_trees.made(asked.generator, asked.mb, asked.seed, CACHE)
    tree = claude_trees.tree_of(home)
    tree.read()
    print(machine([peer_tools.ours(), peer_tools.ccusage(CACHE)]), end="\n\n", flush=True)
    with tempfile.TemporaryDirectory(dir=CACHE) as folder:
        rows = ours(tree, Path(folder, "ours"), asked.runs)
        try:
            rows += ccusages(tree, Path(folder, "ccusage"), asked.runs)
        except (UnavailableError, CommandError) as problem:
            print(f"ccusage is left out: {problem}\n")
    print(*report(tree, rows), sep="\n")
    line_ms = 1000 * _of(rows[0][2])[1]
    if line_ms > LIMIT_MS:
        sys.exit(f"statusline: our line took {line_ms:.0f} ms, which is more than {LIMIT_MS}")


if __name__ == "__main__":
    try:
        main()
    except (TreeError, CommandError, UnavailableError, OSError) as problem:
        sys.exit(f"statusline: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
