"""Request: the one canonical value that says what will be sent, whichever provider it goes to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import Any, Literal, TypeAlias, get_args

from aiapp.core.errors import InvalidInput
from aiapp.core.formats import Format
from aiapp.core.messages import Message, user

Caching: TypeAlias = Literal["off", "short", "long"]
Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]


_WORDS = {"effort": get_args(Effort), "cache": get_args(Caching), "tool_choice": ("auto", "none", "required")}


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Only:
    """The tool that must be called."""

    name: str


ToolChoice: TypeAlias = Literal["auto", "none", "required"] | Only


@dataclass(frozen=True, slots=True)
class Settings:
    """How to sample, and how to be served. `None` leaves a setting to the provider; none is lost without a warning.

    `max_tokens` counts reasoning too. `cache` asks for the provider's prompt cache, `short` and `long` being the
    lifetimes that it has. `service_tier` is in the provider's own words, such as `flex` or `priority`.
    """

    temperature: float | None = None
    top_p: float | None = None
    top_k: int | None = None
    max_tokens: int | None = None
    stop: tuple[str, ...] = ()
    seed: int | None = None
    effort: Effort | None = None
    tool_choice: ToolChoice | None = None
    parallel_tools: bool | None = None
    cache: Caching | None = None
    service_tier: str | None = None
    extra: Mapping[str, Any] = field(default_factory=_nothing)
    """Provider-specific keys, merged into the payload as they are."""

    def __post_init__(self) -> None:
        if self.temperature is not None and not 0 <= self.temperature <= 2:
            raise InvalidInput("temperature", self.temperature, "a number from 0 to 2")
        if self.top_p is not None and not 0 < self.top_p <= 1:
            raise InvalidInput("top_p", self.top_p, "a number above 0, up to 1")
        for name, accepted in _WORDS.items():
            word: object = getattr(self, name)
            if isinstance(word, str) and word not in accepted:
                raise InvalidInput(name, word, ", ".join(accepted))
        for name in ("top_k", "max_tokens"):
            value: int | None = getattr(self, name)
            if value is not None and value < 1:
                raise InvalidInput(name, value, "a whole number of at least 1")

    def over(self, base: Settings) -> Settings:
        """These settings, with what they leave open taken from `base`."""
        if base == _UNSET:
            return self
        if self == _UNSET:
            return base
        given = {f.name: value for f in fields(self) if (value := getattr(self, f.name)) not in (None, (), {})}
        return replace(base, **given)


_UNSET = Settings()


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may ask for; `parameters` is a JSON schema of an object."""

    name: str
    description: str
    parameters: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class Request:
    """Messages, tools, the form of the answer, settings. `prompt` is the content hash of the prompt it came from,
    and `prompt_name` that prompt's name, where it has one.

    `Request.of` makes one of whatever `Client` takes.
    """

    messages: tuple[Message, ...]
    tools: tuple[Tool, ...] = ()
    format: Format | None = None
    settings: Settings = _UNSET
    prompt: str | None = None
    prompt_name: str | None = None

    @staticmethod
    def of(asked: Asked) -> Request:
        """A request of a text, a message, several messages, or one that is ready."""
        if isinstance(asked, str):
            asked = user(asked)
        if isinstance(asked, Message):
            asked = (asked,)
        request = asked if isinstance(asked, Request) else Request(_messages(asked))
        if not request.messages:
            raise InvalidInput("messages", request.messages, "at least one message")
        return request


def _messages(asked: Any) -> tuple[Message, ...]:
    given: tuple[Any, ...] = tuple(asked) if hasattr(asked, "__iter__") else (asked,)
    for one in given:
        if not isinstance(one, Message):
            raise InvalidInput("request", one, "a text, a Message, several Messages or a Request")
    return given


Asked: TypeAlias = str | Message | Sequence[Message] | Request
