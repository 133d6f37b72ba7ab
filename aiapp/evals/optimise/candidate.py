"""Candidates: a prompt with other instructions, or examples, or both; ready to be asked with."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Literal, TypeAlias

from aiapp.core.errors import InvalidInput
from aiapp.core.formats import Format
from aiapp.core.request import Request
from aiapp.prompts.fewshot.builders import Balanced, Random
from aiapp.prompts.fewshot.example import Example, normalised, text_of
from aiapp.prompts.fewshot.few_shot import FewShot
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.rewriting import with_examples, with_instructions
from aiapp.prompts.values import is_object

Origin: TypeAlias = Literal["original", "given", "examples", "proposed", "crossed"]


@dataclass(frozen=True, slots=True)
class Question:
    """A case: the variables of the prompt, and what a good answer is."""

    id: str
    variables: Mapping[str, Any]
    expected: Any

    @property
    def text(self) -> str:
        """What two questions are the same by."""
        return normalised(text_of(self.variables))


@dataclass(frozen=True, slots=True)
class Recipe:
    """What a candidate is made of: `instructions` None are the original's, `few_shot` None adds no examples."""

    instructions: str | None = None
    few_shot: FewShot[Any, Any] | None = None

    @property
    def examples(self) -> str:
        """The examples in words."""
        if self.few_shot is None:
            return ""
        builder = self.few_shot.builder
        drawn = f" (seed {builder.seed})" if isinstance(builder, Balanced | Random) else ""
        return f"{self.few_shot.k} {type(builder).__name__.lower()}{drawn}"


@dataclass(frozen=True)
class Candidate:
    """One prompt to be measured.

    `prompt` is whole, and holds the examples that are the same for every query. Those that go with the query stand in
    `few_shot`, and are given to it as earlier turns. `shown` are the inputs of the former: it is not asked about them.
    """

    number: int
    prompt: Prompt
    few_shot: FewShot[Any, Any] | None
    recipe: Recipe
    origin: Origin
    parent: int | None
    reason: str
    shown: frozenset[str] = frozenset()

    @property
    def name(self) -> str:
        """The candidate in words."""
        if self.origin == "original":
            return "the original"
        parts = [] if self.recipe.instructions is None else [f"{self.origin} instructions"]
        return " and ".join([*parts, *([self.recipe.examples] if self.recipe.few_shot else [])])

    def request(self, variables: Mapping[str, Any], format: Format | None = None) -> Request:
        """The request for a query; with examples that go with it, an embedder may be asked, so call it in a thread."""
        turns = () if self.few_shot is None else self.few_shot.turns(_query(self.few_shot, variables))
        return self.prompt.request(variables, history=turns, format=format)


def questions_of(prompt: Prompt, examples: Sequence[Example[Any, Any]], field: str) -> tuple[Question, ...]:
    """The cases as the prompt takes them; one that it cannot take is named by its place."""
    found = list[Question]()
    for place, one in enumerate(examples):
        if not isinstance(one, Example):  # pyright: ignore[reportUnnecessaryIsInstance]
            raise InvalidInput(f"{field}[{place}]", one, "Example(variables, expected) for each case")
        if not is_object(one.input) and len(prompt.variables) != 1:
            names = ", ".join(prompt.variables) or "none"
            raise InvalidInput(f"{field}[{place}]", one.input, f"a mapping with the variables of the prompt: {names}")
        variables = _mapping(prompt, one.input)
        try:
            prompt.request(variables)
        except InvalidInput as error:
            raise InvalidInput(f"{field}[{place}]", one.input, error.accepted) from None
        found.append(Question(f"{field}-{place}", variables, one.output))
    return tuple(found)


def made(original: Prompt, number: int, recipe: Recipe, origin: Origin, parent: int | None, reason: str) -> Candidate:
    """The candidate of a recipe; `InvalidInput` where the prompt does not allow it."""
    prompt = original if recipe.instructions is None else with_instructions(original, recipe.instructions)
    few_shot = recipe.few_shot
    if few_shot is None:
        return Candidate(number, prompt, None, recipe, origin, parent, reason)
    if few_shot.builder.compares:
        ready = replace(few_shot, leave_out_query=True, ask=_asking(prompt))
        _asking(prompt)(few_shot.examples[0].input)
        return Candidate(number, prompt, ready, recipe, origin, parent, reason)
    examples = few_shot.select().examples
    if not examples:
        raise InvalidInput("examples", few_shot, "room for at least one example")
    shown = frozenset(normalised(text_of(_mapping(prompt, one.input))) for one in examples)
    return Candidate(number, with_examples(prompt, examples), None, recipe, origin, parent, reason, shown)


def _asking(prompt: Prompt) -> Any:
    """How an input is written as the turn of a user: as the prompt itself writes it."""

    def ask(given: object) -> str:
        last = prompt.request(_mapping(prompt, given)).messages[-1]
        if last.role != "user":
            raise InvalidInput(f"template of {prompt.name}", last.role, "one whose last turn is the user's")
        return last.text

    return ask


def _mapping(prompt: Prompt, given: Any) -> Mapping[str, Any]:
    return given if is_object(given) else {prompt.variables[0]: given}


def _query(few_shot: FewShot[Any, Any], variables: Mapping[str, Any]) -> Any:
    """The query in the form that the examples have: the only variable itself, where theirs are no mappings."""
    bare = not is_object(few_shot.examples[0].input)
    return next(iter(variables.values())) if bare and len(variables) == 1 else dict(variables)
