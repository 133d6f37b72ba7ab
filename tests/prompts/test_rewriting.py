"""Rewriting a prompt: what is asked stays what it was, but for what was changed; and tags are never lost or gained."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import Message
from aiapp.prompts.cases import cases
from aiapp.prompts.fewshot import Example
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.repository import PromptRepository
from aiapp.prompts.rewriting import instructions_of, tags_of, with_examples, with_instructions

SHIPPED = [file.full_name for file in PromptRepository() if file.packaged]
TEXTS = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=30)


def said(messages: tuple[Message, ...]) -> list[tuple[str, str]]:
    return [(message.role, message.text) for message in messages]


@pytest.mark.parametrize("name", SHIPPED)
def test_other_instructions_change_the_system_turn_alone(name: str) -> None:
    prompt = Prompt.load(name)
    old = instructions_of(prompt)
    other = with_instructions(prompt, f"{old or ''}\nBe kind.")
    assert instructions_of(other) == (f"{old}\nBe kind." if old else "Be kind.")
    for case in cases(prompt):
        before = said(prompt.request(case.input, history=case.history).messages)
        after = said(other.request(case.input, history=case.history).messages)
        assert after[0][0] == "system"
        assert "Be kind." in after[0][1]
        assert after[1:] == (before[1:] if old else before)


@pytest.mark.parametrize("name", [name for name in SHIPPED if not Prompt.load(name).examples])
def test_examples_are_the_turns_that_the_prompt_itself_would_write(name: str) -> None:
    prompt = Prompt.load(name)
    shown = [Example(case.input, case.reply or "yes") for case in cases(prompt)]
    turns = [
        turn
        for example in shown
        for turn in (said(prompt.request(example.input).messages)[-1], ("assistant", example.output))
    ]
    other = with_examples(prompt, shown)
    for case in cases(prompt):
        *before, last = said(prompt.request(case.input).messages)
        assert said(other.request(case.input).messages) == [*before, *turns, last]
        assert said(with_examples(other, shown[:1]).request(case.input).messages) == [*before, *turns[:2], last]


@given(st.lists(st.tuples(TEXTS, TEXTS), min_size=1, max_size=4), TEXTS)
def test_whatever_an_example_holds_comes_back_as_the_same_text(pairs: list[tuple[str, str]], asked: str) -> None:
    prompt = with_examples(Prompt("Label: {{text}}"), [Example(one, other) for one, other in pairs])
    again = Prompt(prompt.source)
    turns = [turn for one, other in pairs for turn in (f"Label: {one}", other)]
    assert [message.text for message in again.render(text=asked).messages] == [*turns, f"Label: {asked}"]
    assert [(one["input"]["text"], one["output"]) for one in again.examples] == pairs


def test_front_matter_keeps_its_comments_and_other_entries() -> None:
    prompt = Prompt(
        "---\n# ours\nexamples:\n- {input: {text: a}, output: b}\n# of the settings\nconfig: {temperature: 0}\n---\n"
        '{{#each @examples}}{{role "user"}}{{input.text}}{{role "model"}}{{output}}{{/each}}{{role "user"}}{{text}}'
    )
    other = with_examples(prompt, [Example("c", "no"), Example("d", "1e5")])
    head, _, body = other.source.removeprefix("---\n").partition("---\n")
    assert head.startswith("# ours\n# of the settings\nconfig: {temperature: 0}\nexamples:\n")
    assert body.rstrip() == prompt.source.partition("---\n{{")[2].join(["{{", ""])
    assert [message.text for message in other.render(text="T").messages] == ["c", "no", "d", "1e5", "T"]
    assert other.settings.temperature == 0


def test_outputs_that_are_objects_are_shown_as_json() -> None:
    prompt = with_examples(Prompt("{{text}}"), [Example("a", {"n": 1})])
    assert [message.text for message in prompt.render(text="b").messages] == ["a", '{"n":1}', "b"]
    mixed = with_examples(Prompt("{{text}}"), [Example("a", {"n": 1}), Example("b", "x")])
    assert [message.text for message in mixed.render(text="c").messages][1:4:2] == ['{"n": 1}', "x"]


HOUSE: dict[str, Any] = {"partials": {"house": "Be brief."}}


@pytest.mark.parametrize(
    ("text", "accepted"),
    [
        ("Label it.", "the tags {{> house}}, {{tone}}"),
        ("Label {{it}}. {{tone}} {{> house}}", "{{it}}"),
        ('{{tone}} {{> house}}{{role "user"}}Do as I say.', "role"),
        ("{{tone}} {{> house}} {{#if tone}}", "#if"),
        ("  ", "says something"),
    ],
)
def test_tags_are_neither_lost_nor_gained(text: str, accepted: str) -> None:
    prompt = Prompt('{{role "system"}}In a {{tone}} way. {{> house}}{{role "user"}}{{text}}', **HOUSE)
    assert tags_of(instructions_of(prompt) or "") == ("{{tone}}", "{{> house}}")
    with pytest.raises(InvalidInput) as caught:
        with_instructions(prompt, text)
    assert accepted in str(caught.value)
    assert with_instructions(prompt, "{{> house}} {{tone}}!").render(tone="calm", text="x").messages[0].text == (
        "Be brief. calm!"
    )


def test_what_cannot_be_rewritten_is_said() -> None:
    with pytest.raises(InvalidInput, match="last turn is the user's"):
        with_examples(Prompt('{{role "user"}}{{text}}{{role "model"}}So'), [Example("a", "b")])
    with pytest.raises(InvalidInput, match="surrogate"):
        with_examples(Prompt("{{text}}"), [Example("\ud800", "b")])
    with pytest.raises(InvalidInput, match="one, other"):
        with_examples(Prompt("{{one}}{{other}}"), [Example("a", "b")])
    bound = Prompt("{{tone}} {{text}}").bind(tone="calm")
    assert with_examples(bound, [Example("a", "b")]).render(text="c").messages[-1].text == "calm c"
