"""What tokens cost: the public prices of models, as rows of rates that SQL joins with requests.

The prices are genai-prices' (MIT). It is slow to import, so it is asked once for each name of a model, and its answer
becomes rows: one for each period, part of the day and size of request that has a price of its own. `COST_SQL` then
prices every request by itself, before anything is added up, because a tier holds for the whole of one request.

Costs are whole numbers of 1e-24 USD. That is as fine as the finest price there is (18 decimals of a dollar for a
million tokens), so nothing is rounded, and 128 bits hold sums up to 170 trillion dollars.

Not for what an agent says it paid: a reported cost is another figure, and stays apart. Nor for batches, fast modes and
other service tiers: these are the standard prices, and logs rarely tell what else was agreed.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from datetime import UTC, datetime
from functools import cache, lru_cache
from importlib.util import find_spec
from itertools import pairwise
from pathlib import Path
from typing import TYPE_CHECKING, Final

import msgspec

from tachograph.errors import TachographError
from tachograph.metric import EPOCH, FIRST_US, INT64_MAX, LAST_US, microseconds_of, moment

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from datetime import time
    from decimal import Decimal
    from fractions import Fraction

    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import MatchLogic, ModelInfo, ModelPrice

UNITS_PER_DOLLAR: Final = 10**24
MOST_TOKENS: Final = 10**9
"""More tokens of one kind than any request has: what a log says beyond it has no cost, and can't overflow a sum."""
PRICES_FILE: Final = "genai-prices.dat"
"""Downloaded prices: a line of JSON that tells what they are, then the body as it came."""

_LONGEST_NAME: Final = 500
"""Of a model: a longer one is none."""
_ROWS_VERSION: Final = 1
"""Goes up when the same prices become other rows, or other names find them."""
_DAY_US: Final = 86_400_000_000
_DEAREST: Final = UNITS_PER_DOLLAR
"""A dollar for one token, or for one request: what is dearer is a mistake, and would overflow a sum."""


class PricesUnusable(TachographError):  # noqa: N818 - as in errors.py: errors read as sentences
    """Newer prices can't be had: no network, no price data there, a damaged file, or a folder that can't be written."""


class Rate(msgspec.Struct, frozen=True):
    """What a model charges, in 1e-24 USD per token, in one period, part of the day and size of request.

    A model's rows never overlap: at most one holds for a request. Where a kind of token has no price of its own it has
    that of the kind that it is part of, as genai-prices does: a 1-hour cache write that of any cache write, and what is
    read from or written to the cache that of input.
    """

    model: str
    """As the logs name it."""
    from_us: int
    """The first moment, in microseconds since 1970 (UTC)."""
    until_us: int
    """The first moment after it."""
    day_from_us: int
    """The first microsecond of the UTC day (0 where it holds all day)."""
    day_until_us: int
    """The first one after it (86 400 000 000 where it holds all day)."""
    above: int
    """It holds for requests of more input tokens than this, cached ones included (−1: from the first)."""
    up_to: int
    """It holds for requests of at most so many."""
    per_request: int
    """In 1e-24 USD for each request, whatever its tokens."""
    input: int
    """For input that is neither read from the cache nor written to it."""
    output: int
    cache_read: int
    cache_write: int
    """For what the cache keeps for 5 minutes, or for a time that nothing tells."""
    cache_write_1h: int


PRICE_COLUMNS: Final = {
    "model": "VARCHAR",
    "from_us": "BIGINT",
    "until_us": "BIGINT",
    "day_from_us": "BIGINT",
    "day_until_us": "BIGINT",
    "above": "BIGINT",
    "up_to": "BIGINT",
    "per_request": "HUGEINT",
    "input": "HUGEINT",
    "output": "HUGEINT",
    "cache_read": "HUGEINT",
    "cache_write": "HUGEINT",
    "cache_write_1h": "HUGEINT",
}
"""The columns of the table `rates`, in the order of `Rate`'s fields (in ClickHouse: String, Int64 and Int128)."""

