"""Python programs: the models that stand in them, with the settings, schemas and cached text beside them.

A name counts where a model stands: as `model=` of a call, as the value of a variable or a key that is named so, as the
default of `AIAPP_MODEL` or `--model`; and anywhere with its provider before it, except where it is only compared with
or looked up by.
"""

from __future__ import annotations

import ast
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import cached_property

from aiapp.doctor.findings import Place
from aiapp.doctor.naming import bare, known, prefixed, worth_reading
from aiapp.doctor.reading.endpoints import CONSTRUCTORS, Endpoint, endpoint, given_to, settings_of
from aiapp.doctor.reading.literals import Source, default_of, dotted
from aiapp.doctor.reading.schemas import schemas_of
from aiapp.doctor.reading.volatile import volatile_cached_request, volatile_prefixes
from aiapp.doctor.sightings import KeyNeeded, ModelSeen, SchemaSeen, Setting, Sighting, Unread, Wire
from aiapp.providers.openai.vendors import vendors

MODEL_NAME = re.compile(r"(?i)(?:.*_)?(?:models?|llm)(?:_?(?:name|id|default))?|(?:.*_)?default_model.*|engine")
"""What a variable, an argument or a key is named that holds the names of models."""
_OF_ANSWERS = {"choices", "usage", "object", "stop_reason", "finish_reason", "created", "price", "cost", "input_cost"}
"""Keys that a recorded answer or a price list has beside `model`, and a request has not."""
_TAKES_A_NAME = ("LM", "GenerativeModel", "from_provider", "init_chat_model")
"""What other libraries call with a model's name first: dspy, Google's, instructor, langchain."""
_LOOKED_UP = ("startswith", "endswith", "removeprefix", "removesuffix", "split", "replace", "fullmatch", "match")
_KEYS = {"openai": "OPENAI_API_KEY", "anthropic": "ANTHROPIC_API_KEY"}


def read_python(text: str, place: Callable[[int, int], Place]) -> Iterator[Sighting]:
    """The sightings of a program; `place` makes one of a line and a column."""
    if not worth_reading(text):
        return
    try:
        tree = ast.parse(text)
    except (SyntaxError, ValueError, RecursionError) as error:
        line = error.lineno if isinstance(error, SyntaxError) and error.lineno else 1
        yield Unread(place(line, 1), f"not Python: {getattr(error, 'msg', error)}")
        return
    source = Source(tree, text, place)
    yield from _Program(source).sightings()


