"""What can be quoted, and how it is read: verbatim spans with the headings that explain them."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.retrieval.documents import Document
from aiapp.retrieval.units import readings_of, standalone, units_of
from aiapp.retrieval.validity import is_superseded

LINES = st.lists(
    st.sampled_from(
        [
            "# Leave",
            "## Old",
            "Ten days. Or more?",
            "- an item",
            "| a | b |",
            "| --- | --- |",
            "| 1 | 2 |",
            "",
            "Name: Ada",
        ]
    ),
    max_size=14,
)
TEXT = """## Prices

All prices are in euros.

| Item | Price |
| --- | --- |
| Chair | 120 |

### Who pays?

The team does.
"""


@given(LINES)
def test_units_are_verbatim_and_in_order(lines: list[str]) -> None:
    text = "\n".join(lines)
    units = units_of(text)
    assert all(text[unit.start : unit.end] == unit.text for unit in units)
    assert all(one.end <= other.start for one, other in pairwise(units))


def test_a_unit_is_read_after_what_explains_it() -> None:
    units = units_of(TEXT)
    assert [unit.text for unit in units] == ["All prices are in euros.", "| Chair | 120 |", "The team does."]
    assert standalone("Shop > Prices", units[1]) == "Prices. Item, Price. | Chair | 120 |"
    assert standalone("", units_of("One thing.")[0]) == "One thing."


def test_a_chunk_without_units_is_read_whole() -> None:
    assert readings_of("Shop", "## Empty") == ["Shop\n## Empty"]


def test_lines_of_two_columns_are_rows() -> None:
    rows = ["Replacement fob            11.00", "Extra door key, flats       9.00"]
    assert [unit.text for unit in units_of("\n".join(f"  {row}" for row in rows))] == rows
    assert len(units_of("One sentence   that goes on and on over the whole of the line and\nthen ends.")) == 1


def test_what_follows_a_question_is_read_after_it() -> None:
    units = units_of(
        "## Pay\n\n**Who pays?** The team does. Always.\n\nAt the end.\n\n\nNot here.\n\n## Other\n\nThis."
    )
    assert [unit.heading for unit in units] == [
        "Pay",
        "Pay > Who pays?",
        "Pay > Who pays?",
        "Pay > Who pays?",
        "Pay",
        "Other",
    ]
    assert standalone("FAQ > Pay", units[1]) == "Pay. Who pays?. The team does."


@pytest.mark.parametrize(
    ("name", "text", "superseded"),
    [
        ("leave.md", "# Leave (SUPERSEDED)\n\nTen days.", True),
        ("leave.md", "# Leave\n\n> This version is no longer in force.", True),
        ("leave-archived.md", "# Leave", True),
        ("leave.md", "# Leave\n\nVersion 3; it supersedes version 2 and replaces all before.", False),
        ("archive-rules.md", "# The archive", False),
        ("leave.md", "# Leave\n\n" + "Ten days. " * 100 + "The old version was replaced by this one.", False),
    ],
)
def test_a_document_says_itself_that_it_is_out_of_force(name: str, text: str, superseded: bool) -> None:
    assert is_superseded(Document(Path(name), text)) == superseded


def test_a_question_is_known_as_one() -> None:
    asked, said = units_of("**Who pays?** The team does.")
    assert (asked.asks, said.asks) == (True, False)
