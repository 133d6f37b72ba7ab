"""Parsing: what each tag gives, what stands alone on its line, and the place of each mistake."""

from __future__ import annotations

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import user
from aiapp.prompts.prompt import Prompt


@pytest.mark.parametrize(
    ("source", "variables", "text"),
    [
        ('{"a": {{x}}}', {"x": 1}, '{"a": 1}'),
        ('{"a":{{{x}}}}', {"x": 1}, '{"a":1}'),
        (r"\{{x}} \\{{x}} \x {x} }}", {"x": 1}, r"{{x}} \1 \x {x} }}"),
        ("a {{! a } note }} b{{!-- {{more}} --}}", {}, "a  b"),
        ("a\n{{! a note }}\nb", {}, "a\nb"),
        ("a\n{{elsewhere}}\nb", {"elsewhere": "c"}, "a\nc\nb"),
        ("a\n  {{#if x}}\nb\n  {{else}}\nc\n  {{/if}}\nd", {"x": False}, "a\nc\nd"),
        ("a  {{~#if x~}}  b  {{~/if~}}  c", {"x": True}, "abc"),
        ("{{#each x}}{{@index}}{{this}}{{#unless @last}}, {{/unless}}{{/each}}", {"x": ["a", "b"]}, "0a, 1b"),
        ("{{#each x}}{{#each this.y}}{{../n}}{{this}}{{../../z}} {{/each}}{{/each}}",
         {"x": [{"n": 1, "y": ["a", "b"]}], "z": "!"}, "1a! 1b! "),
        ("{{#if x}}a{{else}}b{{/if}}", {}, "b"),
    ],
)  # fmt: skip
def test_what_a_template_says(source: str, variables: dict[str, object], text: str) -> None:
    assert Prompt(source).render(**variables).messages == (user(text),)


@pytest.mark.parametrize(
    ("source", "place"),
    [
        ("a\n  {{#each x}}", ":2:3"),
        ("{{#each x}}{{/if}}", ":1:12"),
        ("{{/if}}", ":1:1"),
        ("{{else}}", ":1:1"),
        ("{{#if x}}{{else}}{{else}}{{/if}}", ":1:18"),
        ("---\ndescription: x\n---\n\nHi {{two words}}", ":5:4"),
        ('{{role "pirate"}}', ":1:1"),
        ("Hi\n{{name", ":2:1"),
        ("{{{name}}", ":1:1"),
        ("{{}}", ":1:1"),
        ("{{this}}", ":1:1"),
        ("{{@index}}", ":1:1"),
        ("{{#each x}}{{../../y}}{{/each}}", ":1:12"),
        ("{{> greeting}}", ":1:1"),
    ],
)
def test_a_mistake_has_its_place(source: str, place: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        Prompt(source, name="bad")
    assert str(caught.value).startswith(f"bad{place}: ")


def test_a_partial_is_read_where_it_stands() -> None:
    partials = {"row": "{{text}}{{> mark}}", "mark": "!", "loop": "{{> loop}}", "wrong": "a\n{{b"}
    prompt = Prompt("{{#each rows}}{{> row}}{{/each}}", partials=partials.__getitem__)
    assert prompt.render(rows=[{"text": "a"}, {"text": "b"}]).messages == (user("a!b!"),)
    with pytest.raises(InvalidInput, match="a partial that does not hold itself"):
        Prompt("{{> loop}}", partials=partials.__getitem__)
    with pytest.raises(InvalidInput, match=r"^_wrong:2:1: "):
        Prompt("{{> wrong}}", partials=partials.__getitem__)


PIECES = (
    "{{", "}}", "{", "}", "~", "!", "--", "\\", "\n", " ", "#each x", "#if x", "/each", "/if", "else", "x", "x.y",
    "this", "@index", "../", "{{x}}", "{{#each x}}", "{{/each}}", "{{history}}", "role 'user'", "> p", "---\n",
    "input:", "\ud83d",
)  # fmt: skip


@given(st.lists(st.sampled_from(PIECES) | st.text(max_size=3)).map("".join))
def test_any_source_is_a_prompt_or_one_clear_error(source: str) -> None:
    with contextlib.suppress(InvalidInput):
        assert Prompt(source).hash == Prompt(source).hash
