"""What it cost, and when that is only the least it can have cost: each rule with the smallest log that shows it."""

from __future__ import annotations

import json
from hashlib import sha256
from itertools import permutations
from typing import TYPE_CHECKING, Any

import msgspec
import pytest

from claude_lines import SESSION, Line, call, ingest, reply, result, text, tool_use, transcript, usage
from tachograph import price_list
from tachograph.aggregate.compute import compute
from tachograph.aggregate.question import question
from tachograph.price_list import PRICES_FILE, PriceFile, data_version
from tachograph.store.duckdb import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

KINDS = ("input_tokens", "output_tokens", "cache_read_tokens", "cache_write_tokens")
OPUS, SONNET, UNKNOWN = "claude-opus-5", "claude-sonnet-4-5-20250929", "acme-1"


@pytest.fixture(scope="module")
def one_store() -> Iterator[Store]:
    with Store.in_memory() as store:
        yield store


@pytest.fixture
def store(one_store: Store) -> Store:
    """The same store each time, emptied, as making one takes as long as all else here."""
    for table in ("metrics", "sessions", "claims", "claimed_starts", "files", "rejects"):
        one_store.connection.execute(f"DELETE FROM {table}")  # noqa: S608 - the names just above
    return one_store


def answer(store: Store, type: str = "daily", **filters: str) -> dict[str, Any]:
    return compute(store, question(type, filters=filters)).to_dict()


def costs(store: Store) -> dict[str, Any]:
    stats: dict[str, Any] = answer(store)["cost_stats"]
    return stats


def row(store: Store, type: str, **filters: str) -> dict[str, Any]:
    """The only row."""
    (found,) = answer(store, type, **filters)["time_series"]
    assert isinstance(found, dict)
    return found


class Log:
    """A metrics log, and a store that has read it."""

    def __init__(self, path: Path, store: Store) -> None:
        self.path, self.store = path / "metrics_20260101_000000.jsonl", store
        self.length = 0

    def add(self, at: str = "2026-06-01T09:00Z", type: str = "token_usage", **data: Any) -> None:
        self.length += 1
        metric = {"id": f"m{self.length}", "timestamp": at, "type": type, "session_id": "s1", "data": data}
        with self.path.open("a") as handle:
            handle.write(json.dumps(metric) + "\n")
        ingest(self.store, self.path, source="metrics-log")


@pytest.fixture
def log(tmp_path: Path, store: Store) -> Log:
    return Log(tmp_path, store)


# By price


@pytest.mark.parametrize("others", [0, 3, 300])
def test_a_price_is_found_among_any_number_of_models_read_at_once(tmp_path: Path, store: Store, others: int) -> None:
    models = [OPUS, *(f"made-up-{number}" for number in range(others))]
    metrics = [
        {
            "id": f"m{number}",
            "timestamp": "2026-06-01T09:00Z",
            "type": "token_usage",
            "data": {"model": model, "output_tokens": 1_000_000},
        }
        for number, model in enumerate(models)
    ]
    path = tmp_path / "metrics_20260101_000000.jsonl"
    path.write_text("".join(json.dumps(metric) + "\n" for metric in metrics))
    ingest(store, path, source="metrics-log")
    assert costs(store)["total_usd"] == 25
    assert len(costs(store)["unpriced"]) == others


def test_what_the_cache_keeps_for_an_hour_costs_more_than_for_5_minutes(log: Log) -> None:
    log.add(model=OPUS, cache_write_tokens=100_000)
    assert costs(log.store)["total_usd"] == 0.625
    log.add(model=OPUS, cache_write_tokens=100_000, cache_write_1h_tokens=100_000)
    assert costs(log.store)["total_usd"] == 0.625 + 1
    log.add(model=OPUS, cache_write_tokens=100_000, cache_write_1h_tokens=40_000)
    assert costs(log.store)["total_usd"] == 0.625 + 1 + 0.775
    assert answer(log.store)["token_stats"]["cache_write_tokens"] == 300_000