_KINDS: Final = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
_COUNT: Final = {name: f"coalesce(metrics.{name}, 0)" for name in (*_KINDS, "cache_write_1h_tokens")}
_TOTAL_INPUT: Final = f"""
    CASE WHEN coalesce({", ".join(f"metrics.{name}" for name in _KINDS)}) IS NOT NULL
        AND {" AND ".join(f"{_COUNT[name]} BETWEEN 0 AND {MOST_TOKENS}" for name in _KINDS)}
        AND {_COUNT["cache_write_1h_tokens"]} BETWEEN 0 AND {_COUNT["cache_write_tokens"]}
    THEN {_COUNT["input_tokens"]} + {_COUNT["cache_read_tokens"]} + {_COUNT["cache_write_tokens"]} END"""
_OF_DAY: Final = f"(metrics.ts % {_DAY_US} + {_DAY_US}) % {_DAY_US}"
PRICE_JOIN: Final = f"""
LEFT JOIN rates ON rates.model = metrics.model
    AND metrics.ts >= rates.from_us AND metrics.ts < rates.until_us
    AND {_OF_DAY} >= rates.day_from_us AND {_OF_DAY} < rates.day_until_us
    AND {_TOTAL_INPUT} > rates.above AND {_TOTAL_INPUT} <= rates.up_to
"""
"""Finds each request of `metrics` its row of `rates`, or none: a model without a price, or usage that can't be.

Usage can't be where no kind of token is told, one is negative or above `MOST_TOKENS`, or more was written to the cache
for an hour than at all. (ClickHouse needs `join_use_nulls = 1` to answer NULL, not 0, where there is no row.)
"""


def _priced(per_request: str, input: str, output: str, cache_read: str, cache_write: str, cache_write_1h: str) -> str:
    """What a request costs at these rates."""
    return f"""
        {per_request}
        + {_COUNT["input_tokens"]} * {input}
        + {_COUNT["output_tokens"]} * {output}
        + {_COUNT["cache_read_tokens"]} * {cache_read}
        + ({_COUNT["cache_write_tokens"]} - {_COUNT["cache_write_1h_tokens"]}) * {cache_write}
        + {_COUNT["cache_write_1h_tokens"]} * {cache_write_1h}"""


_RATES: Final = ("per_request", "input", "output", "cache_read", "cache_write", "cache_write_1h")
COST_SQL: Final = f"CASE WHEN rates.model IS NOT NULL THEN {_priced(*(f'rates.{name}' for name in _RATES))} END"
"""What a request of `metrics` cost, in 1e-24 USD, where `PRICE_JOIN` has joined `rates`; NULL where it found no row.

cost = fee + Σ tokens × rate over the disjoint kinds; `cache_write_1h_tokens` is a part of `cache_write_tokens`. The
tier is that of the whole input: input + cache read + cache write. A kind that isn't told counts as 0.
"""


_BRANCHES_MAX: Final = 24


def cost_without_join(rates: Sequence[Rate]) -> tuple[str, dict[str, str]] | None:
    """`COST_SQL` with the rates written into it, and its parameters; None for too many rates.

    A join gathers every column of every row anew, which takes longer than all of this.
    """
    if len(rates) > _BRANCHES_MAX:
        return None
    models = {f"model_{number}": model for number, model in enumerate(dict.fromkeys(rate.model for rate in rates))}
    names = {model: name for name, model in models.items()}
    branches = [
        f"""
        WHEN metrics.model = ${names[rate.model]}
            AND metrics.ts >= {rate.from_us} AND metrics.ts < {rate.until_us}
            AND {_OF_DAY} >= {rate.day_from_us} AND {_OF_DAY} < {rate.day_until_us}
            AND {_TOTAL_INPUT} > {rate.above} AND {_TOTAL_INPUT} <= {rate.up_to}
        THEN {_priced(*(f"CAST({value} AS HUGEINT)" for value in _prices(rate)))}"""
        for rate in rates
    ]
    return (f"CASE {' '.join(branches)} END" if branches else "CAST(NULL AS HUGEINT)"), models


def _prices(rate: Rate) -> tuple[int, ...]:
    return rate.per_request, rate.input, rate.output, rate.cache_read, rate.cache_write, rate.cache_write_1h


def dollars(cost: int) -> Decimal:
    """A cost in 1e-24 USD as dollars, exactly."""
    from decimal import Context, Decimal  # noqa: PLC0415 - what only counts shouldn't pay for it

    return Decimal(cost).scaleb(-24, Context(prec=100))


