"""Lint: each rule finds what it is for, at its place, and nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import assistant
from aiapp.prompts.cases import Said, Similar, cases
from aiapp.prompts.lint import Finding, lint, lint_file
from aiapp.prompts.position import Position
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.repository import PromptRepository

HEAD = "description: d\ntests: [{name: t, input: {}}]\n"


def found(front: str, body: str = "x", head: str = HEAD) -> list[tuple[str, str, str]]:
    findings = lint(Prompt(f"---\n{head}{front}---\n{body}", name="p"))
    return [(one.rule, str(one.where), one.message) for one in findings]


def test_a_file_that_says_all_it_should_has_no_finding() -> None:
    assert found("input:\n  schema: {n?: integer}\n", '{{role "system"}}{{n}}') == []


@pytest.mark.parametrize(
    ("front", "body", "rule", "where", "words"),
    [
        ("input:\n  schema: {a?: string, b?: string}\n", "{{a}}", "unused", "p:5:24", "b is declared"),
        ("input:\n  schema:\n    r?(array): {a: string, b: string}\n", "{{#each r}}{{a}}{{/each}}",
         "unused", "p:6:28", "r.b is declared"),
        ("input:\n  schema:\n    type: object\n    properties:\n      a: {type: string}\n      b: {type: string}\n",
         "{{a}}", "unused", "p:9:7", "b is declared"),
        ("input:\n  schema: {type: object, properties: {r: {type: array, items: {type: object, properties: {a: {}, "
         "b: {}}}}}}\n", "{{#each r}}{{a}}{{/each}}", "unused", "p:5:98", "r.b is declared"),
        ("input:\n  schema: {a?: string}\n", '{{role "system"}}Be {{a}}.',
         "untrusted", "p:7:21", "a is free"),
        ("input:\n  schema: {a?: any}\n", '{{role "system"}}{{json a}}',
         "untrusted", "p:7:18", "a is free"),
        ("input:\n  schema: {r?(array): string}\n", '{{role "system"}}{{#each r}}{{this}}{{/each}}',
         "untrusted", "p:7:18", "r[] is free"),
        ("input:\n  schema: {n?: integer}\n", '{{role "system"}}{{n}}{{section "cache"}}', "volatile",
         "p:7:18", "n changes"),
        ("config: {cache: short}\ninput:\n  schema: {n?: integer}\n", '{{role "system"}}{{n}}', "volatile",
         "p:8:18", "n changes"),
        ("test: []\n", "x", "unknown-entry", "p:4:1", "'test'"),
        ("config: {safety: 1}\n", "x", "unknown-setting", "p:4:10", "'safety' is sent"),
        ("input:\n  default: {a: 1}\n  schema: {a: string}\n", "{{a}}", "default", "p:5:13", "a: int, "),
        ("output:\n  schema: number\n", "x", "output-form", "p:5:3", "no JSON object"),
        ("output:\n  schema: {a: string}\nexamples:\n  - input: {}\n    output: {a: 1}\n", "x",
         "example", "p:8:14", "output.a: int, expected string"),
        ("input:\n  schema: {a?: string}\nexamples:\n  - input: {a: 1}\n    output: x\n", "{{a}}",
         "example", "p:7:13", "input.a: int, expected string"),
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
        ("no-description", "p:2:1"),
        ("undeclared", "p:2:1"),
        ("no-test", "p:2:1"),
    ]


def test_a_case_that_does_not_fit_is_an_error() -> None:
    ((rule, where, message),) = found("input:\n  schema: {a: string}\n", "{{a}}")
    assert (rule, where) == ("test", "p:3:9")
    assert "t: a (a: missing)" in message


def test_what_cannot_be_read_is_one_finding_with_its_place() -> None:
    (finding,) = lint_file(lambda: Prompt("Hi\n{{#if x}}", name="bad"))
    assert finding == Finding(
        "unreadable", "error", Position("bad", 2, 1), "'{{#if}}' cannot be used; accepted: a matching {{/if}}"
    )
    assert str(finding).startswith("bad:2:1: unreadable: ")


def written(folder: Path, **files: str) -> str:
    """Files of prompts, and the findings of the one called `p`, as printed, below the folder."""
    for name, text in files.items():
        (folder / f"{name}.prompt").write_text(text, encoding="utf-8")
    found = lint_file(lambda: PromptRepository(folder, packaged=False).load("p"))
    return "\n".join(str(finding) for finding in found).replace(f"{folder}/", "")


def test_a_finding_in_a_partial_has_the_place_in_that_file(tmp_path: Path) -> None:
    head = f"---\n{HEAD}input:\n  schema: {{a?: string}}\n---\n"
    rules = "Rules:\n  Be {{a}}."
    assert written(tmp_path, p=f'{head}{{{{role "system"}}}}\n  {{{{> rules}}}}', _rules=rules) == (
        "_rules.prompt:2:6: untrusted: a is free text in a system turn, where it could give orders; "
        "move it, or list it in aiapp.trusted (warning)"
    )
    assert written(tmp_path, _rules="Rules:\n{{#if a}}").startswith("_rules.prompt:2:1: unreadable: '{{#if}}' cannot")
    assert written(tmp_path, _rules="{{b}}").startswith(
        "_rules.prompt:1:1: unreadable: '{{b}}' cannot be used; accepted: "
    )


def test_what_cannot_be_read_has_its_place_in_the_file(tmp_path: Path) -> None:
    assert written(tmp_path, p="---\ndescription: x\ninput: {a: [}\n---\nx").startswith("p.prompt:3:13: unreadable: ")
    assert written(tmp_path, p="---\nconfig:\n  temprature: 1\n---\nx").startswith(
        "p.prompt:3:3: unreadable: config.temprature: 'temprature' cannot be used; accepted: "
    )
    (tmp_path / "p.prompt").write_bytes(b"Hi\nthere \xff")
    (finding,) = lint_file(lambda: PromptRepository(tmp_path, packaged=False).load("p"))
    assert finding.where == Position(str(tmp_path / "p.prompt"), 2, 7)


def test_the_forms_of_a_case() -> None:
    prompt = Prompt(
        "---\noutput:\n  schema: {a: string}\ntests:\n  - name: all\n    history: [{role: model, text: Hi}]\n"
        "    messages: [{role: user}]\n    answer: {equals: e, contains: c, excludes: [x, y], matches: m,\n"
        "      schema: true, similar: {to: s, at_least: 0.5, embedder: openai:e}, judge: j}\n"
        "    reply: r\n    rejected: w\n---\nx"
    )
    (case,) = cases(prompt)
    assert (case.history, case.messages) == ((assistant("Hi"),), (Said("user", None),))
    assert (case.reply, case.rejected) == ("r", "w")
    expected = case.answer
    assert expected is not None
    assert (expected.equals, expected.contains, expected.excludes) == ("e", ("c",), ("x", "y"))
    assert (expected.matches, expected.schema, expected.judge) == ("m", prompt.output_schema, "j")
    assert expected.similar == Similar("s", 0.5, "openai:e")


@pytest.mark.parametrize(
    ("case", "field"),
    [
        ("{input: {}}", "p:2:9: tests.[0]"),
        ("{name: n, inptu: {}}", "p:2:19: tests.[0].inptu"),
        ("{name: n, answer: {contain: x}}", "p:2:28: tests.[0].answer.contain"),
        ("{name: n, answer: {matches: '('}}", "p:2:28: tests.[0].answer.matches"),
        ("{name: n, answer: {schema: true}}", "p:2:28: tests.[0].answer.schema"),
        ("{name: n, answer: {contains: 3}}", "p:2:28: tests.[0].answer.contains"),
        ("{name: n, answer: {similar: {to: x, at_least: 2}}}", "p:2:28: tests.[0].answer.similar"),
        ("{name: n, answer: {similar: {at_least: 0.5}}}", "p:2:28: tests.[0].answer.similar"),
        ("{name: n, answer: {similar: {to: x, at_least: 1, by: y}}}", "p:2:28: tests.[0].answer.similar"),
        ("{name: n, answer: {equals: 3}}", "p:2:28: tests.[0].answer.equals"),
        ("{name: n, answer: {judge: 3}}", "p:2:28: tests.[0].answer.judge"),
        ("{name: n, answer: {similar: x}}", "p:2:28: tests.[0].answer.similar"),
        ("{name: n, messages: [{role: pirate}]}", "p:2:30: tests.[0].messages.[0]"),
        ("{name: n, messages: x}", "p:2:19: tests.[0].messages"),
        ("{name: n, reply: 3}", "p:2:19: tests.[0].reply"),
    ],
)
def test_a_case_that_is_written_wrongly_has_its_place(case: str, field: str) -> None:
    with pytest.raises(InvalidInput) as caught:
        cases(Prompt(f"---\ntests: [{case}]\n---\nx", name="p"))
    assert caught.value.field == field
    assert lint_file(lambda: Prompt(f"---\ntests: [{case}]\n---\nx", name="p"))[0].rule == "unreadable"