def test_each_kind_has_a_price_of_its_own_and_a_sum_of_its_own(log: Log) -> None:
    log.add(
        model=OPUS,
        input_tokens=100_000,
        output_tokens=20_000,
        reasoning_tokens=9_000,
        cache_read_tokens=3_000_000,
        cache_write_tokens=40_000,
    )
    log.add(type="performance", model=OPUS, output_tokens=4_000)
    stats = answer(log.store)
    assert [stats["token_stats"][kind] for kind in KINDS] == [100_000, 24_000, 3_000_000, 40_000]
    assert (stats["token_stats"]["total"], stats["token_stats"]["at_least"]) == (3_164_000, False)
    assert stats["cost_stats"] == {
        "total_usd": 0.5 + 0.6 + 1.5 + 0.25,
        "avg_per_session_usd": 2.85,
        "reported_usd": 0,
        "at_least": False,
        "unpriced": [],
    }


def test_requests_below_a_tier_stay_below_it_together(log: Log) -> None:
    """Sonnet's input costs twice as much in a request of more than 200,000 tokens, cached ones included."""
    log.add(model=SONNET, input_tokens=150_000)
    log.add(model=SONNET, input_tokens=150_000)
    assert costs(log.store)["total_usd"] == 0.9


@pytest.mark.parametrize(
    ("tokens", "usd"),
    [
        ({"input_tokens": 200_000}, 0.6),
        ({"input_tokens": 200_001}, 1.200006),
        ({"input_tokens": 100_000, "cache_read_tokens": 50_000, "cache_write_tokens": 50_000}, 0.5025),
        ({"input_tokens": 100_000, "cache_read_tokens": 50_000, "cache_write_tokens": 50_001}, 1.0050075),
        ({"input_tokens": 100_000, "output_tokens": 200_000}, 3.3),
    ],
)
def test_a_tier_is_of_the_whole_input_of_a_request(log: Log, tokens: dict[str, Any], usd: float) -> None:
    log.add(model=SONNET, **tokens)
    assert costs(log.store)["total_usd"] == usd


def test_a_request_costs_what_its_model_charged_that_day(log: Log) -> None:
    """Sonnet 4.6 had two tiers until the 12th of March 2026, in UTC."""
    log.add("2026-03-13T00:59:59+01:00", model="claude-sonnet-4-6", input_tokens=300_000)
    log.add("2026-03-13T01:00:00+01:00", model="claude-sonnet-4-6", input_tokens=300_000)
    assert [day["cost_usd"] for day in answer(log.store)["time_series"]] == [1.8, 0.9]


def test_small_costs_are_added_exactly(log: Log) -> None:
    """As floats, ten times 0.1 is 0.9999999999999999."""
    for _ in range(10):
        log.add(model=OPUS, input_tokens=20_000)
    assert costs(log.store)["total_usd"] == 1


# By what is reported


def test_a_reported_cost_wins_and_is_told_apart(log: Log) -> None:
    log.add(model=OPUS, input_tokens=100_000, cost_usd=0.125)
    log.add(model=OPUS, input_tokens=100_000)
    log.add(model=UNKNOWN, input_tokens=100_000, cost_usd=0.25)
    log.add(type="tool_use", cost_usd=2)
    assert costs(log.store) == {
        "total_usd": 0.125 + 0.5 + 0.25 + 2,
        "avg_per_session_usd": 2.875,
        "reported_usd": 0.125 + 0.25 + 2,
        "at_least": False,
        "unpriced": [],
    }
    models = answer(log.store)["breakdowns"]["models"]
    assert {name: (model["requests"], model["cost_usd"]) for name, model in models.items()} == {
        OPUS: (2, 0.625),
        UNKNOWN: (1, 0.25),
    }


@pytest.mark.parametrize("reported", [0, 0.0, -0.25, 1e9, 1e300, None])
def test_what_cannot_be_a_cost_or_says_none_is_not_reported(log: Log, reported: float | None) -> None:
    """0 is what some agents write where a subscription pays, and where they know no price."""
    log.add(model=OPUS, input_tokens=100_000, cost_usd=reported)
    assert (costs(log.store)["total_usd"], costs(log.store)["reported_usd"]) == (0.5, 0)
    log.add(model=UNKNOWN, input_tokens=100_000, cost_usd=reported)
    assert costs(log.store)["at_least"]


