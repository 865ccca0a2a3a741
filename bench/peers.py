"""Times tachograph beside other readers of Claude Code's logs, and holds what they all report against the truth.

usage: uv run bench/peers.py [--mb MB ...] [--runs N] [--peers NAME ...] [--markdown FILE]
                             [--generator FILE] [--seed N] [--tree HOME]

The transcripts are made up, so that their true totals are known; they and the peers, installed with npm in pinned
versions, are kept in bench/.cache. Every round gives every tool a new home with the same transcripts, then times
whole processes that report per day as JSON: cold (nothing kept from before), warm (again, nothing changed) and
after one more line in one transcript. In each state the tools take turns, so that a busy moment of the machine hits
all of them. The files are in memory before the first run: "cold" tells of programs, not of disks.

"peak" is the resident memory of the largest process of a tool, as the kernel counted it; "all" is that of all its
processes together, looked at 20 times a second (what they share counts once; on Linux only).
"""

from __future__ import annotations

import os
import platform
import resource
import sys
import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from statistics import median
from typing import TYPE_CHECKING, Final

import claude_trees
import peer_tools
from claude_trees import ADDED, KINDS, Answer, Tree, TreeError
from options import parser_of, positive
from peer_tools import Tool, UnavailableError
from timing import CommandError, Timing, timed

if TYPE_CHECKING:
    import argparse
    from collections.abc import Iterable, Sequence

CACHE: Final = Path(__file__).parent / ".cache"
OUR_GENERATOR: Final = Path(__file__).with_name("gen_claude.py")
COLD, WARM, ONE_LINE = "cold", "warm", "one line"
STATES: Final = (COLD, WARM, ONE_LINE)


@dataclass
class Measured:
    """What was seen of the tools on one tree."""

    tree: Tree
    tools: list[Tool]
    timings: defaultdict[tuple[str, str], list[Timing]] = field(default_factory=lambda: defaultdict(list))
    answers: dict[str, Answer] = field(default_factory=dict)
    """What each tool told when it was asked first."""
    kept_mb: dict[str, float] = field(default_factory=dict)
    """What a tool leaves in its home."""
    left_out: dict[str, str] = field(default_factory=dict)
    """Tools that failed on the way, and why."""
    remarks: dict[str, None] = field(default_factory=dict)
    """Where a tool contradicted its own first answer, or missed the appended line; in order, each once."""

    def take_round(self, number: int) -> None:
        """Every tool in every state once; raises CommandError or UnavailableError only where ours fails."""
        first = number % len(self.tools)
        turns = self.tools[first:] + self.tools[:first]
        with tempfile.TemporaryDirectory(dir=CACHE) as folder:
            homes = {tool.name: Path(folder, tool.name) for tool in turns}
            growing = {name: self.tree.lend(home) for name, home in homes.items()}
            for state in STATES:
                for tool in [tool for tool in turns if tool.name not in self.left_out]:
                    if state == ONE_LINE:
                        claude_trees.append_line(growing[tool.name])
                    self._run(tool, state, homes[tool.name])
        self.tools = [tool for tool in self.tools if tool.name not in self.left_out]

    def _run(self, tool: Tool, state: str, home: Path) -> None:
        try:
            environment = peer_tools.OFFLINE | tool.environment
            timing, output = timed(tool.command(*self.tree.days), home, environment, watch=True)
            self._compare(tool, state, tool.answer(output))
        except (CommandError, OSError, UnavailableError) as error:
            if tool is self.tools[0]:
                raise
            print(f"{tool.name} is left out: {error}", file=sys.stderr)
            self.left_out[tool.name] = str(error)
            return
        self.timings[tool.name, state].append(timing)
        if state == COLD:
            self.kept_mb[tool.name] = _size_mb(home)

    def _compare(self, tool: Tool, state: str, answer: Answer) -> None:
        first = self.answers.setdefault(tool.name, answer).tokens
        if state != ONE_LINE and answer.tokens != first:
            self.remarks[f"{tool.name} tells other totals when it is asked again"] = None
        elif state == ONE_LINE and answer.tokens != {kind: first[kind] + ADDED[kind] for kind in KINDS}:
            self.remarks[f"{tool.name} doesn't tell of exactly what the appended line adds"] = None


