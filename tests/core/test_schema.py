"""Any type that pydantic understands: an object on the wire, the same value back."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from enum import Enum
from typing import Annotated, Any, Literal, NamedTuple, Optional

import pytest
from pydantic import BaseModel, ConfigDict, RootModel, TypeAdapter
from typing_extensions import TypedDict

from aiapp.core.errors import InvalidInput
from aiapp.core.schema import Misfit, Schema


class Colour(Enum):
    RED = "red"
    BLUE = "blue"


class Person(BaseModel):
    name: str
    age: int | None = None
    likes: list[Colour] = []


class Tree(BaseModel):
    value: int
    branches: list[Tree] = []


class Names(RootModel[list[str]]):
    pass


class Strict(BaseModel):
    model_config = ConfigDict(strict=True)
    day: date


@dataclass(frozen=True)
class Point:
    x: float
    y: float = 0.0


class Movie(TypedDict):
    title: str
    year: int


class Pair(NamedTuple):
    first: int
    second: str


ZOO: list[tuple[Any, Any]] = [
    (Person, Person(name="Ada", age=36, likes=[Colour.BLUE])),
    (Tree, Tree(value=1, branches=[Tree(value=2)])),
    (Names, Names(["a", "b"])),
    (Strict, Strict(day=date(2026, 11, 21))),
    (Point, Point(1.5, 2.0)),
    (Movie, {"title": "Metropolis", "year": 1927}),
    (Pair, Pair(1, "a")),
    (Colour, Colour.RED),
    (Literal["a", "b"], "b"),
    (Person | Point, Point(0.0, 1.0)),
    (list[Person], [Person(name="Ada"), Person(name="Alan")]),
    (dict[str, int], {"a": 1}),
    (tuple[int, str], (1, "a")),
    (set[int], {1, 2}),
    (int, 7),
    (float, 1.5),
    (bool, True),
    (str, "Grüße 🙂"),
    (Decimal, Decimal("1.50")),
    (date, date(2026, 1, 2)),
    (int | None, None),
]


def written(schema: Schema[Any], value: Any) -> str:
    """The answer of a model that gives this value."""
    plain = TypeAdapter[Any](schema.type).dump_python(value, mode="json")
    return json.dumps(plain if plain_is_whole(schema) else {"value": plain})


def plain_is_whole(schema: Schema[Any]) -> bool:
    """Whether the type is an object already, and needs nothing around it."""
    plain = TypeAdapter[Any](schema.type).json_schema()
    return plain.get("type") == "object" or "$ref" in plain


@pytest.mark.parametrize(("kind", "value"), ZOO, ids=[getattr(kind, "__name__", str(kind)) for kind, _ in ZOO])
def test_every_type_is_an_object_on_the_wire_and_itself_again(kind: Any, value: Any) -> None:
    schema = Schema.of(kind)
    assert schema.format().schema["type"] == "object"
    assert schema.format().schema != {"type": "object"}
    found = schema.parse(written(schema, value))
    assert (found, type(found)) == (value, type(value))


@pytest.mark.parametrize(("kind", "value"), ZOO, ids=[getattr(kind, "__name__", str(kind)) for kind, _ in ZOO])
def test_what_is_cut_short_is_a_partial_value_or_none(kind: Any, value: Any) -> None:
    schema = Schema.of(kind)
    whole = written(schema, value)
    for length in range(len(whole)):
        schema.partial(whole[:length])  # of any kind, but never a failure
    final = json.loads(whole)
    assert schema.partial(whole) == (final if plain_is_whole(schema) else final["value"])


@pytest.mark.parametrize("text", ['"te', "[1, 2", "7", "null", "no JSON"])
def test_what_comes_without_its_object_has_no_partial_value(text: str) -> None:
    """As from a model that gives the bare value: a stream goes on, and its end says what is wrong."""
    assert Schema.of(str).partial(text) is None


def test_a_schema_is_made_once_for_a_type() -> None:
    assert Schema.of(Person) is Schema.of(Person)
    assert Schema.of(Schema.of(Person)) is Schema.of(Person)


def test_each_place_that_does_not_fit_is_named() -> None:
    wrong = Schema.of(Person).read('{"age": "old", "likes": ["green"]}')
    assert isinstance(wrong, Misfit)
    for place in ("name: Field required", "age: ", "likes.0: "):
        assert place in wrong.reason
    with pytest.raises(InvalidInput, match="name: Field required"):
        Schema.of(Person).parse("{}")


@pytest.mark.parametrize("text", ["", "no JSON", '{"value": 1', "[1]", "7"])
def test_what_is_no_such_json_is_a_misfit(text: str) -> None:
    assert isinstance(Schema.of(int).read(text), Misfit)


def test_a_type_without_a_schema_is_named() -> None:
    class Unknown:
        pass

    with pytest.raises(InvalidInput, match="a type that has a JSON schema"):
        Schema(Unknown)


def test_a_type_and_its_other_spelling_have_one_name() -> None:
    """They are equal, so the schema that is made first is that of both."""
    spellings: list[Any] = [Optional[int], int | None]  # noqa: UP045
    assert [Schema[Any](kind).format().name for kind in spellings] == ["output", "output"]


@pytest.mark.parametrize(
    ("kind", "name"), [(Person, "Person"), (int, "int"), (list[int], "list"), (int | None, "output")]
)
def test_the_name_is_one_that_providers_take(kind: Any, name: str) -> None:
    assert Schema.of(kind).format().name == name
    long = Schema.of(type("L" * 100, (BaseModel,), {"__annotations__": {"a": int}}))
    assert len(long.format().name) == 64


@pytest.mark.parametrize("fence", ["```json\n{}\n```", "```\n{}\n```\n", " \n```JSON\n\n{}\n  ```"])
def test_one_markdown_fence_is_passed_over(fence: str) -> None:
    text = fence.replace("{}", '{"value": 3}')
    assert Schema.of(int).read(text) == 3
    assert Schema.of(int).fits(text)
    assert isinstance(Schema.of(int).read(f"```\n{text}\n```"), Misfit)


@pytest.mark.parametrize(
    "text", ['```json\n{"value": "x"}\n```', '```json\n{"value": 3}', 'So:\n```\n{"value": 3}\n```']
)
def test_what_a_fence_does_not_surround_or_does_not_fit_is_a_misfit(text: str) -> None:
    assert isinstance(Schema.of(int).read(text), Misfit)


@pytest.mark.parametrize("opening", ["```json\n", "```\n", " \n```JSON\n\n"])
def test_a_fenced_answer_has_the_partial_values_of_a_bare_one(opening: str) -> None:
    schema, bare = Schema.of(Person), '{"name": "```\\n", "age": 36}'
    for length in range(len(bare) + 1):
        assert schema.partial(opening + bare[:length]) == schema.partial(bare[:length])
    for ending in ("\n", "\n`", "\n``", "\n  ```", "\n```\n"):
        assert schema.partial(opening + bare + ending) == json.loads(bare)
    assert schema.partial("```js") is None


def test_a_type_whose_annotations_have_no_hash_is_a_type() -> None:
    assert Schema.of(Annotated[int, {"unit": "m"}]).parse('{"value": 3}') == 3


def test_a_fence_in_a_text_stays() -> None:
    assert Schema.of(str).read(json.dumps({"value": "```\nx\n```"})) == "```\nx\n```"