def test_a_reported_cost_is_kept_to_a_millionth_of_a_millionth_of_a_dollar(log: Log) -> None:
    log.add(cost_usd=1.2345678901234567e-6)
    assert costs(log.store)["reported_usd"] == 1.234568e-6
    log.add(cost_usd=999_999_999)
    assert costs(log.store)["total_usd"] == 999_999_999.000001234568


# Unpriced


def test_what_has_no_price_makes_the_cost_at_least_and_is_named(log: Log) -> None:
    log.add(model=OPUS, input_tokens=100_000)
    log.add(model=UNKNOWN, input_tokens=7, output_tokens=3)
    log.add(model=UNKNOWN, token_count=5)
    log.add(model="acme-2", token_count=15)
    log.add(token_count=400)
    log.add(model="free-of-work", token_count=0)
    assert costs(log.store) == {
        "total_usd": 0.5,
        "avg_per_session_usd": 0.5,
        "reported_usd": 0,
        "at_least": True,
        "unpriced": [
            {"model": None, "requests": 1, "tokens": 400},
            {"model": UNKNOWN, "requests": 2, "tokens": 15},
            {"model": "acme-2", "requests": 1, "tokens": 15},
        ],
    }
    models = {model["model"]: model for model in answer(log.store, "by_model")["time_series"]}
    assert list(models) == [OPUS, UNKNOWN, "acme-2", "free-of-work"]
    assert [model["cost_at_least"] for model in models.values()] == [False, True, True, False]
    assert not any(model["tokens_at_least"] for model in models.values())


@pytest.mark.parametrize(
    "tokens",
    [
        {"token_count": 500},
        {"token_count": 500, "cache_write_1h_tokens": 500},
        {"input_tokens": 1_000_000_001},
        {"input_tokens": -1, "output_tokens": 500},
        {"cache_write_tokens": 4, "cache_write_1h_tokens": 5},
    ],
)
def test_usage_that_cannot_be_or_has_no_kinds_has_no_price(log: Log, tokens: dict[str, Any]) -> None:
    log.add(model=OPUS, **tokens)
    (unpriced,) = costs(log.store)["unpriced"]
    assert (unpriced["model"], unpriced["requests"]) == (OPUS, 1)
    assert (costs(log.store)["total_usd"], costs(log.store)["at_least"]) == (0, True)


def test_where_no_cost_is_known_it_is_0_and_at_least_that(log: Log) -> None:
    log.add(model=UNKNOWN, token_count=5)
    day = row(log.store, "daily")
    assert (day["cost_usd"], day["cost_at_least"], day["tokens_at_least"]) == (0, True, False)


def test_where_nothing_was_used_nothing_is_at_least(log: Log) -> None:
    log.add(type="tool_use", tool_name="Bash")
    found = answer(log.store)
    assert found["cost_stats"]["total_usd"] == 0
    assert not found["cost_stats"]["at_least"]
    assert not found["token_stats"]["at_least"]
    assert found["breakdowns"]["models"] == {}


def test_a_request_of_which_no_tokens_are_told_makes_all_at_least(log: Log) -> None:
    log.add(model=OPUS)
    log.add(model=OPUS, input_tokens=100_000)
    found = answer(log.store)
    assert (found["token_stats"]["unknown"], found["token_stats"]["at_least"]) == (1, True)
    assert (found["cost_stats"]["at_least"], found["cost_stats"]["unpriced"]) == (True, [])
    assert found["breakdowns"]["models"][OPUS]["requests"] == 2


def test_only_the_rows_of_what_is_not_all_told_are_at_least(log: Log) -> None:
    log.add("2026-06-01T09:00Z", model=OPUS, input_tokens=5)
    log.add("2026-06-02T09:00Z", model=OPUS)
    log.add("2026-06-03T09:00Z", model=UNKNOWN, input_tokens=5)
    days = answer(log.store)["time_series"]
    assert [day["tokens_at_least"] for day in days] == [False, True, False]
    assert [day["cost_at_least"] for day in days] == [False, True, True]


