"""How an answer that must fit a schema is asked for where the model, or its server, has no native format for it.

First as the arguments of one tool that must be called, whose call `decode` turns back into text; else as any JSON
object, with the schema in the instructions.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from aiapp.core.formats import JsonSchema
from aiapp.core.request import Only, Settings, Tool
from aiapp.core.response import Change
from aiapp.providers.enforcing import unenforced
from aiapp.providers.tools import ANSWER_TOOL
from aiapp.providers.wording import said


def as_tool(settings: Settings, others: bool, changes: list[Change]) -> object:
    """The tool choice, in Chat's words, that makes the model answer by the tool, beside other tools where there are.

    A choice that the user made of a tool stands.
    """
    reason = f"no native schema here; sent as the tool {ANSWER_TOOL!r} that must be called"
    changes.append(Change("format", reason, lost=False))
    if isinstance(settings.tool_choice, Only):
        return settings.tool_choice
    return "required" if others and settings.tool_choice != "none" else Only(ANSWER_TOOL)


def answer_tool(schema: Mapping[str, Any]) -> Tool:
    """The tool whose arguments are the answer."""
    return Tool(ANSWER_TOOL, said("answer-tool"), schema)


def instruction(form: JsonSchema, changes: list[Change]) -> str:
    """The schema as an instruction."""
    reason = "no native schema here; any JSON object, with the schema as an instruction"
    changes.append(unenforced("format", reason, checked=form.fits is not None))
    return said("answer-as-json", schema=json.dumps(dict(form.schema)))
