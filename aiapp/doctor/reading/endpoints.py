"""The calls that ask a model, as SDKs spell them: which wire each speaks, and what its arguments set."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from dataclasses import dataclass
from urllib.parse import urlsplit

from aiapp.doctor.reading.literals import UNKNOWN, Source, dotted
from aiapp.doctor.sightings import Setting, Wire
from aiapp.providers.openai.vendors import vendors

_CREATE = ("create", "parse", "stream")
_ENDPOINTS: dict[str, tuple[str, Wire]] = {
    **{f"chat.completions.{verb}": ("openai", "chat") for verb in _CREATE},
    **{f"responses.{verb}": ("openai", "responses") for verb in _CREATE},
    **{f"messages.{verb}": ("anthropic", "messages") for verb in (*_CREATE, "count_tokens", "tool_runner")},
    "embeddings.create": ("openai", "none"),
    "completions.create": ("openai", "none"),
    "ChatCompletion.create": ("openai", "chat"),
    "ChatCompletion.acreate": ("openai", "chat"),
}
_TITLES = {"openai": "OpenAI", "anthropic": "Anthropic"}
_LITELLM = ("completion", "acompletion", "responses", "aresponses", "embedding", "aembedding")
CONSTRUCTORS = {
    "OpenAI": "openai",
    "AsyncOpenAI": "openai",
    "AzureOpenAI": "azure",
    "AsyncAzureOpenAI": "azure",
    "Anthropic": "anthropic",
    "AsyncAnthropic": "anthropic",
}
_ELSEWHERE = ("AnthropicBedrock", "AnthropicVertex", "AnthropicFoundry")
"""Clients whose models have names of their own; they are looked up as they are."""
_NAMES = {
    "temperature": "temperature", "top_p": "top_p", "top_k": "top_k", "reasoning_effort": "effort", "effort": "effort",
    "max_tokens": "max_tokens", "max_completion_tokens": "max_tokens", "max_output_tokens": "max_tokens",
}  # fmt: skip
"""Arguments that are settings as they stand."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """What a call speaks to. `provider` is None where the names of models are the user's own, as with deployments.

    `sure` where nothing in the file sends it elsewhere, `waits` where the client has no timeout of its own.
    """

    provider: str | None
    wire: Wire
    sure: bool = True
    waits: bool = False


def endpoint(call: ast.Call, source: Source) -> Endpoint | None:
    """The endpoint of a call, where it is one of a known SDK that names a model."""
    if not any(word.arg in ("model", None) for word in call.keywords) and not call.args:
        return None
    name = dotted(call.func)
    parts = name.split(".")
    if parts[-1] in _LITELLM and _of_litellm(name, source):
        return Endpoint("litellm", "litellm")
    found = _ENDPOINTS.get(".".join(parts[-3:])) or _ENDPOINTS.get(".".join(parts[-2:]))
    if found is None or not source.mentions(found[0], found[0].upper(), _TITLES[found[0]]):
        return None
    provider, wire = found
    client = name[: -len(_suffix(parts))].rstrip(".")
    client = client.removesuffix(".beta").removesuffix(".with_raw_response")
    return _located(provider, wire, client, call, source)


def _suffix(parts: list[str]) -> str:
    three = ".".join(parts[-3:])
    return three if three in _ENDPOINTS else ".".join(parts[-2:])


def _made_on(call: ast.Call) -> ast.expr:
    """What a call of a method begins with: `OpenAI()` of `OpenAI().responses.create()`."""
    node = call.func
    while isinstance(node, ast.Attribute):
        node = node.value
    return node


def _located(provider: str, wire: Wire, client: str, call: ast.Call, source: Source) -> Endpoint:
    """With the client that a call is made on: it may speak to somebody else."""
    made = source.names.get(client.removeprefix("self.")) if client else _made_on(call)
    if isinstance(made, ast.Call):
        kind = dotted(made.func).rpartition(".")[2]
        if kind in _ELSEWHERE or CONSTRUCTORS.get(kind) == "azure":
            return Endpoint(None, wire, sure=False)
        address = next((word.value for word in made.keywords if word.arg == "base_url"), None)
        if address is not None:
            vendor = _vendor(source.value(address))
            return (
                Endpoint(vendor or None, wire, sure=bool(vendor))
                if vendor is not None
                else Endpoint(provider, wire, sure=False)
            )
        if kind in CONSTRUCTORS:
            waits = not any(word.arg in ("timeout", "http_client", None) for word in made.keywords)
            return Endpoint(provider, wire, waits=waits)
    if source.mentions(*_ELSEWHERE, "AzureOpenAI"):
        return Endpoint(None, wire, sure=False)
    return Endpoint(provider, wire, sure=not source.mentions("base_url", "api_base"))


def _vendor(address: object) -> str | None:
    """The provider at an address; empty for one that is nobody's we know, None where the address is not told."""
    if not isinstance(address, str):
        return None if address is UNKNOWN else ""
    host = urlsplit(address).hostname
    known = {"api.openai.com": "openai", "api.anthropic.com": "anthropic"}
    known |= {urlsplit(one.base_url).hostname or "": name for name, one in vendors().items() if one.base_url}
    return known.get(host or "", "")


