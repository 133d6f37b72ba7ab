"""Request: the one canonical value that says what will be sent, whichever provider it goes to."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields, replace
from typing import TYPE_CHECKING, Any, Literal, TypeAlias, get_args

from aiapp.core.accepted import AT_LEAST_ONE, FLAG, NAME, TEXT, WHOLE, Accepted, instance, number, plain, several, word
from aiapp.core.errors import InvalidInput
from aiapp.core.formats import Format
from aiapp.core.messages import Message, user

Caching: TypeAlias = Literal["off", "short", "long"]
Effort: TypeAlias = Literal["none", "minimal", "low", "medium", "high", "xhigh", "max"]

_CHOICES = ("auto", "none", "required")


def _nothing() -> Mapping[str, Any]:
    return {}


@dataclass(frozen=True, slots=True)
class Only:
    """The tool that must be called."""

    name: str


ToolChoice: TypeAlias = Literal["auto", "none", "required"] | Only


def _is_choice(value: object) -> bool:
    return isinstance(value, Only) or (isinstance(value, str) and value in _CHOICES)


def _is_of_object(schema: Any) -> bool:
    """Whether a schema is of an object, or does not say of what it is; each of its properties has one, too."""
    if not isinstance(schema, Mapping):
        return False
    said: Mapping[str, Any] = schema  # pyright: ignore[reportUnknownVariableType]
    properties: Any = said.get("properties", {})
    if said.get("type", "object") != "object" or not isinstance(properties, Mapping):
        return False
    named: Mapping[str, Any] = properties  # pyright: ignore[reportUnknownVariableType]
    return all(isinstance(one, Mapping | bool) for one in named.values())


_OPTIONAL: Mapping[str, Accepted] = {
    "temperature": number("a number from 0 to 2", lambda value: 0 <= value <= 2),
    "top_p": number("a number above 0, up to 1", lambda value: 0 < value <= 1),
    "top_k": AT_LEAST_ONE,
    "max_tokens": AT_LEAST_ONE,
    "seed": WHOLE,
    "effort": word(*get_args(Effort)),
    "tool_choice": Accepted(f"{', '.join(_CHOICES)}, or Only(the name of a tool)", _is_choice),
    "parallel_tools": FLAG,
    "cache": word(*get_args(Caching)),
    "service_tier": NAME,
}
_TOOL_NAME = Accepted(
    "1 to 128 letters A-Z and a-z, digits, _ and -; some models also take . and :",
    lambda value: isinstance(value, str) and re.fullmatch(r"[a-zA-Z0-9_.:-]{1,128}", value) is not None,
)
_PARAMETERS = Accepted(
    'a JSON schema of an object, such as {"type": "object", "properties": {"city": {"type": "string"}}}',
    _is_of_object,
)
_EXTRA = instance('a mapping of the provider\'s own keys, such as {"user": "a"}', Mapping)
_PLAIN = (str, int, float, bool, Only)
_STOPS = "a text, or several, none of them empty"


@dataclass(frozen=True, slots=True)
class Settings:
    """How to sample, and how to be served. `None` leaves a setting to the provider; none is lost without a warning.

    `stop` may be given as one text. `max_tokens` counts reasoning too. `cache` asks for the provider's prompt cache,
    `short` and `long` being the lifetimes that it has. `service_tier` is in the provider's own words, such as `flex` or
    `priority`.
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
    """Provider-specific keys, merged into the payload as they are: a list of `tools` is added to the request's own.

    They have the last word; what they put in the place of another setting is listed in `changes`.
    """

    if TYPE_CHECKING:  # `stop` is kept as a tuple, and taken as more than that

        def __init__(
            self,
            temperature: float | None = None,
            top_p: float | None = None,
            top_k: int | None = None,
            max_tokens: int | None = None,
            stop: str | Sequence[str] = (),
            seed: int | None = None,
            effort: Effort | None = None,
            tool_choice: ToolChoice | None = None,
            parallel_tools: bool | None = None,
            cache: Caching | None = None,
            service_tier: str | None = None,
            extra: Mapping[str, Any] = ...,
        ) -> None: ...

    def __post_init__(self) -> None:
        for name, accepted in _OPTIONAL.items():
            value: object = getattr(self, name)
            if value is None:
                continue
            accepted.check(name, value)
            if type(value) not in _PLAIN:
                object.__setattr__(self, name, plain(value))
        if self.stop != ():
            object.__setattr__(self, "stop", _stops(self.stop))
        if self.extra != {}:
            _EXTRA.check("extra", self.extra)
            if "stream" in self.extra:
                raise InvalidInput("extra.stream", self.extra["stream"], "no such key; use client.stream() to stream")

    def over(self, base: Settings) -> Settings:
        """These settings, with what they leave open taken from `base`, each key of `extra` by itself."""
        if base == _UNSET:
            return self
        if self == _UNSET:
            return base
        given = {f.name: value for f in fields(self) if (value := getattr(self, f.name)) not in (None, (), {})}
        if base.extra and self.extra:
            given["extra"] = {**base.extra, **self.extra}
        return replace(base, **given)


