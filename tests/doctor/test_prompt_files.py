"""Prompt files: the output against the model's provider, and values ahead of the end of the cache."""

from __future__ import annotations

from aiapp.doctor.reading.prompt_files import read_prompt
from tests.doctor.seeing import codes, of

HEAD = "---\nmodel: anthropic:claude-sonnet-5\ninput:\n  schema: {day: string, manual: string, question: string}\n"


def test_a_value_ahead_of_the_end_of_the_cache() -> None:
    body = '---\n{{role "system"}}It is {{day}}.\n{{section "cache"}}\n{{role "user"}}{{manual}} {{question}}'
    (finding,) = of(read_prompt(HEAD + body, "p.prompt"))
    assert (finding.code, finding.severity, finding.place.line) == ("AI401", "warning", 6)
    assert finding.message.startswith("{{day}} changes with every call")
    behind = (
        '---\n{{role "system"}}Be kind.\n{{section "cache"}}\n{{role "user"}}It is {{day}}. {{manual}} {{question}}'
    )
    assert of(read_prompt(HEAD + behind, "p.prompt")) == []


def test_an_output_that_the_models_provider_does_not_enforce() -> None:
    many = "".join(f"    f{number}?: string\n" for number in range(25))
    front = f"---\nmodel: anthropic:claude-sonnet-5\noutput:\n  schema:\n{many}---\nHi"
    (finding,) = of(read_prompt(front, "p.prompt"))
    assert (finding.code, finding.severity, finding.place.line) == ("AI301", "warning", 4)
    assert of(read_prompt(front.replace("anthropic:claude-sonnet-5", "openai:gpt-6-sol"), "p.prompt")) == []


def test_a_file_that_is_no_prompt_has_its_model_told_all_the_same() -> None:
    assert codes(of(read_prompt("---\nmodel: gpt-4\n---\n{{#if x}}", "p.prompt"))) == ["AI101"]
    assert codes(of(read_prompt("---\nmodel: gpt-4\n---\n{{> rules}} {{x}}", "p.prompt"))) == ["AI101"]
