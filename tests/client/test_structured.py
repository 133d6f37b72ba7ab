"""Typed answers: how they are asked for on each wire, read, asked for again, billed, and shown while they come."""

from __future__ import annotations

import json
from dataclasses import dataclass
from decimal import Decimal
from enum import Enum
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel, Field
from typing_extensions import TypedDict

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core.errors import AnswerInvalid, InvalidInput, RateLimited
from aiapp.core.events import FinishReason
from aiapp.core.formats import Choice, Format, JsonSchema
from aiapp.core.messages import user
from aiapp.core.request import Request
from aiapp.core.response import Response
from aiapp.core.schema import Schema
from aiapp.core.usage import Usage
from aiapp.testing import Said, ScriptedModel, WireServer


class Person(BaseModel):
    name: str
    age: int = Field(ge=0, le=150)


@dataclass(frozen=True)
class Point:
    x: int
    y: int


class Movie(TypedDict):
    title: str


class Colour(Enum):
    RED = "red"


ADA = '{"name": "Ada", "age": 36}'
VALUES: list[tuple[Any, str, Any]] = [
    (Person, ADA, Person(name="Ada", age=36)),
    (Point, '{"x": 1, "y": 2}', Point(1, 2)),
    (Movie, '{"title": "M"}', {"title": "M"}),
    (Colour, '{"value": "red"}', Colour.RED),
    (Person | Point, '{"value": {"x": 1, "y": 2}}', Point(1, 2)),
    (list[int], '{"value": [1, 2]}', [1, 2]),
    (dict[str, int], '{"a": 1}', {"a": 1}),
    (tuple[int, str], '{"value": [1, "a"]}', (1, "a")),
    (bool, '{"value": true}', True),
]
VENDORS = ("openai", "openai-chat", "anthropic", "deepseek", "ollama", "mistral")
EACH_VALUE = pytest.mark.parametrize(
    ("kind", "text", "value"), VALUES, ids=[getattr(one[0], "__name__", str(one[0])) for one in VALUES]
)


@pytest.mark.parametrize("vendor", VENDORS)
@EACH_VALUE
def test_a_value_of_any_type_on_every_wire(vendor: str, kind: Any, text: str, value: Any) -> None:
    """Native first, then a tool, then an instruction: the server says it in words, wherever a form was asked for."""
    with WireServer(Said(text)) as server:
        client = Client(f"{vendor}:m", api_key="k", base_url=f"{server.url}{'' if vendor == 'anthropic' else '/v1'}")
        response = client.complete("?", output=kind)
        client.close()
        sent = json.dumps(server.requests[0].body)
    assert (response.output, type(response.output)) == (value, type(value))
    for name in Schema.of(kind).format().schema.get("properties", ()):
        assert name in sent, "the schema is lost"


@pytest.mark.parametrize("vendor", VENDORS)
def test_s5_a_dict_is_never_asked_for_as_an_empty_object(vendor: str) -> None:
    explained = Client(f"{vendor}:m", api_key="k").explain("?", output=dict[str, int])
    sent = json.dumps(explained.payload).replace(" ", "").replace("\\", "")
    assert '"additionalProperties":{"type":"integer"}' in sent
    assert '"properties":{}' not in sent
    assert [change for change in explained.changes if change.field.startswith("format")] or "json_schema" in sent


def test_a_constraint_that_the_wire_cannot_hold_is_held_here() -> None:
    """Sent as a hint and listed; an answer that breaks it is sent back all the same."""
    with WireServer([Said('{"name": "Ada", "age": 360}'), Said(ADA)]) as server:
        client = Client("anthropic:m", api_key="k", base_url=server.url)
        assert [change.field for change in client.explain("?", output=Person).changes] == ["format.age", "format.age"]
        response = client.complete("?", output=Person)
        client.close()
    assert response.output.age == 36
    assert len(response.receipt.attempts) == 2


def test_an_answer_that_does_not_fit_goes_back_with_what_is_wrong() -> None:
    model = ScriptedModel(["no JSON", '{"name": "Ada"}', ADA])
    response = Client(provider=model).complete("Who?", output=Person, reasks=2)
    assert response.output == Person(name="Ada", age=36)
    first, second, third = model.requests
    assert [message.role for message in third.messages] == ["user", "assistant", "user", "assistant", "user"]
    assert third.messages[1].text == "no JSON"
    assert "age" in third.messages[-1].text
    assert first.format == second.format == third.format == Schema.of(Person).format()


def test_u10_what_was_asked_again_is_on_the_receipt_and_on_the_bill() -> None:
    said = [Said("no", usage=Usage(10, 1, 4, 0, 0)), Said(ADA, usage=Usage(25, 7, 10, 0, 2))]
    response = Client(provider=ScriptedModel([*said], free=False)).complete("Who?", output=Person)
    receipt = response.receipt
    assert (receipt.usage, response.usage) == (Usage(35, 8, 14, 0, 2),) * 2
    assert len(receipt.attempts) == len(receipt.payload["calls"]) == 2
    assert sum(line.count or 0 for line in receipt.invoice.lines if "input" in line.item) == 35
    assert receipt.cost is None
    unknown = [Said("no", usage=None), Said(ADA, usage=Usage(25, 7))]
    assert not Client(provider=ScriptedModel([*unknown])).complete("Who?", output=Person).usage.known


