"""A provider that follows a script."""

from __future__ import annotations

import json
from typing import Any

import pytest

from aiapp.client.client import Client
from aiapp.core.errors import InvalidInput
from aiapp.core.parts import ToolCall
from aiapp.core.request import Request, Settings
from aiapp.testing import Said, ScriptedModel


def test_a_script_is_followed_and_checked_for_leftovers() -> None:
    model = ScriptedModel(["one", "two", "three"])
    client = Client(provider=model)
    assert [client.complete("a").text, client.complete("b").text] == ["one", "two"]
    assert [request.messages[0].text for request in model.requests] == ["a", "b"]
    with pytest.raises(AssertionError, match="1 answers"):
        model.assert_done()
    client.complete("c")
    model.assert_done()
    with pytest.raises(AssertionError, match="no answer for request 4"):
        client.complete("d")


def test_as_a_context_it_fails_at_its_end_where_answers_are_left_over() -> None:
    with pytest.raises(AssertionError, match="1 answers of the script were not asked for"), ScriptedModel(["a"]):
        pass
    with ScriptedModel(["a"]) as model:
        assert Client(provider=model).complete("hi").text == "a"
    with pytest.raises(KeyError), ScriptedModel(["a"]):
        raise KeyError("what went wrong is said, not what was left over")


def test_a_receipt_shows_what_a_user_adds_without_its_secrets() -> None:
    settings = Settings(temperature=0.5, extra={"api_key": "hunter2", "seeds": [1]})
    payload = Client(provider=ScriptedModel("x"), settings=settings).complete("hi").receipt.payload
    assert (payload["api_key"], payload["seeds"]) == ("[redacted]", [1])
    assert payload["request"]["settings"] == {"kind": "settings", "temperature": 0.5}
    assert "hunter2" not in json.dumps(payload)


def test_a_script_may_be_a_function_or_a_failure() -> None:
    assert Client(provider=ScriptedModel(lambda request: request.messages[0].text[::-1])).complete("abc").text == "cba"
    with pytest.raises(LookupError):
        Client(provider=ScriptedModel(LookupError("x"))).complete("abc")


async def _later(_: Request) -> str:
    return "x"


@pytest.mark.parametrize(
    ("field", "script"),
    [
        ("script", None),
        ("script", 5),
        ("script", {"a": 1}),
        ("script", ValueError),
        ("script", _later),
        ("script[1]", ["a", 5]),
        ("script[0]", [ValueError, "a"]),
        ("script[1]", ("a", None)),
    ],
)
def test_a_script_that_answers_nothing_is_refused_when_it_is_written(field: str, script: Any) -> None:
    with pytest.raises(InvalidInput, match="a text, a Said, an exception") as caught:
        ScriptedModel(script)
    assert caught.value.field == field


def test_a_function_that_answers_nothing_is_refused_when_it_is_asked() -> None:
    def nothing(_: Request) -> Any:
        return None

    with pytest.raises(InvalidInput, match="answer: None cannot be used"):
        Client(provider=ScriptedModel(nothing)).complete("hi")


def test_a_tuple_of_answers_is_said_in_order() -> None:
    client = Client(provider=ScriptedModel(("one", Said("two"))))
    assert [client.complete("hi").text for _ in range(2)] == ["one", "two"]


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("text", 5),
        ("thinking", b"x"),
        ("refusal", 5),
        ("tool_calls", ToolCall("1", "look", "{}")),
        ("tool_calls[0]", [5]),
        ("finish", "done"),
        ("piece", 0),
        ("piece", "5"),
    ],
)
def test_what_nobody_can_say_is_refused(field: str, value: Any) -> None:
    with pytest.raises(InvalidInput) as caught:
        Said(**{field.partition("[")[0]: value})
    assert caught.value.field == field
