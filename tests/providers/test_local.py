"""The bundled model as a provider. Nothing here depends on how good it is."""

from __future__ import annotations

import asyncio
import json
import math

import pytest

from aiapp.client.client import Client
from aiapp.core.errors import BadRequest, ContextOverflow
from aiapp.core.events import fold
from aiapp.core.formats import Choice, JsonSchema, Regex
from aiapp.core.messages import user
from aiapp.core.parts import Image, Part, Text
from aiapp.core.request import Request, Settings, Tool
from aiapp.providers.local.provider import LocalProvider

SCHEMA = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name", "age"],
}


def test_preparing_lists_what_the_model_cannot_take() -> None:
    parts: list[Part] = [Text("look"), Image("image/png", data=b"x")]
    settings = Settings(effort="high", extra={"logit_scale": 2})
    request = Request((user(parts),), (Tool("t", "d", {}),), settings=settings)
    fields = [change.field for change in LocalProvider().prepare(request).changes]
    assert sorted(fields) == ["effort", "extra.logit_scale", "messages.image", "tools"]


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
