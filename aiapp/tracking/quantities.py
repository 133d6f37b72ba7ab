"""A request's tokens, each kind with the rate that it has. Pure.

Counts are inclusive (cached tokens are inside the input), prices are not: each token is paid for once, at the rate of
its own kind. Where the provider did not say how many were of a kind, and that makes a difference, the rate is unknown.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from decimal import Decimal
from typing import NamedTuple

from aiapp.catalog.prices import Rates
from aiapp.core.usage import Usage

INPUT, OUTPUT = "input tokens", "output tokens"
_CACHED_KINDS = "the provider did not say how many of the cached tokens were audio or images"
_CONTRADICTION = "the provider's token counts contradict one another"


class Quantity(NamedTuple):
    """So many tokens at a rate in US dollars per million.

    Where the rate is None, `least` is the lowest that it can be, and `doubt` says why it is unknown, unless that is
    because nobody wrote it down.
    """

    item: str
    tokens: int | None
    rate: Decimal | None
    least: Decimal | None = None
    doubt: str | None = None


def quantities(usage: Usage, rates: Rates) -> list[Quantity]:
    """The tokens of a request, by kind."""
    return [*_input(usage, rates), *_output(usage, rates)]


def _input(usage: Usage, rates: Rates) -> list[Quantity]:
    total = usage.input_tokens
    if total is None:
        return [Quantity(INPUT, None, rates.input, doubt="the provider did not say how many input tokens there were")]
    heard = _differs(rates.audio_input, rates.input) or _differs(rates.audio_cache_read, rates.cache_read)
    audio = usage.audio_input_tokens or 0 if heard else 0
    image = usage.image_input_tokens or 0 if _differs(rates.image_input, rates.input) else 0
    kinds = [*_cached(usage, rates, audio), *_written(usage, rates)]
    if audio or image:
        kinds += _modalities(usage, rates, audio, image, kinds)
    return _whole(total, kinds, Quantity(INPUT, None, rates.input))


def _modalities(usage: Usage, rates: Rates, audio: int, image: int, apart: list[Quantity]) -> list[Quantity]:
    """Audio and images that are not among those told `apart`, which were read from the cache or written to it."""
    rate = rates.input if rates.audio_input is None else rates.audio_input
    if all(kind.tokens == 0 for kind in apart):
        images = Quantity("image input tokens", image, rates.image_input)
        return [Quantity("audio input tokens", audio, rate), images]
    told = all(kind.tokens is not None for kind in apart) and not usage.cache_write_tokens
    if told and usage.audio_cached_tokens is not None and not image:
        return [Quantity("audio input tokens", audio - usage.audio_cached_tokens, rate)]
    own = [rate] * bool(audio) + [rates.image_input] * bool(image)
    return [Quantity(INPUT, None, None, one, _CACHED_KINDS) for one in own]


def _cached(usage: Usage, rates: Rates, audio: int) -> Iterator[Quantity]:
    """Those read from the cache; a kind without a count is one that any of the input may be of."""
    item, cached, rate = "cached input tokens", usage.cached_tokens, rates.cache_read
    if cached is None:
        if _differs(rate, rates.input):
            doubt = "the provider did not say how many of the input tokens were cached"
            yield Quantity(INPUT, None, None, rate, doubt)
        return
    if not audio or not cached or not _differs(rates.audio_cache_read, rate):  # then all of them cost the same
        yield Quantity(item, cached, rate)
    elif usage.audio_cached_tokens is not None:
        yield Quantity(item, cached - usage.audio_cached_tokens, rate)
        yield Quantity("cached audio input tokens", usage.audio_cached_tokens, rates.audio_cache_read)
    else:
        yield Quantity(item, cached, None, _lowest((rate, rates.audio_cache_read)), _CACHED_KINDS)


def _written(usage: Usage, rates: Rates) -> Iterator[Quantity]:
    """Those written to the cache, by how long they are kept."""
    short, long = rates.cache_write, rates.cache_write_long
    written, kept = usage.cache_write_tokens, usage.long_cache_write_tokens
    if written is None:
        doubt = "the provider did not say how many of the input tokens were written to its cache"
        yield from (Quantity(INPUT, None, None, rate, doubt) for rate in (short, long) if _differs(rate, rates.input))
    elif written and kept is None and _differs(long, short):
        doubt = "the provider did not say for how long the tokens written to its cache are kept"
        yield Quantity("cache writes", written, None, _lowest((short, long)), doubt)
    else:
        kept = kept or 0
        yield Quantity("cache writes", written - kept, short)
        yield Quantity("cache writes, kept long", kept, long)


def _output(usage: Usage, rates: Rates) -> list[Quantity]:
    total, rate = usage.output_tokens, rates.output
    if total is None:
        return [Quantity(OUTPUT, None, rate, doubt="the provider did not say how many output tokens there were")]
    kinds = list[Quantity]()
    if _differs(rates.reasoning, rate):
        if usage.reasoning_tokens is None:
            doubt = "the provider did not say how many of the output tokens were reasoning"
            kinds.append(Quantity(OUTPUT, None, None, rates.reasoning, doubt))
        else:
            kinds.append(Quantity("reasoning tokens", usage.reasoning_tokens, rates.reasoning))
    if _differs(rates.audio_output, rate):
        kinds.append(Quantity("audio output tokens", usage.audio_output_tokens or 0, rates.audio_output))
    if _differs(rates.image_output, rate):
        kinds.append(Quantity("image output tokens", usage.image_output_tokens or 0, rates.image_output))
    return _whole(total, kinds, Quantity(OUTPUT, None, rate))


def _whole(total: int, kinds: list[Quantity], plain: Quantity) -> list[Quantity]:
    """The rest first, then what was told apart. The rest is plain, unless some kind was not counted."""
    told = [kind for kind in kinds if kind.tokens is not None]
    untold = [kind for kind in kinds if kind.tokens is None]
    rest = total - sum(kind.tokens or 0 for kind in told)
    if rest < 0 or any((kind.tokens or 0) < 0 for kind in told):
        rates = (plain.rate, *(kind.least if kind.rate is None else kind.rate for kind in kinds))
        return [Quantity(plain.item, total, None, _lowest(rates), _CONTRADICTION)] if total else []
    whole = [kind for kind in told if kind.tokens]
    if not rest:
        return whole
    if not untold:
        return [Quantity(plain.item, rest, plain.rate), *whole]
    least = _lowest((plain.rate, *(kind.least for kind in untold)))
    return [*(Quantity(plain.item, rest, None, least, untold[0].doubt),), *whole]


def _differs(rate: Decimal | None, plain: Decimal | None) -> bool:
    return rate is not None and rate != plain


def _lowest(rates: Iterable[Decimal | None]) -> Decimal | None:
    """None where one of them is unknown: then there is no telling how low it is."""
    known = list(rates)
    return None if None in known else min((rate for rate in known if rate is not None), default=None)
