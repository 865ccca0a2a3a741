"""The tools that are compared: how each is installed and asked, and how its answer is read.

Each is asked for its report per day, as JSON, and kept from the network, so that nobody waits for it: what fetches
prices is told not to, or finds a proxy where nothing listens.
"""

from __future__ import annotations

import json
import platform
import shutil
import subprocess
import sys
from collections import Counter, defaultdict
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from claude_trees import KINDS, Answer

if TYPE_CHECKING:
    from collections.abc import Callable

NOBODY: Final = "http://127.0.0.1:9"
OFFLINE: Final = {
    "HTTP_PROXY": NOBODY,
    "HTTPS_PROXY": NOBODY,
    "http_proxy": NOBODY,
    "https_proxy": NOBODY,
    "ALL_PROXY": NOBODY,
    "NODE_USE_ENV_PROXY": "1",
    "TZ": "UTC",
    "NO_COLOR": "1",
}
"""What every tool runs with."""
ARCHITECTURE: Final = {"x86_64": "x64", "amd64": "x64", "aarch64": "arm64", "arm64": "arm64"}.get(
    platform.machine().lower(), platform.machine()
)
LINUX: Final = sys.platform == "linux"
MACHINE: Final = f"{'linux' if LINUX else sys.platform}-{ARCHITECTURE}"
NODE_VERSION: Final = "22.23.3"
INSTALL_SECONDS: Final = 600


class UnavailableError(Exception):
    """A tool can't be had on this machine, and why."""


@dataclass(frozen=True)
class Package:
    """An npm package in one version, and the program in it, from node_modules on."""

    name: str
    version: str
    program: str


NODE: Final = Package(
    f"node-bin-{MACHINE}" if MACHINE == "darwin-arm64" else f"node-{MACHINE}",
    NODE_VERSION,
    f"node-bin-{MACHINE}/bin/node" if MACHINE == "darwin-arm64" else f"node-{MACHINE}/bin/node",
)
"""The runtime, pinned like the tools: so their figures don't depend on what a machine happens to have."""


@dataclass(frozen=True)
class Tool:
    """A tool: what it is asked (the range of days goes in for {since} and {until}), and how its answer is read."""

    name: str
    version: str
    program: list[str]
    """What starts it."""
    arguments: list[str]
    read: Callable[[Any], Answer]
    environment: dict[str, str] = field(default_factory=dict)
    note: str = ""
    """What to know about its figures."""

    def command(self, since: str, until: str) -> list[str]:
        """The command line."""
        return self.program + [argument.format(since=since, until=until) for argument in self.arguments]

    def shown(self, since: str, until: str) -> str:
        """The command line as a person would type it."""
        return " ".join([self.name, *self.command(since, until)[len(self.program) :]])

    def answer(self, output: str) -> Answer:
        """What it told; raises UnavailableError where that can't be read."""
        try:
            return self.read(json.loads(output))
        except (AttributeError, KeyError, TypeError, ValueError) as error:
            raise UnavailableError(f"its answer isn't what was expected: {error!r}") from None


def ours() -> Tool:
    """The command of this environment; raises UnavailableError where it isn't installed."""
    program = Path(sys.executable).with_name("tachograph")
    if not program.exists():
        raise UnavailableError("it isn't installed beside this Python: run it with `uv run bench/peers.py`")
    printed = subprocess.run([program, "--version"], capture_output=True, text=True, check=True).stdout
    note = "the first run reads everything into a store and answers from it; the others read what is new"
    return Tool("tachograph", printed.split()[-1], [str(program)], ["daily", "--json"], _read_ours, note=note)


def ccusage(cache: Path) -> Tool:
    """The most used reader of Claude Code's logs: a Rust program, started by a Node.js one."""
    package = Package("ccusage", "20.0.24", "ccusage/src/cli.js")
    program = [str(installed(NODE, cache)), str(installed(package, cache))]
    note = "keeps nothing between runs; prices are bundled"
    return Tool("ccusage", package.version, program, ["daily", "--json", "--offline"], _read_ccusage, note=note)


