"""`tachograph doctor`: whether the store, its copy and the logs are whole, and mending what can be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.cli.answering import say_waiting, trouble_with
from tachograph.cli.home import places, store_path
from tachograph.cli.options import Parser, add_home_folder, add_json
from tachograph.report.figures import several, size
from tachograph.report.printable import printable

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from tachograph.ingest.doctor import Diagnosis

_EXAMPLES: Final = (
    "tachograph doctor                              look, and change nothing",
    "tachograph doctor --repair                     mend what can be mended",
)
_GOOD, _FOUND = 0, 1


def run(command: str, arguments: Sequence[str]) -> int:
    """Says what was found and done; the exit code is 1 where something is left that should be mended."""
    parser = Parser(
        command,
        usage="tachograph doctor [--repair] [options]",
        description="Looks whether the store, its copy and the metrics logs are whole, and whether they agree.\n"
        "Exit code 1 where something was found that --repair can mend.",
        examples=_EXAMPLES,
    )
    parser.add_argument("--repair", action="store_true", help="mend what can be; a damaged file is kept beside")
    add_home_folder(parser)
    add_json(parser)
    options = parser.parse_args(arguments)
    from tachograph.ingest.doctor import diagnose, repair

    path = store_path(options.home)
    with trouble_with(path):
        found = diagnose(path, _metrics_logs(path), say_waiting)
        done = repair(path, found, say_waiting) if options.repair and found.parts() else []
        left = diagnose(path, (), say_waiting).parts() if done else found.parts()
    if options.json:
        import msgspec

        from tachograph.cli.documents import write_json

        write_json(msgspec.to_builtins(found) | {"repaired": done, "healthy": not left})
    else:
        _page(found, done)
    return _FOUND if left else _GOOD


def _metrics_logs(store: Path) -> list[str]:
    from tachograph.ingest.plan import find_in_places
    from tachograph.sources import METRICS_LOG

    return [file.path for file in find_in_places(places(store, METRICS_LOG), [])]


def _page(found: Diagnosis, done: Sequence[str]) -> None:
    print(f"store    {printable(found.store)}: {several(found.metrics, 'row')} of {several(found.files, 'file')}")
    if found.gone:
        print(f"         {several(found.gone, 'file')} of those are gone: the store and its copy have what they told")
    print(f"copy     {size(found.journal_bytes)} of journal")
    print(f"logs     {several(found.logs_checked, 'metrics log')} read")
    for finding in found.findings:
        mend = f" (--repair: {finding.mend})" if finding.mend and not done else ""
        print(f"{finding.part:<8} {printable(finding.where)}: {printable(finding.what)}{mend}")
    for sentence in done:
        print(f"repaired {printable(sentence)}")
    if not found.findings:
        print("Nothing is wrong.")
    elif not found.parts():
        print(f"{several(len(found.findings), 'remark')}, nothing to repair.")