class _Program:
    """One program, and the text constants that were taken for a model's name already."""

    def __init__(self, source: Source) -> None:
        self._source = source
        self._taken: set[ast.Constant] = set()

    @cached_property
    def _compared(self) -> set[ast.AST]:
        return set(_only_compared(self._source.nodes))

    def sightings(self) -> Iterator[Sighting]:
        """Calls of SDKs first: there a name comes with its provider and its settings."""
        for call in self._source.calls:
            yield from self._asked(call)
        for call in self._source.calls:
            yield from self._keys(call)
            yield from self._arguments(call)
        for node in self._source.nodes:
            if isinstance(node, ast.Assign | ast.AnnAssign | ast.arguments | ast.Dict | ast.ClassDef):
                yield from self._named(node)
        for node in self._source.nodes:
            if isinstance(node, ast.Constant) and isinstance(node.value, str) and node not in self._taken:
                offer = prefixed(node.value) if ":" in node.value else None
                if offer is not None and node not in self._compared and known(offer):
                    yield self._seen(node, node.value, offer, sure=True)

    def _asked(self, call: ast.Call) -> Iterator[Sighting]:
        """A call that asks a model, and `Client` and `Request` of aiapp."""
        source, name = self._source, dotted(call.func).rpartition(".")[2]
        if name == "Client" and source.mentions("aiapp"):
            yield from self._client(call)
        if name == "Request" and source.mentions("aiapp"):
            yield from volatile_cached_request(call, source)
        target = endpoint(call, source)
        if target is None:
            return
        yield from volatile_prefixes(call, target.wire, source)
        node = given_to(call, source).get("model")
        if node is None and target.wire == "litellm" and call.args:
            node = call.args[0]
        if node is None:
            return
        drops = target.wire == "litellm" and source.mentions("drop_params")
        settings = () if drops or _overridden(call) else tuple(settings_of(call, target.wire, source))
        schemas = tuple(schemas_of(call, target.wire, source))
        for constant in source.texts(node):
            offer, sure = _at(target, str(constant.value))
            seen = self._seen(constant, str(constant.value), offer, target.wire, sure)
            yield replace(seen, settings=settings, schemas=schemas, streamed=_streamed(call, target))

    def _client(self, call: ast.Call) -> Iterator[Sighting]:
        given = {word.arg: word.value for word in call.keywords if word.arg}
        node = call.args[0] if call.args else given.get("model")
        if node is None or "provider" in given:
            return
        made = None if "settings" not in given else self._source.resolved(given["settings"])
        settings: tuple[Setting, ...] = ()
        if isinstance(made, ast.Call) and dotted(made.func).rpartition(".")[2] == "Settings":
            settings = tuple(settings_of(made, "aiapp", self._source))
        schemas = tuple(self._outputs(call))
        others = self._source.items(given.get("fallback"))
        for one in (node, *others):
            for constant in self._source.texts(one):
                written = str(constant.value)
                offer = prefixed(written)
                if offer is not None:
                    seen = self._seen(constant, written, offer, "aiapp", sure="base_url" not in given)
                    yield replace(seen, settings=settings, schemas=schemas if one is node else ())
        if "api_key" not in given:
            yield from self._key_of(node)

    def _outputs(self, client: ast.Call) -> Iterator[SchemaSeen]:
        """The types that are asked of a client: in the same expression, or by the name that it has."""
        names = {name for name, value in self._source.names.items() if value is client}
        for call in self._source.calls:
            if isinstance(call.func, ast.Attribute):
                on = call.func.value
                if on is client or (dotted(on).removeprefix("self.") in names and dotted(on)):
                    yield from schemas_of(call, "aiapp", self._source)

    def _keys(self, call: ast.Call) -> Iterator[Sighting]:
        """The SDK's own client, where it has to find its key itself."""
        kind = CONSTRUCTORS.get(dotted(call.func).rpartition(".")[2])
        given = {word.arg for word in call.keywords}
        if kind in _KEYS and self._source.mentions(kind) and not given & {"api_key", "auth_token", "base_url", None}:
            yield KeyNeeded(kind, _KEYS[kind], self._source.place(call))

    def _key_of(self, node: ast.expr) -> Iterator[Sighting]:
        for constant in self._source.texts(node):
            provider = str(constant.value).partition(":")[0]
            row = vendors().get(provider)
            variable = _KEYS.get(provider) or (row.key if row is not None and row.key_needed else "")
            if variable:
                yield KeyNeeded(provider, variable, self._source.place(constant))

    def _arguments(self, call: ast.Call) -> Iterator[Sighting]:
        for word in call.keywords:
            if word.arg and MODEL_NAME.fullmatch(word.arg):
                yield from self._models(word.value)
        if dotted(call.func).rpartition(".")[2] in _TAKES_A_NAME:
            for argument in call.args[:1]:
                yield from self._models(argument)
        named = (self._source.value(argument) for argument in call.args)
        if any(isinstance(one, str) and MODEL_NAME.fullmatch(one.lstrip("-").replace("-", "_")) for one in named):
            for default in default_of(call):
                yield from self._models(default)

    def _named(self, node: ast.AST) -> Iterator[Sighting]:
        """Variables, parameters and keys that are named for a model."""
        match node:
            case (
                ast.Assign(targets=[ast.Name() | ast.Attribute() as target], value=value)
                | ast.AnnAssign(target=ast.Name() | ast.Attribute() as target, value=ast.expr() as value)
            ):
                if _is_named(target) and not _is_table(target, value):
                    yield from self._models(value)
                    yield from self._roles(value)
            case ast.ClassDef(name=name, bases=bases, body=body) if _lists_models(name, bases):
                for statement in body:
                    if isinstance(statement, ast.Assign):
                        yield from self._models(statement.value)
            case ast.arguments():
                positional = [*node.posonlyargs, *node.args]
                defaults = [*zip(positional[len(positional) - len(node.defaults) :], node.defaults, strict=True)]
                keyword = [(arg, one) for arg, one in zip(node.kwonlyargs, node.kw_defaults, strict=True) if one]
                for argument, default in (*defaults, *keyword):
                    if MODEL_NAME.fullmatch(argument.arg):
                        yield from self._models(default)
            case ast.Dict():
                entries = self._source.entries(node)
                if "model" in entries and not entries.keys() & _OF_ANSWERS:
                    yield from self._models(entries["model"])
            case _:
                pass

    def _roles(self, node: ast.expr) -> Iterator[ModelSeen]:
        """The values of a mapping from roles to models; with models for keys it tells something of them."""
        entries = self._source.entries(node) if isinstance(node, ast.Dict) else {}
        if not any(prefixed(key) or bare(key) for key in entries):
            for value in entries.values():
                yield from self._models(value)

    def _models(self, node: ast.expr) -> Iterator[ModelSeen]:
        for constant in self._source.texts(node):
            if constant in self._taken:
                continue
            written = str(constant.value)
            offer = prefixed(written) or bare(written)
            if offer is not None and known(offer):
                yield self._seen(constant, written, offer)

    def _seen(
        self, node: ast.Constant, written: str, offer: str | None, wire: Wire = "none", sure: bool = False
    ) -> ModelSeen:
        self._taken.add(node)
        return ModelSeen(written, offer, self._source.place(node), wire, sure)


