"""Orders: the same examples in another order may be answered quite differently (Lu et al. 2022)."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Literal, TypeAlias, TypeVar, get_args

from aiapp.prompts.fewshot.example import Examples
from aiapp.prompts.fewshot.room import Pick

Item = TypeVar("Item")
Order: TypeAlias = Literal["as_chosen", "as_given", "nearest_last", "nearest_first", "shuffled", "interleaved"]
ORDERS: tuple[Order, ...] = get_args(Order)
BY_NEARNESS: tuple[Order, ...] = ("nearest_last", "nearest_first")


def arranged(picks: Sequence[Pick], examples: Examples, order: Order, seed: int) -> list[Pick]:
    """The picks in an order; where their nearness is not known, orders by nearness leave them as they were chosen."""
    match order:
        case "as_given":
            return sorted(picks, key=lambda pick: pick.place)
        case "nearest_first":
            return sorted(picks, key=_distance)
        case "nearest_last":
            return sorted(picks, key=_distance, reverse=True)
        case "shuffled":
            return shuffled(picks, seed)
        case "interleaved":
            return _interleaved(picks, examples)
        case "as_chosen":
            return list(picks)


def shuffled(items: Sequence[Item], seed: int) -> list[Item]:
    """Another order, which the seed and the number of items decide."""
    laid = list(items)
    random.Random(seed).shuffle(laid)
    return laid


def _distance(pick: Pick) -> float:
    return 0.0 if pick.nearness is None else -pick.nearness


def _interleaved(picks: Sequence[Pick], examples: Examples) -> list[Pick]:
    """Two of one label stand side by side only where there are too many of it; else in the order of choice."""
    waiting: dict[str, list[Pick]] = {}
    for pick in picks:
        waiting.setdefault(examples[pick.place].group, []).append(pick)
    laid: list[Pick] = []
    last = None
    while waiting:
        others = [label for label in waiting if label != last] or list(waiting)
        last = max(others, key=lambda label: len(waiting[label]))
        laid.append(waiting[last].pop(0))
        if not waiting[last]:
            del waiting[last]
    return laid
