"""The list of prices: that of the package genai-prices (MIT), or a newer one, downloaded on request.

The package is slow to import, so it is left alone until a price is looked for.
"""

from __future__ import annotations

import os
import warnings
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.errors import TachographError

if TYPE_CHECKING:
    from genai_prices.data_snapshot import DataSnapshot

PRICES_FILE: Final = "genai-prices.dat"
"""Downloaded prices: a line of JSON that tells what they are, then the body as it came."""
_ROWS_VERSION: Final = 1
"""Goes up when the same prices become other rows, or other names find them."""


class PricesUnusable(TachographError):  # noqa: N818 - as in errors.py: errors read as sentences
    """Newer prices can't be had: no network, no price data there, a damaged file, or a folder that can't be written."""


class PriceFile(msgspec.Struct, frozen=True):
    """What a folder's downloaded prices are."""

    genai_prices: str
    """The version of the package that read them. Another one may bring newer prices, and read others."""
    downloaded: str
    """When, in UTC."""
    size: int
    """Of the body, in bytes."""
    sha256: str


def data_version(folder: Path | None = None) -> str:
    """Changes whenever `rates_of` may answer otherwise. Takes milliseconds, without importing genai-prices.

    Raises `PricesUnusable` where the folder's downloaded prices are cut off, or aren't ours.
    """
    version = f"genai-prices {_package_version()}, rows {_ROWS_VERSION}"
    download = held(folder)
    return f"{version}, updated {download.downloaded} ({download.sha256[:16]})" if download else version


def update(folder: Path, url: str | None = None) -> PriceFile:
    """Downloads the newest prices into the folder, where `rates_of` finds them. Nothing else ever uses the network.

    They hold until genai-prices itself is updated: then what it brings is taken to be newer. Raises `PricesUnusable`
    where they can't be had, aren't prices, or can't be written; then what was there before is still there.
    """
    from hashlib import sha256  # noqa: PLC0415 - as in bundled

    import httpx2  # noqa: PLC0415 - genai-prices' own client, needed for this alone
    from genai_prices.update_prices import UpdatePrices  # noqa: PLC0415 - as in bundled

    ours = UpdatePrices() if url is None else UpdatePrices(url=url)
    mend = "the prices that are there stay in use; try again later"
    try:
        answer = httpx2.get(ours.url, timeout=ours.request_timeout)
        answer.raise_for_status()
    except (httpx2.HTTPError, httpx2.InvalidURL) as error:
        reason = str(error).partition("\n")[0] or type(error).__name__
        raise PricesUnusable(f"prices can't be downloaded: {reason}", where=ours.url, mend=mend) from None
    body = answer.content
    if _parsed(body) is None:
        raise PricesUnusable("what is there are no prices that genai-prices can read", where=ours.url, mend=mend)
    about = PriceFile(
        genai_prices=_package_version(),
        downloaded=datetime.now(UTC).isoformat(timespec="seconds"),
        size=len(body),
        sha256=sha256(body).hexdigest(),
    )
    _write(folder, msgspec.json.encode(about) + b"\n" + body)
    return about


def _write(folder: Path, content: bytes) -> None:
    """Replaces the folder's prices as a whole, so that no reader ever sees half of them."""
    half = folder / f"{PRICES_FILE}.{os.getpid()}"
    try:
        folder.mkdir(parents=True, exist_ok=True)
        with half.open("wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        half.replace(folder / PRICES_FILE)
    except OSError as error:
        with suppress(OSError):
            half.unlink()
        mend = "choose another folder with --home"
        raise PricesUnusable(f"prices can't be kept there: {error.strerror}", where=str(folder), mend=mend) from None


def held(folder: Path | None) -> PriceFile | None:
    """What the folder holds, if that is used: not where there is nothing, or the package is another one since."""
    if folder is None:
        return None
    path = folder / PRICES_FILE
    try:
        with path.open("rb") as file:
            head = file.readline(2000)
            size = os.fstat(file.fileno()).st_size - len(head)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise _damaged(path, f"it can't be read: {error.strerror}") from None
    try:
        about = msgspec.json.decode(head, type=PriceFile)
    except (msgspec.DecodeError, UnicodeError):
        raise _damaged(path, "its first line doesn't say what it is") from None
    if size != about.size:
        raise _damaged(path, f"it has {size} bytes of prices, not {about.size}")
    return about if about.genai_prices == _package_version() else None


def _damaged(path: Path, what: str) -> PricesUnusable:
    mend = "update the prices again, or delete the file"
    return PricesUnusable(f"the downloaded prices are damaged: {what}", where=str(path), mend=mend)


def snapshot_in(folder: Path | None) -> DataSnapshot:
    """What `update` left in the folder, else what is bundled. Raises `PricesUnusable` where the former is damaged."""
    download = held(folder)
    return bundled() if folder is None or download is None else _downloaded(folder / PRICES_FILE, download)


@cache
def bundled() -> DataSnapshot:
    """What the package brings."""
    from genai_prices.data import providers  # noqa: PLC0415 - takes up to a quarter of a second, and only new names need it
    from genai_prices.data_snapshot import DataSnapshot  # noqa: PLC0415 - as above

    return DataSnapshot(providers=providers, from_auto_update=False)


@lru_cache(maxsize=1)
def _downloaded(path: Path, _about: PriceFile) -> DataSnapshot:
    from hashlib import sha256  # noqa: PLC0415 - as in bundled

    head, _, body = path.read_bytes().partition(b"\n")
    with suppress(msgspec.DecodeError, UnicodeError):  # its own head: the file may have been replaced since
        if sha256(body).hexdigest() == msgspec.json.decode(head, type=PriceFile).sha256:
            snapshot = _parsed(body)
            if snapshot is not None:
                return snapshot
    raise _damaged(path, "its bytes are not those that were downloaded")


def _parsed(body: bytes) -> DataSnapshot | None:
    """Downloaded prices as genai-prices reads them (it has no public way to read a file), or None where it can't."""
    from genai_prices.data_snapshot import DataSnapshot  # noqa: PLC0415 - as in bundled
    from genai_prices.types import _providers_from_raw  # noqa: PLC0415 - as in bundled

    try:
        raw = msgspec.json.decode(body)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # of units that the package doesn't know: none is a token
            providers = _providers_from_raw(raw)
    except (ValueError, TypeError, AssertionError, StopIteration, RecursionError):
        return None
    return DataSnapshot(providers, from_auto_update=True) if any(one.models for one in providers) else None


@cache
def _package_version() -> str:
    """The version of genai-prices, from the name of its folder: importlib.metadata takes 30 ms longer."""
    spec = find_spec("genai_prices")
    for place in (spec and spec.submodule_search_locations) or ():
        found = list(Path(place).parent.glob("genai_prices-*.dist-info"))
        if len(found) == 1:
            return found[0].name.removeprefix("genai_prices-").removesuffix(".dist-info")
    from importlib.metadata import version  # noqa: PLC0415 - for packages that aren't installed as folders

    return version("genai-prices")
