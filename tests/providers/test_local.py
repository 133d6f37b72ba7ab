"""The bundled model as a provider. Nothing here depends on how good it is."""

from __future__ import annotations

import asyncio
import json
import math
import re
from typing import Any

import pytest

from aiapp.client.client import Client
from aiapp.core.errors import BadRequest, ContextOverflow, InvalidInput, NotHonoured
from aiapp.core.events import Finish, fold
from aiapp.core.formats import Choice, Grammar, JsonSchema, Quotation, Regex
from aiapp.core.messages import Message, assistant, system, tool, user
from aiapp.core.parts import File, Image, Part, Text, ToolCall, ToolResult
from aiapp.core.request import Only, Request, Settings, Tool
from aiapp.providers.local.provider import LocalProvider

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}


WEATHER = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "unit": {"type": "string", "enum": ["celsius", "fahrenheit"]}},
    "required": ["city"],
}
MUSIC = {"type": "object", "properties": {"song": {"type": "string"}}, "required": ["song"]}


def test_what_a_tools_result_carries_is_listed_and_a_strict_client_refuses_it() -> None:
    shown = ToolResult("c1", "see image", attachments=(Image("image/png", data=b"x"), File("text/plain", "a", b"x")))
    asked = Request((user("look"), assistant([ToolCall("c1", "look", "{}")]), tool(shown)))
    changes = LocalProvider().prepare(asked).changes
    assert [(change.field, change.lost) for change in changes] == [("messages.image", True), ("messages.file", True)]
    with pytest.raises(NotHonoured, match=r"messages\.image"):
        Client("local", strict=True).complete(asked)


@pytest.mark.parametrize("arguments", ['{"at": "it', "[1]", "null"])
def test_arguments_that_are_no_object_are_kept_and_listed(arguments: str) -> None:
    asked = Request((user("look"), assistant([ToolCall("c1", "look", arguments)]), tool(ToolResult("c1", "no"))))
    prepared = LocalProvider().prepare(asked)
    call = next(turn for turn in prepared.payload["messages"] if turn["role"] == "call")
    assert json.loads(call["text"]) == {"name": "look", "arguments": {"text": arguments}}
    assert [(change.field, change.lost) for change in prepared.changes] == [("messages.tool_call", False)]


def test_preparing_lists_what_the_model_cannot_take() -> None:
    parts: list[Part] = [Text("look"), Image("image/png", data=b"x")]
    settings = Settings(effort="high", extra={"logit_scale": 2})
    request = Request((user(parts),), settings=settings)
    fields = [change.field for change in LocalProvider().prepare(request).changes]
    assert sorted(fields) == ["effort", "extra.logit_scale", "messages.image"]


def test_tools_and_types_are_lines_of_the_system_turn() -> None:
    tool = Tool("get_weather", "Say the weather.\nAnd more.", WEATHER)
    messages = (system("Be brief."), user("Rain in Oslo?"))
    payload = LocalProvider().prepare(Request(messages, (tool,), JsonSchema(SCHEMA))).payload
    assert payload["messages"] == [
        {
            "role": "system",
            "text": "Be brief.\n\nTools:\nget_weather(city: string, unit?: celsius|fahrenheit): Say the weather."
            "\n\nAnswer as JSON: {name: string, age: integer}",
        },
        {"role": "user", "text": "Rain in Oslo?"},
    ]


def test_a_tool_takes_an_argument_of_any_value() -> None:
    tool = Tool("keep", "Keep it.", {"type": "object", "properties": {"it": True}, "required": ["it"]})
    payload = LocalProvider().prepare(Request((user("Keep 3, please."),), (tool,))).payload
    assert payload["messages"][0]["text"] == "Tools:\nkeep(it: any): Keep it."
    response = Client("local").complete(Request((user("Keep 3, please."),), (tool,), settings=Settings(max_tokens=60)))
    assert response.finish is not None


def test_calls_and_results_are_turns() -> None:
    messages = (
        user("Rain in Oslo?"),
        assistant([Text("One moment."), ToolCall("1", "get_weather", '{"city":"Oslo"}'), ToolCall("2", "broken", "{")]),
        Message("tool", (ToolResult("1", '{"rain": true}'), ToolResult("2", "no such tool", is_error=True))),
    )
    assert LocalProvider().prepare(Request(messages)).payload["messages"][1:] == [
        {"role": "assistant", "text": "One moment."},
        {"role": "call", "text": '{"name": "get_weather", "arguments": {"city": "Oslo"}}'},
        {"role": "call", "text": '{"name": "broken", "arguments": {"text": "{"}}'},
        {"role": "tool", "text": '{"rain": true}'},
        {"role": "tool", "text": '{"error": "no such tool"}'},
    ]