def _stops(given: Any) -> tuple[str, ...]:
    stops = (given,) if isinstance(given, str) else several("stop", given, _STOPS)
    if not all(isinstance(stop, str) and stop for stop in stops):
        raise InvalidInput("stop", given, _STOPS)
    return stops


_UNSET = Settings()


@dataclass(frozen=True, slots=True)
class Tool:
    """A function that the model may ask for; `parameters` is a JSON schema of an object.

    A name of at most 64 letters, digits, _ and - is taken everywhere.
    """

    name: str
    description: str
    parameters: Mapping[str, Any]

    def __post_init__(self) -> None:
        _TOOL_NAME.check("name", self.name)
        TEXT.check("description", self.description)
        _PARAMETERS.check("parameters", self.parameters)


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

    if TYPE_CHECKING:  # several of anything are kept as a tuple, and may be given as a list

        def __init__(
            self,
            messages: Iterable[Message],
            tools: Iterable[Tool] = (),
            format: Format | None = None,
            settings: Settings = ...,
            prompt: str | None = None,
            prompt_name: str | None = None,
        ) -> None: ...

    def __post_init__(self) -> None:
        if type(self.messages) is not tuple:
            object.__setattr__(self, "messages", several("messages", self.messages, "a tuple of messages"))
        _MESSAGE.check_each("messages", self.messages)
        if self.tools != ():
            self._check_tools()
        if self.format is not None:
            _FORMAT.check("format", self.format)
        if self.settings is not _UNSET:
            _SETTINGS.check("settings", self.settings)
            self._check_choice()

    def _check_tools(self) -> None:
        object.__setattr__(self, "tools", several("tools", self.tools, "a tuple of tools"))
        _TOOL.check_each("tools", self.tools)
        names = [tool.name for tool in self.tools]
        if len(set(names)) < len(names):
            twice = next(name for name in names if names.count(name) > 1)
            raise InvalidInput("tools", twice, "tools of different names")

    def _check_choice(self) -> None:
        chosen = self.settings.tool_choice
        if not isinstance(chosen, Only) or "tools" in self.settings.extra:
            return
        names = [tool.name for tool in self.tools]
        if chosen.name not in names:
            raise InvalidInput("tool_choice", chosen, f"a tool of the request: {', '.join(names) or 'it has none'}")

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


_MESSAGE = instance('a message, such as user("...")', Message)
_TOOL = instance("a Tool", Tool)
_FORMAT = instance("a JsonSchema, Regex, Choice, Grammar or Quotation; a type is given as `output`", *get_args(Format))
_SETTINGS = instance("settings, such as Settings(temperature=0)", Settings)
_ASKED = "a text, a Message, several Messages or a Request"


def _messages(asked: Any) -> tuple[Message, ...]:
    given = several("request", asked, _ASKED)
    for one in given:
        if not isinstance(one, Message):
            raise InvalidInput("request", one, _ASKED)
    return given


Asked: TypeAlias = str | Message | Sequence[Message] | Request