def test_in_a_metrics_log_an_agent_used_what_the_metrics_did_that_name_it(log: Log) -> None:
    log.add(type="agent_execution", agent_id="Explore", agent_run_id="r1", model=OPUS, input_tokens=100_000)
    log.add(agent_id="Explore", model=OPUS, input_tokens=20_000)
    log.add(agent_run_id="r1", model=OPUS, input_tokens=20_000)
    agent = row(log.store, "by_agent")
    assert (agent["tokens"], agent["cost_usd"], agent["cost_at_least"]) == (120_000, 0.6, False)


def test_what_names_no_model_stands_before_what_names_an_empty_one(log: Log) -> None:
    log.add(model="", token_count=5)
    log.add(token_count=5)
    expected = [{"model": model, "requests": 1, "tokens": 5} for model in (None, "")]
    assert costs(log.store)["unpriced"] == expected
    log.add(model="", cost_usd=1)
    assert costs(log.store)["unpriced"] == expected, "another metric's cost doesn't matter"


# Other prices


def write_prices(folder: Path, **usd_per_million: float) -> None:
    """What `tachograph prices update` leaves in the store's folder: input prices of these models, and no others."""
    models = [
        {"id": name, "match": {"equals": name}, "prices": {"input_mtok": usd}} for name, usd in usd_per_million.items()
    ]
    provider = {"id": "acme", "name": "Acme", "api_pattern": "x", "model_match": {"contains": "acme"}}
    body = json.dumps([{**provider, "models": models}]).encode()
    about = PriceFile(
        genai_prices=price_list._package_version(),
        downloaded="2026-06-01T00:00:00+00:00",
        size=len(body),
        sha256=sha256(body).hexdigest(),
    )
    (folder / PRICES_FILE).write_bytes(msgspec.json.encode(about) + b"\n" + body)


def test_when_the_prices_change_all_costs_are_worked_out_again(tmp_path: Path) -> None:
    known = data_version()
    with Store.open(tmp_path / "store.duckdb") as store:
        log = Log(tmp_path, store)
        log.add(model="acme1", input_tokens=100_000)
        log.add(model=OPUS, input_tokens=100_000)
        log.add(model=OPUS, input_tokens=100_000, cost_usd=4)
        assert (costs(store)["total_usd"], costs(store)["at_least"]) == (4.5, True)

        write_prices(tmp_path, acme1=30)
        assert not store.prices_are_current()
        assert costs(store)["total_usd"] == 4.5, "an answer changes nothing"
        store.price_again()
        assert store.prices_are_current()
        assert (costs(store)["total_usd"], costs(store)["reported_usd"]) == (3 + 4, 4)
        assert costs(store)["unpriced"] == [{"model": OPUS, "requests": 1, "tokens": 100_000}]

        write_prices(tmp_path, acme1=40)
        log.add(model="acme1", input_tokens=100_000)
        assert costs(store)["total_usd"] == 4 + 4 + 4, "what is read now and what was read before cost the same"

        (tmp_path / PRICES_FILE).unlink()
        assert data_version(tmp_path) == known
        store.price_again()
        assert (costs(store)["total_usd"], costs(store)["unpriced"][0]["model"]) == (4.5, "acme1")


def test_a_store_that_has_priced_nothing_yet_knows_the_prices_when_it_does(tmp_path: Path) -> None:
    with Store.open(tmp_path / "store.duckdb") as store:
        assert not store.prices_are_current()
        write_prices(tmp_path, acme1=30)
        Log(tmp_path, store).add(model="acme1", input_tokens=100_000)
        assert costs(store)["total_usd"] == 3


# Replies in parts


class Transcripts:
    """A folder of Claude Code's, and a store that has read it."""

    def __init__(self, path: Path, store: Store) -> None:
        self.path, self.store = path, store

    def read(self, *lines: Line, file: str = f"{SESSION}.jsonl") -> None:
        path = self.path / file
        path.parent.mkdir(parents=True, exist_ok=True)
        with path.open("ab") as handle:
            handle.write(transcript(*lines))
        ingest(self.store, self.path)

    def flags(self, type: str, **filters: str) -> tuple[bool, bool]:
        """Whether the tokens and the cost of the only row are at least what it says."""
        found = row(self.store, type, **filters)
        return found["tokens_at_least"], found["cost_at_least"]