def test_a_tool_call_fits_its_schema() -> None:
    tools = (Tool("get_weather", "Say the weather in a city.", WEATHER), Tool("play_music", "Play a song.", MUSIC))
    response = Client("local").complete(Request((user("Play the song Yesterday, please."),), tools))
    (call,) = response.tool_calls
    assert (call.name, response.finish) == ("play_music", Finish("tool_calls", "stop"))
    assert isinstance(json.loads(call.arguments)["song"], str)
    assert not response.receipt.changes


def test_no_tool_is_called_for_a_request_that_none_has_to_do_with() -> None:
    tools = (Tool("get_weather", "Say the weather in a city.", WEATHER), Tool("play_music", "Play a song.", MUSIC))
    response = Client("local").complete(Request((user("How many pages does the contract have?"),), tools))
    assert response.tool_calls == ()
    assert response.text


def test_a_call_that_is_cut_short_says_so() -> None:
    request = Request((user("Play the song Yesterday, please."),), (Tool("play_music", "Play a song.", MUSIC),))
    response = Client("local", settings=Settings(max_tokens=12)).complete(request)
    assert response.finish == Finish("length", "length")


def test_a_choice_ranks_every_option() -> None:
    options = ("yes", "no", "perhaps tomorrow")
    response = Client("local").complete(Request((user("Shall we?"),), format=Choice(options)))
    assert {alternative.text for alternative in response.alternatives} == set(options)
    assert response.text == response.alternatives[0].text
    assert sum(math.exp(alternative.logprob) for alternative in response.alternatives) == pytest.approx(1.0)


def test_formats_hold() -> None:
    client = Client("local")
    answer = json.loads(client.complete(Request((user("Ada is 36."),), format=JsonSchema(SCHEMA))).text)
    assert isinstance(answer["name"], str)
    assert isinstance(answer["age"], int)
    year = client.complete(Request((user("Which year?"),), format=Regex(r"(19|20)\d\d"))).text
    assert year[:2] in ("19", "20")
    assert len(year) == 4


def test_a_grammar_in_larks_notation_holds() -> None:
    lark = 'start: city " and " city\ncity: "Oslo" | "Rome" | "Paris"'
    text = Client("local").complete(Request((user("Which two cities?"),), format=Grammar(lark))).text
    assert re.fullmatch("(Oslo|Rome|Paris) and (Oslo|Rome|Paris)", text)
    with pytest.raises(InvalidInput, match="lark grammar"):
        Client("local").complete(Request((user("?"),), format=Grammar("start: missing")))


def test_a_quotation_is_a_span_of_whole_words_out_of_a_text() -> None:
    texts = ("The red lamp costs 40 euros.", "The blue lamp costs 55 euros.")
    said = Client("local").complete(Request((user("What does the blue lamp cost?"),), format=Quotation(texts)))
    assert said.text
    assert any(re.search(rf"(?<!\w){re.escape(said.text)}(?!\w)", text) for text in texts)
    with pytest.raises(InvalidInput, match="at least one text"):
        Client("local").complete(Request((user("?"),), format=Quotation(())))


def test_a_stream_is_the_whole_answer() -> None:
    provider = LocalProvider()
    prepared = provider.prepare(Request((user("Hello"),), settings=Settings(max_tokens=12)))

    async def streamed() -> list[object]:
        return [event async for event in provider.astream(prepared)]

    assert fold(asyncio.run(streamed())) == fold(asyncio.run(provider.acomplete(prepared)))  # type: ignore[arg-type]


def test_usage_counts_and_limits() -> None:
    response = Client("local", settings=Settings(max_tokens=3, temperature=1.0, seed=7)).complete("Tell me a story")
    assert response.usage.output_tokens is not None
    assert response.usage.output_tokens <= 3
    assert response.receipt.cost == 0


def test_a_prompt_that_is_too_long_says_so() -> None:
    with pytest.raises(ContextOverflow, match="the bundled model reads fewer than"):
        Client("local").complete("word " * 5000)


@pytest.mark.parametrize("options", [(), ("a", "a")])
def test_a_choice_needs_different_options(options: tuple[str, ...]) -> None:
    with pytest.raises(BadRequest, match="at least one option"):
        Client("local").complete(Request((user("?"),), format=Choice(options)))


