"""A request with its tools, answered as the provider of the bundled model answers it."""

from __future__ import annotations

import json
from collections.abc import Sequence
from typing import Any, TypeAlias

from aiapp.transformer.calling import Tool, call_tool
from aiapp.transformer.model import Transformer
from aiapp.transformer.sampling import Sampling
from aiapp.transformer.template import system_text

ROOM = 300
"""Tokens of a call."""

Called: TypeAlias = tuple[str, dict[str, Any]]
"""A tool's name, and the arguments; none where they were cut short."""


def called(model: Transformer, tools: Sequence[Tool], request: str, *, required: bool = False) -> Called | None:
    """The call that the model makes, greedily; None where it makes none, as where the tools do not fit its context."""
    system = system_text("", [tool.line for tool in tools], None)
    prompt = model.tokenizer.chat_ids([("system", system), ("user", request)])
    if len(prompt) + ROOM > model.config.max_position_embeddings:
        return None
    call = call_tool(model, prompt, tools, request, request, Sampling(temperature=0), ROOM, required=required)
    if call is None:
        return None
    return call.name, json.loads(call.arguments) if call.finish == "stop" else {}
