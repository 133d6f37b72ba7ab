"""Few-shot prompting: which examples a model sees before a query, and in which order."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence, Set
from dataclasses import KW_ONLY, dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Generic

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import Message
from aiapp.core.tokens import estimated_tokens
from aiapp.prompts.fewshot.builders import Builder, Fixed
from aiapp.prompts.fewshot.example import Example, Examples, Input, Output, labels_of, normalised, text_of
from aiapp.prompts.fewshot.order import BY_NEARNESS, ORDERS, Order, arranged
from aiapp.prompts.fewshot.room import Pick, Room
from aiapp.prompts.fewshot.selection import Selection, Shot
from aiapp.sync import sync

if TYPE_CHECKING:
    from aiapp.prompts.fewshot.ablation import Ablated, Ablation
    from aiapp.prompts.fewshot.check import Check
    from aiapp.prompts.fewshot.measuring import Metric

TOKENS_OF_A_TURN = 4
"""What the frame of a turn takes, role and delimiters: 3 in OpenAI's chat models, and one to be sure."""


@dataclass(frozen=True, eq=False, repr=False)
class FewShot(Generic[Input, Output]):
    """Examples to show a model before a query: `k` of them, 0 for zero-shot, 1 for one-shot.

    The builder chooses which: `Fixed`, `Random` and `Balanced` the same for every query; `Nearest`, `BM25` and
    `Diverse` those that go with it. With `common`, so many are the same for every query, chosen by `common_builder`,
    and stand first, where a provider's cache finds them again; the rest goes with the query.

    `budget` is the most tokens that all examples may take, by `count`, which by default estimates from the characters:
    each counts in the dearer of its two forms, as turns or in a block. One that does not fit makes way for the next
    that does. `order` is `nearest_last` unless said otherwise where the builder compares, else as it chose; common
    examples are never ordered by nearness, and `seed` is that of `shuffled`. `leave_out_query` passes over examples
    whose input is the query itself, as they must be where examples are asked about. `ask` writes an input as the turn
    of a user, as the query itself will be written; the builders compare the inputs as they are.
    """

    examples: Sequence[Example[Input, Output]]
    k: int = 4
    builder: Builder = field(default_factory=Fixed)
    _: KW_ONLY
    budget: int | None = None
    count: Callable[[str], int] = estimated_tokens
    order: Order | None = None
    seed: int = 0
    common: int = 0
    common_builder: Builder = field(default_factory=Fixed)
    leave_out_query: bool = False
    ask: Callable[[Input], str] = text_of

    def __post_init__(self) -> None:
        object.__setattr__(self, "examples", tuple(self.examples))
        _check(self)

    def __repr__(self) -> str:
        return f"FewShot({self.k} of {len(self.examples):,} examples, {self.builder!r})"

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the examples, or their outputs where they have none, in order: `Choice(few_shot.labels)`."""
        return labels_of(self.examples)

    def select(self, query: Input | None = None) -> Selection[Input, Output]:
        """The examples for a query, which may be left out where the builder does not compare."""
        if self.builder.compares and query is None:
            raise InvalidInput("query", None, f"a query, for {self.builder!r} chooses by it")
        asked = None if query is None else text_of(query)
        barred = self._barred(asked)
        common = self._common(barred)
        picks, tokens, too_long = list[Pick](), common.tokens, common.too_long
        if self.builder.compares:
            taken = {pick.place for pick in common.picks}
            left = None if self.budget is None else self.budget - common.tokens
            room = self._room(self.k - len(taken), left, barred | taken)
            if self._pool and not room.full:
                self.builder.choose(self._pool, asked, room)
            picks, tokens, too_long = room.picks, tokens + room.tokens, [*too_long, *room.too_long]
        shots = (*self._laid_out(common.picks), *self._laid_out(picks))
        return Selection(shots, len(common.picks), tokens, tuple(dict.fromkeys(too_long)))

    async def aselect(self, query: Input | None = None) -> Selection[Input, Output]:
        """The same in a thread: an embedder may have to wait for an answer."""
        return await asyncio.to_thread(self.select, query)

    def turns(self, query: Input | None = None) -> tuple[Message, ...]:
        """The examples for a query as turns of user and model: what goes before the query, or is a prompt's history."""
        return self.select(query).turns

    def block(self, query: Input | None = None) -> str:
        """The examples for a query as one text, to stand where a prompt has a variable for it."""
        return self.select(query).block

    async def acheck(
        self,
        eval_set: Sequence[Example[Input, Any]] = (),
        *,
        metric: Metric | None = None,
        orders: int = 4,
        concurrency: int = 1,
    ) -> Check:
        """What is wrong with the examples, as far as it can be told, also beside the set that they are evaluated on.

        Near duplicates and leaks are copies with a small edit, not paraphrases; the module `duplicates` says how many
        of them are missed, as measured. With a metric, the evaluation set is asked about in `orders` orders: so many
        times its length are the calls.
        """
        from aiapp.prompts.fewshot.check import check

        return await check(self, eval_set, metric, orders, concurrency)

    check = sync(acheck)

    async def aablation(self, eval_set: Sequence[Example[Input, Any]] | None = None) -> Ablation:
        """What it takes to find out which examples earn their tokens: calls and tokens, before the first call.

        Each example is left out of the prompts in which it stands, with nothing in its place. Without an evaluation
        set the examples themselves are asked about, each left out of its own prompt.
        """
        from aiapp.prompts.fewshot.ablation import planned

        few_shot = self if eval_set is not None else replace(self, leave_out_query=True)
        return await asyncio.to_thread(planned, few_shot, tuple(self.examples if eval_set is None else eval_set))

    ablation = sync(aablation)

    async def aablate(
        self,
        metric: Metric,
        eval_set: Sequence[Example[Input, Any]] | None = None,
        *,
        at_most: int | None = None,
        concurrency: int = 1,
        seed: int = 0,
    ) -> Ablated:
        """Which examples earn their tokens, by what a metric says with and without each; see `ablation`.

        Nothing is asked where it would take more than `at_most` calls.
        """
        plan = await self.aablation(eval_set)
        if at_most is not None and plan.calls > at_most:
            raise InvalidInput(
                "at_most", at_most, f"the {plan.calls:,} calls that it takes, or a smaller evaluation set"
            )
        return await plan.arun(metric, concurrency=concurrency, seed=seed)

    ablate = sync(aablate)

    @cached_property
    def _pool(self) -> Examples:
        return tuple(self.examples)

    @cached_property
    def _inputs(self) -> dict[str, list[int]]:
        """The places of each input."""
        places: dict[str, list[int]] = {}
        for place, example in enumerate(self.examples):
            places.setdefault(normalised(example.input_text), []).append(place)
        return places

    @cached_property
    def _written(self) -> dict[int, Shot[Input, Output]]:
        """The examples as they are shown, with what they take, written when they are first wanted."""
        return {}

    @cached_property
    def _usual(self) -> Room:
        """What is common to all queries, as long as none of it is barred."""
        return self._common_room(frozenset())

    def _barred(self, query: str | None) -> frozenset[int]:
        """The places of examples that may not be shown with this query."""
        if query is None or not self.leave_out_query:
            return frozenset()
        return frozenset(self._inputs.get(normalised(query), ()))

    def _shot(self, place: int) -> Shot[Input, Output]:
        """An example as it is shown, with what it takes."""
        shot = self._written.get(place)
        if shot is None:
            example = self.examples[place]
            bare = Shot(example, self.ask(example.input), example.output_text, Pick(place, 0))
            as_turns = self.count(bare.asked) + self.count(bare.answered) + 2 * TOKENS_OF_A_TURN
            tokens = max(as_turns, self.count(f"{bare.block}\n"))
            shot = self._written[place] = replace(bare, pick=Pick(place, tokens))
        return shot

    def _cost(self, place: int) -> int:
        return self._shot(place).pick.tokens

    def _room(self, k: int, budget: int | None, barred: Set[int]) -> Room:
        return Room(k, budget, self._cost, barred)

    def _common_room(self, barred: Set[int]) -> Room:
        compares = self.builder.compares
        builder, k = (self.common_builder, min(self.common, self.k)) if compares else (self.builder, self.k)
        room = self._room(k, self.budget, barred)
        builder.choose(self._pool, None, room)
        return room

    def _common(self, barred: Set[int]) -> Room:
        shown = any(pick.place in barred for pick in self._usual.picks)
        return self._common_room(barred) if shown else self._usual

    def _laid_out(self, picks: Sequence[Pick]) -> tuple[Shot[Input, Output], ...]:
        usual: Order = "nearest_last" if self.builder.compares else "as_chosen"
        ordered = arranged(picks, self._pool, self.order or usual, self.seed)
        return tuple(replace(self._shot(pick.place), pick=pick) for pick in ordered)