def codeburn(cache: Path) -> Tool:
    """A Node.js program."""
    package = Package("codeburn", "0.9.15", "codeburn/dist/cli.js")
    program = [str(installed(NODE, cache)), str(installed(package, cache))]
    arguments = ["report", "--format", "json", "--from", "{since}", "--to", "{until}"]
    note = (
        "keeps what it read in ~/.cache/codeburn; has no offline flag, and takes bundled prices when it can't fetch any"
    )
    return Tool("codeburn", package.version, program, arguments, _read_codeburn, note=note)


def tokscale(cache: Path) -> Tool:
    """A Rust program. Its package for one platform is installed, so it is timed without the launcher around it."""
    suffix = f"{MACHINE}-gnu" if LINUX else MACHINE
    package = Package(f"@tokscale/cli-{suffix}", "4.17.0", f"@tokscale/cli-{suffix}/bin/tokscale")
    note = "keeps what it read in ~/.config/tokscale/cache; told not to fetch prices, it has none, and so no cost"
    return Tool(
        "tokscale",
        package.version,
        [str(installed(package, cache))],
        ["graph", "--no-spinner"],
        _read_tokscale,
        {"TOKSCALE_PRICING_CACHE_ONLY": "1"},
        note,
    )


PEERS: Final[dict[str, Callable[[Path], Tool]]] = {"ccusage": ccusage, "codeburn": codeburn, "tokscale": tokscale}


def installed(package: Package, cache: Path) -> Path:
    """A package's program, installed with npm if it isn't yet; raises UnavailableError where that can't be."""
    folder = cache / f"npm-{package.name.replace('/', '-')}-{package.version}"
    program = folder / "node_modules" / package.program
    if not program.exists():
        npm = shutil.which("npm")
        if npm is None:
            raise UnavailableError("npm isn't here to install it: install Node.js, which brings npm")
        print(f"installing {package.name} {package.version} with npm", file=sys.stderr)
        folder.mkdir(parents=True, exist_ok=True)
        wanted = f"{package.name}@{package.version}"
        flags = ["--no-audit", "--no-fund", "--no-save", "--ignore-scripts", "--loglevel=error"]
        command = [npm, "install", *flags, "--prefix", str(folder), wanted]
        try:
            ended = subprocess.run(command, capture_output=True, text=True, timeout=INSTALL_SECONDS, check=False)
        except subprocess.TimeoutExpired:
            raise UnavailableError(f"npm didn't install {wanted} within {INSTALL_SECONDS} s") from None
        if ended.returncode or not program.exists():
            said = (ended.stderr.strip().splitlines() or ["it has no program for this machine"])[0]
            raise UnavailableError(f"npm couldn't install {wanted}: {said}")
    return program


def _read_ours(document: Any) -> Answer:
    of = document["token_stats"]
    names = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
    tokens = dict(zip(KINDS, (of[name] for name in names), strict=True))
    days = {row["timestamp"][:10]: row["tokens"] for row in document["time_series"]}
    return Answer(tokens, days, document["cost_stats"]["total_usd"])


def _read_ccusage(document: Any) -> Answer:
    of = document["totals"]
    names = ("inputTokens", "outputTokens", "cacheReadTokens", "cacheCreationTokens")
    tokens = dict(zip(KINDS, (of[name] for name in names), strict=True))
    days = {row["period"]: row["totalTokens"] for row in document["daily"]}
    return Answer(tokens, days, of["totalCost"])


def _read_codeburn(document: Any) -> Answer:
    of = document["overview"]["tokens"]
    names = ("input", "output", "cacheRead", "cacheWrite")
    tokens = dict(zip(KINDS, (of[name] for name in names), strict=True))
    return Answer(tokens, None, document["overview"]["cost"])


def _read_tokscale(document: Any) -> Answer:
    days: defaultdict[str, int] = defaultdict(int)
    totals: Counter[str] = Counter()
    for row in document["contributions"]:
        days[row["date"]] += row["totals"]["tokens"]
        totals.update(row["tokenBreakdown"])
    names = ("input", "output", "cacheRead", "cacheWrite")
    tokens = dict(zip(KINDS, (totals[name] for name in names), strict=True))
    return Answer(tokens, dict(days), None)