@pytest.fixture
def transcripts(tmp_path: Path, store: Store) -> Transcripts:
    return Transcripts(tmp_path, store)


def ended(told: Line) -> Line:
    """The line of a reply that says why the reply ended."""
    return {**told, "message": {**told["message"], "stop_reason": "end_turn"}}


GROWING = [
    reply("m1", 1, text(), used=usage(input=100_000, output=1)),
    reply("m1", 2, tool_use("t1"), used=usage(input=100_000, output=2_000, written=10_000, split=(4_000, 6_000))),
    reply("m1", 3, text(), used=usage(input=100_000, output=4_000)),
]
GROWN_USD = 0.5 + 0.1 + 0.025 + 0.06


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("apart", [False, True])
def test_a_reply_costs_what_its_largest_counters_do(
    transcripts: Transcripts, order: tuple[int, ...], apart: bool
) -> None:
    lines = [GROWING[position] for position in order]
    for part in [[line] for line in lines] if apart else [lines]:
        transcripts.read(*part)
    copies = [{**line, "sessionId": "22222222-2222-4222-8222-222222222222"} for line in lines]
    transcripts.read(*copies, file="22222222-2222-4222-8222-222222222222.jsonl")
    found = answer(transcripts.store)
    assert found["cost_stats"]["total_usd"] == GROWN_USD
    assert found["breakdowns"]["models"][OPUS]["requests"] == 1
    assert [found["token_stats"][kind] for kind in KINDS] == [100_000, 4_000, 0, 10_000]


def test_a_reply_that_grows_after_it_was_priced_is_priced_again(transcripts: Transcripts) -> None:
    """Beyond the tier, even what it had before costs more."""
    transcripts.read(reply("m1", 1, used=usage(input=200_000, output=10_000), model=SONNET))
    assert costs(transcripts.store)["total_usd"] == 0.6 + 0.15
    transcripts.read(reply("m1", 2, used=usage(input=200_000, read=1, output=10_000), model=SONNET))
    assert costs(transcripts.store)["total_usd"] == 1.2 + 0.225 + 6e-7


# Lower bounds

MUCH = [
    reply("m1", 1, text("x" * 21), used=usage(output=5)),
    reply("m1", 2, text("x" * 20), used=usage(output=5)),
]
"""41 characters for 5 tokens: more than 8 for each."""


def test_a_reply_that_says_more_than_its_tokens_could_is_a_lower_bound(transcripts: Transcripts) -> None:
    transcripts.read(MUCH[0])
    assert not answer(transcripts.store)["token_stats"]["at_least"]
    transcripts.read(MUCH[1])
    found = answer(transcripts.store)
    assert (found["token_stats"]["lower_bounds"], found["token_stats"]["unknown"]) == (1, 0)
    assert (found["token_stats"]["at_least"], found["cost_stats"]["at_least"]) == (True, True)
    assert found["cost_stats"]["unpriced"] == []
    assert found["cost_stats"]["total_usd"] == 0.00014
    for type in ("hourly", "daily", "weekly", "monthly", "by_session", "by_project", "by_model"):
        assert transcripts.flags(type) == (True, True), type


def test_only_the_rows_of_a_lower_bound_are_at_least(transcripts: Transcripts) -> None:
    other, later = "33333333-3333-4333-8333-333333333333", 2 * 86_400
    transcripts.read(*MUCH)
    transcripts.read(
        reply("m2", later, used=usage(output=5), model=SONNET, sessionId=other, cwd="/home/ana/web"),
        file=f"{other}.jsonl",
    )
    for type in ("daily", "by_session", "by_project", "by_model"):
        rows = answer(transcripts.store, type)["time_series"]
        by_tokens = [(each["tokens_at_least"], each["cost_at_least"]) for each in rows]
        assert sorted(by_tokens) == [(False, False), (True, True)], type
    assert transcripts.flags("by_model", model=SONNET) == (False, False)
    assert transcripts.flags("by_model", model=OPUS) == (True, True)


