"""`tachograph retention`: what is kept for how long, what that would do now, and doing it."""

from __future__ import annotations

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from tachograph.cli.answering import trouble_with
from tachograph.cli.home import store_path, store_place
from tachograph.cli.options import Parser, add_home, add_json
from tachograph.errors import BadPolicy
from tachograph.folders import named_folders
from tachograph.retention.policy import KEYS, Given, policy_of
from tachograph.retention.policy_file import EXAMPLE, FILE, read_file

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Mapping, Sequence

    from tachograph.retention.policy import Key, Policy
    from tachograph.retention.run import Place
    from tachograph.store.place import StorePlace

_EXAMPLES: Final = (
    "tachograph retention show",
    "tachograph retention plan --compress-after 2d --keep-size 2GB",
    "tachograph retention apply",
    "tachograph retention apply --delete-detail-after 180d --resolution day",
    "tachograph retention apply --store clickhouse://ana:secret@db.example.com:8123/tachograph",
)
_PATHS: Final = ("--folder", "--archive-to")


def run(command: str, arguments: Sequence[str]) -> int:
    """Shows the policy, tells what it would do, or does it; 2 where something couldn't be done."""
    options = _parser(command).parse_args(arguments)
    file = store_path(options.home).parent / FILE
    said = read_file(file)
    if options.do == "show":
        return _show(file, said, as_json=options.json)
    policy = _policy(file, said, options)
    place = _place(store_place(options), policy, options)
    if options.do == "plan":
        return _plan(place, policy, options)
    return _apply(place, policy, options)


def _parser(command: str) -> Parser:
    parser = Parser(
        command,
        usage="tachograph retention show|plan|apply [options]",
        description="What is kept for how long: the files of the metrics log, and the detail of old metrics.\n"
        f"The policy is the file {FILE} in the store's folder; for plan and apply, options say otherwise.\n"
        "plan tells what would be done and touches nothing; apply does it. The file that is being written to is\n"
        "never touched, nor is one that wasn't read into the store. Of old metrics the sums stay.",
        examples=_EXAMPLES,
    )
    parser.add_argument("do", metavar="ACTION", choices=("show", "plan", "apply"), help="show, plan or apply")
    group = parser.add_argument_group("the policy (for plan and apply)")
    for key in KEYS:
        group.add_argument(key.option, dest=_dest(key), metavar=key.stands_for, help=key.what)
    parser.add_argument("--unread", action="store_true", help="also files that weren't read into the store")
    add_home(parser)
    add_json(parser)
    return parser


def _dest(key: Key) -> str:
    return f"{key.section}_{key.name}"


def _policy(file: Path, said: Mapping[Key, Given] | None, options: Namespace) -> Policy:
    """What the file and the options say together. Raises `BadPolicy` where neither says anything."""
    given = {key: getattr(options, _dest(key)) for key in KEYS}
    named = {
        key: Given(str(Path(text).absolute()) if key.option in _PATHS and text else text, key.option)
        for key, text in given.items()
        if text is not None
    }
    if said is None and not named:
        mend = "'tachograph retention show' prints an example; or say it with options"
        raise BadPolicy("there is no retention policy yet", where=str(file), mend=mend)
    return policy_of({**(said or {}), **named})


def _place(store: StorePlace, policy: Policy, options: Namespace) -> Place:
    from tachograph.retention.run import Place

    recorded_to = [*named_folders(os.environ.get("TACHOGRAPH_METRICS", "")), store.path.parent / "metrics"]
    return Place(policy.logs.folder or recorded_to[0], store, unread=options.unread)


def _show(file: Path, said: Mapping[Key, Given] | None, *, as_json: bool) -> int:
    if said is not None:
        policy_of(said)
    if as_json:
        from tachograph.cli.documents import write_json

        write_json({"path": str(file), "policy": _as_document(said)})
    elif said is None:
        print(f"There is no retention policy: everything is kept. One would be in {file}, such as\n\n{EXAMPLE}", end="")
    else:
        from tachograph.cli.retention_pages import policy_page

        policy_page(file, said)
    return 0


def _as_document(said: Mapping[Key, Given] | None) -> dict[str, dict[str, Any]] | None:
    if said is None:
        return None
    document: dict[str, dict[str, Any]] = {}
    for key, given in said.items():
        document.setdefault(key.section, {})[key.name] = given.text
    return document


def _plan(place: Place, policy: Policy, options: Namespace) -> int:
    from tachograph.cli.retention_pages import plan_document, plan_page
    from tachograph.retention.run import planned

    with trouble_with(place.store):
        plan = planned(place, policy, datetime.now(UTC))
    if options.json:
        from tachograph.cli.documents import write_json

        write_json(plan_document(plan))
    else:
        plan_page(plan)
    return 0


def _apply(place: Place, policy: Policy, options: Namespace) -> int:
    from tachograph.cli.retention_pages import report_document, report_page
    from tachograph.retention.run import applied

    with trouble_with(place.store):
        report = applied(place, policy, datetime.now(UTC))
    if options.json:
        from tachograph.cli.documents import write_json

        write_json(report_document(report))
    else:
        report_page(report)
    return 2 if report.failed else 0
