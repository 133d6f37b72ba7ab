"""From the name that stands where a model stands to the name of an offer, and from a slip to what was meant."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import date
from functools import cache, lru_cache

from aiapp.catalog.catalogue import catalogue
from aiapp.catalog.lifecycle import known_names, lifecycle
from aiapp.providers.openai.vendors import vendors

ALWAYS = date.min
_SPELT = {
    "openai-responses": "openai:",
    "openai-chat": "openai:",
    "google-gla": "litellm:gemini/",
    "google_genai": "litellm:gemini/",
    "gemini": "litellm:gemini/",
    "googleai": "litellm:gemini/",
    "vertexai": "litellm:vertex_ai/",
    "vertex_ai": "litellm:vertex_ai/",
    "bedrock": "litellm:bedrock/",
    "cohere": "litellm:cohere/",
    "together_ai": "together:",
    "mistralai": "mistral:",
    "litellm": "litellm:",
}
"""How other libraries spell providers before a colon or a slash."""
_MAKERS = ("openai:", "anthropic:", "litellm:gemini/", "mistral:", "deepseek:", "xai:", "litellm:cohere/")
"""Whose models are commonly named without their provider, in the order in which a name is looked up."""
_PREFIXED = re.compile(r"(?P<provider>[a-z][a-z_-]+)(?P<mark>[:/])(?P<name>[\w.@/:-]+)")
_SHORTEST_SLIP = 8


def prefixed(written: str) -> str | None:
    """The offer's name that `openai:NAME`, or `openai/NAME` as litellm writes it, stands for."""
    match = _PREFIXED.fullmatch(written)
    if match is None:
        return None
    provider, name = match["provider"], match["name"]
    if provider == "litellm" and match["mark"] == ":":
        return f"litellm:{name}"
    if provider in _SPELT:
        return f"{_SPELT[provider]}{name}"
    if provider in ("openai", "anthropic") or provider in vendors():
        return f"{provider}:{name}"
    return None


@cache
def _quoted_names() -> re.Pattern[str]:
    own = [name.rpartition(":")[2].rpartition("/")[2].lower() for name in known_names()]
    families = "|".join(sorted({begin[0] for name in own if (begin := re.match(r"[a-z]+\d*", name))}))
    providers = "|".join(map(re.escape, sorted({"openai", "anthropic", *_SPELT, *vendors()})))
    return re.compile(rf"""["'](?:(?:{families})[\w.@]*[-\d]|(?:{providers})[:/])""")


_SDKS = ("openai", "anthropic", "litellm", "aiapp")
_CALLS = re.compile(
    r"(?:OpenAI|Anthropic|Client|Request|\.a?create|\.parse|\.stream|\.count_tokens|\.tool_runner"
    r"|\ba?(?:completion|responses|embedding))\s*\("
)


def worth_reading(text: str) -> bool:
    """Whether a program may name a model, or call an SDK that does: a look at its text, as a parse takes longer."""
    lower = text.lower()
    asks = any(sdk in lower for sdk in _SDKS) and _CALLS.search(text) is not None
    return asks or _quoted_names().search(lower) is not None


def known(offer: str) -> bool:
    """Whether anything is known of it."""
    return lifecycle(offer, ALWAYS) is not None


@lru_cache(maxsize=4096)
def bare(name: str) -> str | None:
    """The offer of a name without a provider, where a maker has a model of it."""
    return next((offer for maker in _MAKERS if known(offer := f"{maker}{name}")), None)


@lru_cache(maxsize=1024)
def meant(offer: str) -> str | None:
    """The offer that an unknown name is one slip away from: other marks between its parts, or two letters amiss.

    Digits must agree, for another number is another model, and perhaps one newer than the catalogue.
    """
    provider, _, name = offer.rpartition("/") if "/" in offer else offer.rpartition(":")
    if known(offer) or len(name) < _SHORTEST_SLIP:
        return None
    before = offer[: len(offer) - len(name)]
    others = [one.removeprefix(before) for one in catalogue().offers if one.startswith(before)]
    same = [one for one in others if _parts(one) == _parts(name)]
    same = same or [one for one in others if sorted(_parts(one).split("-")) == sorted(_parts(name).split("-"))]
    near = same or [one for one in others if _digits(one) == _digits(name) and _distance(one, name, 2) <= 2]
    return f"{before}{near[0]}" if len(near) == 1 and provider else None


def _parts(name: str) -> str:
    return re.sub(r"[\s._@/-]+", "-", name.lower())


def _digits(name: str) -> list[str]:
    return re.findall(r"\d+", name)


def _distance(left: str, right: str, most: int) -> int:
    """How many letters are changed, put in or left out, or neighbours exchanged; more than `most` is not counted."""
    if abs(len(left) - len(right)) > most:
        return most + 1
    before: list[int] = []
    row = list(range(len(right) + 1))
    for i, one in enumerate(left, 1):
        following = [i]
        for j, other in enumerate(right, 1):
            cost = min(row[j] + 1, following[j - 1] + 1, row[j - 1] + (one != other))
            if i > 1 and j > 1 and one == right[j - 2] and left[i - 2] == other:
                cost = min(cost, before[j - 2] + 1)
            following.append(cost)
        before, row = row, following
    return row[-1]


def first_known(offers: Iterable[str]) -> str | None:
    """The first of several that anything is known of."""
    return next((offer for offer in offers if known(offer)), None)