def _of_litellm(name: str, source: Source) -> bool:
    module = name.rpartition(".")[0]
    return module == "litellm" or (not module and source.mentions("from litellm import"))


def settings_of(call: ast.Call, wire: Wire, source: Source) -> Iterator[Setting]:
    """What the arguments of a call set, as far as their values are told."""
    given = given_to(call, source)
    for spelt, node in given.items():
        if spelt in _NAMES:
            value = source.value(node)
            if value is not UNKNOWN and value is not None:
                yield Setting(_NAMES[spelt], value, source.place(node), spelt)
    yield from _inside(given, "reasoning", "effort", source)
    yield from _inside(given, "output_config", "effort", source)
    yield from _thinking(given.get("thinking"), source)
    yield from _choice(given.get("tool_choice"), wire, source)
    turns = source.items(_end(given.get("messages"), source))
    if turns and wire in ("messages", "litellm"):
        last = source.entries(turns[-1]).get("role")
        if last is not None and source.value(last) == "assistant":
            yield Setting("prefill", True, source.place(turns[-1]), "messages")


def given_to(call: ast.Call, source: Source) -> dict[str, ast.expr]:
    """The arguments that a call names, and those of a mapping that it unpacks, as far as it is told."""
    unpacked = [source.entries(word.value) for word in call.keywords if word.arg is None]
    named = {word.arg: word.value for word in call.keywords if word.arg}
    return {name: value for one in unpacked for name, value in one.items()} | named


def _end(node: ast.expr | None, source: Source) -> ast.expr | None:
    """The last part of lists that are added."""
    node = None if node is None else source.resolved(node)
    return _end(node.right, source) if isinstance(node, ast.BinOp) and isinstance(node.op, ast.Add) else node


def _inside(given: dict[str, ast.expr], name: str, key: str, source: Source) -> Iterator[Setting]:
    node = source.entries(given.get(name)).get(key)
    value = source.value(node)
    if node is not None and isinstance(value, str):
        yield Setting("effort", value, source.place(node), f"{name}.{key}")


def _thinking(node: ast.expr | None, source: Source) -> Iterator[Setting]:
    entries = source.entries(node)
    kind, budget = entries.get("type"), entries.get("budget_tokens")
    word, number = source.value(kind), source.value(budget)
    if kind is not None and isinstance(word, str):
        yield Setting("thinking", word, source.place(kind), "thinking.type")
    if budget is not None and isinstance(number, int):
        yield Setting("budget", number, source.place(budget), "thinking.budget_tokens")


def _choice(node: ast.expr | None, wire: Wire, source: Source) -> Iterator[Setting]:
    if node is None:
        return
    word = source.value(node)
    kind = source.value(source.entries(node).get("type"))
    forced = kind in ("any", "tool") if wire == "messages" else word == "required" or kind == "function"
    if forced:
        yield Setting("tool_choice", True, source.place(node), "tool_choice")
