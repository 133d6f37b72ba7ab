"""Lint: each rule finds what it is for, at its place, and nothing else."""

from __future__ import annotations

import pytest

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import assistant
from aiapp.prompts.cases import Said, Similar, cases
from aiapp.prompts.lint import Finding, lint, lint_file
from aiapp.prompts.prompt import Prompt

HEAD = "description: d\ntests: [{name: t, input: {}}]\n"


def found(front: str, body: str = "x", head: str = HEAD) -> list[tuple[str, str, str]]:
    findings = lint(Prompt(f"---\n{head}{front}---\n{body}", name="p"))
    return [(one.rule, one.where, one.message) for one in findings]


def test_a_file_that_says_all_it_should_has_no_finding() -> None:
    assert found("input:\n  schema: {n?: integer}\n", '{{role "system"}}{{n}}') == []


@pytest.mark.parametrize(
    ("front", "body", "rule", "where", "words"),
    [
        ("input:\n  schema: {a?: string, b?: string}\n", "{{a}}", "unused", "p, line 5, column 3", "b is declared"),
        ("input:\n  schema:\n    r?(array): {a: string, b: string}\n", "{{#each r}}{{a}}{{/each}}",
         "unused", "p, line 5, column 3", "r.b is declared"),
        ("input:\n  schema: {a?: string}\n", '{{role "system"}}Be {{a}}.',
         "untrusted", "p, line 7, column 21", "a is free"),
        ("input:\n  schema: {a?: any}\n", '{{role "system"}}{{json a}}',
         "untrusted", "p, line 7, column 18", "a is free"),
        ("input:\n  schema: {r?(array): string}\n", '{{role "system"}}{{#each r}}{{this}}{{/each}}',
         "untrusted", "p, line 7, column 18", "r[] is free"),
        ("input:\n  schema: {n?: integer}\n", '{{role "system"}}{{n}}{{section "cache"}}', "volatile",
         "p, line 7, column 18", "n changes"),
        ("config: {cache: short}\ninput:\n  schema: {n?: integer}\n", '{{role "system"}}{{n}}', "volatile",
         "p, line 8, column 18", "n changes"),
        ("test: []\n", "x", "unknown-entry", "p, line 4, column 1", "'test'"),
        ("config: {safety: 1}\n", "x", "unknown-setting", "p, line 4, column 10", "'safety' is sent"),
        ("input:\n  default: {a: 1}\n  schema: {a: string}\n", "{{a}}", "default", "p, line 5, column 3", "a: int, "),
        ("output:\n  schema: number\n", "x", "output-form", "p, line 5, column 3", "no JSON object"),
        ("output:\n  schema: {a: string}\nexamples:\n  - input: {}\n    output: {a: 1}\n", "x",
         "example", "p, line 7, column 5", "output.a: int, expected string"),
        ("input:\n  schema: {a?: string}\nexamples:\n  - input: {a: 1}\n    output: x\n", "{{a}}",
         "example", "p, line 7, column 5", "input.a: int, expected string"),
    ],
)  # fmt: skip
def test_each_rule_finds_its_fault_at_its_place(front: str, body: str, rule: str, where: str, words: str) -> None:
    ((one_rule, one_where, message),) = [one for one in found(front, body) if one[0] not in ("test", "undeclared")]
    assert (one_rule, one_where) == (rule, where)
    assert words in message


def test_what_the_file_itself_trusts_may_stand_in_a_system_turn() -> None:
    body = '{{role "system"}}{{a}}{{role "user"}}{{b}}'
    schema = "input:\n  schema: {a?: string, b?: string}\n"
    assert [rule for rule, _, _ in found(schema, body)] == ["untrusted"]
    assert found(f"{schema}aiapp.trusted: [a]\n", body) == []
    assert found("input:\n  schema:\n    a?(enum): [x, y]\n", '{{role "system"}}{{a}}') == []
    assert found(schema, '{{section "cache"}}{{role "user"}}{{a}}{{b}}') == []


def test_a_file_that_says_too_little() -> None:
    assert [(rule, where) for rule, where, _ in found("model: local\n", "{{a}}", head="")] == [
        ("no-description", "p, line 2, column 1"),
        ("undeclared", "p, line 2, column 1"),
        ("no-test", "p, line 2, column 1"),
    ]


def test_a_case_that_does_not_fit_is_an_error() -> None:
    ((rule, where, message),) = found("input:\n  schema: {a: string}\n", "{{a}}")
    assert (rule, where) == ("test", "p, line 3, column 9")
    assert "t: a (a: missing)" in message


def test_what_cannot_be_read_is_one_finding_with_its_place() -> None:
    (finding,) = lint_file(lambda: Prompt("Hi\n{{#if x}}", name="bad"), "bad")
    assert finding == Finding(
        "unreadable", "error", "bad, line 2, column 1", "'{{#if}}' cannot be used; accepted: a matching {{/if}}"
    )
    assert str(finding).startswith("bad, line 2, column 1: error: ")


def test_the_forms_of_a_case() -> None:
    prompt = Prompt(
        "---\noutput:\n  schema: {a: string}\ntests:\n  - name: all\n    history: [{role: model, text: Hi}]\n"
        "    messages: [{role: user}]\n    answer: {equals: e, contains: c, excludes: [x, y], matches: m,\n"
        "      schema: true, similar: {to: s, at_least: 0.5}, judge: j}\n    reply: r\n    rejected: w\n---\nx"
    )
    (case,) = cases(prompt)
    assert (case.history, case.messages) == ((assistant("Hi"),), (Said("user", None),))
    assert (case.reply, case.rejected) == ("r", "w")
    expected = case.answer
    assert expected is not None
    assert (expected.equals, expected.contains, expected.excludes) == ("e", ("c",), ("x", "y"))
    assert (expected.matches, expected.schema, expected.judge) == ("m", prompt.output_schema, "j")
    assert expected.similar == Similar("s", 0.5)


@pytest.mark.parametrize(
    ("case", "field"),
    [
        ("{input: {}}", "p, line 2, column 9: tests.[0]"),
        ("{name: n, inptu: {}}", "p, line 2, column 9: tests.[0]"),
        ("{name: n, answer: {contain: x}}", "p, line 2, column 9: tests.[0].answer"),
        ("{name: n, answer: {matches: '('}}", "p, line 2, column 9: tests.[0].answer.matches"),
        ("{name: n, answer: {schema: true}}", "p, line 2, column 9: tests.[0].answer.schema"),
        ("{name: n, answer: {contains: 3}}", "p, line 2, column 9: tests.[0].answer.contains"),
        ("{name: n, answer: {similar: x}}", "p, line 2, column 9: tests.[0].answer.similar"),
        ("{name: n, messages: [{role: pirate}]}", "p, line 2, column 9: tests.[0]"),
        ("{name: n, messages: x}", "p, line 2, column 9: tests.[0].messages"),
        ("{name: n, reply: 3}", "p, line 2, column 9: tests.[0].reply"),
    ],
)
def test_a_case_that_is_written_wrongly_has_its_place(case: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        cases(Prompt(f"---\ntests: [{case}]\n---\nx", name="p"))
    assert caught.value.field == field
    assert lint_file(lambda: Prompt(f"---\ntests: [{case}]\n---\nx", name="p"), "p")[0].rule == "unreadable"