@pytest.mark.parametrize(
    ("characters", "output", "is_lower_bound"),
    [(40, 5, False), (41, 5, True), (1, 0, True), (0, 0, False), (8_000, 1_000, False)],
)
def test_a_token_may_be_of_8_characters(
    transcripts: Transcripts, characters: int, output: int, is_lower_bound: bool
) -> None:
    transcripts.read(reply("m1", 1, text("é" * characters), used=usage(output=output)))
    assert answer(transcripts.store)["token_stats"]["lower_bounds"] == is_lower_bound


def test_a_line_that_is_read_again_says_no_more(transcripts: Transcripts) -> None:
    for file in (f"{SESSION}.jsonl", "copy.jsonl"):
        transcripts.read(MUCH[0], MUCH[0], file=file)
    assert not answer(transcripts.store)["token_stats"]["at_least"]


@pytest.mark.parametrize("order", list(permutations(range(3))), ids=str)
@pytest.mark.parametrize("apart", [False, True])
def test_a_reply_that_ended_is_none_whichever_copy_says_so_and_when(
    transcripts: Transcripts, order: tuple[int, ...], apart: bool
) -> None:
    lines = [(*MUCH, ended(MUCH[0]))[position] for position in order]
    for part in [[line] for line in lines] if apart else [lines]:
        transcripts.read(*part)
    assert answer(transcripts.store)["token_stats"]["lower_bounds"] == 0
    assert transcripts.flags("by_model") == (False, False)


# Sub-agents

CALLED = [
    call("t1", 10, "Task", asked={"subagent_type": "Explore"}),
    result("t1", 30, details={"status": "completed", "agentId": "a1", "totalTokens": 99_999}),
]


def test_an_agents_cost_is_that_of_its_runs(transcripts: Transcripts) -> None:
    inner = reply("m2", 20, used=usage(input=100_000, output=4_000), agentId="a1", isSidechain=True)
    transcripts.read(reply("m1", 9, used=usage(input=20_000, output=4_000)), *CALLED)
    transcripts.read(inner, file=f"{SESSION}/subagents/agent-a1.jsonl")
    agent = row(transcripts.store, "by_agent")
    assert (agent["agent"], agent["count"], agent["tokens"], agent["cost_usd"]) == ("Explore", 1, 104_000, 0.6)
    assert transcripts.flags("by_agent") == (False, False)
    assert costs(transcripts.store)["total_usd"] == 0.6 + 0.2


def test_an_agent_is_at_least_what_is_told_where_a_run_is_told_nowhere(transcripts: Transcripts) -> None:
    transcripts.read(*CALLED)
    assert transcripts.flags("by_agent") == (True, True)
    assert row(transcripts.store, "by_agent")["tokens"] == 0
    inner = reply("m2", 20, used=usage(output=50), agentId="a1", isSidechain=True)
    transcripts.read(inner, file=f"{SESSION}/subagents/agent-a1.jsonl")
    assert transcripts.flags("by_agent") == (False, False)
    transcripts.read(
        call("t2", 40, "Task", asked={"subagent_type": "Explore"}),
        result("t2", 50, details={"status": "completed", "agentId": "a2"}),
    )
    agent = row(transcripts.store, "by_agent")
    assert (agent["count"], agent["tokens"], agent["tokens_at_least"], agent["cost_at_least"]) == (2, 53, True, True)


def test_the_agents_of_different_kinds_are_told_apart(transcripts: Transcripts) -> None:
    transcripts.read(
        *CALLED,
        call("t2", 40, "Task", asked={"subagent_type": "Plan"}),
        result("t2", 50, details={"status": "completed", "agentId": "a2"}),
    )
    transcripts.read(
        reply("m2", 20, used=usage(input=100_000, output=40), agentId="a1", isSidechain=True),
        file=f"{SESSION}/subagents/agent-a1.jsonl",
    )
    agents = {agent["agent"]: agent for agent in answer(transcripts.store, "by_agent")["time_series"]}
    assert {name: agent["tokens"] for name, agent in agents.items()} == {"Explore": 100_040, "Plan": 0}
    assert {name: agent["tokens_at_least"] for name, agent in agents.items()} == {"Explore": False, "Plan": True}
