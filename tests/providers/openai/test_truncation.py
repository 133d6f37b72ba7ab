"""A server that cuts a prompt to its own context without a word is found out by its counts."""

from __future__ import annotations

import pytest

from aiapp.client.cache import MemoryCache
from aiapp.client.client import Client
from aiapp.core.messages import system, user
from aiapp.core.parts import Image, Text
from aiapp.core.request import Request
from aiapp.core.response import Response
from aiapp.core.usage import Usage
from aiapp.providers.openai.chat.truncation import truncated
from aiapp.testing import Said, WireServer

LONG = "word " * 8_000  # 10,000 tokens by the number of characters


def answers(said: Said, prompt: str, model: str = "ollama:m") -> list[Response]:
    """Waited for, streamed, and from the cache."""
    request = Request((system("Be brief."), user([Text(prompt), Image("image/png", data=b"\x89PNG")])))
    with (
        WireServer(said) as server,
        Client(model, api_key="k", base_url=f"{server.url}/v1", cache=MemoryCache()) as client,
        Client(model, api_key="k", base_url=f"{server.url}/v1") as streaming,
    ):
        stream = streaming.stream(request)
        list(stream)
        return [client.complete(request), stream.response, client.complete(request)]


def test_a_prompt_that_was_cut_is_warned_of() -> None:
    for response in answers(Said("Fine.", usage=Usage(4096, 5)), LONG):
        [warning] = response.warnings
        assert str(warning) == (
            "messages: the server counted 4,096 tokens of a prompt of about 10,002: it may have read only a part of it"
        )


def test_a_context_that_was_filled_is_warned_of() -> None:
    for response in answers(Said("On and o", finish="length", usage=Usage(3000, 1096)), LONG[:12_000])[:2]:
        [warning] = response.warnings
        assert "4,096 tokens, as many as a server's context may have" in warning.reason


@pytest.mark.parametrize(
    ("said", "prompt"),
    [
        (Said("Fine.", usage=Usage(9_100, 5)), LONG),  # as it should be
        (Said("Fine.", usage=Usage(5_100, 5)), LONG),  # words that take few tokens
        (Said("Fine.", usage=Usage(20_000, 5)), LONG),  # a language that takes many
        (Said("Fine.", usage=Usage(100, 5)), "word " * 1_000),  # too short to be cut anywhere
        (Said("Fine.", usage=Usage(4_000, 96)), LONG[:12_000]),  # a context filled to its end by chance
        (Said("On", finish="length", usage=Usage(4_000, 97)), LONG[:12_000]),  # a limit of the caller's own
        (Said("On", finish="length", usage=Usage(24, 8)), "hi"),  # 32 tokens are no context
        (Said("Fine.", usage=None), LONG),  # nobody counted
    ],
)
def test_what_may_well_be_whole_is_not(said: Said, prompt: str) -> None:
    assert [response.warnings for response in answers(said, prompt)] == [(), (), ()]


def test_only_who_cuts_in_silence_is_suspected() -> None:
    for response in answers(Said("Fine.", usage=Usage(4096, 5)), LONG, "openai-chat:m"):
        assert response.warnings == ()


def test_a_count_of_one_side_says_nothing_of_both() -> None:
    assert truncated(40, Usage(2048, None), at_the_limit=True) is None