def _size_mb(home: Path) -> float:
    """What is in a home besides the transcripts."""
    kept = (folder for folder in home.iterdir() if folder.name != claude_trees.CLAUDE)
    return sum(path.stat().st_size for folder in kept for path in folder.rglob("*") if path.is_file()) / 1e6


def table(head: Sequence[str], rows: Iterable[Sequence[str]]) -> list[str]:
    """A Markdown table that can be read as it is: columns of words on the left, of figures on the right."""
    rows = [head, *rows]
    widths = [max(len(row[column]) for row in rows) for column in range(len(head))]
    words = [not any(character.isdigit() for row in rows for character in row[column]) for column in range(len(head))]

    def line(row: Sequence[str]) -> str:
        cells = (
            cell.ljust(width) if left else cell.rjust(width)
            for cell, width, left in zip(row, widths, words, strict=True)
        )
        return f"| {' | '.join(cells)} |"

    rule = [f"{'-' * (width + 1)}{'-' if left else ':'}" for width, left in zip(widths, words, strict=True)]
    return [line(head), f"|{'|'.join(rule)}|", *map(line, rows[1:])]


def speed(measured: Measured) -> list[str]:
    """The times and the memory, beside ours."""
    rows = []
    ours = measured.tools[0].name
    for state in STATES:
        base = median(timing.seconds for timing in measured.timings[ours, state])
        for tool in measured.tools:
            timings = measured.timings[tool.name, state]
            seconds = [timing.seconds for timing in timings]
            peak_mb = max(timing.peak_mb for timing in timings)
            all_mb = max((timing.all_mb for timing in timings if timing.all_mb is not None), default=None)
            rows.append(
                (
                    state,
                    tool.name,
                    f"{median(seconds):.2f}",
                    f"{min(seconds):.2f}",
                    f"{median(seconds) / base:.2f}",
                    f"{peak_mb:.0f}",
                    "–" if all_mb is None else f"{max(all_mb, peak_mb):.0f}",  # a look may come too late
                )
            )
    return table(("state", "tool", "median s", "min s", "× ours", "peak MB", "all MB"), rows)


def totals(measured: Measured) -> list[str]:
    """What each tool reports of the tree as it was made, and how far that is from the truth."""
    truth = measured.tree.truth

    def row(name: str, answer: Answer) -> tuple[str, ...]:
        counts = (_beside(answer.tokens[kind], truth.tokens[kind]) for kind in KINDS)
        return name, *counts, _cost(answer.cost_usd, truth.cost_usd), _days(answer.days, truth.days or {})

    rows = [row(tool.name, measured.answers[tool.name]) for tool in measured.tools]
    true = ("truth", *(f"{truth.tokens[kind]:,}" for kind in KINDS), _cost(truth.cost_usd, None), "0")
    return table(("", *KINDS, "cost USD", "days that differ"), [true, *rows])


def _beside(count: int, true: int) -> str:
    return f"{count:,}" if count == true else f"{count:,} ({count - true:+,})"


def _cost(cost: float | None, true: float | None) -> str:
    if cost is None:
        return "–"
    differs = true is not None and round(cost, 2) != round(true, 2)
    return f"{cost:,.2f} ({cost - true:+,.2f})" if differs and true is not None else f"{cost:,.2f}"


def _days(days: dict[str, int] | None, true: dict[str, int]) -> str:
    if days is None:
        return "–"
    return str(sum(days.get(day, 0) != true.get(day, 0) for day in days.keys() | true.keys()))


