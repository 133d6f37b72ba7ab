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

WIDTH = 100
_ID, _OPEN, _CONTEXT, _MONEY, _INPUTS, _DAY = 44, 6, 7, 9, 9, 10


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

    if offers:
        end = "successor" if retiring else "reads"
        heads = f"{'offer':<{_ID}} {'weights':<7} {'window':>{_CONTEXT}} {'in $/M':>{_MONEY}} {'out $/M':>{_MONEY}}"
        yield Text(f"{heads}  {'ends':<{_DAY}}  {end}".rstrip(), "bold")
    for offer in offers:
        yield from _offer_lines(offer, day, retiring=retiring)
    if not offers:
        yield "no offer is like that"
        return
    vendors = len({offer.vendor for offer in offers})
    yield ""
    counted = f"{len(offers)} offer{'s'[: len(offers) != 1]} of {vendors} vendor{'s'[: vendors != 1]}"
    yield f"{counted}, served on {day}; dollars for a million tokens of a short request."
    yield "All of one, with its sources: aiapp models show OFFER"


def _offer_lines(offer: Offer, day: date, *, retiring: bool) -> Iterator[Text]:
    from rich.text import Text

    rates = rates_on(offer, day)
    money = ("free", "free") if offer.free else ("?", "?")
    if rates is not None:
        money = (_money(rates.input), _money(rates.output))
    weights = {True: "open", False: "closed", None: "?"}[offer.open]
    last = (offer.successor or "") if retiring else _short(offer)
    rest = f"{weights:<7} {size(offer.context):>{_CONTEXT}} {money[0]:>{_MONEY}} {money[1]:>{_MONEY}}"
    rest = f"{rest}  {offer.retires or ''!s:<{_DAY}}  {last}".rstrip()
    if len(offer.id) > _ID:
        yield Text(offer.id)
        yield Text(f"{'':<{_ID}} {rest}")
    else:
        yield Text(f"{offer.id:<{_ID}} {rest}")


def _money(rate: Decimal | None) -> str:
    return "-" if rate is None else f"{rate.normalize():f}"


def _short(offer: Offer) -> str:
    """What it reads beside text, or that it embeds, in letters: image, audio, video, file."""
    if "embedding" in offer.outputs:
        return "embeds"
    return " ".join(
        {"image": "img", "audio": "aud", "video": "vid", "file": "pdf"}.get(one, "") for one in offer.inputs
    ).strip()