def in_dollars(cost: int) -> float:
    """A cost in 1e-24 USD as the nearest float of dollars."""
    return int(cost) / UNITS_PER_DOLLAR


def rates_of(model: str, folder: Path | None = None) -> list[Rate]:
    """The rates of a model by the name that logs give it, or none where no price of just this model is known.

    With a folder, prices that `update` left there come first. Raises `PricesUnusable` where they are damaged.

    A name may say who sells the model, and has that seller's prices then: `us.anthropic.claude-…` (Bedrock, where a
    region costs more than `global.`), `openrouter/anthropic/…`, `azure/…`, `vertex_ai/…`. A bare name has its maker's:
    Anthropic's for claude-*, OpenAI's for gpt-*, o* and codex-*, Google's for gemini-*; for others genai-prices says
    whose they are. `[1m]`, `models/` and `litellm/` say nothing of the price.

    genai-prices finds some models by how names begin, so `claude-opus-4-10` would cost what `claude-opus-4-1` does, and
    `gemini-3.6-flash-lite` what `gemini-3.6-flash` does. Here what a name has beyond the model's own may only be an
    edition of it: a date, `-001`, `-latest`, `-preview`, `-v1:0`.
    """
    import warnings  # noqa: PLC0415 - only new models need it

    snapshot = _snapshot(folder)
    info = _find(snapshot, model)
    if info is None:
        return []
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # of units in downloaded prices that the package doesn't know: none is a token
        try:
            return list(_rows(model, info))
        except ValueError:  # prices that genai-prices refuses, or that rows of rates can't express: better none
            return []


_CONTEXT_MARK: Final = re.compile(r"\[\d+[km]\]$")
_PROXY: Final = re.compile(r"^(?:litellm(?:_proxy)?/)+")
_VERTEX: Final = re.compile(r"^(?:projects/.+/)?publishers/[^/]+/models/(.+)$")
_BEDROCK: Final = re.compile(
    r"^(?:(?:global|us|us-gov|eu|apac|au|jp|ca|in)\.)?"
    r"(?:anthropic|amazon|deepseek|google|meta|mistral|moonshotai|nvidia|openai|qwen|writer|zai)\."
)
_MAKERS: Final = (
    (re.compile(r"^claude-"), "anthropic"),
    (re.compile(r"^(?:gpt-|o\d|codex-|chatgpt-)"), "openai"),
    (re.compile(r"^gemini-"), "google"),
)
_SELLERS: Final = {"azure_ai": "azure", "fireworks_ai": "fireworks", "z-ai": "zai"}
"""Sellers' names in prefixes that genai-prices doesn't know them by."""
_EDITION: Final = re.compile(
    r"(?:[-@.:](?:20\d{6}(?:-v\d+(?::\d+k?)*)?|20\d\d-\d\d-\d\d|\d\d-\d\d(?:-20\d\d|-\d\d)?|\d\d-20\d\d|\d{3,4}"
    r"|latest|default|preview|exp|experimental|customtools|v1(?::\d+k?)*))+$"
)


def _find(snapshot: DataSnapshot, name: str) -> ModelInfo | None:
    """The model of just this name, or None."""
    if len(name) > _LONGEST_NAME:
        return None
    text = _PROXY.sub("", _CONTEXT_MARK.sub("", name.strip().lower()))
    for seller, asked in _readings(snapshot, text):
        plain = re.sub(r"@(?:default|latest)$", "", asked)
        for reference in dict.fromkeys((asked, plain, plain.replace("@", "-"))):
            with suppress(LookupError):
                _, info = snapshot.find_provider_model(reference, None, seller, None)
                if _is_named(info, reference):
                    return info
    return None


def _readings(snapshot: DataSnapshot, text: str) -> Iterator[tuple[str | None, str]]:
    """Who may sell a model (None: genai-prices finds out), and by what name."""
    if on_vertex := _VERTEX.match(text):
        yield "google", on_vertex[1]
        return
    text = text.removeprefix("models/")
    last = text.rpartition("/")[2]
    if _BEDROCK.match(last):  # alone, after "bedrock/", or at the end of an ARN
        yield "aws", last
        return
    prefix, _, rest = text.partition("/")
    if rest:
        with suppress(LookupError):
            seller = snapshot.find_provider(None, _SELLERS.get(prefix, prefix), None).id
            yield seller, rest
            yield seller, text
            return
    yield next((maker for pattern, maker in _MAKERS if pattern.match(text)), None), text


