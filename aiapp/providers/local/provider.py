"""The bundled model behind the provider protocol."""

from __future__ import annotations

import asyncio
import uuid
from array import array
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

from aiapp.core.embeddings import Vectors
from aiapp.core.errors import ContextOverflow, InvalidInput
from aiapp.core.events import (
    Alternative,
    Event,
    Finish,
    PartEnd,
    Ranking,
    Started,
    TextDelta,
    ToolCallDelta,
    ToolCallStart,
    UsageReport,
)
from aiapp.core.request import Request
from aiapp.core.response import Change
from aiapp.core.usage import Usage
from aiapp.providers.counting import Count
from aiapp.providers.local.encode import DEFAULT_MAX_TOKENS, NAME, encode
from aiapp.providers.protocol import Prepared

if TYPE_CHECKING:
    from aiapp.transformer import Grammar, Sampling, Transformer

_SEEDS = 2**128
"""How many seeds there are: NumPy takes no negative one, others do."""
REQUEST_TURNS = 3
"""The last turns of the user that say which tool is wanted: "Yes, please." alone does not."""


class LocalProvider:
    """Runs on this machine, without a key or a network; the weights are read on the first call."""

    name = NAME
    free = True
    ranks_choices = True

    def __init__(self, model: str = NAME) -> None:
        self.model = model

    def prepare(self, request: Request) -> Prepared:
        """The payload for a request; loads no weights. A format that no answer can be held to is refused."""
        prepared = encode(request)
        _grammar(prepared.payload["format"])
        return prepared

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The whole answer, computed in a thread so that the event loop stays free."""
        return await asyncio.to_thread(lambda: list(_events(prepared.payload)))

    async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        """The answer token by token, each computed in a thread."""
        events = _events(prepared.payload)
        while (event := await asyncio.to_thread(next, events, None)) is not None:
            yield event

    async def aembed(self, texts: Sequence[str], dimensions: int | None) -> Vectors:
        """The vectors of the bundled sentence encoder, computed in a thread; they have one length."""
        return await asyncio.to_thread(_vectors, texts, dimensions)

    def count_tokens(self, request: Request) -> Count:
        """The tokens of the prompt, exactly."""
        from aiapp.transformer import Transformer

        tokens = len(_prompt(Transformer.load(), encode(request).payload))
        return Count("bundled", tokens, True, "its own tokenizer, of the whole prompt")

    async def acount_tokens(self, request: Request) -> Count:
        """The same, in a thread."""
        return await asyncio.to_thread(self.count_tokens, request)

    async def aclose(self) -> None:
        """Nothing is held open."""


def _events(payload: Mapping[str, Any]) -> Iterator[Event]:
    from aiapp.transformer import Transformer
    from aiapp.transformer.calling import opening_ids

    model = Transformer.load()
    yield Started(NAME)
    prompt = _prompt(model, payload)
    opened = max((len(opening_ids(model, tool["name"])) for tool in payload["tools"]), default=0)
    limit = model.config.max_position_embeddings - opened
    if len(prompt) >= limit:
        reason = f"the prompt has {len(prompt):,} tokens; the bundled model reads fewer than {limit:,} of this request"
        raise ContextOverflow(reason, provider=NAME, model=NAME)
    wanted = payload["format"]
    if wanted is not None and wanted["type"] == "choice":
        yield from _ranked(model, prompt, wanted)
    else:
        yield from _called(model, prompt, payload) if payload["tools"] else _generated(model, prompt, payload)


def _prompt(model: Transformer, payload: Mapping[str, Any]) -> list[int]:
    return model.tokenizer.chat_ids([(message["role"], message["text"]) for message in payload["messages"]])


def _vectors(texts: Sequence[str], dimensions: int | None) -> Vectors:
    from aiapp.transformer import Encoder

    encoder = Encoder.load()
    if dimensions not in (None, encoder.dimensions):
        raise InvalidInput("dimensions", dimensions, f"{encoder.dimensions}, or None")
    rows = [array("f", row.tobytes()) for row in encoder.embed(texts)]
    return Vectors(rows, encoder.name, Usage(encoder.count_tokens(texts), 0), changes=_cut(encoder.cut(texts)))


def _cut(places: Sequence[int]) -> tuple[Change, ...]:
    """That the ends of some texts were not read."""
    from aiapp.transformer.encoder import LONGEST

    if not places:
        return ()
    which = ", ".join(map(str, places[:5])) + (", ..." if len(places) > 5 else "")
    reason = f"the encoder reads the first {LONGEST} pieces of a text; these are longer, by their places: {which}"
    return (Change("texts", reason),)


def _ranked(model: Transformer, prompt: list[int], wanted: Mapping[str, Any]) -> Iterator[Event]:
    """The most probable option as text, and all of them ranked."""
    options: list[str] = wanted["options"]
    scores = model.rank_quotations(prompt, options)
    ranked = sorted(map(Alternative, options, scores), key=lambda option: -option.logprob)
    yield TextDelta(ranked[0].text)
    yield Ranking(tuple(ranked))
    yield UsageReport(Usage(len(prompt), model.count_tokens(ranked[0].text) + 1))
    yield Finish("stop", "stop")


def _called(model: Transformer, prompt: list[int], payload: Mapping[str, Any]) -> Iterator[Event]:
    """One call of the most probable tool, or an answer in words."""
    from aiapp.transformer.calling import Tool, call_tool

    messages, settings = payload["messages"], payload["sampling"]
    request = "\n".join([message["text"] for message in messages if message["role"] == "user"][-REQUEST_TURNS:])
    said = "\n".join(message["text"] for message in messages if message["role"] != "system")
    tools = [Tool(**tool) for tool in payload["tools"]]
    call = call_tool(model, prompt, tools, request, said, _sampling(settings), _limit(settings))
    if call is None:
        yield from _generated(model, prompt, payload)
        return
    yield ToolCallStart(0, f"call_{uuid.uuid4().hex[:24]}", call.name)
    yield ToolCallDelta(0, call.arguments)
    yield PartEnd(index=0)
    yield UsageReport(Usage(len(prompt), call.tokens))
    yield Finish("tool_calls" if call.finish == "stop" else "length", call.finish)


def _limit(settings: Mapping[str, Any]) -> int:
    limit: int | None = settings["max_tokens"]
    return DEFAULT_MAX_TOKENS if limit is None else limit


def _generated(model: Transformer, prompt: list[int], payload: Mapping[str, Any]) -> Iterator[Event]:
    settings = payload["sampling"]
    steps = model.generate(
        prompt,
        _sampling(settings),
        grammar=_grammar(payload["format"]),
        stop=settings["stop"],
        max_tokens=_limit(settings),
    )
    for count, step in enumerate(steps, 1):
        if step.text:
            yield TextDelta(step.text)
        if step.finish is not None:
            yield UsageReport(Usage(len(prompt), count))
            yield Finish(step.finish, step.finish)


def _sampling(settings: Mapping[str, Any]) -> Sampling:
    """Greedy unless a temperature is asked for: a model of this size gains nothing from chance."""
    from aiapp.transformer import Sampling

    temperature, seed = settings["temperature"], settings["seed"]
    return Sampling(
        temperature=0.0 if temperature is None else temperature,
        top_p=settings["top_p"],
        top_k=settings["top_k"],
        seed=None if seed is None else seed % _SEEDS,
    )


def _grammar(wanted: Mapping[str, Any] | None) -> Grammar | None:
    from aiapp.transformer import Grammar

    if wanted is None or wanted["type"] == "choice":  # options are ranked, not written
        return None
    match wanted["type"]:
        case "regex":
            return Grammar.regex(wanted["pattern"])
        case "grammar":
            return Grammar.lark(wanted["lark"])
        case "quotation":
            return Grammar.quotation(wanted["texts"])
        case _:
            return Grammar.json_schema(wanted["schema"])
