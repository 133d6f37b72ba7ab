"""Examples: what of a value a model reads."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Any, assert_type

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from aiapp import Example, FewShot
from aiapp.core.errors import InvalidInput
from aiapp.prompts.fewshot.example import labels_of, normalised, text_of

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(),
    lambda below: st.lists(below) | st.dictionaries(st.text(), below),
    max_leaves=8,
)


class Tone(Enum):
    """A label as an enum."""

    GOOD = "good"


class Ticket(BaseModel):
    """A pydantic model."""

    title: str
    opened: date


@dataclass
class Order:
    """A dataclass."""

    item: str
    price: Decimal


@given(st.text())
def test_a_text_is_itself(text: str) -> None:
    assert Example(text, text).input_text == text


@given(PLAIN.filter(lambda value: not isinstance(value, str)))
def test_any_other_plain_value_is_json_in_one_line(value: Any) -> None:
    text = text_of(value)
    assert json.loads(text) == value
    assert "\n" not in text


def test_typed_values_are_json_of_their_fields() -> None:
    example = Example(Ticket(title="Zoë", opened=date(2026, 1, 2)), Order("tea", Decimal("1.50")))
    assert_type(example, Example[Ticket, Order])
    assert example.input_text == '{"title": "Zoë", "opened": "2026-01-02"}'
    assert example.output_text == '{"item": "tea", "price": "1.50"}'
    assert Example("x", Tone.GOOD).output_text == "good"


@pytest.mark.parametrize("value", [object(), float("nan"), [1, float("inf")], b"\xff"])
def test_what_has_no_json_form_is_refused(value: object) -> None:
    with pytest.raises(InvalidInput, match="pydantic models"):
        text_of(value)


def test_the_group_is_the_label_or_else_the_output() -> None:
    examples = [Example("a", "yes"), Example("b", "It does.", "yes"), Example("c", "no")]
    assert labels_of(examples) == ("yes", "no")
    few_shot = FewShot(examples)
    assert_type(few_shot, FewShot[str, str])
    assert few_shot.labels == ("yes", "no")


def test_case_white_space_and_forms_of_a_character_make_no_difference() -> None:
    assert normalised("  Caf\u00e9\n OK ") == normalised("cafe\u0301 ok")
    assert normalised("a b") != normalised("ab")
