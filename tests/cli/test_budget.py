"""`tachograph budget`: what is kept, how much is used, the exit code, and the webhook."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cli.made_up import metric, write_log
from hostile import NAMES
from receiver import Receiver
from tachograph.budgets.budget import Budget, budgets_text, read_budgets

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cli.conftest import Command, Said


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    with Receiver() as there:
        yield there


@pytest.fixture
def today(log: Path) -> Path:
    """A log of today: ana's 6 dollars and 600 tokens in api, ben's 3 dollars and 300 tokens in web; more last year."""
    now = datetime.now(UTC)

    def used(id: str, user: str, project: str, usd: float, *, days: int = 0) -> str:
        time = (now - timedelta(days=days)).isoformat()
        return metric(id, time, "token_usage", user, user, project_path=project, model=f"m-{user}",
                      token_count=round(usd * 100), cost_usd=usd)  # fmt: skip

    write_log(
        log, used("1", "ana", "/srv/api", 2), used("2", "ana", "/srv/api", 4), used("3", "ben", "/srv/web", 3),
        used("4", "ana", "/srv/api", 1000, days=400),
    )  # fmt: skip
    return log


def checked(tachograph: Command) -> tuple[int, list[dict[str, Any]]]:
    said = tachograph("budget", "--json")
    found: list[dict[str, Any]] = said.document["budgets"]
    return said.code, found


def make(tachograph: Command, *arguments: str) -> Said:
    said = tachograph("budget", "set", *arguments)
    assert (said.code, said.err) == (0, "")
    return said


@pytest.mark.parametrize("per", ["day", "week", "month"])
def test_what_is_used_of_a_budget_is_that_of_its_window(per: str, today: Path, tachograph: Command) -> None:
    make(tachograph, "all", "--usd", "10", "--per", per)
    code, (budget,) = checked(tachograph)
    assert (code, budget["level"], budget["used"], budget["limit"]) == (0, "warning", 9.0, 10.0)
    assert budget["projected"] >= 9.0


def test_the_exit_code_is_1_where_one_is_used_up(today: Path, tachograph: Command) -> None:
    make(tachograph, "fine", "--usd", "100")
    assert checked(tachograph)[0] == 0
    make(tachograph, "over", "--tokens", "899", "--per", "day")
    code, found = checked(tachograph)
    assert (code, [one["level"] for one in found]) == (1, ["fine", "over"])
    make(tachograph, "over", "--tokens", "900", "--per", "day")  # all of it, and no more
    assert checked(tachograph)[0] == 0


@pytest.mark.parametrize(
    ("options", "used"),
    [(["--project", "/srv/api"], 6.0), (["--user", "ben"], 3.0), (["--model", "m-ana"], 6.0), (["--user", "ana", "--project", "/srv/web"], 0.0)],
)  # fmt: skip
def test_it_may_be_of_a_project_a_user_or_a_model(
    options: list[str], used: float, today: Path, tachograph: Command
) -> None:
    make(tachograph, "some", "--usd", "10", *options)
    assert [one["used"] for one in checked(tachograph)[1]] == [used]


@pytest.mark.parametrize(("each", "groups"), [("user", ["ana", "ben"]), ("project", ["/srv/api", "/srv/web"]), ("model", ["m-ana", "m-ben"])])  # fmt: skip
def test_it_may_be_so_much_for_each(each: str, groups: list[str], today: Path, tachograph: Command) -> None:
    make(tachograph, "each", "--usd", "5", "--each", each)
    code, found = checked(tachograph)
    assert code == 1
    assert [(one["group"], one["used"], one["level"]) for one in found] == [
        (groups[0], 6.0, "over"),
        (groups[1], 3.0, "fine"),
    ]


def test_a_table_shows_them_all(today: Path, tachograph: Command) -> None:
    make(tachograph, "all", "--usd", "5", "--per", "day")
    make(tachograph, "ben", "--tokens", "350", "--user", "ben", "--per", "day")
    said = tachograph("budget", "--timezone", "UTC")
    assert said.code == 1
    heading, _, _, first, second = (line.rstrip() for line in said.out.splitlines())
    assert heading == "Budgets, in UTC"
    assert first.startswith(f"all     everything  {datetime.now(UTC):%Y-%m-%d}  day     $5.00  $9.00  180.0 %  ")
    assert first.endswith("  USED UP")
    assert second.startswith("ben     ben ")
    assert second.endswith("  soon used up")


def test_set_replaces_and_remove_forgets(tachograph: Command, store_file: Path) -> None:
    assert (
        make(tachograph, "api", "--usd", "15", "--project", "/srv/api").out
        == "Budget api: $15.00 a month of /srv/api\n"
    )
    make(tachograph, "api", "--tokens", "5000", "--per", "week", "--each", "user")
    assert (store_file.parent / "budgets.toml").read_text() == '[api]\ntokens = 5000\nper = "week"\neach = "user"\n'
    assert tachograph("budget", "remove", "api").out == "Removed the budget api.\n"
    assert "there is no budget 'api' (known: none)" in tachograph.mistake("budget", "remove", "api")
    assert "there are no budgets yet" in tachograph.mistake("budget")


def test_the_file_holds_any_name(tmp_path: Path) -> None:
    budgets = [
        Budget(name=f"b{number}", usd=1.5, project=name, user=name, model=name, webhook="http://x/")
        for number, name in enumerate((*NAMES, "\x7f\x00\\\"'"))
    ]
    path = tmp_path / "budgets.toml"
    path.write_text(budgets_text(budgets), encoding="utf-8", newline="")
    assert read_budgets(path) == budgets


def test_webhooks_are_told_once_for_each_level(today: Path, receiver: Receiver, tachograph: Command) -> None:
    make(tachograph, "all", "--usd", "10", "--per", "day", "--webhook", f"{receiver.url}/hook?secret=1")
    make(tachograph, "quiet", "--usd", "1", "--per", "day")
    for _ in range(2):
        tachograph("budget", "check", "--alert")
    ((path, kind, body),) = receiver.got
    assert (path, kind) == ("/hook?secret=1", "application/json")
    told = json.loads(body)
    assert (told["budget"], told["level"], told["used"], told["limit"], told["unit"]) == (
        "all",
        "warning",
        9.0,
        10.0,
        "usd",
    )
    assert told["text"] == "Budget all is used to 90%: 9.00 of 10.00 usd this day"
    make(tachograph, "all", "--usd", "8", "--per", "day", "--webhook", f"{receiver.url}/hook")
    for _ in range(2):
        assert tachograph("budget", "check", "--alert").code == 1
    assert [json.loads(body)["level"] for _, _, body in receiver.got] == ["warning", "over"]


def test_a_name_calls_nobody_in_a_chat(log: Path, receiver: Receiver, tachograph: Command) -> None:
    evil = "<!channel> \x1b[31m&\u202e"
    write_log(log, metric("1", datetime.now(UTC).isoformat(), "token_usage", "s", evil, token_count=5))
    make(tachograph, "each", "--tokens", "1", "--each", "user", "--webhook", receiver.url)
    assert tachograph("budget", "check", "--alert").code == 1
    told = json.loads(receiver.got[0][2])
    assert told["group"] == evil
    assert told["text"].startswith("Budget each of &lt;!channel&gt; [31m&amp; is used up: 5.00 of 1.00 tokens")


def test_without_alert_nobody_is_told(today: Path, receiver: Receiver, tachograph: Command) -> None:
    make(tachograph, "all", "--usd", "1", "--webhook", receiver.url)
    assert tachograph("budget").code == 1
    assert receiver.got == []


def test_a_webhook_that_does_not_take_it_is_a_failure_and_is_told_again(
    today: Path, receiver: Receiver, tachograph: Command
) -> None:
    make(tachograph, "all", "--usd", "1", "--each", "user", "--webhook", f"{receiver.url}/secret")
    receiver.status = 500
    said = tachograph("budget", "check", "--alert")
    assert said.code == 2
    assert said.err.endswith(
        f"tachograph: {receiver.url}: it says 500: Internal Server Error (see whether the address is right)\n"
    )
    assert "secret" not in said.err
    receiver.status = 204
    assert tachograph("budget", "check", "--alert").code == 1
    assert [json.loads(body)["group"] for _, _, body in receiver.got] == ["ana", "ana", "ben"]


FILES = (
    ("x", "it is not TOML"),
    ("a = 1", "a: it is no table"),
    ('["no name"]\nusd = 1', "'no name' is no name of a budget"),
    ("[a]\nuds = 1", "there is no 'uds' in a budget (did you mean usd?"),
    ("[a]", "a budget is of usd or of tokens (give one of the two)"),
    ("[a]\nusd = 1\ntokens = 1", "a budget is of usd or of tokens"),
    ("[a]\nusd = -1", "a: usd: -1 is no amount"),
    ("[a]\nusd = true", "a: usd: True is no amount"),
    ("[a]\nusd = inf", "a: usd: inf is no amount"),
    ("[a]\ntokens = 1.5", "a: tokens: 1.5 is no amount"),
    ('[a]\nusd = 1\nper = "year"', "a: per: 'year' can't be meant (give day or week or month)"),
    ('[a]\nusd = 1\neach = "tool"', "a: each: 'tool' can't be meant"),
    ("[a]\nusd = 1\nproject = 5", "a: project: 5 is no name"),
    ("[a]\nusd = 1\nwarn_at = 101", "a: warn_at: 101 is no share"),
    ('[a]\nusd = 1\nwebhook = "ftp://x"', "a: webhook: 'ftp://x' is no address"),
)


@pytest.mark.parametrize(("content", "words"), FILES)
def test_a_file_that_cannot_be_meant_is_named(content: str, words: str, store_file: Path, tachograph: Command) -> None:
    store_file.parent.mkdir()
    (store_file.parent / "budgets.toml").write_text(content)
    assert words in tachograph.mistake("budget")


MISTAKES = (
    (["set"], "a NAME goes with set and remove"),
    (["check", "x"], "a NAME goes with set and remove"),
    (["--usd", "5"], "--usd goes with set"),
    (["remove", "x", "--json"], "--alert and --json go with check"),
    (["set", "x"], "a budget is of usd or of tokens"),
    (["set", "x", "--usd", "nan"], "nan is no amount"),
    (["set", "x", "--usd", "5", "--webhook", "somewhere"], "'somewhere' is no address"),
    (["set", "a b", "--usd", "5"], "'a b' is no name of a budget"),
)


@pytest.mark.parametrize(("options", "words"), MISTAKES)
def test_mistakes_are_named(options: list[str], words: str, tachograph: Command) -> None:
    said = tachograph("budget", *options)
    assert (said.code, said.out) == (2, "")
    assert words in said.err
    assert "Traceback" not in said.err
