"""What is told of one thing in several ways counts once, whatever came first."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from hypothesis import given, settings
from hypothesis import strategies as st

from tachograph.collector.rows import frames_of_rows
from tachograph.columns import ColumnBuilder, add_dicts, request_number
from tachograph.store.duckdb import Store
from tachograph.store.journal import Rows

if TYPE_CHECKING:
    from collections.abc import Sequence

CLAUDE = "claude-code"
AT = 1_767_225_600_000_000
DAY = 86_400_000_000


def exported(identifier: str, tokens: int, session: str | None = "s", *, source: str = CLAUDE, **more: Any) -> Rows:
    row = {"id": identifier, "ts": AT, "type": "token_usage", "session_id": session, "output_tokens": tokens, **more}
    (frame,) = frames_of_rows([(source, row)], None)
    return frame


def by_request(request: str, tokens: int, session: str = "s") -> Rows:
    return exported(f"{CLAUDE}:request:{request}", tokens, session, request_id=request)


def of_transcript(
    message: str, request: str | None, tokens: int, session: str = "s", *, other: str | None = None
) -> Rows:
    builder = ColumnBuilder()
    row = {
        "id": f"{CLAUDE}:{message}", "ts": AT, "type": "token_usage", "session_id": session,
        "output_tokens": tokens, "token_count": tokens, "cwd": "/home/ana/project",
        "request": None if request is None else request_number(request),
        "other_request": None if other is None else request_number(other),
    }  # fmt: skip
    add_dicts(builder, [row])
    batch = builder.batch()
    return Rows(CLAUDE, True, None, batch.length, batch.columns)


def stored(commits: Sequence[Sequence[Rows]]) -> Store:
    store = Store.in_memory()
    for frames in commits:
        with store.loading() as loading:
            for frame in frames:
                loading.add([frame.batch], source=frame.source, in_parts=frame.in_parts, user=frame.user)
            loading.commit([])
    return store


def counted(store: Store) -> list[tuple[str | None, int, int]]:
    """Session, metrics and tokens, of all that counts."""
    return store.connection.execute("""
        SELECT session_id, count(*), sum(token_count)::BIGINT FROM metrics WHERE ts IS NOT NULL
        GROUP BY session_id ORDER BY session_id
    """).fetchall()


def test_a_request_and_the_reply_that_names_it_are_one_metric_whichever_comes_first() -> None:
    told, read = by_request("req_1", 50), of_transcript("msg_1", "req_1", 40)
    for commits in ([[told], [read]], [[read], [told]], [[told, read]], [[read], [told], [told], [read]]):
        with stored(commits) as store:
            assert counted(store) == [("s", 1, 50)]
            ids = store.connection.execute("SELECT id, cwd FROM metrics").fetchall()
            assert ids == [(f"{CLAUDE}:msg_1", "/home/ana/project")]


def test_a_reply_whose_copy_names_another_request_is_still_found_by_the_first() -> None:
    replay = of_transcript("msg_1", "req_2", 40)
    original = of_transcript("msg_1", "req_1", 40)
    for commits in (
        [[original], [replay], [by_request("req_1", 40)]],
        [[by_request("req_1", 40)], [replay], [original]],
    ):
        with stored(commits) as store:
            assert counted(store) == [("s", 1, 40)]


def test_requests_that_no_transcript_has_count_themselves() -> None:
    with stored([[of_transcript("msg_1", "req_1", 40)], [by_request("req_title", 3)]]) as store:
        assert counted(store) == [("s", 2, 43)]


def test_what_was_told_when_a_request_had_ended_is_no_lower_bound() -> None:
    unfinished = of_transcript("msg_1", "req_1", 1)
    with stored([[unfinished], [by_request("req_1", 50)]]) as store:
        assert store.connection.execute("SELECT blocks FROM metrics").fetchall() == [(".",)]


def test_counters_count_only_where_nothing_better_is_told_of_the_session() -> None:
    counter = exported("counter:1", 100, "s", witness=3)
    alone = exported("counter:2", 7, "other", witness=3)
    for commits in ([[counter, alone], [by_request("req_1", 90)]], [[by_request("req_1", 90)], [counter, alone]]):
        with stored(commits) as store:
            assert counted(store) == [("other", 1, 7), ("s", 1, 90)]


def test_another_source_or_another_type_is_no_better_witness() -> None:
    counter = exported("counter:1", 100, "s", witness=3)
    other = exported("codex:1", 5, "s", source="codex")
    call = frames_of_rows(
        [(CLAUDE, {"id": "claude-code:toolu_1", "ts": AT, "type": "tool_use", "session_id": "s"})], None
    )[0]
    with stored([[counter], [other], [call]]) as store:
        tokens = (
            "SELECT source, sum(token_count)::BIGINT FROM metrics WHERE ts IS NOT NULL GROUP BY source ORDER BY source"
        )
        assert store.connection.execute(tokens).fetchall() == [(CLAUDE, 100), ("codex", 5)]


def test_counters_of_no_session_count_only_on_days_of_which_nothing_better_is_told() -> None:
    counter = exported("counter:1", 100, None, witness=3)
    later = frames_of_rows(
        [(CLAUDE, {"id": "counter:2", "ts": AT + DAY, "type": "token_usage", "output_tokens": 30, "witness": 3})], None
    )[0]
    for commits in ([[counter, later], [by_request("req_1", 90)]], [[by_request("req_1", 90)], [later], [counter]]):
        with stored(commits) as store:
            assert counted(store) == [("s", 1, 90), (None, 1, 30)]


def test_what_was_left_out_stays_out_when_it_is_sent_again() -> None:
    counter = exported("counter:1", 100, "s", witness=3)
    with stored([[counter], [by_request("req_1", 90)], [counter], [counter]]) as store:
        assert counted(store) == [("s", 1, 90)]


REQUESTS = [f"req_{number}" for number in range(6)]
ITEMS = st.lists(
    st.one_of(
        st.builds(lambda n, tokens: ("told", n, tokens), st.integers(0, 5), st.integers(0, 9)),
        st.builds(lambda n, tokens: ("read", n, tokens), st.integers(0, 5), st.integers(0, 9)),
        st.builds(lambda n, tokens: ("counter", n, tokens), st.integers(0, 5), st.integers(0, 9)),
        st.builds(lambda n, tokens: ("event", n, tokens), st.integers(0, 5), st.integers(0, 9)),
    ),
    max_size=14,
)


def plainly(items: list[tuple[str, int, int]]) -> dict[str, int]:
    """What counts of each session, by the rules alone. Request n is of session n % 2."""
    answer: dict[str, int] = {}
    for session in (0, 1):
        mine = [item for item in items if item[1] % 2 == session]
        for kinds in ({"told", "read"}, {"event"}, {"counter"}):
            found = [item for item in mine if item[0] in kinds]
            if found:
                largest = {n: max(tokens for _, other, tokens in found if other == n) for _, n, _ in found}
                answer[f"s{session}"] = sum(largest.values())
                break
    return answer


@settings(max_examples=150, deadline=None)
@given(ITEMS, st.data())
def test_whatever_comes_in_whatever_order_counts_as_the_rules_say(
    items: list[tuple[str, int, int]], data: st.DataObject
) -> None:
    frames = []
    for kind, n, tokens in items:
        session = f"s{n % 2}"
        if kind == "told":
            frames.append(by_request(REQUESTS[n], tokens, session))
        elif kind == "read":
            frames.append(of_transcript(f"msg_{n}", REQUESTS[n], tokens, session))
        elif kind == "event":
            frames.append(exported(f"event:{n}", tokens, session, witness=1))
        else:
            frames.append(exported(f"counter:{n}", tokens, session, witness=3))
    order = data.draw(st.permutations(frames))
    cuts = sorted(data.draw(st.lists(st.integers(0, len(order)), max_size=4)))
    commits = [order[begin:end] for begin, end in zip([0, *cuts], [*cuts, len(order)], strict=True)]
    with stored([frames for frames in commits if frames]) as store:
        assert {session: tokens for session, _, tokens in counted(store)} == plainly(items)
