"""Front matter: schemas check variables, settings reach the request, and a mistake has its line and column."""

from __future__ import annotations

import pytest

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import user
from aiapp.core.request import Settings
from aiapp.prompts.picoschema import Field, parse
from aiapp.prompts.prompt import Prompt

SCHEMA = "---\ninput:\n  schema:\n    {}\n---\n"


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("---\na: [1\n---\nx", "line 3, column 1: "),
        ("---\n- list\n---\nx", "line 2, column 1: "),
        ("---\ndescription: [x]\n---\nx", "line 2, column 1: description: "),
        ("---\ninput: x\n---\nx", "line 2, column 1: input: "),
        ("---\ninput:\n  shcema: {}\n---\nx", "line 3, column 3: input.shcema: "),
        (SCHEMA.format("a: strnig"), "line 4, column 5: input.schema.a: "),
        (SCHEMA.format("r(array):\n      b c: string"), "line 5, column 7: input.schema.r(array).b c: "),
        (SCHEMA.format("c(enum): red"), "line 4, column 5: input.schema.c(enum): "),
        (SCHEMA.format("a: string\n    a?: string"), "line 3, column 3: input.schema: "),
        (SCHEMA.format("a: string") + "\n{{b}}", "line 7, column 1: "),
        (SCHEMA.format("a: string") + "{{#each a}}{{/each}}", "line 6, column 1: "),
        (SCHEMA.format("a(array): string") + "{{a}}", "line 6, column 1: "),
        (SCHEMA.format("a(array):\n      b: string") + "{{#each a}}{{c}}{{/each}}", "line 7, column 12: "),
        (SCHEMA.format("history: string") + "{{history}}", "line 6, column 1: "),
        ("---\nconfig: [x]\n---\nx", "line 2, column 1: config: "),
        ("---\nconfig:\n  temprature: 1\n---\nx", "line 3, column 3: config.temprature: "),
        ("---\nconfig:\n  temperature: hot\n---\nx", "line 3, column 3: config.temperature: "),
        ("---\nconfig:\n  topK: 1\n  temperature: 3\n---\nx", "line 4, column 3: config.temperature: "),
        ("---\nconfig:\n  maxOutputTokens: true\n---\nx", "line 3, column 3: config.maxOutputTokens: "),
        ("---\nconfig:\n  stopSequences: END\n---\nx", "line 3, column 3: config.stopSequences: "),
    ],
)
def test_a_mistake_has_its_place(source: str, where: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Prompt(source, name="bad")
    assert str(caught.value).startswith(f"bad, {where}")


@pytest.mark.parametrize("entry", ["a: \x01", "a: 2026-13-45"])
def test_yaml_that_gives_no_place_is_an_error_of_the_file(entry: str) -> None:
    with pytest.raises(InvalidInput, match=r"^bad, front matter: "):
        Prompt(f"---\n{entry}\n---\nx", name="bad")


def test_every_setting_reaches_the_request() -> None:
    config = "{temperature: 0, topP: 0.5, topK: 3, maxOutputTokens: 9, stopSequences: [END]}"
    request = Prompt(f"---\nconfig: {config}\n---\nx").request({})
    assert request.settings == Settings(temperature=0, top_p=0.5, top_k=3, max_tokens=9, stop=("END",))


@pytest.mark.parametrize("source", ["---\r\ndescription: d\r\n---\r\nhi\r\n", "\ufeff---\ndescription: d\n---\n\nhi"])
def test_line_endings_and_byte_order_marks_do_not_matter(source: str) -> None:
    prompt = Prompt(source)
    assert (prompt.description, prompt.render()) == ("d", (user("hi"),))


def test_the_forms_of_a_field() -> None:
    schema = {
        "a": "string, a text, plain",
        "b?": "integer",
        "c(array, the list)": "number",
        "d(enum, the colour)": ["RED", 1],
        "e?(object, the person)": {"name": "string"},
        "f(array)": {"x": None},
    }
    assert parse(schema, ".".join) == (
        Field("a", "string", "a text, plain"),
        Field("b", "integer", optional=True),
        Field("c", "number", "the list", array=True),
        Field("d", "enum", "the colour", options=("RED", 1)),
        Field("e", "object", "the person", optional=True, fields=(Field("name", "string"),)),
        Field("f", "object", array=True, fields=(Field("x", "null"),)),
    )


@pytest.mark.parametrize(
    ("schema", "good", "bad", "problem"),
    [
        ("v: number", 1.5, True, "v: bool, expected number"),
        ("v: integer", 1, 1.0, "v: float, expected integer"),
        ("v: boolean", True, 1, "v: int, expected boolean"),
        ("v: string", "a", 1, "v: int, expected string"),
        ("v: string", "a", None, "v: NoneType, expected string"),
        ("v?: string", None, 1, "v: int, expected string"),
        ("v(enum): [RED, 1]", 1, True, "v: True, expected one of RED, 1"),
    ],
)
def test_values_are_of_their_types(schema: str, good: object, bad: object, problem: str) -> None:
    prompt = Prompt(SCHEMA.format(schema) + "<{{v}}>")
    assert len(prompt.render(v=good)) == 1
    with pytest.raises(InvalidInput) as caught:
        prompt.render(v=bad)
    assert problem in str(caught.value)


def test_objects_and_arrays_are_checked_to_the_bottom() -> None:
    prompt = Prompt(SCHEMA.format("p:\n      name: string\n    rows(array):\n      n: integer") + "{{p.name}}")
    with pytest.raises(InvalidInput) as caught:
        prompt.render(p={"nmae": "Ada"}, rows=[{"n": 1}, {"n": "2"}, 3])
    for problem in (
        "p.name: missing",
        "p.nmae: unknown",
        "rows[1].n: str, expected integer",
        "rows[2]: int, expected an object",
    ):
        assert problem in str(caught.value)
