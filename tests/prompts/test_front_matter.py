"""Front matter: schemas check variables, settings reach the request, and a mistake has its line and column."""

from __future__ import annotations

import pytest

from aiapp.core.errors import InvalidInput
from aiapp.core.formats import JsonSchema
from aiapp.core.messages import user
from aiapp.core.request import Only, Settings, Tool
from aiapp.prompts.picoschema import to_json_schema
from aiapp.prompts.prompt import Prompt

SCHEMA = "---\ninput:\n  schema:\n    {}\n---\n"


@pytest.mark.parametrize(
    ("source", "where"),
    [
        ("---\na: [1\n---\nx", ":3:1: "),
        ("---\n- list\n---\nx", ":2:1: "),
        ("---\ndescription: [x]\n---\nx", ":2:1: description: "),
        ("---\ninput: x\n---\nx", ":2:1: input: "),
        ("---\ninput:\n  shcema: {}\n---\nx", ":3:3: input.shcema: "),
        (SCHEMA.format("a: strnig"), ":4:5: input.schema.a: "),
        (SCHEMA.format("r(array):\n      b c: string"), ":5:7: input.schema.r(array).b c: "),
        (SCHEMA.format("c(enum): red"), ":4:5: input.schema.c(enum): "),
        (SCHEMA.format("a: string\n    a?: string"), ":5:5: input.schema.a?: "),
        (SCHEMA.format("a: string") + "\n{{b}}", ":7:1: "),
        (SCHEMA.format("a: string") + "{{#each a}}{{/each}}", ":6:1: "),
        (SCHEMA.format("a(array): string") + "{{a}}", ":6:1: "),
        (SCHEMA.format("a(array):\n      b: string") + "{{#each a}}{{c}}{{/each}}", ":7:12: "),
        (SCHEMA.format("history: string") + "{{history}}", ":6:1: "),
        ("---\nconfig: [x]\n---\nx", ":2:1: config: "),
        ("---\nconfig:\n  temprature: 1\n---\nx", ":3:3: config.temprature: "),
        ("---\nconfig:\n  temperature: hot\n---\nx", ":3:3: config.temperature: "),
        ("---\nconfig:\n  topK: 1\n  effort: huge\n---\nx", ":4:3: config.effort: "),
        ("---\na: 1\na: 2\n---\nx", ":3:1: "),
        ("# licence\n\n---\nmodel: 3\n---\nx", ":4:1: model: "),
        ("---\ntools: [3]\n---\nx", ":2:9: tools.[0]: "),
        ("---\ntoolDefs:\n  - description: x\n---\nx", ":3:5: toolDefs.[0]: "),
        ("---\noutput:\n  schema:\n    a: strnig\n---\nx", ":4:5: output.schema.a: "),
        ("---\noutput:\n  schema: {type: object, contains: {}}\n---\nx", ":3:3: output.schema: "),
        ("---\nconfig:\n  maxOutputTokens: true\n---\nx", ":3:3: config.maxOutputTokens: "),
        ("---\nconfig:\n  stopSequences: 5\n---\nx", ":3:3: config.stopSequences: "),
        ("---\nconfig:\n  stop: ''\n---\nx", ":3:3: config.stop: "),
    ],
)
def test_a_mistake_has_its_place(source: str, where: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Prompt(source, name="bad")
    assert str(caught.value).startswith(f"bad{where}")


def test_yaml_that_gives_no_place_is_an_error_of_the_file() -> None:
    with pytest.raises(InvalidInput, match=r"^bad:2:1: "):
        Prompt("---\na: \x01\n---\nx", name="bad")


def test_yaml_is_read_by_the_rules_of_version_1_2() -> None:
    prompt = Prompt("---\nmetadata: {a: no, b: on, c: 2026-01-02, d: true, e: 012, f: 0o12, g: 1e3, h: 12:30}\n---\nx")
    assert prompt.metadata == {
        "a": "no",
        "b": "on",
        "c": "2026-01-02",
        "d": True,
        "e": 12,
        "f": 10,
        "g": 1e3,
        "h": "12:30",
    }


def test_every_setting_reaches_the_request() -> None:
    config = "{temperature: 0, topP: 0.5, topK: 3, maxOutputTokens: 9, stopSequences: [END]}"
    request = Prompt(f"---\nconfig: {config}\n---\nx").request({})
    assert request.settings == Settings(temperature=0, top_p=0.5, top_k=3, max_tokens=9, stop=("END",))


@pytest.mark.parametrize("source", ["---\r\ndescription: d\r\n---\r\nhi\r\n", "\ufeff---\ndescription: d\n---\n\nhi"])
def test_line_endings_and_byte_order_marks_do_not_matter(source: str) -> None:
    prompt = Prompt(source)
    assert (prompt.description, prompt.render().messages) == ("d", (user("hi"),))


def test_the_forms_of_a_field() -> None:
    schema = {
        "a": "string, a text, plain",
        "b?": "integer",
        "c(array, the list)": "number",
        "d(enum, the colour)": ["RED", 1],
        "e?(object, the person)": {"name": "string"},
        "f(array)": {"x": None},
    }
    assert to_json_schema(schema, ".".join, {}) == {
        "type": "object",
        "properties": {
            "a": {"type": "string", "description": "a text, plain"},
            "b": {"type": ["integer", "null"]},
            "c": {"type": "array", "items": {"type": "number"}, "description": "the list"},
            "d": {"enum": ["RED", 1], "description": "the colour"},
            "e": {
                "type": ["object", "null"],
                "properties": {"name": {"type": "string"}},
                "required": ["name"],
                "additionalProperties": False,
                "description": "the person",
            },
            "f": {
                "type": "array",
                "items": {
                    "type": "object",
                    "properties": {"x": {"type": "null"}},
                    "required": ["x"],
                    "additionalProperties": False,
                },
            },
        },
        "required": ["a", "c", "d", "f"],
        "additionalProperties": False,
    }


def test_schemas_of_all_forms() -> None:
    def schema(given: object, **named: dict[str, object]) -> dict[str, object]:
        return to_json_schema(given, ".".join, named)

    assert schema("number,   how much, in euros") == {"type": "number", "description": "how much, in euros"}
    assert schema("any") == {}
    assert schema("Money, the price", Money={"type": "number"}) == {"type": "number", "description": "the price"}
    assert schema({"type": "string"}) == {"type": "string"}
    assert schema({"properties": {"a": {}}}) == {"type": "object", "properties": {"a": {}}}
    assert schema({"anyOf": [{"type": "string"}]}) == {"anyOf": [{"type": "string"}]}
    assert schema({"a?(enum)": ["x"]})["properties"] == {"a": {"enum": ["x", None]}}
    assert schema({"(*)": "integer, a count"})["additionalProperties"] == {"type": "integer", "description": "a count"}
    assert schema({"a": "Money", "b?": "Money"}, Money={"type": "number"})["properties"] == {
        "a": {"type": "number"},
        "b": {"type": ["number", "null"]},
    }


def test_a_json_schema_checks_variables_too() -> None:
    source = "---\ninput:\n  schema:\n    properties:\n      n: {type: integer, minimum: 1}\n---\n{{n}}"
    assert Prompt(source).render(n=1).messages == (user("1"),)
    with pytest.raises(InvalidInput, match="n: 0, expected at least 1; m: unknown"):
        Prompt(source).render(n=0, m=1)


def test_what_a_file_says_of_itself_is_kept() -> None:
    prompt = Prompt(
        "---\nname: letter\nvariant: short\nmodel: local\nmetadata: {owner: Ada}\nacme.level: 3\nacme.sub.key: x\n"
        "unknown: 1\n---\nHi"
    )
    assert (prompt.name, prompt.variant, prompt.model) == ("letter", "short", "local")
    assert prompt.metadata == {"owner": "Ada"}
    assert prompt.ext == {"acme": {"level": 3}, "acme.sub": {"key": "x"}}
    assert prompt.raw["unknown"] == 1


def test_settings_that_are_not_ours_are_sent_as_they_stand() -> None:
    settings = Prompt("---\nconfig: {temperature: 3, safety: off, effort: low, toolChoice: find}\n---\nx").settings
    assert settings == Settings(effort="low", tool_choice=Only("find"), extra={"safety": "off", "temperature": 3})


def test_the_output_schema_is_the_form_of_the_answer() -> None:
    prompt = Prompt("---\noutput:\n  schema:\n    name: string\n---\nx", name="team/person")
    assert prompt.output_schema is not None
    assert prompt.render().format == JsonSchema(prompt.output_schema, "team_person")
    assert Prompt("---\noutput:\n  schema: string\n---\nx").render().format is None


def test_tools_are_written_out_or_given() -> None:
    find = Tool("find", "Find a page.", {"type": "object", "properties": {}})
    head = "---\ntools: [find]\ntoolDefs:\n  - name: add\n    description: Add.\n    inputSchema: {a: integer}\n---\nx"
    tools = Prompt(head, tools=[find]).render().tools
    assert [tool.name for tool in tools] == ["add", "find"]
    assert tools[0].parameters["properties"] == {"a": {"type": "integer"}}
    with pytest.raises(InvalidInput, match="find"):
        Prompt(head).render()


@pytest.mark.parametrize(
    ("schema", "good", "bad", "problem"),
    [
        ("v: number", 1.5, True, "v: bool, expected number"),
        ("v: integer", 1, 1.5, "v: float, expected integer"),
        ("v: boolean", True, 1, "v: int, expected boolean"),
        ("v: string", "a", 1, "v: int, expected string"),
        ("v: string", "a", None, "v: NoneType, expected string"),
        ("v?: string", None, 1, "v: int, expected string"),
        ("v(enum): [RED, 1]", 1, True, "v: True, expected one of RED, 1"),
    ],
)
def test_values_are_of_their_types(schema: str, good: object, bad: object, problem: str) -> None:
    prompt = Prompt(SCHEMA.format(schema) + "<{{v}}>")
    assert len(prompt.render(v=good).messages) == 1
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