def _is_named(info: ModelInfo, reference: str) -> bool:
    """Whether that is the model's own name, or an edition of it, and not one that only begins like it."""
    texts, patterns = [info.id], list[str]()
    for kind, text in _clauses(info.match):
        (patterns if kind == "regex" else texts).append(text)
    asked = _without_edition(reference)
    return any(_without_edition(text) == asked for text in texts) or any(
        pattern.endswith("$") and re.fullmatch(pattern, reference) for pattern in patterns
    )


def _clauses(clause: MatchLogic) -> Iterator[tuple[str, str]]:
    """The kinds and texts of what a model's name is compared with."""
    for kind, value in vars(clause).items():
        if isinstance(value, list):
            for part in value:
                yield from _clauses(part)
        else:
            yield kind, value


def _without_edition(name: str) -> str:
    return _BEDROCK.sub("", _EDITION.sub("", name.lower().rstrip("-@:.")))


def _rows(name: str, info: ModelInfo) -> Iterator[Rate]:
    """Every period, part of the day and tier that has a price. Raises `ValueError` where rows can't say what it costs.

    The periods and parts are cut at every condition that the model has, and genai-prices says which price holds in
    each; so however conditions overlap, the rows don't.
    """
    starts, times = _cuts(info)
    for from_us, until_us in pairwise(starts):
        parts: list[tuple[int, int, ModelPrice]] = []
        for day_from, day_until in pairwise(times):
            price = info.get_prices(moment(from_us + day_from))
            if parts and parts[-1][2] == price:
                day_from = parts.pop()[0]  # noqa: PLW2901 - the part before goes on
            parts.append((day_from, day_until, price))
        for day_from, day_until, price in parts:
            for above, up_to in _tiers(price) if _has_price(info, price) else ():
                rates = _units(price, above, up_to)
                yield Rate(name, from_us, until_us, day_from, day_until, above, up_to, **rates)


def _cuts(info: ModelInfo) -> tuple[list[int], list[int]]:
    """Where a model's price may change: the moments, and the microseconds of each day, with the ends of both."""
    from genai_prices.types import StartDateConstraint, TimeOfDateConstraint  # noqa: PLC0415 - as in _bundled

    starts, times = {FIRST_US, LAST_US + 1}, {0, _DAY_US}
    for price in info.prices if isinstance(info.prices, list) else ():
        match price.constraint:
            case None:
                pass
            case StartDateConstraint(start_date=date):
                starts.add(microseconds_of(datetime(date.year, date.month, date.day, tzinfo=UTC)))
            case TimeOfDateConstraint(start_time=first, end_time=last):
                times |= {_of_day_us(first), _of_day_us(last)}
            case _:
                raise ValueError("a condition that is neither a date nor a time of day")
    return sorted(starts), sorted(times)


def _of_day_us(of_day: time) -> int:
    """A time of day in microseconds of the UTC day; one without a zone is UTC."""
    return microseconds_of(datetime.combine(EPOCH, of_day, tzinfo=of_day.tzinfo)) % _DAY_US


def _has_price(info: ModelInfo, price: ModelPrice) -> bool:
    """Whether tokens have a price. No price at all means free only where the model's name says so."""
    return price.input_mtok is not None or price.output_mtok is not None or info.id.endswith(":free")


def _tiers(price: ModelPrice) -> Iterator[tuple[int, int]]:
    """The sizes of requests between thresholds: above the first number, up to the second."""
    starts = {tier.start for value in vars(price).values() for tier in getattr(value, "tiers", ())}
    return pairwise(sorted({-1, *starts, INT64_MAX}))