@pytest.mark.parametrize(("kind", "made"), [(set[int], set), (frozenset[bool], frozenset), (set[str], set)])
def test_a_set_is_asked_for_as_a_list(kind: type[Any], made: type[Any]) -> None:
    client = Client("local")
    asked = Request((user("Which are even: 1, 2, 3, 4?"),), settings=Settings(max_tokens=2000))
    response = client.complete(asked, output=kind)
    assert type(response.output) is made
    assert response.warnings == ()
    (change,) = response.receipt.changes
    assert (change.field, change.lost) == ("format", False)
    assert "uniqueItems" in change.reason
    assert client.explain(asked, output=kind).changes == response.receipt.changes


def test_a_strict_client_takes_what_is_checked_when_it_is_read() -> None:
    client = Client("local", strict=True)
    assert not client.explain("Which are even?", output=set[int]).refused
    written = JsonSchema({"type": "array", "items": {"type": "integer"}, "uniqueItems": True})
    with pytest.raises(NotHonoured, match="the answer is not checked either"):
        client.complete(Request((user("Which are even?"),), format=written))


def test_only_items_that_could_repeat_are_listed() -> None:
    one = {"type": "array", "items": {"type": "integer"}, "uniqueItems": True, "maxItems": 1}
    named = {"type": "object", "properties": {"uniqueItems": {"type": "boolean"}}, "required": ["uniqueItems"]}
    deep = {"$defs": {"S": {"type": "array", "uniqueItems": True}}, "properties": {"a": {"$ref": "#/$defs/S"}}}
    changes = list[list[str]]()
    for schema in (one, named, deep):
        prepared = LocalProvider().prepare(Request((user("x"),), format=JsonSchema(schema)))
        changes.append([change.field for change in prepared.changes])
        assert ("uniqueItems" in json.dumps(prepared.payload["format"])) == (schema is named)
    assert changes == [[], [], ["format"]]


def test_it_counts_the_tokens_that_a_call_takes() -> None:
    provider = LocalProvider()
    for request in (
        Request((user("hello"),)),
        Request((system("Be brief."), user("Weather?")), (Tool("weather", "Weather", WEATHER),)),
    ):
        counted = asyncio.run(provider.acount_tokens(request))
        taken = fold(asyncio.run(provider.acomplete(provider.prepare(request)))).usage.input_tokens
        assert (counted.tokens, counted.exact) == (taken, True)


def test_it_embeds_with_the_bundled_encoder() -> None:
    provider = LocalProvider()
    texts = ["a cat sleeps", "the annual budget", "a kitten naps"]
    made = asyncio.run(provider.aembed(texts, None))
    cat, budget, kitten = made.vectors
    assert sum(map(float.__mul__, cat, kitten)) > sum(map(float.__mul__, cat, budget))
    assert math.isclose(sum(number * number for number in cat), 1, rel_tol=1e-4)
    assert made.usage.input_tokens is not None
    assert made.usage.input_tokens > 6
    assert made.model.startswith("encoder-")
    assert list(asyncio.run(provider.aembed([], None)).vectors) == []
    with pytest.raises(InvalidInput, match="dimensions"):
        asyncio.run(provider.aembed(texts, 7))


def test_what_it_cannot_honour_is_said() -> None:
    asked = Settings(tool_choice=Only("play"), parallel_tools=True, cache="off", service_tier="flex", effort="high")
    play = Tool("play", "Plays a song.", {"type": "object", "properties": {}})
    changes = Client("local").explain(Request((user("hi"),), (play,), settings=asked)).changes
    fields = ["cache", "effort", "parallel_tools", "service_tier", "tool_choice"]
    assert sorted(change.field for change in changes if change.lost) == fields


def test_no_tool_is_offered_where_none_may_be_called() -> None:
    tools = (Tool("play_song", "Play a song.", {"type": "object", "properties": {}}),)
    request = Request((user("Play a song."),), tools, settings=Settings(tool_choice="none"))
    assert Client("local").explain(request).payload["tools"] == []


def test_a_seed_below_zero_is_one_as_others() -> None:
    client = Client("local")
    said = [
        client.complete(Request((user("Hi"),), settings=Settings(temperature=1.5, seed=seed, max_tokens=12))).text
        for seed in (-5, -5, -6)
    ]
    assert said[0] == said[1] != said[2]


@pytest.mark.parametrize("verb", ["complete", "count_tokens", "embed"])
def test_half_a_surrogate_pair_is_refused_by_name(verb: str) -> None:
    asked = ["b", "a\ud800"] if verb == "embed" else "a\ud800"
    with pytest.raises(InvalidInput, match="half of a surrogate pair") as caught:
        getattr(Client("local"), verb)(asked)
    assert caught.value.field == "text"
