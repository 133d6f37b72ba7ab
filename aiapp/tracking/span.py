"""A span: one thing that a program did, with a beginning, an end, and what it stands inside of."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import MISSING, dataclass, field, fields, replace
from datetime import datetime
from decimal import Decimal
from functools import cache
from typing import Any, get_type_hints

from aiapp.core.errors import InvalidInput
from aiapp.core.invoice import Invoice
from aiapp.core.response import Attempt
from aiapp.core.serialisation import from_plain, to_plain
from aiapp.core.usage import Usage
from aiapp.tracking.redaction import Redaction

CALLS = ("call", "embedding")
"""The kinds of spans that ask a model. They alone have usage and an invoice, so that a sum counts nothing twice."""


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Span:
    """What happened between `started` and `seconds` later, in the run `trace`, inside of the span `parent`.

    `kind` is `run` for a `track()`, `step`, `tool`, `agent` or another word of yours for a `span()`, and `call` or
    `embedding` for what asks a model. `step` are the names of the `span()`s around it, from the outside in, its own
    included. `input` and `output` are what was asked and answered, as plain JSON; None unless content was asked for.
    """

    id: str
    trace: str
    name: str
    kind: str
    started: datetime
    seconds: float
    parent: str | None = None
    step: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()
    error: str | None = None
    """The type of the failure that ended it, such as `RateLimited`; `message` is what that said."""
    message: str | None = None
    input: Any = None
    output: Any = None
    model: str | None = None
    """The model that was asked, as `Client` takes it; `served` is the one that the provider says it used."""
    served: str | None = None
    tier: str | None = None
    prompt: str | None = None
    """What the request says of the prompt that it came from: its content hash; and its name, where it has one."""
    prompt_name: str | None = None
    settings: Mapping[str, Any] = field(default_factory=_nothing)
    usage: Usage | None = None
    invoice: Invoice | None = None
    first_token: float | None = None
    """Seconds to the first visible output; None where the answer was not streamed."""
    attempts: tuple[Attempt, ...] = ()
    finish: str | None = None
    """Why the answer ended; `closed` where the reader closed the stream. None where it broke off or failed."""
    cached: bool = False
    response_id: str | None = None
    request_id: str | None = None

    @property
    def asks_a_model(self) -> bool:
        """Whether it is a call of a model, embeddings included."""
        return self.kind in CALLS

    @property
    def cost(self) -> Decimal | None:
        """US dollars; None where unknown, and for what is no call."""
        return None if self.invoice is None else self.invoice.total

    @property
    def without_content(self) -> Span:
        """The same, with nothing of what was said."""
        return self if self.input is None and self.output is None else replace(self, input=None, output=None)

    def redacted(self) -> Span:
        """The same without secrets: keys of the environment, and what looks like one."""
        redaction = Redaction()
        return replace(
            self,
            name=redaction.text(self.name),
            step=tuple(map(redaction.text, self.step)),
            tags=tuple(map(redaction.text, self.tags)),
            message=None if self.message is None else redaction.text(self.message),
            input=redaction.value(self.input),
            output=redaction.value(self.output),
            settings=redaction.value(self.settings, opaque=True) if "extra" in self.settings else self.settings,
        )

    def to_plain(self) -> dict[str, Any]:
        """The span as plain JSON values; what is at its default is left out."""
        values = ((name, getattr(self, name), default) for name, default in _defaults().items())
        return {name: to_plain(value) for name, value, default in values if value != default}

    def to_json(self) -> str:
        """The span as JSON text in one line."""
        return json.dumps(self.to_plain(), separators=(",", ":"))

    @classmethod
    def from_plain(cls, value: Any) -> Span:
        """The span that plain JSON values hold; whatever does not fit is named by its field."""
        if not isinstance(value, dict):
            raise InvalidInput("span", value, "an object")
        given, hints, defaults = dict[str, Any](value), get_type_hints(cls), _defaults()  # pyright: ignore[reportUnknownArgumentType]
        for name in given:
            if name not in defaults:
                raise InvalidInput(f"span.{name}", given[name], f"no other keys than {', '.join(defaults)}")
        for name, default in defaults.items():
            if default is MISSING and name not in given:
                raise InvalidInput(f"span.{name}", None, "a value, which every span has")
        found = {name: _read(f"span.{name}", hints[name], one) for name, one in given.items()}
        return cls(**found)

    @classmethod
    def from_json(cls, text: str | bytes) -> Span:
        """The span that a JSON text holds."""
        try:
            value: Any = json.loads(text)
        except (ValueError, RecursionError) as error:
            raise InvalidInput("span", text, f"JSON text ({error})") from None
        return cls.from_plain(value)


@cache
def _defaults() -> dict[str, Any]:
    return {
        one.name: one.default_factory() if one.default_factory is not MISSING else one.default for one in fields(Span)
    }


def _read(place: str, hint: Any, value: Any) -> Any:
    try:
        return from_plain(hint, value)
    except InvalidInput as error:
        raise InvalidInput(f"{place}{error.field.removeprefix('value')}", error.value, error.accepted) from None
