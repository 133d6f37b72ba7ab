"""The `config` of a prompt file as settings.

The names are those of Dotprompt, and ours in the same spelling or with underscores. Dotprompt lets `config` hold
whatever a model knows: a name that is not ours, and a number out of the range that we know, is sent as it stands
(`Settings.extra`), for the provider has the last word. A name that is nearly ours is a mistake.
"""

from __future__ import annotations

import difflib
from collections.abc import Callable, Mapping
from typing import Any

from aiapp.core.errors import InvalidInput
from aiapp.core.request import Only, Settings
from aiapp.prompts.front_matter import FrontMatter
from aiapp.prompts.values import is_array, is_object


def _number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _whole(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def _text(value: Any) -> bool:
    return isinstance(value, str)


def _texts(value: Any) -> bool:
    return isinstance(value, str) or (is_array(value) and all(isinstance(one, str) for one in value))


def _flag(value: Any) -> bool:
    return isinstance(value, bool)


_KINDS: Mapping[str, tuple[str, Callable[[Any], bool], str]] = {
    "temperature": ("temperature", _number, "a number"),
    "topP": ("top_p", _number, "a number"),
    "topK": ("top_k", _whole, "a whole number"),
    "maxOutputTokens": ("max_tokens", _whole, "a whole number"),
    "maxTokens": ("max_tokens", _whole, "a whole number"),
    "stopSequences": ("stop", _texts, "a text, or a list of texts"),
    "stop": ("stop", _texts, "a text, or a list of texts"),
    "seed": ("seed", _whole, "a whole number"),
    "effort": ("effort", _text, "a text"),
    "cache": ("cache", _text, "a text"),
    "serviceTier": ("service_tier", _text, "a text"),
    "parallelTools": ("parallel_tools", _flag, "true or false"),
    "toolChoice": ("tool_choice", _text, "auto, none, required or the name of a tool"),
    "extra": ("extra", is_object, "a mapping"),
}
_RANGED = ("temperature", "top_p", "top_k", "max_tokens")
_ALIKE = 0.85


def settings_of(matter: FrontMatter) -> Settings:
    """How to sample, as far as the file says."""
    given, extra = dict[str, Any](), dict[str, Any]()
    places = dict[str, str]()
    for key, value in matter.mapping("config").items():
        known = _known(key)
        if known is None:
            similar = difflib.get_close_matches(key, _KINDS, 1, _ALIKE)
            if similar:
                raise InvalidInput(matter.where("config", key), key, f"{similar[0]}; settings: {', '.join(_KINDS)}")
            extra[key] = value
            continue
        setting, fits, accepted = known
        if not fits(value):
            raise InvalidInput(matter.where("config", key), value, accepted)
        if setting == "extra":
            extra.update(value)
        else:
            given[setting], places[setting] = _as_ours(setting, value), key
    return _within(given, extra, places, matter)


def _known(key: str) -> tuple[str, Callable[[Any], bool], str] | None:
    return _KINDS.get(key) or next((kind for kind in _KINDS.values() if kind[0] == key), None)


def _as_ours(setting: str, value: Any) -> Any:
    if setting == "tool_choice" and value not in ("auto", "none", "required"):
        return Only(value)
    return value


def _within(given: dict[str, Any], extra: dict[str, Any], places: Mapping[str, str], matter: FrontMatter) -> Settings:
    while True:
        try:
            return Settings(**given, extra=extra)
        except InvalidInput as error:
            if error.field not in _RANGED:
                key = places[error.field]
                raise InvalidInput(matter.where("config", key), error.value, error.accepted) from None
            extra[error.field] = given.pop(error.field)
