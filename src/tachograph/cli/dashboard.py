"""`tachograph dashboard`: the page that shows all of it, in the browser."""

from __future__ import annotations

import os
import sys
import tempfile
import threading
from contextlib import ExitStack
from pathlib import Path
from typing import TYPE_CHECKING, Final

from tachograph.cli.ending import process_goes_on
from tachograph.cli.home import store_place
from tachograph.cli.options import Parser, add_place
from tachograph.cli.serving import collecting, need_libraries, port, tell
from tachograph.errors import NoLogs, TachographError
from tachograph.store.place import StorePlace

if TYPE_CHECKING:
    from argparse import Namespace
    from collections.abc import Sequence

    from tachograph.cli.fresh import Change

_EXAMPLES: Final = (
    "tachograph dashboard                 this machine's agents, in the browser",
    "tachograph dashboard --demo          the bundled, made-up history",
    "tachograph dashboard --no-open       only says the address",
)
_HOST: Final = "127.0.0.1"
_LOOK_SECONDS: Final = 1.0


def run(command: str, arguments: Sequence[str]) -> int:
    """Shows the page until Ctrl-C, of a server that is there already or of one of its own."""
    parser = Parser(
        command,
        usage="tachograph dashboard [options]",
        description="Opens a page in the browser that shows what agents did, what it cost, where time goes, what\n"
        "fails and what changed. It is this machine's alone, and follows what agents write until Ctrl-C.",
        examples=_EXAMPLES,
    )
    parser.add_argument("--port", metavar="N", type=port, default=0, help="where to listen (else any that is free)")
    parser.add_argument("--no-open", action="store_true", help="don't open the browser: only say the address")
    add_place(parser)
    options = parser.parse_args(arguments)
    need_libraries()
    process_goes_on()
    if options.demo:
        return _demo(options)
    place = store_place(options)
    url = _running(place.path.parent)
    return _own(options, place) if url is None else _beside(options, place, url)


def _running(home: Path) -> str | None:
    """Where a server of that home listens already."""
    from tachograph.collector.address import known

    return known(home)


def _demo(options: Namespace) -> int:
    from tachograph.demo import demo_history
    from tachograph.ingest.reader import plan_paths, read
    from tachograph.store.duckdb import Store

    with tempfile.TemporaryDirectory(prefix="tachograph-demo-") as folder:
        store = Path(folder) / "tachograph.duckdb"
        with Store.open(store) as new:
            read(new, plan_paths(new, [demo_history()], "metrics-log"))
        tell("this is the bundled demo history, made up and not stored")
        return _serve(options, StorePlace(store), "?demo", fresh=False)


def _own(options: Namespace, place: StorePlace) -> int:
    from tachograph.cli.answering import opened

    remarks: list[str] = []
    try:
        with opened(options, remarks):  # what is new is read before the page is shown
            pass
    except NoLogs as nothing:
        if options.no_ingest:
            raise
        tell(f"{nothing.what}: the page fills as agents work; 'tachograph dashboard --demo' shows a made-up history")
    for remark in remarks:
        tell(remark)
    return _serve(options, place, "", fresh=not options.no_ingest)


def _serve(options: Namespace, place: StorePlace, query: str, *, fresh: bool) -> int:
    """A server of our own, for this machine alone."""
    from tachograph.cli.fresh import kept_fresh
    from tachograph.collector import address
    from tachograph.collector.keys import Keys
    from tachograph.collector.tenants import DEFAULT
    from tachograph.server.access import Access
    from tachograph.server.listening import Listening, run
    from tachograph.server.page import PATH

    home = place.path.parent
    keys = Keys(home)

    def ready(scheme: str, port: int, _: int | None) -> None:
        url = f"{scheme}://{_HOST}:{port}"
        address.tell(home, url)
        if not keys.is_empty():
            tell("there are API keys: the page asks for one ('tachograph keys create --scope read' makes one)")
        tell(f"the dashboard is at {url}{PATH}{query} (Ctrl-C ends it)")
        _open(options, f"{url}{PATH}{query}")

    with collecting(place, is_asked_alone=True) as collector, ExitStack() as also:
        if fresh:
            also.enter_context(kept_fresh(place.path, collector.tenants.get(DEFAULT).shared.fill))
        run(Listening(_HOST, options.port, None), collector, Access(keys, is_loopback=True), None, ready)
    return 0


def _beside(options: Namespace, place: StorePlace, url: str) -> int:
    """The page of a server that runs already; what is new is read into its store, until one of the two ends."""
    from tachograph.cli.fresh import kept_fresh
    from tachograph.server.page import PATH

    home = place.path.parent

    def fill(change: Change) -> bool:
        with place.open() as opened:
            change(opened)
        return True

    if options.port:
        tell(f"--port is of no use: a server of {home} runs already")
    try:
        tell(f"the dashboard is at {url}{PATH}, of the server that runs already (Ctrl-C: no longer read new logs)")
        _open(options, f"{url}{PATH}")
        with ExitStack() as also:
            if not options.no_ingest:
                also.enter_context(kept_fresh(place.path, fill))
            ends = threading.Event()
            while _running(home) == url:
                ends.wait(_LOOK_SECONDS)
    except KeyboardInterrupt:
        return 0
    raise TachographError("the server has ended", where=url, mend="run 'tachograph dashboard' again")


def _open(options: Namespace, url: str) -> None:
    """Opens the browser where there is a screen for one; a browser in this terminal would be in the way."""
    has_screen = sys.platform in {"win32", "darwin"} or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY")
    if options.no_open or not has_screen:
        return
    import webbrowser

    threading.Thread(target=webbrowser.open, args=(url,), name="opening", daemon=True).start()
