"""The format's own conformance files: `AIAPP_DOTPROMPT_SPEC` names the folder `spec` of github.com/google/dotprompt.

What its cases expect is put beside what a prompt is and renders, in the format's words: a section is an empty part, the
assistant is `model`, an optional `media.contentType` that nobody gave is what the URL's ending says.
"""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from aiapp.core.messages import Message, Role
from aiapp.core.parts import File, Image, Part, Text
from aiapp.prompts.prompt import Prompt

FOLDER = os.environ.get("AIAPP_DOTPROMPT_SPEC")
ROLES: dict[str, Role] = {"user": "user", "model": "assistant", "system": "system"}
WORDS = {ours: theirs for theirs, ours in ROLES.items()}


def cases() -> list[Any]:
    found: list[Any] = []
    for file in sorted(Path(FOLDER or "/nowhere").rglob("*.yaml")):
        for suite in yaml.safe_load(file.read_text(encoding="utf-8")):
            for test in suite["tests"]:
                name = f"{file.stem}/{suite['name']}/{test.get('desc', '')}"
                found.append(pytest.param(suite, test, id=name.replace(" ", "-")))
    return found


def parts_of(part: Part, given: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """A part in the format's words; `given` tells where no content type was asked for."""
    if isinstance(part, Image | File):
        media = {"contentType": part.media_type, "url": part.url}
        bare = {"url": part.url}
        return [{"media": bare if {"media": bare} in given else media}]
    assert isinstance(part, Text)
    section = part.metadata.get("dotprompt")
    begun = [] if section is None else [{"metadata": {"pending": True, "purpose": section["purpose"]}}]
    return [*begun, {"text": part.text}]


def message_of(message: Message, history: Sequence[Message], expected: Mapping[str, Any]) -> dict[str, Any]:
    content = [piece for part in message.parts for piece in parts_of(part, expected["content"])]
    is_past = "metadata" in expected and any(message is one for one in history)
    past = {"metadata": {"purpose": "history"}} if is_past else {}
    return {"role": WORDS[message.role], "content": content, **past}


@pytest.mark.skipif(not FOLDER, reason="AIAPP_DOTPROMPT_SPEC does not name the format's conformance files")
@pytest.mark.parametrize(("suite", "test"), cases())
def test_the_formats_own_case(suite: Mapping[str, Any], test: Mapping[str, Any]) -> None:
    data = {**suite.get("data", {}), **test.get("data", {})}
    expected = test["expect"]
    partials = {**suite.get("partials", {}), **suite.get("resolverPartials", {})}
    prompt = Prompt(suite["template"], partials=partials, schemas=suite.get("schemas"))

    history = [
        Message(ROLES[said["role"]], tuple(Text(part["text"]) for part in said["content"]))
        for said in data.get("messages", ())
    ]
    defaults = test.get("options", {}).get("input", {}).get("default", {})
    variables = {**defaults, **data.get("input", {})}
    messages = prompt.request(variables, history=history, context=data.get("context")).messages

    assert len(messages) == len(expected["messages"])
    pairs = zip(messages, expected["messages"], strict=True)
    assert [message_of(one, history, wanted) for one, wanted in pairs] == expected["messages"]
    assert (prompt.model, prompt.config) == (expected.get("model"), expected.get("config", {}))
    assert prompt.ext == expected.get("ext", {})
    assert expected.get("raw") in (None, prompt.raw)
    if "output" in expected:
        assert prompt.output_schema == expected["output"]["schema"]
    if "schema" in expected.get("input", {}):
        assert prompt.input_schema == expected["input"]["schema"]
