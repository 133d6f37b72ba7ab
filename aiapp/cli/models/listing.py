"""`aiapp models`: list offers, filtered."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import TYPE_CHECKING, Annotated, Any, get_args

import typer

from aiapp.cli.models.words import amount, day_of, size, tokens_of
from aiapp.core.errors import InvalidInput

if TYPE_CHECKING:
    from rich.text import Text

    from aiapp.catalog.offers import Offer
    from aiapp.catalog.prices import Rates

_ID, _CONTEXT, _MONEY, _DAY = 44, 7, 9, 10
_HEADS = (
    f"{'offer':<{_ID}} {'weights':<7} {'window':>{_CONTEXT}} {'in $/M':>{_MONEY}} {'out $/M':>{_MONEY}}"
    f"  {'ends':<{_DAY}}  reads"
)
_END_HEADS = f"{'offer':<{_ID}} {'weights':<7} {'ends':<{_DAY}} {'in days':>7}  successor"


def listing(
    context: typer.Context,
    is_open: Annotated[
        bool | None, typer.Option("--open/--closed", help="Only models whose weights can, or cannot, be had.")
    ] = None,
    provider: Annotated[
        str | None, typer.Option(help="Only this provider or vendor, such as openai or gemini.")
    ] = None,
    at_least: Annotated[
        str | None, typer.Option("--context", help="Only windows of at least so many tokens, such as 200k or 1M.")
    ] = None,
    modality: Annotated[
        list[str] | None, typer.Option(help="Only what reads or gives this: image, audio, video, file, embedding.")
    ] = None,
    max_price: Annotated[
        str | None, typer.Option(help="Only what costs at most so many dollars a million output tokens.")
    ] = None,
    alive_at: Annotated[
        str | None, typer.Option(help="Only what is served on this day; today where none is named.")
    ] = None,
    retiring: Annotated[
        bool, typer.Option("--retiring", help="Only what has an announced end, soonest first.")
    ] = False,
    as_json: Annotated[bool, typer.Option("--json", help="A JSON list on stdout.")] = False,
) -> None:
    """List offers: one model at one provider, with its window, its price and its end."""
    if context.invoked_subcommand is not None:
        return
    from aiapp.catalog.catalogue import catalogue

    day = date.today() if alive_at is None else day_of("--alive-at", alive_at)
    wanted = Wanted(
        day=day,
        is_open=is_open,
        provider=provider,
        context=None if at_least is None else tokens_of("--context", at_least),
        modalities=_modalities(modality or []),
        price=None if max_price is None else amount("--max-price", max_price),
        retiring=retiring,
    )
    known = list(catalogue().offers.values())
    if provider is not None and not any(provider in (offer.provider, offer.vendor) for offer in known):
        vendors = sorted({offer.vendor for offer in known} | {offer.provider for offer in known})
        raise InvalidInput("--provider", provider, ", ".join(vendors))
    offers = [offer for offer in known if wanted.fits(offer)]
    if retiring:
        offers.sort(key=lambda offer: (offer.retires or date.max, offer.id))
    if as_json:
        print(json.dumps([_row(offer, day) for offer in offers], indent=2, ensure_ascii=False))
        return
    from aiapp.cli.screen import show

    show(_lines(offers, day, retiring=retiring))


@dataclass(frozen=True, slots=True)
class Wanted:
    """What an offer must be to be listed."""

    day: date
    is_open: bool | None = None
    provider: str | None = None
    context: int | None = None
    modalities: tuple[str, ...] = ()
    price: Decimal | None = None
    retiring: bool = False

    def fits(self, offer: Offer) -> bool:
        """Whether an offer is all of it; what is unknown of the offer does not fit."""
        return (
            offer.alive(self.day)
            and (self.is_open is None or offer.open is self.is_open)
            and (self.provider is None or self.provider in (offer.provider, offer.vendor))
            and (self.context is None or (offer.context or 0) >= self.context)
            and all(one in (*offer.inputs, *offer.outputs) for one in self.modalities)
            and (not self.retiring or offer.retires is not None)
            and (self.price is None or self._affordable(offer, self.price))
        )

    def _affordable(self, offer: Offer, most: Decimal) -> bool:
        if offer.free:
            return True
        rates = rates_on(offer, self.day)
        price = None if rates is None else rates.output if rates.output is not None else rates.input
        return price is not None and price <= most


def rates_on(offer: Offer, day: date) -> Rates | None:
    """The everyday rates of a short request."""
    prices = offer.price(day)
    return None if prices is None else prices.rates()


def _modalities(given: list[str]) -> tuple[str, ...]:
    from aiapp.catalog.offers import Modality

    for one in given:
        if one not in get_args(Modality):
            raise InvalidInput("--modality", one, ", ".join(get_args(Modality)))
    return tuple(given)


def _row(offer: Offer, day: date) -> dict[str, Any]:
    from aiapp.catalog.rows import offer_row, price_row

    prices = offer.price(day)
    return {**offer_row(offer), "open": offer.open, "price": None if prices is None else price_row(prices)}


def _lines(offers: list[Offer], day: date, *, retiring: bool) -> Iterator[Text | str]:
    from rich.text import Text

    if not offers:
        yield "no offer is like that"
        return
    yield Text((_END_HEADS if retiring else _HEADS).rstrip(), "bold")
    for offer in offers:
        cells = _end(offer, day) if retiring else _cells(offer, day)
        if len(offer.id) > _ID:
            yield offer.id
        yield f"{'' if len(offer.id) > _ID else offer.id:<{_ID}} {cells}".rstrip()
    vendors = len({offer.vendor for offer in offers})
    counted = f"{len(offers)} offer{'s'[: len(offers) != 1]} of {vendors} vendor{'s'[: vendors != 1]}, served on {day}"
    yield ""
    if retiring:
        yield f"{counted}, that have an announced end."
    else:
        yield f"{counted}; dollars for a million tokens of a short request;"
        yield "reads, beside text: i images, a audio, v video, f files."
    yield "All of one, with its sources: aiapp models show OFFER"


def _cells(offer: Offer, day: date) -> str:
    rates = rates_on(offer, day)
    paid, given = ("free", "free") if offer.free else ("?", "?")
    if rates is not None:
        paid, given = _money(rates.input), _money(rates.output)
    cells = f"{_weights(offer):<7} {size(offer.context):>{_CONTEXT}} {paid:>{_MONEY}} {given:>{_MONEY}}"
    return f"{cells}  {offer.retires or ''!s:<{_DAY}}  {_reads(offer)}"


def _end(offer: Offer, day: date) -> str:
    left = 0 if offer.retires is None else (offer.retires - day).days
    return f"{_weights(offer):<7} {offer.retires!s:<{_DAY}} {left:>7}  {offer.successor or ''}"


def _weights(offer: Offer) -> str:
    return {True: "open", False: "closed", None: "?"}[offer.open]


def _money(rate: Decimal | None) -> str:
    return "-" if rate is None else f"{rate.normalize():f}"


def _reads(offer: Offer) -> str:
    """What it reads beside text, in letters, or that it embeds."""
    if "embedding" in offer.outputs:
        return "embeds"
    return "".join({"image": "i", "audio": "a", "video": "v", "file": "f"}.get(one, "") for one in offer.inputs)
