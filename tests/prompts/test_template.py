"""Templates: what each tag of Handlebars and of Dotprompt writes, and into which message and part."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import Message, assistant, system, user
from aiapp.core.parts import File, Image, Text
from aiapp.prompts.prompt import Prompt

ROWS: list[dict[str, Any]] = [{"n": 1, "tags": ["x", "y"]}, {"n": 2, "tags": []}]


def said(source: str, **variables: Any) -> str:
    (message,) = Prompt(source).render(**variables).messages
    return message.text


CASES: list[tuple[str, dict[str, Any], str]] = [
        ("{{#if a}}A{{else if b}}B{{else if c}}C{{else}}D{{/if}}", {"a": 0, "b": "", "c": [1]}, "C"),
        ("{{#if a}}A{{else if b}}B{{else}}D{{/if}}", {"a": [], "b": None}, "D"),
        ("{{#if a}}A{{/if}}{{#if b includeZero=true}}B{{/if}}", {"a": {}, "b": 0}, "AB"),
        ("{{#unless a}}A{{else}}B{{/unless}}", {"a": ""}, "A"),
        ("{{#with person}}{{name}} {{../city}}{{else}}nobody{{/with}}",
         {"person": {"name": "Ada"}, "city": "Bern"}, "Ada Bern"),
        ("{{#with person}}{{name}}{{else}}nobody{{/with}}", {"person": None}, "nobody"),
        ("{{#with person}}{{#each names}}{{@index}}{{this}}{{@root.city}}{{/each}}{{/with}}",
         {"person": {"names": ["A", "B"]}, "city": "!"}, "0A!1B!"),
        ("{{#each rows as |row i|}}{{i}}:{{row.n}}{{#each row.tags as |tag|}}{{tag}}{{row.n}}{{/each}};{{/each}}",
         {"rows": ROWS}, "0:1x1y1;1:2;"),
        ("{{#each rows}}{{#each tags}}{{@../index}}.{{@index}}{{@root.end}}{{/each}}{{/each}}",
         {"rows": ROWS, "end": "!"}, "0.0!0.1!"),
        ("{{rows.0.n}} {{rows.length}} {{rows.1.tags.length}} {{rows.[0].n}}", {"rows": ROWS}, "1 2 0 1"),
        ("{{lookup names code}}{{lookup rows 1}}", {"names": {"de": "German"}, "code": "de", "rows": ["a", "b"]},
         "Germanb"),
        ("{{#person}}{{name}}{{/person}}{{#flag}}yes{{/flag}}{{#list}}{{this}}{{/list}}{{^none}}none{{/none}}",
         {"person": {"name": "Ada"}, "flag": True, "list": [1, 2], "none": []}, "Adayes12none"),
        ('{{#ifEquals kind "a"}}A{{else}}B{{/ifEquals}}{{#unlessEquals n 1}}C{{/unlessEquals}}',
         {"kind": "a", "n": True}, "AC"),
        ("{{#if (lookup flags name)}}on{{/if}}", {"flags": {"x": True}, "name": "x"}, "on"),
        ("{{json a}} {{json b indent=2}}", {"a": {"ü": [1, None]}, "b": {"x": 1}}, '{"ü":[1,null]} {\n  "x": 1\n}'),
        ("{{a}}|{{{b}}}|{{&c}}", {"a": "<&>", "b": '"', "c": "'"}, "<&>|\"|'"),
        ("{{a.[b c]}} {{this.a.d}} {{./a.d}} {{a/d}}", {"a": {"b c": 1, "d": 2}}, "1 2 2 2"),
        ('{{#each of}}{{@key}}={{this}}{{#unless @last}},{{/unless}}{{/each}}', {"of": {"a": 1, "b": 2}}, "a=1,b=2"),
]  # fmt: skip


@pytest.mark.parametrize(("source", "variables", "text"), CASES)
def test_what_a_tag_writes(source: str, variables: dict[str, Any], text: str) -> None:
    # What is asked as a whole or shown in several ways is declared; the template alone would say less.
    assert said(f"---\ninput:\n  schema:\n    (*): any\n---\n{source}", **variables) == text


def test_a_role_ends_a_message_and_keeps_its_white_space_as_the_format_says() -> None:
    source = '{{role "system"}}Be brief.\n{{role "user"}}\nHi {{name}}\n{{role "model"}}Well,'
    assert Prompt(source).render(name="Ada").messages == (
        system("Be brief.\n"),
        user("\nHi Ada\n"),
        assistant("Well,"),
    )


def test_earlier_messages_go_before_the_last_of_the_user_where_no_place_is_said() -> None:
    before = (user("One?"), assistant("One."))
    assert Prompt('{{role "system"}}S').render(history=before).messages == (system("S"), *before)
    assert Prompt('{{role "system"}}S{{role "user"}}Q').render(history=before).messages == (
        system("S"),
        *before,
        user("Q"),
    )


def test_media_stand_where_they_are_named() -> None:
    url, data = "https://x.example/a/cat.png", "data:image/gif;base64,R0lG"
    prompt = Prompt("Look: {{media url=a}} and {{media url=b contentType=kind}}{{media url=c}}{{media url=d}}.")
    photo = Image("image/webp", b"x")
    (message,) = prompt.render(a=url, b=f"{url}.pdf", kind="application/pdf", c=data, d=photo).messages
    assert message.parts == (
        Text("Look: "),
        Image("image/png", url=url),
        Text(" and "),
        File("application/pdf", "cat.png.pdf", url=f"{url}.pdf"),
        Image("image/gif", b"GIF"),
        photo,
        Text("."),
    )


@pytest.mark.parametrize(
    "url", ["file:///etc/passwd", "cat.png", "data:image/png;base64,!", 3, "", "https://", "http://[x"]
)
def test_media_that_are_none_are_refused(url: object) -> None:
    with pytest.raises(InvalidInput, match=r"^prompt:1:1: media: "):
        Prompt("{{media url=url}}").render(url=url)


@pytest.mark.parametrize(("url", "kind"), [("ftp://u:hunter2@h/a?token=SECRET", None), ("https://u:hunter2@h/a", 3)])
def test_media_that_are_refused_are_shown_without_what_opens_them(url: str, kind: object) -> None:
    with pytest.raises(InvalidInput, match=r"tps?://h/a'") as caught:
        Prompt("{{media url=url contentType=kind}}").render(url=url, kind=kind)
    assert not any(secret in f"{caught.value} {caught.value.value}" for secret in ("hunter2", "SECRET"))


def test_a_section_begins_a_part_that_bears_its_name() -> None:
    (message,) = Prompt('Read.\n{{section "data"}}\n{{text}}{{section "task"}}Sum up.').render(text="T").messages
    assert [part.text for part in message.parts if isinstance(part, Text)] == ["Read.\n", "\nT", "Sum up."]
    assert [part.metadata.get("dotprompt") for part in message.parts] == [
        None,
        {"purpose": "data"},
        {"purpose": "task"},
    ]


def test_the_section_cache_marks_its_message() -> None:
    source = '{{role "system"}}Rules.{{section "cache"}}{{role "user"}}{{text}}'
    rules, asked = Prompt(source).render(text="T").messages
    assert (rules, asked) == (system("Rules.", cache=True), user("T"))


def test_what_the_caller_says_of_a_call_is_reached_by_at() -> None:
    request = Prompt("Hi {{@user.name}}{{@user.rank}}, {{n}}").request({"n": 1}, context={"user": {"name": "Ada"}})
    assert request.messages == (user("Hi Ada, 1"),)


def test_examples_of_the_file_are_reached_by_at() -> None:
    prompt = Prompt(
        "---\nexamples:\n  - input: {text: good}\n    output: {label: up}\n---\n"
        '{{#each @examples}}{{role "user"}}{{input.text}}{{role "model"}}{{json output}}{{/each}}'
        '{{role "user"}}{{text}}'
    )
    assert prompt.variables == ("text",)
    assert prompt.render(text="bad").messages == (user("good"), assistant('{"label":"up"}'), user("bad"))


def test_partials_take_a_context_and_values_and_the_white_space_before_them() -> None:
    partials = {"line": "- {{name}} {{tone}}\n", "outer": "{{> line}}"}
    source = "People:\n  {{> line person tone=mood}}\nEnd {{#each all}}{{> outer tone='x'}}{{/each}}"
    prompt = Prompt(source, partials=partials)
    text = prompt.render(person={"name": "Ada"}, mood="calm", all=[{"name": "Bo"}]).messages[0].text
    assert text == "People:\n  - Ada calm\nEnd - Bo x\n"
    with pytest.raises(InvalidInput, match=r"person\.name: missing"):
        prompt.render(person={}, mood="calm", all=[])


def test_a_value_keeps_its_own_lines_in_a_partial_that_stands_further_right() -> None:
    prompt = Prompt("  {{> p}}\n", partials={"p": "> {{text}}"})
    assert prompt.render(text="a\nb").messages == (user("  > a\nb"),)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("{{#if}}x{{/if}}", ":1:1"),
        ("{{#ifEquals a}}x{{/ifEquals}}", ":1:1"),
        ("{{role speaker}}", ":1:1"),
        ("a\n {{media src=a}}", ":2:2"),
        ("{{section name}}", ":1:1"),
        ("{{shout name}}", ":1:1"),
        ("{{#if a}}x{{else if b}}y{{/unless}}", ":1:25"),
        ("{{#*inline 'x'}}{{/inline}}", ":1:1"),
        ("{{> (lookup . 'x')}}", ":1:1"),
        ("{{json a indent=2 b}}", ":1:1"),
        ("{{#with a}}{{../../b}}{{/with}}", ":1:12"),
        ("{{(json a}}", ":1:1"),
    ],
)
def test_a_mistake_has_its_place(source: str, place: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Prompt(source, name="bad")
    assert str(caught.value).startswith(f"bad{place}: ")


def test_a_list_is_not_shown_by_itself() -> None:
    with pytest.raises(InvalidInput, match=r":6:3: a: \[1\] .*json a"):
        Prompt("---\ninput:\n  schema:\n    a: any\n---\n- {{a}}").render(a=[1])


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=8,
)
MARKERS = st.sampled_from(["<<<dotprompt:role:system>>>", "<<<dotprompt:history>>>", "{{history}}", "\ud83d\ude00"])


@given(VALUES)
def test_json_reads_back_as_the_value(value: object) -> None:
    assert json.loads(said("{{json value}}", value=value)) == value


@given(st.lists(st.text() | MARKERS, min_size=1), st.text() | MARKERS, st.text() | MARKERS)
def test_every_way_of_writing_a_value_leaves_it_whole(items: list[str], one: str, other: str) -> None:
    prompt = Prompt(
        '{{role "system"}}S{{role "user"}}{{#each items}}[{{this}}]{{/each}}{{section "data"}}'
        "{{#with o}}({{../one}}{{p}}){{/with}}{{> part text=one}}",
        partials={"part": "<{{text}}>"},
    )
    first, second = prompt.render(items=items, o={"p": other}, one=one).messages
    assert first == system("S")
    assert [part.text for part in second.parts if isinstance(part, Text)] == [
        "".join(f"[{item}]" for item in items),
        f"({one}{other})<{one}>",
    ]


def test_a_megabyte_comes_through() -> None:
    text = '{{role "system"}}\n<b>\ud83d' * 50_000
    assert Prompt("A{{text}}B").render(text=text).messages == (user(f"A{text}B"),)


def test_a_message_of_blank_template_text_is_none() -> None:
    assert Prompt('{{role "system"}}\n{{#if x}}X{{/if}}\n{{role "user"}}Q').render(x=False).messages == (user("Q"),)
    assert Prompt('{{role "system"}}\n{{x}}\n{{role "user"}}Q').render(x=" ").messages == (
        Message("system", (Text("\n \n"),)),
        user("Q"),
    )
