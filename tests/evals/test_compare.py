"""Comparing models: scores, money by hand, failures, the frontier, and going on where a run was stopped."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from aiapp import Budget, Choice, Client, Prompt, Request, Retry, Settings
from aiapp.core.errors import InvalidInput, OverBudget, Unavailable
from aiapp.core.invoice import Invoice, Line
from aiapp.evals.compare import compare, forecasts, variants
from aiapp.evals.comparison import Outcome, compared
from aiapp.evals.dataset import Item, read_items, with_choices
from aiapp.evals.metrics import METRICS, exact, metric
from aiapp.testing import ScriptedModel
from tests.tracking.spans import call


def items(count: int) -> list[Item]:
    return [Item(str(number), Request.of(f"say {number}"), str(number)) for number in range(count)]


def echo(request: Request) -> str:
    return request.messages[0].text.removeprefix("say ")


def below(number: int) -> Client:
    """A model that knows only the first so many."""
    return Client(provider=ScriptedModel(lambda asked: said if int(said := echo(asked)) < number else "no idea"))


def outcomes(scores: list[float], cost: str | None) -> list[Outcome]:
    lines = Invoice((Line("calls", 1, None if cost is None else Decimal(cost), 1),), () if cost else ("no price",))
    return [Outcome(str(n), score, "", None, (call(invoice=lines),)) for n, score in enumerate(scores)]


def test_models_are_ranked_and_told_apart_only_where_the_cases_can() -> None:
    found = compare(items(20), {"all": below(20), "nearly": below(17), "half": below(10)}, exact)
    assert [(one.model, one.quality.mean, one.apart) for one in found.standings] == [
        ("all", 1.0, False),
        ("nearly", 0.85, False),  # three differences are too few for anybody
        ("half", 0.5, True),
    ]
    half = found.standings[2].behind
    assert half is not None
    assert half.mean == -0.5
    assert half.high < 0
    assert found.best.totals.calls == 20
    assert found.best.per_thousand == 0
    assert [one.frontier for one in found.standings] == [True, False, False]


def test_a_failure_scores_nothing_and_is_counted_apart() -> None:
    def moody(asked: Request) -> Any:
        down = Unavailable("down", provider="scripted", model="scripted", status=503)
        return down if echo(asked) == "1" else echo(asked)

    client = Client(provider=ScriptedModel(moody, free=False), retry=Retry(attempts=1))
    one = compare(items(4), {"moody": client}, exact).best
    assert (one.failed, one.quality.mean) == (1, 0.75)
    assert one.outcomes[1].error is not None
    assert one.outcomes[1].error.startswith("Unavailable: ")
    assert one.per_thousand is None
    assert one.totals.unknown


def test_money_and_the_frontier_by_hand() -> None:
    found = compared(
        {
            "good": outcomes([1, 1, 1, 0], "0.02"),
            "dear": outcomes([1, 0, 1, 0], "0.03"),
            "cheap": outcomes([1, 0, 0, 0], "0.001"),
            "secret": outcomes([0, 0, 0, 0], None),
        }
    )
    by = {one.model: one for one in found.standings}
    assert by["good"].per_thousand == 20
    assert by["cheap"].per_thousand == 1
    assert by["secret"].per_thousand is None
    assert {name: one.frontier for name, one in by.items()} == {
        "good": True,
        "dear": False,
        "cheap": True,
        "secret": None,
    }
    assert found.measured["good"].tokens_per_second == 20  # 20 tokens in a second, each
    assert found.measured["good"].as_of == datetime(2026, 11, 20, tzinfo=UTC).date()


def test_results_are_kept_and_gone_on_with(tmp_path: Path) -> None:
    kept, model = tmp_path / "results.jsonl", ScriptedModel(echo)
    first = compare(items(3), {"m": Client(provider=model)}, exact, results=kept)
    with kept.open("a", encoding="utf-8") as file:
        file.write('{"model": "m", "ca')  # a run that was stopped here
    second = compare(items(5), {"m": Client(provider=model)}, exact, results=kept)
    assert len(model.requests) == 5
    assert second.best.outcomes[:3] == first.best.outcomes
    assert len(kept.read_text().splitlines()) == 5
    changed = [Item("0", Request.of("say another"), "another")]
    assert compare(changed, {"m": Client(provider=model)}, exact, results=kept).best.quality.mean == 1
    compare(items(5), {"m": Client(provider=model)}, METRICS["f1"], results=kept)
    assert len(model.requests) == 6
    kept.write_text('{"model": 1}\n')
    with pytest.raises(InvalidInput, match=r"results\.jsonl:1"):
        compare(items(1), {"m": Client(provider=model)}, exact, results=kept)


def test_what_failed_is_asked_again(tmp_path: Path) -> None:
    down = Unavailable("down", provider="scripted", model="scripted", status=503)
    model = ScriptedModel([down, "0"])
    for failed in (1, 0):
        client = Client(provider=model, retry=Retry(attempts=1))
        assert compare(items(1), {"m": client}, exact, results=tmp_path / "r").best.failed == failed


class Hosted(ScriptedModel):
    """Stands in for a model with a price: $2 in and $10 out, or a twentieth of that."""

    name = "openai"

    def __init__(self, model: str) -> None:
        super().__init__(echo, free=False)
        self.model = model


def hosted() -> dict[str, Client]:
    settings = Settings(max_tokens=100)
    return {name: Client(provider=Hosted(f"gpt-6-{name}"), settings=settings) for name in ("sol", "luna")}


def test_a_budget_stops_between_cases_and_what_was_answered_is_compared(tmp_path: Path) -> None:
    kept, budget = tmp_path / "results.jsonl", Budget("0.005")
    found = compare(items(20), hosted(), exact, results=kept, concurrency=1, budget=budget)
    assert found.stopped is not None
    assert "of a budget of $0.005" in found.stopped
    assert 0 < found.cases < 20
    assert found.left_out == 20 - found.cases
    assert [len(one.outcomes) for one in found.standings] == [found.cases] * 2
    assert not any(one.failed for one in found.standings)  # what was not asked did not fail
    assert budget.spent.money is not None
    assert budget.spent.money <= Decimal("0.005")
    assert len(kept.read_text().splitlines()) in (2 * found.cases, 2 * found.cases + 1)
    more = compare(items(20), hosted(), exact, results=kept, budget=Budget("1"))
    assert (more.cases, more.left_out, more.stopped) == (20, 0, None)


def test_a_budget_that_affords_no_case_of_all_models_is_said() -> None:
    clients = hosted()
    with pytest.raises(OverBudget, match=r"openai:gpt-6-sol may take"):
        compare(items(3), clients, exact, budget=Budget("0.000001"))


def test_what_a_comparison_will_take_is_forecast_before_it_is_sent(tmp_path: Path) -> None:
    clients, kept = hosted(), tmp_path / "results.jsonl"
    before = forecasts(items(10), clients, results=kept)
    sol, luna = before["sol"], before["luna"]
    assert sol.requests == luna.requests == 10
    assert sol.high.money is not None
    assert luna.high.money is not None
    assert luna.high.money < sol.high.money
    compare(items(4), clients, exact, results=kept)
    after = forecasts(items(10), clients, results=kept)
    assert after["sol"].requests == 6
    assert after["sol"].expected.seconds is not None  # it was measured meanwhile


def test_variants_are_names_with_settings() -> None:
    found = variants(["local", "local?temperature=0.8&max_tokens=40"])
    assert [*found] == ["local", "local?temperature=0.8&max_tokens=40"]
    made: list[tuple[str, Settings]] = []

    def opened(model: str, settings: Settings) -> Client:
        made.append((model, settings))
        return Client("local")

    variants(["a:b?effort=low"], opened)
    assert made == [("a:b", Settings(effort="low"))]
    for names, said in (
        ((), "at least one"),
        (("local", "local"), "each model once"),
        (("local?speed=1",), "temperature"),
        (("local?temperature=9",), "0 to 2"),
        (("local?temperature=warm",), "0 to 2"),
    ):
        with pytest.raises(InvalidInput, match=said):
            variants(names)


@pytest.mark.parametrize(
    ("name", "answer", "expected", "score"),
    [
        ("exact", " Paris\n", "Paris", 1),
        ("exact", "paris", "Paris", 0),
        ("contains", "It is Paris.", "Paris", 1),
        ("contains", "It is Paris.", ["Paris", "Rome"], 0),
        ("regex", "in 1997", r"\b19\d\d\b", 1),
        ("f1", "the blue lamp", "a blue lamp", 1),
        ("f1", "blue lamp costs", ["blue", "red"], 0.5),  # 2 x 1 / (3 + 1)
        ("f1", "", "blue", 0),
        ("json", '{"a": 1, "b": 2, "c": 3}', {"a": 1, "b": 0}, 0.5),
        ("json", "a = 1", {"a": 1}, 0),
        ("choice", "'Yes.'", "yes", 1),
        ("choice", "yes or no", "yes", 0),
        ("operator:eq", "a", "a", 1),
    ],
)
def test_metrics(name: str, answer: str, expected: Any, score: float) -> None:
    assert metric(name)(answer, expected) == score


@pytest.mark.parametrize("name", ["accuracy", "nosuch:thing", "math:pi", "operator:nosuch"])
def test_a_metric_that_is_none(name: str) -> None:
    with pytest.raises(InvalidInput, match="exact, contains, regex, f1, json, choice"):
        metric(name)


def test_what_a_metric_cannot_take_is_said_before_anything_is_asked() -> None:
    model = ScriptedModel("1")
    for name, said in (("regex", "a regular expression"), ("json", "an object with at least one field")):
        with pytest.raises(InvalidInput, match=said):
            compare([Item("0", Request.of("a"), "(")], {"m": Client(provider=model)}, metric(name))
    assert model.requests == []


def test_a_score_out_of_range_is_an_error() -> None:
    with pytest.raises(InvalidInput, match="score of 0"):
        compare(items(1), {"m": below(1)}, lambda answer, expected: 2)


def test_cases_of_a_file(tmp_path: Path) -> None:
    file = tmp_path / "e.jsonl"
    rows: list[dict[str, Any]] = [
        {"input": "a", "expected": "x", "id": "one", "tags": ["t"]},
        {"input": [{"role": "system", "text": "b"}, {"role": "user", "text": "c"}], "expected": "y"},
    ]
    file.write_text("\n\n".join(map(json.dumps, rows)))
    first, second = read_items(file)
    assert (first.id, first.tags, second.id) == ("one", ("t",), "3")
    assert [message.text for message in second.request.messages] == ["b", "c"]
    assert first.fingerprint != second.fingerprint
    assert with_choices([first, second])[0].request.format == Choice(("x", "y"))
    prompt = Prompt("Say {{word}}.", name="say")
    file.write_text('{"input": {"word": "hi"}, "expected": "hi"}')
    (item,) = read_items(file, prompt)
    assert item.request.messages[0].text == "Say hi."
    with pytest.raises(InvalidInput, match="at least two labels"):
        with_choices([first])


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("", "at least one case"),
        ("{", "e.jsonl:1"),
        ('{"input": "a"}', "input and expected"),
        ('{"input": "a", "expected": 1, "speed": 1}', "expected, id, input, tags"),
        ('{"input": "a", "expected": 1, "tags": "t"}', "a list of texts"),
        ('{"input": {"a": 1}, "expected": 1}', "a prompt"),
        ('{"input": [{"role": "boss", "text": "a"}], "expected": 1}', "system, user"),
        ('{"input": "a", "expected": 1, "id": 2}\n{"input": "a", "expected": 1}', "no other line"),
    ],
)
def test_a_file_that_is_wrong(text: str, said: str, tmp_path: Path) -> None:
    (tmp_path / "e.jsonl").write_text(text)
    with pytest.raises(InvalidInput, match=said):
        read_items(tmp_path / "e.jsonl")


def test_a_file_of_cases_that_cannot_be_read_is_named(tmp_path: Path) -> None:
    (tmp_path / "bytes.jsonl").write_bytes(b"\xff\xfe")
    for name in ("nowhere.jsonl", "bytes.jsonl"):
        with pytest.raises(InvalidInput, match=f"cases: .*{name}"):
            read_items(tmp_path / name)