def report(measured: Measured) -> list[str]:
    """All that is told of one tree, as lines of Markdown."""
    tree = measured.tree
    runs = len(measured.timings[measured.tools[0].name, COLD])
    return [
        f"## {tree.size_mb:.0f} MB of transcripts in {tree.files:,} files, {runs} run{'s' * (runs > 1)}",
        "",
        *speed(measured),
        "",
        *totals(measured),
        "",
        *(f"- {remark}" for remark in measured.remarks),
        *(f"- {name} is left out: {why}" for name, why in measured.left_out.items()),
        *(
            f"- `{tool.shown(*tree.days)}`: {tool.note}; after the first run {measured.kept_mb[tool.name]:.0f} MB "
            "are in its home"
            for tool in measured.tools
        ),
        f"- the program that timed them has {_own_mb():.0f} MB itself: no peak can show less",
        "",
    ]


def _own_mb() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def machine(tools: Sequence[Tool]) -> str:
    """When and where it was measured, and with which versions."""
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    node = f", Node.js {peer_tools.NODE_VERSION}" if len(tools) > 1 else ""
    versions = ", ".join(f"{tool.name} {tool.version}" for tool in tools)
    return (
        f"{datetime.now(UTC).date()}, {os.cpu_count()} cores ({_processor()}), {memory:.0f} GB, "
        f"{platform.system()} {platform.release()}, Python {platform.python_version()}{node}; {versions}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        lines = []
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


def tools_for(names: Iterable[str]) -> tuple[list[Tool], dict[str, str]]:
    """Ours, then the peers that can be had; and which can't, and why."""
    tools, left_out = [peer_tools.ours()], {}
    for name in names:
        try:
            tools.append(peer_tools.PEERS[name](CACHE))
        except UnavailableError as error:
            left_out[name] = str(error)
    return tools, left_out


def measure(home: Path, tools: list[Tool], runs: int) -> Measured:
    """All rounds on one tree."""
    measured = Measured(claude_trees.tree_of(home), tools)
    measured.tree.read()
    for number in range(runs):
        print(f"{measured.tree.size_mb:.0f} MB, round {number + 1} of {runs}", file=sys.stderr)
        measured.take_round(number)
    return measured


def arguments() -> argparse.Namespace:
    """What the command line asks for."""
    parser = parser_of(__doc__)
    parser.add_argument("--mb", type=positive, nargs="+", default=[500], help="how large the trees are (default: 500)")
    parser.add_argument("--runs", type=positive, default=5, help="rounds on each tree (default: 5)")
    parser.add_argument("--seed", type=int, default=1, help="what the generator starts from (default: 1)")
    parser.add_argument(
        "--generator",
        type=Path,
        default=OUR_GENERATOR,
        metavar="FILE",
        help="a Python program that writes HOME/.claude/projects and HOME/truth.json when it is called with "
        "HOME --mb N --seed S (default: gen_claude.py beside this one, which shows what truth.json has)",
    )
    parser.add_argument(
        "--tree", type=Path, metavar="HOME", help="what a generator wrote before, instead of --mb; it isn't changed"
    )
    parser.add_argument(
        "--peers",
        nargs="*",
        choices=list(peer_tools.PEERS),
        default=list(peer_tools.PEERS),
        help="which ones (default: all; none after --peers: only ours)",
    )
    parser.add_argument("--markdown", type=Path, metavar="FILE", help="write the report there too")
    return parser.parse_args()


def main() -> None:
    """Makes the trees, takes the rounds, prints the report."""
    asked = arguments()
    CACHE.mkdir(exist_ok=True)
    tools, left_out = tools_for(dict.fromkeys(asked.peers))
    lines = [machine(tools), "", *(f"{name} is left out: {why}\n" for name, why in left_out.items())]
    print(*lines, sep="\n", flush=True)
    homes = (
        [asked.tree] if asked.tree else (claude_trees.made(asked.generator, mb, asked.seed, CACHE) for mb in asked.mb)
    )
    for home in homes:
        told = report(measure(home, tools, asked.runs))
        print(*told, sep="\n", flush=True)
        lines += told
    if asked.markdown:
        asked.markdown.write_text("\n".join(lines), encoding="utf-8")


if __name__ == "__main__":
    try:
        main()
    except (TreeError, CommandError, UnavailableError, OSError) as problem:
        sys.exit(f"peers: {problem}")
    except KeyboardInterrupt:
        sys.exit(130)
