"""The price of a model by the name that a log gives it, among those of genai-prices (MIT).

It is asked once for each name; its answer becomes rows of rates. Loaded for names that are new: see `price_list`.
"""

from __future__ import annotations

import re
import warnings
from contextlib import suppress
from functools import cache
from typing import TYPE_CHECKING, Final

from tachograph.bare import apart, bare_package
from tachograph.price_list import bundled, held, snapshot_in
from tachograph.price_rows import rows_of
from tachograph.process import is_own_process

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from genai_prices.data_snapshot import DataSnapshot
    from genai_prices.types import MatchLogic, ModelInfo

    from tachograph.prices import Rate

_LONGEST_NAME: Final = 500
"""Of a model: a longer one is none."""
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
    # The package itself imports an HTTP client, and nobody goes online here. Its modules import pydantic, which takes
    # twice as long as all else together, and need it to read a download.
    if held(folder) is None and is_own_process() and _does_without_pydantic():
        with apart("genai_prices", without="pydantic"):
            return _found(model, None)
    with bare_package("genai_prices"):
        return _found(model, folder)


@cache
def _does_without_pydantic() -> bool:
    """Whether the prices that are bundled can be asked so."""
    try:
        with apart("genai_prices", without="pydantic"):
            _found("claude-sonnet-4-5", None)
    except Exception:  # noqa: BLE001 - whatever another version wants of pydantic: then it gets that
        bundled.cache_clear()
        return False
    return True


def _found(model: str, folder: Path | None) -> list[Rate]:
    with warnings.catch_warnings():
        info = find_model(snapshot_in(folder), model)
        if info is None:
            return []
        warnings.simplefilter("ignore")  # of units in downloaded prices that the package doesn't know: none is a token
        try:
            return list(rows_of(model, info))
        except ValueError:  # prices that genai-prices refuses, or that rows of rates can't express: better none
            return []


def find_model(snapshot: DataSnapshot, name: str) -> ModelInfo | None:
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
    for kind, text in clauses(info.match):
        (patterns if kind == "regex" else texts).append(text)
    asked = _without_edition(reference)
    return any(_without_edition(text) == asked for text in texts) or any(
        pattern.endswith("$") and re.fullmatch(pattern, reference) for pattern in patterns
    )


def clauses(clause: MatchLogic) -> Iterator[tuple[str, str]]:
    """The kinds and texts of what a model's name is compared with."""
    for kind, value in vars(clause).items():
        if isinstance(value, list):
            for part in value:
                yield from clauses(part)
        else:
            yield kind, value


def _without_edition(name: str) -> str:
    return _BEDROCK.sub("", _EDITION.sub("", name.lower().rstrip("-@:.")))
