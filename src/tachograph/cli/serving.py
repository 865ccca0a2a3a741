"""What the commands share that serve: the libraries they need, and what collects in a home meanwhile."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tachograph.errors import TachographError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tachograph.collector.collector import Collector
    from tachograph.store.place import StorePlace


def need_libraries() -> None:
    """Raises `TachographError` where what a server needs isn't installed."""
    try:
        import grpc  # noqa: F401
        import opentelemetry.proto  # noqa: F401
        import prometheus_client  # noqa: F401
        import starlette  # noqa: F401
        import uvicorn  # noqa: F401
    except ImportError as error:
        raise TachographError(
            f"the server needs more than is installed: {error.name}", mend="pip install 'tachograph[serve]'"
        ) from None


def port(text: str) -> int:
    """The port that an option names. Raises `ValueError` for what is none; 0 is any that is free."""
    number = int(text)
    if not 0 <= number <= 65_535:
        raise ValueError(text)
    return number


@contextmanager
def collecting(
    place: StorePlace, user_name: Callable[[str], str] | None = None, *, is_asked_alone: bool = False
) -> Iterator[Collector]:
    """What collects in the home of a store, for as long as the block lasts.

    Where it `is_asked_alone`, little being sent, questions may take all cores.

    Raises `StoreUnusable` where another process does so, and `TachographError` where nothing can be kept there.
    """
    from tachograph.collector import address
    from tachograph.collector.collector import Collector
    from tachograph.collector.shared import SPARING

    home = place.path.parent
    try:
        cores = None if is_asked_alone else SPARING
        collector = Collector(home, store=place.text, cores=cores, user_name=user_name, told=tell)
    except OSError as error:
        raise TachographError(
            f"nothing can be kept there: {error.strerror}", where=str(error.filename or home), mend="choose --home"
        ) from None
    try:
        address.forget(home)  # of one that was killed
        yield collector
    finally:
        address.forget(home)
        collector.close()


def reachable(host: str) -> str:
    """The host as this machine's own programs reach what listens there."""
    named = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - it isn't listened there
    return f"[{named}]" if ":" in named else named


def tell(what: str) -> None:
    """Says something on stderr, at once."""
    if sys.stderr is not None:
        print(f"tachograph: {what}", file=sys.stderr, flush=True)