def _units(price: ModelPrice, above: int, up_to: int) -> dict[str, int]:
    """The rates within one tier: what one token more of each kind adds to a request.

    genai-prices itself is asked, so that its rules are followed, not repeated. A mixed request checks that rates are
    all there is to it. Raises `ValueError` where they aren't.
    """
    if up_to - above < 4:
        raise ValueError("a tier that is too small to be asked for")
    least = above + 1
    base = _charge(price, input=least)
    rates = {
        "input": _charge(price, input=least + 1) - base,
        "output": _charge(price, input=least, output=1) - base,
        "cache_read": _charge(price, input=least + 1, read=1) - base,
        "cache_write": _charge(price, input=least + 1, write=1) - base,
        "cache_write_1h": _charge(price, input=least + 1, write=1, write_1h=1) - base,
    }
    fee = base - least * rates["input"]
    mixed = {"input": least + 3, "output": 5, "read": 1, "write": 2, "write_1h": 1}
    parts = {"input": least, "output": 5, "cache_read": 1, "cache_write": 1, "cache_write_1h": 1}
    if _charge(price, **mixed) != fee + sum(count * rates[kind] for kind, count in parts.items()):
        raise ValueError("a price that isn't so much for each token")
    units = {name: round(value * UNITS_PER_DOLLAR) for name, value in {"per_request": fee, **rates}.items()}
    if not all(0 <= value <= _DEAREST for value in units.values()):
        raise ValueError("a price that can't be meant")
    return units


def _charge(price: ModelPrice, **tokens: int) -> Fraction:
    """What genai-prices charges for a request, in dollars; `input` is the whole of it, cached tokens included."""
    from decimal import localcontext  # noqa: PLC0415 - as in _bundled
    from fractions import Fraction  # noqa: PLC0415 - as in _bundled

    from genai_prices.types import Usage  # noqa: PLC0415 - as in _bundled

    usage = Usage(
        input_tokens=tokens["input"],
        output_tokens=tokens.get("output", 0),
        cache_read_tokens=tokens.get("read", 0),
        cache_write_tokens=tokens.get("write", 0),
        cache_write_1h_tokens=tokens.get("write_1h", 0),
    )
    with localcontext(prec=100):  # so that nothing is rounded
        return Fraction(price.calc_price(usage)["total_price"])


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
    held = _held(folder)
    return f"{version}, updated {held.downloaded} ({held.sha256[:16]})" if held else version


def update(folder: Path, url: str | None = None) -> PriceFile:
    """Downloads the newest prices into the folder, where `rates_of` finds them. Nothing else ever uses the network.

    They hold until genai-prices itself is updated: then what it brings is taken to be newer. Raises `PricesUnusable`
    where they can't be had, aren't prices, or can't be written; then what was there before is still there.
    """
    from hashlib import sha256  # noqa: PLC0415 - as in _bundled

    import httpx2  # noqa: PLC0415 - genai-prices' own client, needed for this alone
    from genai_prices.update_prices import UpdatePrices  # noqa: PLC0415 - as in _bundled

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


def _held(folder: Path | None) -> PriceFile | None:
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


def _snapshot(folder: Path | None) -> DataSnapshot:
    held = _held(folder)
    return _bundled() if folder is None or held is None else _downloaded(folder / PRICES_FILE, held)


@cache
def _bundled() -> DataSnapshot:
    from genai_prices.data import providers  # noqa: PLC0415 - takes up to a quarter of a second, and only new names need it
    from genai_prices.data_snapshot import DataSnapshot  # noqa: PLC0415 - as above

    return DataSnapshot(providers=providers, from_auto_update=False)


@lru_cache(maxsize=1)
def _downloaded(path: Path, _about: PriceFile) -> DataSnapshot:
    from hashlib import sha256  # noqa: PLC0415 - as in _bundled

    head, _, body = path.read_bytes().partition(b"\n")
    with suppress(msgspec.DecodeError, UnicodeError):  # its own head: the file may have been replaced since
        if sha256(body).hexdigest() == msgspec.json.decode(head, type=PriceFile).sha256:
            snapshot = _parsed(body)
            if snapshot is not None:
                return snapshot
    raise _damaged(path, "its bytes are not those that were downloaded")


def _parsed(body: bytes) -> DataSnapshot | None:
    """Downloaded prices as genai-prices reads them (it has no public way to read a file), or None where it can't."""
    import warnings  # noqa: PLC0415 - as in rates_of

    from genai_prices.data_snapshot import DataSnapshot  # noqa: PLC0415 - as in _bundled
    from genai_prices.types import _providers_from_raw  # noqa: PLC0415 - as in _bundled

    try:
        raw = msgspec.json.decode(body)
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # as in rates_of
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
