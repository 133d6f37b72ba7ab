"""The most that one try at sending a request may take, in tokens and in money. Pure.

Tokens in: a tokenizer makes of a text no more tokens than it has bytes, so the bytes of the payload count, JSON and
all, and more for what providers add. An image counts `IMAGE_TOKENS`; a file, or what lies at the provider already, may
fill the model's context; and nothing is longer than that. Tokens out: `Prepared.most_tokens`, else the offer's limit or
its context. Money: both at the rates of the dearest row of the price list that can apply, of the dearest kind each
(plain, read from the provider's cache or written to it, reasoning, images, audio), in the dearest region.

Not bounded, and so unknown, are the tools that a provider runs by itself: they read as much as they like. Where a
provider answers with another model than the one that was asked, its price counts, and was not looked at here.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any

from aiapp.catalog.catalogue import catalogue
from aiapp.catalog.offers import Offer
from aiapp.catalog.prices import STANDARD, PriceList, Rates, Step
from aiapp.client.route import full_name
from aiapp.core.invoice import Invoice, Line, PriceRow
from aiapp.core.parts import File, Image, Part, ToolResult
from aiapp.core.request import Request
from aiapp.core.usage import Usage
from aiapp.providers.payload import base64_of
from aiapp.providers.protocol import Prepared, Provider
from aiapp.providers.tiers import served_tier
from aiapp.tracking.billing import OWN_MACHINE, nothing_due
from aiapp.tracking.quantities import INPUT, OUTPUT

MESSAGE_TOKENS = 16
"""What the form of a chat may add to a message, over the JSON that it is sent as."""
TOOLS_TOKENS = 2_048
"""What a provider may tell a model of how to call tools, or how to answer by a schema."""
IMAGE_TOKENS = 50_000
"""What an image is taken for: more than the dearest known way of counting, that of GPT-4o mini, takes for its largest
one: 2,833 tokens and 5,667 for each tile of 512 x 512 of at most 2048 x 768, which is 48,169 (in
MicrosoftDocs/azure-ai-docs, articles/ai-services/openai/overview.md); Claude takes 4,784 (anthropics/skills)."""
_ELSEWHERE = ("previous_response_id", "conversation", "prompt", "container")
"""Keys of a payload that name what lies at the provider already."""
_ONE = Decimal(1)


@dataclass(frozen=True, slots=True)
class Bound:
    """The most that a try may take. Tokens that are None are not bounded, for the reasons `unknown`; the money is not
    bounded where `invoice` has no total."""

    input_tokens: int | None
    output_tokens: int | None
    invoice: Invoice
    unknown: tuple[str, ...] = ()
    answers: int = 1
    """How many answers are asked for; all of them are in `output_tokens`."""

    @property
    def money(self) -> Decimal | None:
        """US dollars; None where not bounded."""
        return self.invoice.total

    @property
    def tokens(self) -> int | None:
        """Those of input and output; None where not bounded."""
        return (
            None if self.input_tokens is None or self.output_tokens is None else self.input_tokens + self.output_tokens
        )

    def answer_within(self, money: Decimal | None, tokens: int | None) -> int | None:
        """The longest answer in tokens that so much affords, None being no limit; None where the answer matters not."""
        limits: list[int] = []
        if tokens is not None and self.input_tokens is not None:
            limits.append(tokens - self.input_tokens)
        if money is not None:
            spoken = [line for line in self.invoice.lines if line.item == OUTPUT and line.rate]
            heard = sum((line.amount or 0 for line in self.invoice.lines if line.item == INPUT), Decimal(0))
            for line in spoken:
                factor = _ONE if line.row is None else line.row.factor
                limits.append(int((money - heard) * line.per // ((line.rate or _ONE) * factor)))
        return min(limits) // self.answers if limits else None


def bound(
    provider: Provider, request: Request, prepared: Prepared | None, at: datetime, *, more_tokens: int = 0
) -> Bound:
    """The most that one try may take at the prices of a moment; `prepared` is None for an embedding, which writes none.

    `more_tokens` are read besides, such as those of an answer that is sent back.
    """
    model, unknown = full_name(provider), list[str]()
    offer = catalogue().find(model)
    heard: int | None
    spoken: int | None
    if prepared is None:
        answers, heard, spoken = 1, _texts(request, offer), 0
    else:
        answers = _answers(prepared.payload)
        heard = _heard(request, prepared.payload, offer, more_tokens)
        spoken = _spoken(prepared, offer, answers)
        if (own := _own_tool(prepared.payload)) is not None:
            unknown.append(f"the provider's own tool {own!r} may read any number of tokens")
            heard = spoken = None
    if heard is None and not unknown:
        unknown.append(f"how long a file may be is not known: the context of {model} is in no catalogue")
    if spoken is None and not unknown:
        unknown.append(f"how long an answer of {model} may be is not known, and max_tokens is not set")
    if provider.free or (offer is not None and offer.free):
        invoice = nothing_due(Usage(heard, spoken), OWN_MACHINE)
    else:
        sent = _Sent(request, {} if prepared is None else prepared.payload)
        invoice = _priced(sent, offer, model, heard, spoken, at)
        invoice = Invoice(invoice.lines, (*unknown, *invoice.unknown))
    return Bound(heard, spoken, invoice, tuple(unknown), answers)


@dataclass(frozen=True, slots=True)
class _Sent:
    request: Request
    payload: Mapping[str, Any]


def _heard(request: Request, payload: Mapping[str, Any], offer: Offer | None, more: int) -> int | None:
    """The most tokens that the model reads; None where nothing bounds them."""
    context = None if offer is None else offer.context
    attachments = [*_attachments(part for message in request.messages for part in message.parts)]
    if any(_of_any_length(one) for one in attachments) or any(name in payload for name in _ELSEWHERE):
        return context
    text = json.dumps(payload, ensure_ascii=False, default=str)
    for one in attachments:
        if isinstance(one, Image) and one.data is not None:
            text = text.replace(base64_of(one), "")
    tokens = len(text.encode("utf-8", "surrogatepass")) + MESSAGE_TOKENS * len(request.messages) + more
    tokens += IMAGE_TOKENS * sum(isinstance(one, Image) for one in attachments)
    if request.tools or request.format is not None or payload.get("tools"):
        tokens += TOOLS_TOKENS
    return tokens if context is None else min(tokens, context)


def _attachments(parts: Iterable[Part]) -> Iterator[Image | File]:
    for part in parts:
        if isinstance(part, Image | File):
            yield part
        elif isinstance(part, ToolResult):
            yield from part.attachments


def _of_any_length(one: Image | File) -> bool:
    """Whether its size does not tell how many tokens it takes: a page of a PDF is read as an image, too."""
    return isinstance(one, File) and (one.data is None or not one.media_type.startswith("text/"))


def _texts(request: Request, offer: Offer | None) -> int:
    """The tokens of texts that are embedded, each with a context of its own."""
    sizes = [len(message.text.encode("utf-8", "surrogatepass")) + MESSAGE_TOKENS for message in request.messages]
    context = None if offer is None else offer.context
    return sum(sizes) if context is None else sum(min(size, context) for size in sizes)


def _spoken(prepared: Prepared, offer: Offer | None, answers: int) -> int | None:
    most = prepared.most_tokens
    if most is None and offer is not None:
        most = offer.context if offer.output_tokens is None else offer.output_tokens
    return None if most is None else most * answers


def _answers(payload: Mapping[str, Any]) -> int:
    asked: Any = payload.get("n")
    return asked if type(asked) is int and asked > 1 else 1


def _own_tool(payload: Mapping[str, Any]) -> str | None:
    """A tool that the provider runs by itself, or a server that it asks."""
    if payload.get("mcp_servers") or payload.get("web_search_options"):
        return "mcp_servers" if payload.get("mcp_servers") else "web_search_options"
    given: Any = payload.get("tools")
    tools: list[Any] = given if isinstance(given, list) else []  # pyright: ignore[reportUnknownVariableType]
    for tool in tools:
        named: dict[str, Any] = tool if isinstance(tool, dict) else {}  # pyright: ignore[reportUnknownVariableType]
        if not {"function", "parameters", "input_schema"} & named.keys() and named.get("type") != "custom":
            return str(named.get("type") or named.get("name"))
    return None


def _priced(
    sent: _Sent, offer: Offer | None, model: str, heard: int | None, spoken: int | None, at: datetime
) -> Invoice:
    prices = None if offer is None else offer.price(at)
    rows = [] if offer is None or prices is None else [*_rows(sent, offer, prices, heard)]
    unpriced = (Line(INPUT, heard, None), Line(OUTPUT, spoken, None))
    if not rows:
        return Invoice(unpriced, (f"no price is known for {model}",))
    invoices = [_lines(sent, offer, row, rates, heard, spoken) for row, rates in rows]
    for invoice in invoices:
        if any(line.rate is None for line in invoice.lines):
            return Invoice(unpriced, (f"not every rate of {model} is known",))
    return max(invoices, key=lambda invoice: invoice.at_least)


def _rows(sent: _Sent, offer: Offer, prices: PriceList, heard: int | None) -> Iterator[tuple[PriceRow, Rates]]:
    """Every row of the list that may be applied; one without rates where a tier that was asked for has no price."""
    for tier in _tiers(sent.payload, prices):
        steps, factor = prices.tiers.get(tier, ()), _ONE
        if not steps and tier in prices.factors:
            steps, factor = prices.tiers.get(STANDARD, ()), prices.factors[tier]
        regions = {name: by for name, by in prices.factors.items() if name != tier and by > 1}
        dearest = max(regions, key=lambda name: regions[name], default="")
        factor *= regions.get(dearest, _ONE)
        for step in steps or (Step(0, Rates()),):
            if not step.above or heard is None or step.above < heard:
                about = (prices.source, prices.as_of, prices.valid_from)
                yield PriceRow(offer.id, tier, *about, step.above, factor, dearest), step.rates


def _tiers(payload: Mapping[str, Any], prices: PriceList) -> list[str]:
    """The tiers that may serve it: what was asked for, and the standard one, which it may fall back to."""
    asked: Any = payload.get("service_tier")
    chosen = "priority" if asked == "auto" and "priority" in prices.tiers else None
    return list(dict.fromkeys(tier for tier in (STANDARD, served_tier(asked), chosen, payload.get("speed")) if tier))


def _lines(
    sent: _Sent, offer: Offer | None, row: PriceRow, rates: Rates, heard: int | None, spoken: int | None
) -> Invoice:
    settings = sent.request.settings
    attached = [*_attachments(part for message in sent.request.messages for part in message.parts)]
    read = [rates.cache_read, rates.cache_write]
    if settings.cache == "long" or settings.extra:
        read.append(rates.cache_write_long)
    if attached or settings.extra:
        read.append(rates.image_input)
    if settings.extra or any(isinstance(one, File) for one in attached):
        read += [rates.audio_input, rates.audio_cache_read]
    written = [rates.reasoning]
    if offer is not None and "audio" in offer.outputs:
        written.append(rates.audio_output)
    if offer is not None and "image" in offer.outputs:
        written.append(rates.image_output)
    lines = [Line(INPUT, heard, _dearest(rates.input, read), source=row.source, row=row)]
    if spoken != 0:
        lines.append(Line(OUTPUT, spoken, _dearest(rates.output, written), source=row.source, row=row))
    return Invoice(tuple(lines))


def _dearest(plain: Decimal | None, others: Iterable[Decimal | None]) -> Decimal | None:
    """None where the plain rate is not known; a kind without a rate of its own costs no more than the plain one."""
    return None if plain is None else max((plain, *(rate for rate in others if rate is not None)))
