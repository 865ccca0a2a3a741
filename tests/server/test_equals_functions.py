"""Through the API and straight from the functions: the same numbers, of random histories."""

from __future__ import annotations

import json
import tempfile
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from hypothesis import HealthCheck, given, settings

from oracle import aggregate, read_lines
from query_strategies import Asking, askings
from server.served import Served
from strategies import Question, histories
from tachograph.query.run import run
from tachograph.report.documents import as_json
from tachograph.report.filters import FILTERS
from tachograph.report.query_document import query_document
from test_aggregate_equals_contract import same

NAMES = {
    **{kind: kind for kind in ("hourly", "daily", "weekly", "monthly")},
    **{f"by_{name}": f"{name}s" for name in ("session", "user", "tool", "agent", "project", "model")},
}
FEW = settings(deadline=None, max_examples=25, suppress_health_check=list(HealthCheck))


def parameters(asked: Question) -> dict[str, Any]:
    """The question as parameters of an address."""
    options = {field: option for option, field, _, _ in FILTERS}
    ends = {name: moment(time) for name, time in (("since", asked.start), ("until", asked.end)) if time is not None}
    return {**{options[name]: values for name, values in asked.filters.items()}, **ends, "timezone": asked.zone}


def moment(time: datetime) -> str:
    return (time if time.tzinfo else time.replace(tzinfo=UTC)).isoformat()


@FEW
@given(history=histories())
def test_aggregations_equal_the_slow_reading(history: tuple[list[bytes], Question]) -> None:
    lines, asked = history
    metrics, _ = read_lines(lines)
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder))
        served.load(lines)
        answer = served.get(f"/api/v1/aggregations/{NAMES[asked.type]}", params=parameters(asked))
    assert answer.status_code == 200, answer.text
    same(answer.json(), aggregate(metrics, **asked._asdict()))


@FEW
@given(asking=askings())
def test_queries_equal_what_the_function_gives(asking: Asking) -> None:
    lines, queries = asking
    with tempfile.TemporaryDirectory() as folder:
        served = Served(Path(folder))
        served.load(lines)
        with served.tenants.get("default").asked() as store:
            documents = [query_document(run(store, query)) for query in queries]
        for document in documents:
            said = {name: value for name, value in document["query"].items() if value not in (None, [])}
            answer = served.post(said)
            assert answer.status_code == 200, answer.text
            assert answer.text == as_json(document)
            words = {name: json.dumps(value) if isinstance(value, bool) else value for name, value in said.items()}
            assert served.get("/api/v1/query", params=words).text == answer.text
