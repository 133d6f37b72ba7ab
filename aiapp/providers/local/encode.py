"""A request as the bundled model gets it: pure, and without loading the model."""

from __future__ import annotations

from typing import Any, assert_never

from aiapp.core.errors import BadRequest
from aiapp.core.formats import Choice, JsonSchema, Regex
from aiapp.core.messages import Message
from aiapp.core.parts import Text
from aiapp.core.request import Request, Settings
from aiapp.core.response import Change
from aiapp.providers.protocol import Prepared

NAME = "local"


def encode(request: Request) -> Prepared:
    """The payload `{messages, format, sampling}` and what the model cannot take."""
    changes: list[Change] = []
    messages = [{"role": message.role, "text": _text(message, changes)} for message in request.messages]
    if request.tools:
        changes.append(Change("tools", "the bundled model does not call tools yet; none were sent"))
    if request.settings.effort is not None:
        changes.append(Change("effort", "the bundled model does not reason; dropped"))
    unknown = "the bundled model has no such setting; dropped"
    changes.extend(Change(f"extra.{name}", unknown) for name in request.settings.extra)
    payload = {"messages": messages, "format": _format(request), "sampling": _sampling(request.settings)}
    return Prepared(payload, tuple(changes))


def _text(message: Message, changes: list[Change]) -> str:
    left_out = [part.kind for part in message.parts if not isinstance(part, Text)]
    changes.extend(Change(f"messages.{kind}", "the bundled model reads text only; left out") for kind in left_out)
    return message.text


def _format(request: Request) -> dict[str, Any] | None:
    match request.format:
        case None:
            return None
        case JsonSchema(schema):
            return {"type": "json_schema", "schema": dict(schema)}
        case Regex(pattern):
            return {"type": "regex", "pattern": pattern}
        case Choice(options):
            if not options or len(set(options)) != len(options):
                raise BadRequest("a choice needs at least one option, each different", provider=NAME, model=NAME)
            return {"type": "choice", "options": list(options)}
        case _:
            assert_never(request.format)


def _sampling(settings: Settings) -> dict[str, Any]:
    return {
        "temperature": settings.temperature,
        "top_p": settings.top_p,
        "top_k": settings.top_k,
        "max_tokens": settings.max_tokens,
        "stop": list(settings.stop),
        "seed": settings.seed,
    }