@pytest.mark.parametrize("reasks", [0, 1, 3])
def test_it_is_asked_again_no_more_often_than_was_said(reasks: int) -> None:
    model = ScriptedModel("never JSON")
    with pytest.raises(AnswerInvalid) as caught:
        Client(provider=model).complete("Who?", output=Person, reasks=reasks)
    assert len(model.requests) == reasks + 1
    assert len(caught.value.response.receipt.attempts) == reasks + 1
    assert caught.value.response.text == "never JSON"
    assert caught.value.response.receipt.cost == Decimal(0)


@pytest.mark.parametrize("reason", ["length", "refusal", "content_filter", "tool_calls", "pause"])
@pytest.mark.parametrize("text", [ADA, '{"name": "A', ""])
def test_s8_why_it_ended_is_read_before_the_answer_is(reason: FinishReason, text: str) -> None:
    """What was cut, refused or filtered is no answer, even where it happens to be JSON; nor is it asked for again."""
    model = ScriptedModel(Said(text, finish=reason))
    with pytest.raises(AnswerInvalid):
        Client(provider=model).complete("Who?", output=Person, reasks=3)
    assert len(model.requests) == 1
    stream = Client(provider=ScriptedModel(Said(text, finish=reason))).stream("Who?", output=Person)
    with pytest.raises(AnswerInvalid):
        list(stream)


def test_a_failure_on_the_way_to_the_second_answer_is_that_failure() -> None:
    model = ScriptedModel(["no JSON", RateLimited("slow down", provider="s", model="s")])
    with pytest.raises(RateLimited):
        Client(provider=model, retry=Retry(attempts=1)).complete("Who?", output=Person)


@given(st.dictionaries(st.text(max_size=5), st.lists(st.integers() | st.text(max_size=5), max_size=3), max_size=3))
def test_partial_values_grow_into_the_whole_one(value: dict[str, list[int | str]]) -> None:
    client = Client(provider=ScriptedModel(json.dumps(value)))
    stream = client.stream("?", output=dict[str, list[int | str]])
    partials = list(stream.partials())
    assert partials[-1] == value == stream.response.output
    assert all(before != after for before, after in pairwise(partials))


def test_partial_values_of_what_is_no_object() -> None:
    stream = Client(provider=ScriptedModel('{"value": ["one", "two"]}')).stream("?", output=list[str])
    assert list(stream.partials())[-1] == ["one", "two"]
    assert stream.response.output == ["one", "two"]
    with pytest.raises(InvalidInput, match="partial values"):
        list(Client(provider=ScriptedModel("x")).stream("?").partials())


def test_nothing_is_asked_again_once_it_was_shown() -> None:
    model = ScriptedModel("no JSON")
    with pytest.raises(AnswerInvalid) as caught:
        list(Client(provider=model).stream("?", output=Person))
    assert len(model.requests) == 1
    assert isinstance(caught.value.response, Response)


def test_the_bundled_model_is_held_to_the_type_itself() -> None:
    response = Client("local").complete("Ada is 36 years old.", output=Person)
    assert isinstance(response.output, Person)
    assert len(response.receipt.attempts) == 1


def test_a_type_that_has_no_schema_is_named_before_anything_is_sent() -> None:
    model = ScriptedModel("x")
    with pytest.raises(InvalidInput, match="a type that has a JSON schema"):
        Client(provider=model).complete(Request.of("?"), output=type("Unknown", (), {}))
    assert model.requests == []


@pytest.mark.parametrize("form", [Choice(("a", "b")), JsonSchema({"type": "object", "properties": {}})])
def test_a_format_of_the_request_is_not_overwritten_in_silence(form: Format) -> None:
    client = Client(provider=ScriptedModel([]))
    request = Request((user("hi"),), format=form)
    asks = (client.complete, client.explain, client.stream)
    for ask in asks:
        with pytest.raises(InvalidInput, match="a type of the format that the request has"):
            ask(request, output=int)
    assert client.explain(request).payload["request"]["format"] is not None


def test_a_format_that_means_the_same_as_the_type_is_taken() -> None:
    own = JsonSchema(Schema(int).format().schema, "another_name")
    client = Client(provider=ScriptedModel(['{"value": 3}']))
    assert client.complete(Request((user("hi"),), format=own), output=int).output == 3


def test_an_answer_in_a_fence_costs_one_call() -> None:
    with WireServer(Said('```json\n{"value": 3}\n```')) as server:
        response = Client("deepseek:m", api_key="k", base_url=server.url).complete("How many?", output=int)
        assert (response.output, len(server.requests)) == (3, 1)
