"""Images and files of which a user says more to one provider than their bytes or their URL."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from aiapp.client.client import Client
from aiapp.core.errors import InvalidInput, NotHonoured
from aiapp.core.messages import assistant, tool, user
from aiapp.core.parts import File, Image, Text, ToolCall, ToolResult
from aiapp.core.request import Request
from aiapp.providers.anthropic import encode as anthropic
from aiapp.providers.litellm import encode as litellm
from aiapp.providers.local import encode as local
from aiapp.providers.openai import encode as openai
from aiapp.providers.openai.chat import encode as chat
from aiapp.providers.openai.vendors import vendors
from aiapp.providers.protocol import Prepared

Encode = Callable[[Request], Prepared]
WIRES: dict[str, Encode] = {
    "anthropic": lambda request: anthropic.encode(request, "m"),
    "openai": lambda request: openai.encode(request, "m"),
    "openai-chat": lambda request: chat.encode(request, "m", vendors()["openai-chat"]),
    "openrouter": lambda request: chat.encode(request, "m", vendors()["openrouter"]),
    "litellm": lambda request: litellm.encode(request, "m"),
}
URL = "data:image/png;base64,eA=="
NAMED: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "anthropic": ({"source": {"type": "file", "file_id": "f"}}, {"source": {"type": "file", "file_id": "f"}}),
    "openai": ({"file_id": "f"}, {"file_id": "f"}),
    "openai-chat": ({"image_url": {"url": "f"}}, {"file": {"file_id": "f"}}),
    "openrouter": ({"image_url": {"url": "f"}}, {"file": {"file_id": "f"}}),
    "litellm": ({"image_url": {"url": "f"}}, {"file": {"file_id": "f"}}),
}
"""How each wire names an image and a file that the provider has already."""
BLOCKS: dict[str, tuple[dict[str, Any], dict[str, Any]]] = {
    "anthropic": ({"type": "image"}, {"type": "document", "title": "a.pdf"}),
    "openai": ({"type": "input_image", "detail": "auto"}, {"type": "input_file"}),
    "openai-chat": ({"type": "image_url"}, {"type": "file"}),
    "openrouter": ({"type": "image_url"}, {"type": "file"}),
    "litellm": ({"type": "image_url"}, {"type": "file"}),
}


def image(provider: str, own: Any, data: bytes | None = None) -> Image:
    return Image("image/png", data, metadata={provider: own})


def file(provider: str, own: Any, data: bytes | None = None) -> File:
    return File("application/pdf", "a.pdf", data, metadata={provider: own})


def asked(*parts: Image | File) -> Request:
    return Request((user([Text("see"), *parts]),))


def blocks(prepared: Prepared) -> list[dict[str, Any]]:
    """What the user says in one turn, after the text."""
    [turn] = prepared.payload.get("input") or prepared.payload["messages"]
    assert turn["role"] == "user"
    return [] if isinstance(turn["content"], str) else turn["content"][1:]


@pytest.mark.parametrize("data", [None, b"x"])
@pytest.mark.parametrize("wire", WIRES)
def test_one_that_the_provider_has_already_is_sent_as_its_block(wire: str, data: bytes | None) -> None:
    picture, document = NAMED[wire]
    prepared = WIRES[wire](asked(image(wire, picture, data), file(wire, document, data)))
    assert blocks(prepared) == [{**BLOCKS[wire][0], **picture}, {**BLOCKS[wire][1], **document}]
    assert prepared.changes == ()


@pytest.mark.parametrize("wire", WIRES)
def test_one_that_only_another_has_is_left_out_and_listed(wire: str) -> None:
    other = "openai" if wire == "anthropic" else "anthropic"
    picture, document = NAMED[other]
    prepared = WIRES[wire](asked(image(other, picture), file(other, document)))
    assert blocks(prepared) == []
    assert [(change.field, change.lost) for change in prepared.changes] == [
        ("messages.image", True),
        ("messages.file", True),
    ]
    assert "no bytes and no URL" in prepared.changes[0].reason


@pytest.mark.parametrize("wire", WIRES)
def test_its_bytes_are_sent_where_another_has_it_too(wire: str) -> None:
    other = "openai" if wire == "anthropic" else "anthropic"
    prepared = WIRES[wire](asked(image(other, NAMED[other][0], b"x"), file(other, NAMED[other][1], b"x")))
    assert len(blocks(prepared)) == 2
    assert "eA==" in str(blocks(prepared)[0])
    assert prepared.changes == ()


@pytest.mark.parametrize(
    ("wire", "own", "block"),
    [
        ("openai", {"detail": "high"}, {"type": "input_image", "image_url": URL, "detail": "high"}),
        (
            "openai-chat",
            {"image_url": {"detail": "high"}},
            {"type": "image_url", "image_url": {"url": URL, "detail": "high"}},
        ),
        (
            "litellm",
            {"image_url": {"format": "png"}},
            {"type": "image_url", "image_url": {"url": URL, "format": "png"}},
        ),
        (
            "anthropic",
            {"cache_control": {"type": "ephemeral"}},
            {
                "type": "image",
                "source": {"type": "base64", "media_type": "image/png", "data": "eA=="},
                "cache_control": {"type": "ephemeral"},
            },
        ),
    ],
)
def test_what_is_said_of_it_is_laid_over_its_block(wire: str, own: dict[str, Any], block: dict[str, Any]) -> None:
    prepared = WIRES[wire](asked(image(wire, own, b"x")))
    assert blocks(prepared) == [block]
    assert prepared.changes == ()


def test_what_a_tool_gives_is_no_other() -> None:
    result = ToolResult("c", "", attachments=(image("openai", {"file_id": "f"}), image("anthropic", {"source": {}})))
    prepared = openai.encode(Request((assistant([ToolCall("c", "look", "{}")]), tool(result))), "m")
    assert prepared.payload["input"][1]["output"] == [{"type": "input_image", "detail": "auto", "file_id": "f"}]
    assert [change.field for change in prepared.changes] == ["messages.image"]


@pytest.mark.parametrize("wire", ["openai", "openai-chat", "litellm", "local"])
def test_what_is_said_of_it_to_another_is_listed(wire: str) -> None:
    document = File("text/plain", "a.txt", b"x", metadata={"anthropic": {"citations": {"enabled": True}}})
    turns = (assistant([ToolCall("c", "look", "{}")]), tool(ToolResult("c", "", attachments=(document,))))
    for request in (asked(document), Request(turns)):
        prepared = (WIRES | {"local": local.encode})[wire](request)
        lost = [str(change) for change in prepared.changes if change.lost]
        assert "messages.file: `citations` of anthropic: only who attached it takes it back; left out" in lost


def test_a_receipt_shows_no_secret_of_a_url_in_it() -> None:
    signed = "https://h/x.png?X-Amz-Signature=SIGNED"
    for name, own in (("openai", {"image_url": signed}), ("anthropic", {"source": {"type": "url", "url": signed}})):
        explained = Client(f"{name}:m", api_key="k").explain(asked(image(name, own)))
        assert "https://h/x.png" in str(explained.payload)
        assert "SIGNED" not in str(explained.payload)


def test_where_it_is_elsewhere_is_not_lost_with_its_bytes() -> None:
    picture = Image("image/png", b"x", metadata={"openai": {"image_url": "https://h/x.png"}})
    assert anthropic.encode(asked(picture), "claude-test").changes == ()


def test_a_strict_client_refuses_to_leave_it_out() -> None:
    with (
        Client("openai:m", api_key="k", strict=True) as client,
        pytest.raises(NotHonoured, match=r"messages\.image"),
    ):
        client.complete(asked(image("anthropic", {"source": {}})))


@pytest.mark.parametrize("wire", WIRES)
def test_metadata_that_is_no_mapping_is_refused(wire: str) -> None:
    with pytest.raises(InvalidInput, match="a mapping of keys of the block") as caught:
        WIRES[wire](asked(image(wire, "file-1")))
    assert caught.value.field == f"image.metadata.{wire}"
