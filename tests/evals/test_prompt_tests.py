"""Tests of prompts: each kind of check passes and fails, without a model and with one."""

from __future__ import annotations

from typing import Any

import pytest
import yaml

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core.errors import InvalidInput
from aiapp.evals.prompt_tests import Check, run_cases
from aiapp.prompts.prompt import Prompt
from aiapp.testing import ScriptedModel, Vectors, WireServer, faults


def prompt(case: dict[str, Any], front: str = "") -> Prompt:
    tests = yaml.safe_dump([{"name": "case", "input": {"text": "T"}, **case}])
    return Prompt(f'---\n{front}tests:\n{tests}---\n{{{{role "system"}}}}S{{{{role "user"}}}}{{{{text}}}}')


def asked(answer: dict[str, Any], reply: str, front: str = "") -> tuple[Check, ...]:
    """The checks of what a scripted model answers."""
    (result,) = run_cases(prompt({"answer": answer}, front), Client(provider=ScriptedModel(reply)))
    assert result.answer == reply
    return result.checks


@pytest.mark.parametrize(
    ("answer", "good", "bad"),
    [
        ({"equals": "yes"}, " yes\n", "Yes"),
        ({"contains": ["a", "b"]}, "b a", "b"),
        ({"excludes": "PWNED"}, "fine", "PWNED!"),
        ({"matches": "^[0-9]+$"}, "12", "12 apples"),
        ({"schema": {"type": "object", "required": ["a"]}}, '{"a": 1}', '{"b": 1}'),
        ({"schema": {"type": "object"}}, "{}", "{"),
        ({"similar": {"to": "The train was late.", "at_least": 0.7}}, "The train was delayed.", "Cats eat fish."),
    ],
)
def test_each_check_passes_a_good_answer_and_fails_a_bad_one(answer: dict[str, Any], good: str, bad: str) -> None:
    assert all(check.passed for check in asked(answer, good))
    failed = [check for check in asked(answer, bad) if check.passed is False]
    assert failed
    assert failed[0].detail


def test_true_stands_for_the_output_schema() -> None:
    front = "output:\n  schema: {n: integer}\n"
    assert asked({"schema": True}, '{"n": 1}', front) == (Check("schema", True),)
    assert asked({"schema": True}, '{"n": "1"}', front) == (Check("schema", False, "answer.n: str, expected integer"),)


def test_a_model_judges_where_one_is_given() -> None:
    case = {"answer": {"judge": "It is kind."}}
    client = Client(provider=ScriptedModel("Dear friend"))
    (unjudged,) = run_cases(prompt(case), Client(provider=ScriptedModel("Dear friend")))
    assert (unjudged.passed, unjudged.checks[0].passed) == (True, None)
    for reply, verdict in (('{"reason": "r", "passes": false}', False), ("I think so", None)):
        judge = ScriptedModel(reply)
        (result,) = run_cases(prompt(case), Client(provider=ScriptedModel("Dear friend")), judge=Client(provider=judge))
        assert result.checks[0].passed is verdict
        assert "Dear friend" in judge.requests[0].messages[-1].text
    client.close()


SIMILAR = {"similar": {"to": "east", "at_least": 0.9, "embedder": "openai:text-embedding-3-small"}}


@pytest.mark.parametrize(("north", "passes"), [(0.1, True), (0.9, False)])
def test_any_embedder_says_how_similar_an_answer_is(north: float, passes: bool) -> None:
    case = prompt({"answer": SIMILAR})
    with (
        WireServer(Vectors(((1.0, 0.0), (1.0, north)), input_tokens=4)) as server,
        Client("openai:text-embedding-3-small", api_key="k", base_url=server.url) as embedder,
    ):
        (result,) = run_cases(case, Client(provider=ScriptedModel("eastish")), embedder=embedder)
        assert [request.body["input"] for request in server.requests] == [["east", "eastish"]]
    assert (result.checks[0].name, result.checks[0].passed) == ("similar", passes)
    scripted = {"east": [2.0, 0.0], "eastish": [3.0, 3 * north]}
    (result,) = run_cases(
        case, Client(provider=ScriptedModel("eastish")), embedder=lambda texts: [scripted[text] for text in texts]
    )
    assert result.checks[0].passed is passes


def test_a_case_names_its_embedder_which_is_asked_beside_a_model_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    with WireServer(Vectors(((1.0, 0.0),), input_tokens=4)) as server:
        monkeypatch.setenv("OPENAI_BASE_URL", f"{server.url}/v1")
        monkeypatch.setenv("OPENAI_API_KEY", "k")
        (offline,) = run_cases(prompt({"answer": SIMILAR, "reply": "east"}))
        assert [(check.name, check.passed) for check in offline.checks] == [("reply similar", None)]
        assert "openai:text-embedding-3-small" in offline.checks[0].detail
        assert server.requests == []
        (online,) = run_cases(prompt({"answer": SIMILAR}), Client(provider=ScriptedModel("west")))
        assert [(check.name, check.passed) for check in online.checks] == [("similar", True)]
        assert len(server.requests) == 1
        server.assert_closed()


def test_an_embedder_that_fails_leaves_the_check_undone_and_one_that_is_none_is_an_error() -> None:
    case, client = prompt({"answer": SIMILAR}), Client(provider=ScriptedModel("west"))
    with (
        WireServer(faults.Status(500, "no")) as server,
        Client("openai:text-embedding-3-small", api_key="k", base_url=server.url, retry=Retry(attempts=1)) as embedder,
    ):
        (result,) = run_cases(case, client, embedder=embedder)
        assert result.checks[0].passed is None
        assert result.checks[0].detail.startswith("the embedder gave no vectors: ")
    with pytest.raises(InvalidInput, match="a model that embeds"):
        run_cases(case, client, embedder=Client(provider=ScriptedModel("x")))


def test_without_a_model_the_reply_must_pass_and_the_rejected_answer_must_not() -> None:
    answer = {"contains": "yes"}
    (good,) = run_cases(prompt({"answer": answer, "reply": "yes", "rejected": "no"}))
    assert [(check.name, check.passed) for check in good.checks] == [("reply contains", True), ("rejected", True)]
    (bad,) = run_cases(prompt({"answer": answer, "reply": "no", "rejected": "yes"}))
    assert [(check.name, check.passed) for check in bad.checks] == [("reply contains", False), ("rejected", False)]
    (silent,) = run_cases(prompt({"answer": answer}))
    assert [check.passed for check in silent.checks] == [None]
    (undecided,) = run_cases(prompt({"answer": {"judge": "j"}, "rejected": "no"}))
    assert [check.passed for check in undecided.checks] == [None]


def test_what_a_case_renders_to_is_compared() -> None:
    def check(*messages: dict[str, str]) -> Check:
        (result,) = run_cases(prompt({"messages": list(messages)}))
        return result.checks[0]

    assert check({"role": "system"}, {"role": "user", "text": "T"}).passed
    assert "roles are system, user; expected user" in check({"role": "user"}).detail
    assert "message 1 is 'T'; expected 'U'" in check({"role": "system"}, {"role": "user", "text": "U"}).detail


def test_a_case_that_cannot_render_fails_and_the_others_go_on() -> None:
    source = "---\ntests: [{name: a, input: {}}, {name: b, input: {text: T}, messages: [{role: user}]}]\n---\n{{text}}"
    broken, whole = run_cases(Prompt(source))
    assert (broken.passed, whole.passed) == (False, True)
    assert "text: missing" in broken.checks[0].detail
