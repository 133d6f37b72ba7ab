"""Selections: the examples that go with one query, in order, as turns or as a block."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Generic

from aiapp.core.messages import Message, assistant, user
from aiapp.core.parts import Text
from aiapp.prompts.fewshot.example import Example, Input, Output
from aiapp.prompts.fewshot.room import Pick

_OWN_TAG = re.compile(r"<(?=\s*/?\s*(?:example|input|output)\b)", re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Shot(Generic[Input, Output]):
    """A chosen example with what a model is shown of it; `nearness` to the query where the builder compares."""

    example: Example[Input, Output]
    asked: str
    answered: str
    pick: Pick

    @property
    def turns(self) -> tuple[Message, Message]:
        """A turn of the user, and the model's."""
        return user(self.asked), assistant(self.answered)

    @property
    def block(self) -> str:
        """The same between tags; a tag of this kind in the data is written with `&lt;`, so that it opens nothing."""
        asked, answered = _data(self.asked), _data(self.answered)
        return f"<example>\n<input>\n{asked}\n</input>\n<output>\n{answered}\n</output>\n</example>"


@dataclass(frozen=True, slots=True)
class Selection(Generic[Input, Output]):
    """What was chosen for one query, in the order in which it is shown.

    The first `common` are the same for every query. `tokens` is what all take together, in the dearer of the two
    forms. `too_long` are the places of examples that were wanted, and did not fit the budget.
    """

    shots: tuple[Shot[Input, Output], ...]
    common: int
    tokens: int
    too_long: tuple[int, ...] = ()

    @property
    def examples(self) -> tuple[Example[Input, Output], ...]:
        """The examples themselves."""
        return tuple(shot.example for shot in self.shots)

    @property
    def turns(self) -> tuple[Message, ...]:
        """The examples as turns; the last one that is common to all queries carries the mark for provider caches."""
        turns = [turn for shot in self.shots for turn in shot.turns]
        if self.common:
            text = self.shots[self.common - 1].answered
            turns[2 * self.common - 1] = Message("assistant", (Text(text),), cache=True)
        return tuple(turns)

    @property
    def block(self) -> str:
        """The examples as one text; empty where there are none."""
        return "\n".join(shot.block for shot in self.shots)


def _data(text: str) -> str:
    return _OWN_TAG.sub("&lt;", text)
