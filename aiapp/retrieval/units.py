"""What can be quoted from a chunk, with what one must know to understand it alone."""

from __future__ import annotations

from dataclasses import dataclass, replace

from aiapp.retrieval.splitting import SEPARATOR, headings_within, units


@dataclass(frozen=True, slots=True)
class Unit:
    """A sentence, list item, table row, field or line of code: `chunk.text[start:end] == text`.

    `heading` holds the headings above it inside the chunk, a table's header row among them, and the question that it
    follows, as in a list of questions and answers.
    """

    text: str
    heading: str
    start: int
    end: int

    @property
    def asks(self) -> bool:
        """Whether it is a question itself."""
        return self.text.rstrip("*_ ").endswith("?")


def units_of(text: str) -> tuple[Unit, ...]:
    """The units of a chunk's text, in order."""
    spans = units(text)
    headed = zip(spans, headings_within(text, spans), strict=True)
    found: list[Unit] = []
    question: Unit | None = None
    for (start, end), heading in headed:
        unit = Unit(text[start:end], heading, start, end)
        if unit.asks:
            question = unit
        elif question is not None and question.heading == heading and text.count("\n\n", question.end, start) < 2:
            unit = replace(unit, heading=SEPARATOR.join(filter(None, (heading, question.text.strip("*_ ")))))
        found.append(unit)
    return tuple(found)


def standalone(heading: str, unit: Unit) -> str:
    """A unit as an encoder reads it: after the last of the chunk's headings, and those within the chunk."""
    above = (heading.rsplit(SEPARATOR, 1)[-1], *unit.heading.split(SEPARATOR))
    named = dict.fromkeys(name.replace(" | ", ", ") for name in above if name)
    return ". ".join((*named, unit.text))


def readings_of(heading: str, text: str) -> list[str]:
    """What stands for a chunk among the vectors: each of its units alone, or all of it where it has none."""
    return [standalone(heading, unit) for unit in units_of(text)] or [f"{heading}\n{text}"]
