from __future__ import annotations

import json
import subprocess
import sys
import threading
from contextlib import contextmanager
from datetime import UTC, datetime
from decimal import Decimal, localcontext
from functools import cache
from http.server import BaseHTTPRequestHandler, HTTPServer
from typing import TYPE_CHECKING, Any

import duckdb
import pytest
from genai_prices import Usage, calc_price
from genai_prices.data import providers
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec.structs import asdict, astuple, fields

from tachograph import price_finding, price_list, price_rows
from tachograph.metric import FIRST_US, LAST_US, microseconds_of, moment
from tachograph.price_finding import rates_of
from tachograph.price_list import PRICES_FILE, PricesUnusable, data_version, update
from tachograph.prices import (
    COST_SQL,
    MOST_TOKENS,
    PRICE_COLUMNS,
    PRICE_JOIN,
    Rate,
    cost_without_join,
    dollars,
)

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from genai_prices.types import ModelInfo, Provider

KINDS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens", "cache_write_1h_tokens")
MODELS = [(provider, info) for provider in providers for info in provider.models]
NOON = microseconds_of(datetime(2026, 11, 23, 12, tzinfo=UTC))
DAY_US = 86_400_000_000
Tokens = tuple[int | None, int | None, int | None, int | None, int | None]
"""In the order of `KINDS`."""
Request = tuple[int | None, str | None, int | None, int | None, int | None, int | None, int | None]
"""ts, model and tokens."""
Counts = tuple[int, int, int, int, int]


# The same, three times: what genai-prices says, what the rates say in plain Python, and what they say in SQL.


def library_cost(provider: Provider, info: ModelInfo, ts: int, tokens: Counts) -> Decimal | None:
    """None where the model has no price of tokens at that moment, and no name that says it is free."""
    plain, output, read, write, write_1h = tokens
    price = info.get_prices(moment(ts))
    if price.input_mtok is None and price.output_mtok is None and not info.id.endswith(":free"):
        return None
    usage = Usage(
        input_tokens=plain + read + write,
        output_tokens=output,
        cache_read_tokens=read,
        cache_write_tokens=write,
        cache_write_1h_tokens=write_1h,
    )
    with localcontext(prec=100):  # its usual 28 digits are too few for a billion tokens at the oddest prices
        return info.calc_price(usage, provider, genai_request_timestamp=moment(ts)).total_price


def plain_cost(rates: Sequence[Rate], ts: int, tokens: Counts) -> Decimal | None:
    plain, output, read, write, write_1h = tokens
    found = [
        rate
        for rate in rates
        if rate.from_us <= ts < rate.until_us
        and rate.day_from_us <= ts % DAY_US < rate.day_until_us
        and rate.above < plain + read + write <= rate.up_to
    ]
    if not found:
        return None
    (rate,) = found
    cost = rate.per_request + plain * rate.input + output * rate.output + read * rate.cache_read
    return dollars(cost + (write - write_1h) * rate.cache_write + write_1h * rate.cache_write_1h)


def sql_costs(rates: Sequence[Rate], requests: Sequence[Request]) -> list[Decimal | None]:
    with duckdb.connect() as connection:
        names = ", ".join(f"{name} {kind}" for name, kind in PRICE_COLUMNS.items())
        connection.execute(f"CREATE TABLE rates ({names})")
        connection.execute("CREATE TABLE metrics (n BIGINT, ts BIGINT, model VARCHAR)")
        for kind in KINDS:
            connection.execute(f"ALTER TABLE metrics ADD COLUMN {kind} BIGINT")
        insert(connection, "rates", [astuple(rate) for rate in rates], list(PRICE_COLUMNS.values()))
        insert(connection, "metrics", [(n, *row) for n, row in enumerate(requests)], METRIC_TYPES)
        sql = f"SELECT n, {COST_SQL} FROM metrics {PRICE_JOIN} ORDER BY n"  # noqa: S608 - our own constants
        rows = connection.execute(sql).fetchall()
        inline = cost_without_join(rates)
        if inline is not None:
            used = {name: value for name, value in inline[1].items() if f"${name}" in inline[0]}
            sql = f"SELECT n, {inline[0]} FROM metrics ORDER BY n"  # noqa: S608 - our own, and parameters
            assert connection.execute(sql, used).fetchall() == rows
    assert [n for n, _ in rows] == list(range(len(requests)))
    return [None if cost is None else dollars(cost) for _, cost in rows]


