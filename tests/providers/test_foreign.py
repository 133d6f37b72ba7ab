"""What stays behind where another provider is asked than the one that attached it."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from aiapp.client.client import Client
from aiapp.core.errors import NotHonoured
from aiapp.core.messages import assistant, tool, user
from aiapp.core.parts import Text, ToolCall, ToolResult
from aiapp.core.request import Request
from aiapp.providers.anthropic import encode as anthropic
from aiapp.providers.foreign import left_behind
from aiapp.providers.litellm import encode as litellm
from aiapp.providers.local import encode as local
from aiapp.providers.openai import encode as openai
from aiapp.providers.openai.chat import encode as chat
from aiapp.providers.openai.vendors import vendors
from aiapp.providers.protocol import Prepared

SIGNED = {"provider_specific_fields": {"thought_signature": "sealed"}}
Encode = Callable[[Request], Prepared]
WIRES: dict[str, Encode] = {
    "anthropic": lambda request: anthropic.encode(request, "m"),
    "openai": lambda request: openai.encode(request, "m"),
    "groq": lambda request: chat.encode(request, "m", vendors()["groq"]),
    "litellm": lambda request: litellm.encode(request, "m"),
    "local": local.encode,
}


def said_by(text: str, calls: str) -> Request:
    """Two turns of an assistant, with what two providers attached to them."""
    turn = assistant(
        [
            Text("Let me see.", {text: {"id": "msg_1", "phase": "commentary"}}),
            ToolCall("c1", "look", "{}", {calls: SIGNED}),
        ]
    )
    return Request((user("hi"), turn, tool(ToolResult("c1", "fog")), turn, tool(ToolResult("c1", "sun")), user("so?")))


@pytest.mark.parametrize("wire", WIRES)
def test_it_is_lost_and_listed_once_for_each_kind(wire: str) -> None:
    prepared = WIRES[wire](said_by("elsewhere", "another"))
    assert "sealed" not in str(prepared.payload)
    assert [str(change) for change in prepared.changes if change.lost] == [
        "messages.text: `phase` of elsewhere: only who attached it takes it back; left out",
        "messages.tool_call: `provider_specific_fields` of another: only who attached it takes it back; left out",
    ]


@pytest.mark.parametrize("wire", WIRES)
def test_what_a_provider_attached_itself_is_not_listed(wire: str) -> None:
    assert [change for change in WIRES[wire](said_by(wire, wire)).changes if change.lost] == []


def test_names_of_things_elsewhere_are_no_loss() -> None:
    said = assistant([Text("a", {"openai": {"id": "msg_1", "status": "completed"}}), Text("b", {"anthropic": {}})])
    assert [*left_behind([said], "local")] == []
    assert [change.field for change in left_behind([assistant([Text("a", {"openai": ["x"]})])], "local")] == [
        "messages.text"
    ]


@pytest.mark.parametrize("wire", WIRES)
def test_that_a_text_was_an_answer_is_no_loss(wire: str) -> None:
    turns = [(user("and?"), assistant([Text("so", {"openai": {"id": "msg_1", "phase": "final_answer"}})]))] * 20
    request = Request((*(message for turn in turns for message in turn), user("why?")))
    assert [change for change in WIRES[wire](request).changes if change.lost] == []


def test_a_strict_client_refuses_it() -> None:
    with pytest.raises(NotHonoured, match="phase"):
        Client("local", strict=True).complete(said_by("openai", "litellm"))
