"""`tachograph prices`: which prices costs are worked out by, and newer ones on request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tachograph.cli.answering import trouble_with
from tachograph.cli.home import store_place
from tachograph.cli.options import Parser, add_home, add_json
from tachograph.price_list import PRICES_FILE, data_version, update

if TYPE_CHECKING:
    from collections.abc import Sequence

_EXAMPLES: Final = (
    "tachograph prices                              which prices are in use",
    "tachograph prices update                       fetch today's, and work all costs out again",
    "tachograph prices forget                       back to those that came with the program",
)


def run(command: str, arguments: Sequence[str]) -> int:
    """Says which prices are in use, after doing what was asked with them."""
    parser = Parser(
        command,
        usage="tachograph prices [update|forget] [options]",
        description="Which prices costs are worked out by. They came with the program; 'update' fetches newer ones\n"
        "from the network, and nothing but that does.",
        examples=_EXAMPLES,
    )
    parser.add_argument("do", metavar="ACTION", nargs="?", choices=("update", "forget"), help="update or forget")
    parser.add_argument(
        "--from", dest="url", metavar="URL", help="where newer prices are, instead of genai-prices' own"
    )
    add_home(parser)
    add_json(parser)
    options = parser.parse_args(arguments)
    if options.url is not None and options.do != "update":
        parser.error("--from goes with update")
    place = store_place(options)
    path = place.path
    with trouble_with(place):
        if options.do == "update":
            update(path.parent, options.url)
        elif options.do == "forget":
            (path.parent / PRICES_FILE).unlink(missing_ok=True)
        version = data_version(path.parent)
        if place.address or path.exists():
            with place.open() as store:
                store.price_again()
    if options.json:
        from tachograph.cli.documents import write_json

        write_json({"prices": version})
    else:
        print(f"Costs are by the prices of {version}.")
    return 0