METRIC_TYPES = ["BIGINT", "BIGINT", "VARCHAR", *(["BIGINT"] * len(KINDS))]


def insert(
    connection: duckdb.DuckDBPyConnection, table: str, rows: Sequence[tuple[Any, ...]], kinds: Sequence[str]
) -> None:
    if rows:
        lists = ", ".join(f"unnest(?::VARCHAR[])::{kind}" for kind in kinds)
        columns = [[None if value is None else str(value) for value in column] for column in zip(*rows, strict=True)]
        connection.execute(f"INSERT INTO {table} SELECT {lists}", columns)


def cost(
    name: str,
    *,
    ts: int = NOON,
    input: int | None = None,
    output: int | None = None,
    read: int | None = None,
    write: int | None = None,
    write_1h: int | None = None,
) -> Decimal | None:
    return sql_costs(rates_of(name), [(ts, name, input, output, read, write, write_1h)])[0]


def at(text: str) -> int:
    return microseconds_of(datetime.fromisoformat(text))


@cache
def rows_of(index: int) -> list[Rate]:
    return list(price_rows.rows_of(str(index), MODELS[index][1]))


def corners(rates: Sequence[Rate]) -> tuple[list[int], list[int]]:
    """The moments and the sizes of requests on both sides of every change of price."""
    days = {rate.from_us for rate in rates} | {NOON - NOON % DAY_US}
    of_day = {value % DAY_US for rate in rates for value in (rate.day_from_us, rate.day_until_us)} | {0}
    times = {day + part + step for day in days for part in of_day for step in (-1, 0)}
    sizes = {rate.above + step for rate in rates for step in (0, 1)} | {12_345}
    return sorted(ts for ts in times if FIRST_US <= ts <= LAST_US), sorted(size for size in sizes if size >= 0)


# Laws