def _at(target: Endpoint, written: str) -> tuple[str | None, bool]:
    """The offer that a name means at an endpoint, and whether a slip in it can be told."""
    if target.provider is None:
        return None, False
    if target.provider == "litellm":
        offer = prefixed(written) or bare(written)
        return offer, target.sure and offer is not None
    return f"{target.provider}:{written}", target.sure and target.provider in _KEYS


def _overridden(call: ast.Call) -> bool:
    """Whether a call changes what is sent behind the SDK's back, and so may well know better."""
    return any(word.arg in ("extra_headers", "extra_body") for word in call.keywords)


def _streamed(call: ast.Call, target: Endpoint) -> bool | None:
    given = {word.arg for word in call.keywords}
    if target.wire != "messages" or not target.waits or given & {"timeout", "stream", None}:
        return None
    return dotted(call.func).endswith(".stream")


def _lists_models(name: str, bases: list[ast.expr]) -> bool:
    """Whether a class is an enumeration that is named for models."""
    listed = any(dotted(base).rpartition(".")[2] in ("Enum", "StrEnum") for base in bases)
    return listed and re.search(r"(?i)models?(?:name)?$|llms?$", name) is not None


def _is_named(target: ast.expr) -> bool:
    return MODEL_NAME.fullmatch(dotted(target).rpartition(".")[2]) is not None


def _is_table(target: ast.expr, value: ast.expr) -> bool:
    """Whether a constant lists models that something is true of, rather than models to ask."""
    name = dotted(target).rpartition(".")[2]
    listed = isinstance(value, ast.Set) or (isinstance(value, ast.List | ast.Tuple) and name.isupper())
    return listed or (isinstance(value, ast.Call) and dotted(value.func) in ("set", "frozenset"))


def _only_compared(nodes: tuple[ast.AST, ...]) -> Iterator[ast.AST]:
    """Constants that are compared with, looked up by, or matched: they ask nobody."""
    for node in nodes:
        parts: list[ast.AST]
        match node:
            case ast.Compare(left=left, comparators=others):
                parts = [left, *others]
            case ast.Subscript(slice=key):
                parts = [key]
            case ast.Dict(keys=keys):
                parts = [key for key in keys if key is not None]
            case ast.MatchValue(value=value):
                parts = [value]
            case ast.Call(func=ast.Attribute(attr=name), args=args) if name in _LOOKED_UP:
                parts = [*args]
            case ast.Assert() | ast.JoinedStr():
                parts = [node]
            case _:
                continue
        for part in parts:
            yield from ast.walk(part)
