"""Builders that do not look at the query: the same examples whatever is asked."""

from __future__ import annotations

import random
from dataclasses import dataclass
from typing import Protocol, runtime_checkable

from aiapp.prompts.fewshot.example import Examples
from aiapp.prompts.fewshot.room import Room


@runtime_checkable
class Builder(Protocol):
    """Chooses examples: offers their places to the room, the best first, until it is full."""

    @property
    def compares(self) -> bool:
        """Whether the choice depends on the query, and says how near each example is to it."""
        ...

    def choose(self, examples: Examples, query: str | None, room: Room) -> None:
        """Fill the room. `query` is None only where the builder does not compare."""
        ...


@dataclass(frozen=True, slots=True)
class Fixed:
    """The first ones, as they are given."""

    compares = False

    def choose(self, examples: Examples, query: str | None, room: Room) -> None:
        """In the order in which they are given."""
        for place in range(len(examples)):
            if room.full:
                break
            room.take(place)


@dataclass(frozen=True, slots=True)
class Random:
    """Any, drawn with a seed."""

    seed: int = 0
    compares = False

    def choose(self, examples: Examples, query: str | None, room: Room) -> None:
        """In an order that the seed decides."""
        places = list(range(len(examples)))
        random.Random(self.seed).shuffle(places)
        for place in places:
            if room.full:
                break
            room.take(place)


@dataclass(frozen=True, slots=True)
class Balanced:
    """As many of each label, give or take one, as long as there are such; which of a label is drawn with a seed."""

    seed: int = 0
    compares = False

    def choose(self, examples: Examples, query: str | None, room: Room) -> None:
        """One of each label, then another of each; an example that does not fit makes way for one of its own label."""
        groups: dict[str, list[int]] = {}
        for place, example in enumerate(examples):
            groups.setdefault(example.group, []).append(place)
        draw = random.Random(self.seed)
        waiting = list(groups.values())
        draw.shuffle(waiting)
        for places in waiting:
            draw.shuffle(places)
        while waiting and not room.full:
            for places in waiting:
                while places and not room.full and not room.take(places.pop()):
                    pass
            waiting = [places for places in waiting if places]