def _check(few_shot: FewShot[Any, Any]) -> None:
    for example in few_shot.examples:
        if not isinstance(example, Example):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInput("examples", example, "Example(input, output) for each")
    for name in ("k", "budget", "common"):
        number = getattr(few_shot, name)
        if not (number is None and name == "budget") and (type(number) is not int or number < 0):
            raise InvalidInput(name, number, "a whole number of at least 0")
    for name in ("builder", "common_builder"):
        builder = getattr(few_shot, name)
        if isinstance(builder, type) or not isinstance(builder, Builder):
            raise InvalidInput(name, builder, "Fixed(), Random(), Balanced(), BM25(), Nearest(embed), Diverse(embed)")
    if few_shot.order is not None and few_shot.order not in ORDERS:
        raise InvalidInput("order", few_shot.order, ", ".join(ORDERS))
    if not few_shot.builder.compares:
        if few_shot.order in BY_NEARNESS:
            raise InvalidInput("order", few_shot.order, f"another order, for {few_shot.builder!r} knows no nearness")
        if few_shot.common:
            raise InvalidInput("common", few_shot.common, f"0, for all that {few_shot.builder!r} chooses is common")
    elif few_shot.common_builder.compares:
        accepted = "a builder that does not compare, for it has no query: Fixed, Random, Balanced"
        raise InvalidInput("common_builder", few_shot.common_builder, accepted)
