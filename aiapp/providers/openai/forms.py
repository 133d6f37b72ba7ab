"""How an answer that must fit a schema is asked for where the model, or its server, has no native format for it.

First as the arguments of one tool that must be called, whose call `decode` turns back into text; else as any JSON
object, with the schema in the instructions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiapp.core.request import Only, Settings
from aiapp.core.response import Change

ANSWER = "aiapp_answer"
"""The tool whose arguments are the answer; a reserved name, so that a decoder knows it without the request."""
DESCRIPTION = "Give the final answer."


def as_tool(settings: Settings, others: bool, changes: list[Change]) -> object:
    """The tool choice, in Chat's words, that makes the model answer by the tool, beside other tools where there are.

    A choice that the user made of a tool stands.
    """
    changes.append(Change("format", f"no native schema here; sent as the tool {ANSWER!r} that must be called", False))
    if isinstance(settings.tool_choice, Only):
        return settings.tool_choice
    return "required" if others and settings.tool_choice != "none" else Only(ANSWER)


def instruction(schema: Mapping[str, Any], changes: list[Change]) -> str:
    """The schema as an instruction."""
    changes.append(Change("format", "no native schema here; any JSON object, with the schema as an instruction", False))
    return f"Answer with one JSON object, and nothing else, that fits this JSON schema:\n{json.dumps(dict(schema))}"
