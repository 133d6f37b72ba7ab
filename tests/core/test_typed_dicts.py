"""A `TypedDict` of the standard library is a type of answer, on every Python."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from typing import Annotated, Any, NotRequired, Required, TypedDict

import pytest
from pydantic import Field

from aiapp.client.client import Client
from aiapp.core.errors import InvalidInput
from aiapp.core.schema import Misfit, Schema
from aiapp.testing import ScriptedModel


class Street(TypedDict):
    name: str
    number: NotRequired[int]


class City(TypedDict, total=False):
    """A place with many people."""

    name: Required[str]
    people: Annotated[int, Field(ge=0, description="How many live there")]
    streets: list[Street]
    main: Street | None


@dataclass
class Visit:
    to: City


def test_its_fields_are_required_as_it_says() -> None:
    schema: Any = Schema(City).format().schema
    assert (schema["required"], schema["title"]) == (["name"], "City")
    assert schema["description"] == "A place with many people."
    assert schema["properties"]["people"]["description"] == "How many live there"
    assert schema["$defs"]["Street"]["required"] == ["name"]
    assert schema["properties"]["streets"]["items"] == {"$ref": "#/$defs/Street"}


@pytest.mark.parametrize("of", [list[City], City | None, dict[str, City], tuple[City, Street]])
def test_it_may_stand_inside_another_type(of: Any) -> None:
    assert "City" in Schema(of).format().schema["$defs"]


@pytest.mark.skipif(sys.version_info >= (3, 12), reason="pydantic takes any TypedDict since Python 3.12")
def test_one_in_a_dataclass_is_refused_with_what_to_use() -> None:
    with pytest.raises(InvalidInput, match=r"typing_extensions\.TypedDict"):
        Schema(Visit)


def test_one_that_names_what_only_a_function_knows_is_refused() -> None:
    class Hidden(TypedDict):
        a: int

    class Local(TypedDict):
        hidden: Hidden

    with pytest.raises(InvalidInput, match=r"^output: .*Local.*'Hidden' is not defined"):
        Schema.of(Local)


def test_an_answer_is_read_as_one() -> None:
    schema = Schema(City)
    assert schema.parse('{"name": "Bern", "main": {"name": "Kramgasse"}}') == {
        "name": "Bern",
        "main": {"name": "Kramgasse"},
    }
    assert isinstance(schema.read('{"people": 3}'), Misfit)
    assert isinstance(schema.read('{"name": "Bern", "people": -1}'), Misfit)
    model = ScriptedModel('{"name": "Bern", "people": 137000}')
    assert Client(provider=model).complete("Where?", output=City).output == {"name": "Bern", "people": 137000}