def test_every_model_costs_exactly_what_genai_prices_says_on_both_sides_of_every_change() -> None:
    rates: list[Rate] = []
    requests: list[Request] = []
    expected: list[Decimal | None] = []
    for index, (provider, info) in enumerate(MODELS):
        rows = rows_of(index)
        rates += rows
        times, sizes = corners(rows)
        for ts in times:
            for size in sizes:
                write = size // 3
                tokens = (size - size // 4 - write, 1_003 + index, size // 4, write, write // 2)
                requests.append((ts, str(index), *tokens))
                expected.append(library_cost(provider, info, ts, tokens))
                assert plain_cost(rows, ts, tokens) == expected[-1], info.id
    assert len(rates) > 2_500
    assert len(requests) > 10_000
    assert sql_costs(rates, requests) == expected


@st.composite
def a_request(draw: st.DrawFn) -> tuple[int, int, Counts]:
    index = draw(st.integers(0, len(MODELS) - 1))
    times, sizes = corners(rows_of(index))
    ts = draw(st.sampled_from(times) | st.integers(FIRST_US, LAST_US) | st.integers(at("2024-01-01"), at("2027-01-01")))
    total = draw(st.sampled_from(sizes) | st.integers(0, MOST_TOKENS))
    read = draw(st.integers(0, total))
    write = draw(st.integers(0, total - read))
    return (
        index,
        ts,
        (total - read - write, draw(st.integers(0, MOST_TOKENS)), read, write, draw(st.integers(0, write))),
    )


@settings(deadline=None, max_examples=30)
@given(st.lists(a_request(), min_size=1, max_size=12))
def test_any_request_costs_exactly_what_genai_prices_says(drawn: list[tuple[int, int, Counts]]) -> None:
    expected = [library_cost(*MODELS[index], ts, tokens) for index, ts, tokens in drawn]
    assert [plain_cost(rows_of(index), ts, tokens) for index, ts, tokens in drawn] == expected
    rates = [rate for index in {index for index, *_ in drawn} for rate in rows_of(index)]
    requests: list[Request] = [(ts, str(index), *tokens) for index, ts, tokens in drawn]
    assert sql_costs(rates, requests) == expected


def test_a_name_with_its_seller_finds_that_sellers_model() -> None:
    snapshot = price_list.snapshot_in(None)
    found = [(price_finding.find_model(snapshot, f"{provider.id}/{info.id}"), info) for provider, info in MODELS]
    assert all(model is info for model, info in found if model)
    assert sum(model is None for model, _ in found) < 100  # ids that aren't names, such as "regional.…"


def test_no_word_after_a_models_name_is_ever_ignored() -> None:
    snapshot = price_list.snapshot_in(None)
    for provider, info in MODELS:
        if all(kind == "equals" for kind, _ in price_finding.clauses(info.match)):
            continue
        for word in ("-foo", "-fast", "-9", ".9", "-mini", "-v2:0", *(["9"] if provider.id != "aws" else [])):
            other = f"{provider.id}/{info.id}{word}"  # Bedrock's ids end with the number of an edition
            found = price_finding.find_model(snapshot, other)
            if found:  # by a name of its own, then: "glm-5p3-fast", "gpt-5-mini"
                assert any(text.lower().endswith(word) for _, text in price_finding.clauses(found.match)), other


def test_the_columns_are_the_fields_of_a_rate_in_their_order() -> None:
    assert list(PRICE_COLUMNS) == [field.name for field in fields(Rate)]


# Examples, checked by hand


def test_a_million_tokens_of_each_kind() -> None:
    assert cost("claude-opus-5", input=1_000_000) == 5
    assert cost("claude-opus-5", output=1_000_000) == 25
    assert cost("claude-opus-5", read=1_000_000) == Decimal("0.5")
    assert cost("claude-opus-5", write=1_000_000) == Decimal("6.25")


def test_what_the_cache_keeps_for_an_hour_costs_more_than_for_5_minutes() -> None:
    assert cost("claude-opus-5", write=100_000) == Decimal("0.625")
    assert cost("claude-opus-5", write=100_000, write_1h=0) == Decimal("0.625")
    assert cost("claude-opus-5", write=100_000, write_1h=100_000) == Decimal("1.00")
    assert cost("claude-opus-5", write=100_000, write_1h=40_000) == Decimal("0.775")


def test_a_tier_holds_for_the_whole_request() -> None:
    assert cost("claude-sonnet-4-5", input=150_000) == Decimal("0.45")
    assert cost("claude-sonnet-4-5", input=300_000) == Decimal("1.80")
    assert cost("gpt-5.5", input=200_000) == Decimal("1.00")
    assert cost("gpt-5.5", input=300_000) == Decimal("3.00")


def test_a_tier_begins_after_its_threshold_and_counts_cached_input() -> None:
    assert cost("claude-sonnet-4-5", input=200_000) == Decimal("0.60")
    assert cost("claude-sonnet-4-5", input=200_001) == Decimal("1.200006")
    assert cost("claude-sonnet-4-5", read=200_001) == Decimal("0.1200006")
    assert cost("claude-sonnet-4-5", input=100_000, read=50_000, write=50_001, output=1000) == Decimal("1.02750750")


def test_two_requests_below_a_threshold_are_not_one_above_it() -> None:
    rows: list[Request] = [(NOON, "claude-sonnet-4-5", 150_000, None, None, None, None)] * 2
    assert sql_costs(rates_of("claude-sonnet-4-5"), rows) == [Decimal("0.45")] * 2


def test_a_price_changes_at_midnight_utc() -> None:
    before, after = at("2026-03-12T23:59:59.999999"), at("2026-03-13T00:00")
    assert cost("claude-sonnet-4-6", ts=before, input=300_000) == Decimal("1.8")
    assert cost("claude-sonnet-4-6", ts=after, input=300_000) == Decimal("0.9")
    assert cost("claude-sonnet-4-6", ts=after, input=100_000) == Decimal("0.3")


def test_a_price_may_depend_on_the_time_of_day() -> None:
    by_night, by_day = at("2025-06-01T00:29:59.999999"), at("2025-06-01T00:30")
    costs = [cost("deepseek-chat", ts=ts, input=1_000_000) for ts in (by_night, by_day, by_day + 16 * 3_600_000_000)]
    assert costs == [Decimal("0.135"), Decimal("0.27"), Decimal("0.135")]
    assert cost("deepseek-chat", ts=at("1969-12-31T12:00"), input=1_000_000) == Decimal("0.27")


def test_a_fee_for_each_request_is_part_of_its_cost() -> None:
    assert cost("perplexity/sonar", input=0) == Decimal("0.012")


def test_a_model_that_is_named_free_costs_nothing() -> None:
    name = "openrouter/" + next(
        info.id for provider, info in MODELS if info.id.endswith(":free") and provider.id == "openrouter"
    )
    assert cost(name, input=1000) == 0


def test_a_region_of_bedrock_costs_more_than_all_regions() -> None:
    assert cost("global.anthropic.claude-opus-4-5-20251101-v1:0", input=1_000_000) == 5
    assert cost("us.anthropic.claude-opus-4-5-20251101-v1:0", input=1_000_000) == Decimal("5.5")


@pytest.mark.parametrize(
    ("name", "same_as"),
    [
        ("claude-opus-5[1m]", "claude-opus-5"),
        (" Claude-Opus-5 ", "claude-opus-5"),
        ("claude-opus-5-20260101", "claude-opus-5"),
        ("claude-opus-5@20260101", "claude-opus-5"),
        ("claude-opus-5@default", "claude-opus-5"),
        ("claude-sonnet-4-5-20250929[1m]", "claude-sonnet-4-5"),
        ("claude-sonnet-4-5@20250929", "claude-sonnet-4-5"),
        ("claude-fable-5@20260801", "claude-fable-5"),
        ("anthropic/claude-opus-5", "claude-opus-5"),
        ("litellm/anthropic/claude-opus-5", "claude-opus-5"),
        ("publishers/anthropic/models/claude-opus-5", "vertex_ai/claude-opus-5"),
        ("projects/p/locations/l/publishers/google/models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("models/gemini-2.5-pro", "gemini-2.5-pro"),
        ("google/gemini-2.5-pro", "gemini-2.5-pro"),
        ("gemini-3.1-pro-preview-customtools", "gemini-3.1-pro-preview"),
        ("gpt-5.2-20251211", "gpt-5.2"),
        ("openai/gpt-5.2", "gpt-5.2"),
        ("codex-mini-latest", "openai/codex-mini"),
        ("bedrock/us.anthropic.claude-opus-5", "us.anthropic.claude-opus-5"),
        (
            "arn:aws:bedrock:us-east-1:123456789012:inference-profile/us.anthropic.claude-opus-4-5-20251101-v1:0",
            "us.anthropic.claude-opus-4-5-20251101-v1:0",
        ),
    ],
)
def test_a_model_goes_by_several_names(name: str, same_as: str) -> None:
    rates = rates_of(name)
    assert {rate.model for rate in rates} == {name}
    assert [asdict(rate) | {"model": ""} for rate in rates] == [
        asdict(rate) | {"model": ""} for rate in rates_of(same_as)
    ]


@pytest.mark.parametrize(
    "name",
    [
        "<synthetic>",
        "",
        " ",
        "/",
        "[1m]",
        "models/",
        "claude",
        "gpt-6",
        "gpt-5.9-foo",
        "claude-opus-99",
        "claude-opus-4-10",  # genai-prices: claude-opus-4-1
        "claude-opus-5-fast",
        "gemini-3.6-flash-lite",  # genai-prices: gemini-3.6-flash
        "gemini-3.8-flash-foo",  # genai-prices: gemini-3.8-flash
        "gemini-1.5-flash-8b",  # genai-prices: gemini-1.5-flash, which costs twice as much
        "my-claude-v2",
        "proxy/claude-opus-5",  # whose price is it?
        "qwen3-coder",
        "us.anthropic.claude-opus-99-v1:0",
        "github-copilot/gpt-4.1",  # known, but without a price
        "gpt-5\0",
        "é" * 1000,
        "claude-opus-5" + "-000" * 100_000 + "-x",
    ],
)
def test_a_name_without_a_price_of_its_own_has_none(name: str) -> None:
    assert rates_of(name) == []
    assert cost(name, input=1000) is None


def test_genai_prices_itself_prices_some_names_as_other_models() -> None:
    wrong = calc_price(Usage(input_tokens=1_000_000), "claude-opus-4-10", provider_id="anthropic")
    assert wrong.model.id == "claude-opus-4-1"  # if this fails, the library has mended it


# Usage that can't be


@pytest.mark.parametrize(
    "tokens",
    [
        (None, None, None, None, None),
        (None, None, None, None, 5),
        (-1, 5, None, None, None),
        (5, -1, None, None, None),
        (5, 5, -5, None, None),
        (5, 5, None, 4, 5),
        (5, 5, None, 4, -1),
        (MOST_TOKENS + 1, None, None, None, None),
        (2**62, 2**62, 2**62, 2**62, 2**62),
        (2**63 - 1, 2**63 - 1, 2**63 - 1, 2**63 - 1, -(2**63)),
        (-(2**63), -(2**63), -(2**63), -(2**63), 2**63 - 1),
    ],
)
def test_usage_that_cannot_be_has_no_cost_and_raises_nothing(tokens: Tokens) -> None:
    rows: list[Request] = [(NOON, "claude-opus-5", *tokens), (NOON, "<synthetic>", *tokens), (None, None, *tokens)]
    assert sql_costs(rates_of("claude-opus-5"), rows) == [None, None, None]


def test_the_dearest_rate_times_the_most_tokens_of_a_million_requests_fits_in_128_bits() -> None:
    assert (
        10**6 * 4 * MOST_TOKENS * max(rate.output for index in range(len(MODELS)) for rate in rows_of(index)) < 2**127
    )


def test_requests_at_the_ends_of_the_calendar_have_a_price() -> None:
    assert cost("claude-opus-5", ts=FIRST_US, input=1_000_000) == 5
    assert cost("claude-opus-5", ts=LAST_US, input=1_000_000) == 5
    assert cost("claude-opus-5", input=MOST_TOKENS) == 5000


# Newer prices


def model(id: str, prices: Any) -> dict[str, Any]:
    return {"id": id, "match": {"equals": id}, "prices": prices}


def price_data(*models: dict[str, Any]) -> bytes:
    provider = {"id": "anthropic", "name": "Anthropic", "api_pattern": "x", "model_match": {"contains": "claude"}}
    return json.dumps([{**provider, "models": models}]).encode()


NEWER = price_data(model("claude-opus-99", {"input_mtok": 7, "output_mtok": 35, "cache_read_mtok": 0.7}))


@contextmanager
def served(body: bytes, status: int = 200) -> Iterator[str]:
    """A server of one answer on this machine, and its address."""

    class Answers(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            """Nothing on stderr."""

    with HTTPServer(("127.0.0.1", 0), Answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_port}/data.json"
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture(autouse=True)
def _no_proxy(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("NO_PROXY", "127.0.0.1")
    monkeypatch.setenv("no_proxy", "127.0.0.1")


def updated(folder: Path, body: bytes = NEWER) -> Path:
    with served(body) as url:
        update(folder, url)
    return folder / PRICES_FILE


def test_downloaded_prices_come_before_those_of_the_package(tmp_path: Path) -> None:
    before = data_version(tmp_path)
    assert rates_of("claude-opus-99", tmp_path) == []
    threads = threading.active_count()
    updated(tmp_path / "made" / "for it")
    updated(tmp_path)
    assert threading.active_count() == threads
    assert [path.name for path in tmp_path.iterdir() if path.is_file()] == [PRICES_FILE]
    (rate,) = rates_of("claude-opus-99", tmp_path)
    assert dollars(rate.input * 10**6) == 7
    assert dollars(rate.cache_read * 10**6) == Decimal("0.7")
    assert rates_of("claude-opus-5", tmp_path) == []
    assert rates_of("claude-opus-99") == []
    assert before == data_version() != data_version(tmp_path)


def test_another_download_replaces_the_one_before(tmp_path: Path) -> None:
    updated(tmp_path)
    first = data_version(tmp_path)
    updated(tmp_path, NEWER.replace(b"7,", b"8,"))
    assert data_version(tmp_path) != first
    assert dollars(rates_of("claude-opus-99", tmp_path)[0].input * 10**6) == 8


def test_downloaded_prices_hold_until_the_package_is_updated(tmp_path: Path) -> None:
    path = updated(tmp_path)
    path.write_bytes(path.read_bytes().replace(b'"genai_prices":"', b'"genai_prices":"0.0.', 1))
    assert data_version(tmp_path) == data_version()
    assert rates_of("claude-opus-99", tmp_path) == []
    assert rates_of("claude-opus-5", tmp_path) == rates_of("claude-opus-5")


@pytest.mark.parametrize(
    ("damage", "told_by_version"),
    [
        (lambda whole: whole[:-1], True),
        (lambda whole: whole[:20], True),
        (lambda whole: whole[:0], True),
        (lambda whole: b"\xff" + whole, True),
        (lambda whole: whole.replace(b"claude-opus-99", b"claude-opus-98"), False),
    ],
)
def test_damaged_prices_are_told_and_not_used(tmp_path: Path, damage: Any, told_by_version: bool) -> None:
    path = updated(tmp_path)
    path.write_bytes(damage(path.read_bytes()))
    price_list._downloaded.cache_clear()  # as in another process
    with pytest.raises(PricesUnusable, match="damaged") as raised:
        rates_of("claude-opus-5", tmp_path)
    assert raised.value.where == str(path)
    assert raised.value.mend
    if told_by_version:
        with pytest.raises(PricesUnusable, match="damaged"):
            data_version(tmp_path)


def test_prices_that_cannot_be_read_are_told(tmp_path: Path) -> None:
    (tmp_path / PRICES_FILE).mkdir()
    with pytest.raises(PricesUnusable, match="can't be read"):
        data_version(tmp_path)


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"<html>",
        b"[]",
        b"{}",
        b"null",
        b"[[]]",
        b"[{}]",
        b'[{"id": 1}]',
        price_data(),
        price_data(model("c", 5)),
        b"[" * 9999,
        price_data({"id": "c", "match": {}, "prices": {}}),
        price_data({"id": "c", "match": [], "prices": {}}),
    ],
)
def test_what_are_no_prices_is_not_kept(tmp_path: Path, body: bytes) -> None:
    held = updated(tmp_path).read_bytes()
    with served(body) as url, pytest.raises(PricesUnusable, match="no prices") as raised:
        update(tmp_path, url)
    assert raised.value.where == url
    assert (tmp_path / PRICES_FILE).read_bytes() == held


def test_an_answer_that_is_an_error_is_told(tmp_path: Path) -> None:
    with served(NEWER, status=404) as url, pytest.raises(PricesUnusable, match="404"):
        update(tmp_path, url)
    assert not list(tmp_path.iterdir())


def test_no_network_is_told(tmp_path: Path) -> None:
    with served(NEWER) as url:
        pass  # and nobody listens there any more
    with pytest.raises(PricesUnusable, match="can't be downloaded") as raised:
        update(tmp_path, url)
    assert raised.value.where == url
    assert raised.value.mend
    with pytest.raises(PricesUnusable, match="can't be downloaded"):
        update(tmp_path, "no address")
    assert not list(tmp_path.iterdir())


def test_a_folder_that_cannot_be_written_is_told(tmp_path: Path) -> None:
    (tmp_path / "file").write_bytes(b"")
    with served(NEWER) as url, pytest.raises(PricesUnusable, match="can't be kept"):
        update(tmp_path / "file", url)


def test_prices_that_rows_cannot_express_are_none(tmp_path: Path) -> None:
    tiers = {"base": 1, "tiers": [{"start": 0, "price": 2}]}
    body = price_data(
        model("claude-small-tier", {"input_mtok": tiers}),
        model("claude-negative", {"input_mtok": -1}),
        model("claude-dear", {"input_mtok": 1e30}),
        model("claude-cache-alone", {"cache_read_mtok": 1}),
        model("claude-no-price", {}),
        model("claude-requests", {"requests_kcount": 1}),
        model("claude-fine", {"input_mtok": 1, "new_kind_mtok": 3}),
    )
    updated(tmp_path, body)
    for provider_model in json.loads(body)[0]["models"]:
        name = provider_model["id"]
        assert bool(rates_of(name, tmp_path)) == (name == "claude-fine"), name


def test_conditions_that_overlap_make_rows_that_do_not(tmp_path: Path) -> None:
    night = {"start_time": "22:00:00Z", "end_time": "02:00:00.000001Z"}
    conditions = [
        {"prices": {"input_mtok": 1}},
        {"constraint": night, "prices": {"input_mtok": 2}},
        {"constraint": {"start_date": "2026-01-01"}, "prices": {"input_mtok": 3}},
        {"constraint": {"start_time": "01:00:00+00:00", "end_time": "05:00:00+00:00"}, "prices": {"input_mtok": 4}},
    ]
    updated(tmp_path, price_data(model("claude-odd", conditions)))
    rates = rates_of("claude-odd", tmp_path)
    info = price_finding.find_model(price_list.snapshot_in(tmp_path), "claude-odd")
    assert info
    for ts in corners(rates)[0]:
        assert plain_cost(rates, ts, (10**6, 0, 0, 0, 0)) == info.get_prices(moment(ts)).input_mtok
    two_oclock = at("2025-06-01T02:00:00")
    assert sql_costs(rates, [(two_oclock + step, "claude-odd", 10**6, 0, 0, 0, 0) for step in (0, 1)]) == [4, 4]


def test_a_price_finer_than_the_unit_is_rounded(tmp_path: Path) -> None:
    updated(tmp_path, price_data(model("claude-fine", {"input_mtok": "0.3333333333333333333333"})))
    (rate,) = rates_of("claude-fine", tmp_path)
    assert rate.input == 333_333_333_333_333_333


# What it takes


def test_the_version_of_the_data_is_known_without_importing_genai_prices() -> None:
    code = (
        "import sys; from tachograph.price_list import data_version; print(data_version());"
        "sys.exit(bool({'genai_prices', 'pydantic', 'httpx2', 'importlib.metadata'} & set(sys.modules)))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == data_version()


def test_rates_are_found_without_the_network() -> None:
    code = (
        "import sys\n"
        "sys.addaudithook(lambda event, _: sys.exit(event) if event.startswith('socket.') else None)\n"
        "from tachograph.price_finding import rates_of; print(len(rates_of('claude-sonnet-4-5')))"
    )
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert answer.stdout.strip() == "2"


def said_by(program: str, given: str = "") -> str:
    """What a program says that runs in a process of its own, without any trouble."""
    command = [sys.executable, "-c", program]
    done = subprocess.run(command, input=given, capture_output=True, text=True, check=False)
    assert done.stderr == ""
    return done.stdout


def test_a_process_of_our_own_finds_the_same_prices_without_pydantic_which_then_is_whole_for_others() -> None:
    program = (
        "import sys; from tachograph.process import own_process; from tachograph.price_finding import rates_of\n"
        "own_process(); names = sys.stdin.read().split(); found = [rates_of(name) for name in names]\n"
        "assert not {name for name in sys.modules if name.partition('.')[0] in ('pydantic', 'genai_prices')}\n"
        "import genai_prices, pydantic; assert pydantic.BaseModel.model_validate\n"
        "assert genai_prices.calc_price(genai_prices.Usage(input_tokens=1), 'claude-opus-5').total_price > 0\n"
        "assert found == [rates_of(name) for name in names]\n"
        "print(repr(found))"
    )
    names = sorted({model.id for provider in providers for model in provider.models if " " not in model.id})
    assert said_by(program, " ".join(names)).strip() == repr([rates_of(name) for name in names])


def test_a_version_that_needs_more_of_pydantic_gets_it() -> None:
    program = (
        "import sys; from tachograph import bare, price_finding, process\n"
        "bare._DoesNothing.__getattr__ = lambda self, name: 1 / 0\n"
        "process.own_process(); print(len(price_finding.rates_of('claude-sonnet-4-5')), 'pydantic' in sys.modules)"
    )
    assert said_by(program) == "2 True\n"


def test_a_price_is_found_without_the_client_of_the_package_which_then_is_whole_for_others() -> None:
    program = (
        "import sys; from tachograph.price_finding import rates_of; assert rates_of('claude-opus-5');"
        "assert not {'httpx2', 'asyncio', 'genai_prices'} & sys.modules.keys();"
        "import genai_prices; usage = genai_prices.Usage(input_tokens=1_000_000);"
        "print(genai_prices.calc_price(usage, 'claude-opus-5').total_price > 0)"
    )
    assert said_by(program) == "True\n"
