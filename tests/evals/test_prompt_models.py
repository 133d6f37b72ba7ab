"""A prompt beside a model: each finding, and none where there is nothing to find."""

from __future__ import annotations

from datetime import date

import pytest

from aiapp.catalog.catalogue import catalogue
from aiapp.evals.prompt_models import lint_for, named_models, requests_of, sample
from aiapp.prompts.lint import Finding
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.validation import compile_schema, problems

TODAY = date(2026, 11, 21)
LIVING = "openai:gpt-6-sol"


def found(source: str, model: str = LIVING, today: date = TODAY) -> list[Finding]:
    return list(lint_for(Prompt(source, name="p"), model, today))


def test_a_prompt_that_a_model_can_honour_has_no_finding() -> None:
    assert found("---\noutput:\n  schema: {a: string}\n---\nHi {{x}}") == []


def test_a_setting_that_the_model_rejects_is_found_at_its_place() -> None:
    (finding,) = found("---\nmodel: local\nconfig:\n  topP: 0.5\n---\nx")
    assert (finding.rule, str(finding.where), finding.model) == ("dropped", "p:4:3", LIVING)
    assert "top_p" in finding.message


def test_a_number_out_of_every_range_is_an_error() -> None:
    (finding,) = [one for one in found("---\nconfig: {temperature: 3}\n---\nx") if one.level == "error"]
    assert (finding.rule, str(finding.where)) == ("rejected", "p:2:10")


def test_a_schema_over_the_limits_of_a_wire_is_found() -> None:
    fields = "\n".join(f"    f{number}?: string" for number in range(30))
    findings = found(f"---\noutput:\n  schema:\n{fields}\n---\nx", "anthropic:claude-sonnet-5")
    assert [(one.rule, str(one.where)) for one in findings] == [("schema", "p:3:3")]
    assert "30 optional properties" in findings[0].message


def test_a_model_that_ends_is_an_error_from_that_day_on() -> None:
    ending = next(offer for offer in catalogue().offers.values() if offer.retires is not None)
    assert ending.retires is not None
    before, after = (date.fromordinal(ending.retires.toordinal() - step) for step in (1, 0))
    (early,) = [one for one in found("x", ending.id, before) if one.rule.startswith("retir")]
    (late,) = [one for one in found("x", ending.id, after) if one.rule.startswith("retir")]
    assert (early.rule, early.level) == ("retiring", "warning")
    assert (late.rule, late.level) == ("retired", "error")
    assert str(ending.retires) in early.message


def test_a_case_that_is_longer_than_the_context_is_an_error() -> None:
    source = (
        "---\nmodel: local\nconfig: {maxOutputTokens: 100}\ntests: [{name: long, input: {text: TEXT}}]\n---\n{{text}}"
    )
    (finding,) = found(source.replace("TEXT", "word " * 2_000), "local")
    assert (finding.rule, str(finding.where)) == ("context", "p:2:1")
    assert "long: " in finding.message
    assert "1,024" in finding.message
    assert found(source.replace("TEXT", "word"), "local") == []


def test_a_name_that_no_provider_answers_to_is_a_warning() -> None:
    (finding,) = found("---\nmodel: googleai/gemini\n---\nx", "googleai/gemini")
    assert (finding.rule, finding.level, str(finding.where)) == ("unknown-model", "warning", "p:2:1")


def test_the_models_of_a_file() -> None:
    assert named_models(Prompt("---\nmodel: local\nmodels: [local, 'openai:a']\n---\nx")) == ("local", "openai:a")
    assert named_models(Prompt("x")) == ()


@pytest.mark.parametrize(
    "schema",
    [
        "{a: string, b?: integer, c(array): {d(enum): [X, Y], e: boolean}, f: any, g: null}",
        "{type: object, properties: {a: {$ref: '#/$defs/n'}}, required: [a], $defs: {n: {minimum: 3, type: integer}}}",
    ],
)
def test_made_up_variables_fit_their_schema(schema: str) -> None:
    prompt = Prompt(f"---\ninput:\n  schema: {schema}\n---\nx")
    assert problems(compile_schema(prompt.input_schema), sample(prompt.input_schema, prompt.input_schema)) == []
    assert len(requests_of(prompt)) == 1
