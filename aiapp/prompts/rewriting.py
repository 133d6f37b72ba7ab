"""Rewriting a prompt file: other instructions, or examples that its turns are shown by. The text itself changes.

The instructions are what stands in the first system turn. Tags in them (variables, partials, sections) are part of the
program: other instructions keep every one of them, as it is spelt, and add none.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

from aiapp.core.errors import InvalidInput
from aiapp.prompts.fewshot.example import Example, text_of
from aiapp.prompts.front_matter import split
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.scanning import Place, located
from aiapp.prompts.tree import Each, Path
from aiapp.prompts.usage import walk

_ROLE = re.compile(r"""role\s+["'](?P<role>\w+)["']""")
_QUIET = re.compile("[^\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
"""Characters that YAML would not take, or would take for the end of a line."""


@dataclass(frozen=True, slots=True)
class _Turn:
    """A stretch of a template between two tags that say who speaks; `begin` is where its text begins."""

    role: str
    tag: int
    begin: int
    end: int
    trims: bool
    """Whether its tag takes the white space after it away."""


def instructions_of(prompt: Prompt) -> str | None:
    """The text of the first system turn as the file spells it; None where there is none."""
    _, template, _ = _parts(prompt)
    turn = next((turn for turn in _turns(template, prompt.name) if turn.role == "system"), None)
    return None if turn is None else template[turn.begin : turn.end].strip()


def tags_of(instructions: str) -> tuple[str, ...]:
    """The tags of instructions, each once, in order."""
    found = [instructions[start:end] for _, start, end in located(instructions, Place("instructions"))]
    return tuple(dict.fromkeys(found))


def with_instructions(prompt: Prompt, instructions: str) -> Prompt:
    """The prompt with other instructions; one that has none gets a system turn before everything else."""
    text = instructions.strip()
    if not text:
        raise InvalidInput("instructions", instructions, "a text that says something")
    head, template, end = _parts(prompt)
    turns = _turns(template, prompt.name)
    turn = next((turn for turn in turns if turn.role == "system"), None)
    said = "" if turn is None else template[turn.begin : turn.end]
    _same_tags(said, text)
    if turn is None:
        bare = not turns or turns[0] == replace(turns[0], role="user", begin=0)
        rest = f'{{{{~role "user"~}}}}\n{template}' if bare else f"{{{{~{template[2:].removeprefix('~')}"
        return prompt.with_source(f'{head}{{{{role "system"~}}}}\n{text}\n{rest}{end}')
    before, after = said[: len(said) - len(said.lstrip())], said[len(said.rstrip()) :]
    return prompt.with_source(f"{head}{template[: turn.begin]}{before}{text}{after}{template[turn.end :]}{end}")


def with_examples(prompt: Prompt, examples: Sequence[Example[Any, Any]]) -> Prompt:
    """The prompt with these examples in its front matter, in the place of any that it has.

    A template that does not go through `@examples` itself shows each before its last turn, which must be the user's:
    the same turn with the input of the example, and the output as the model's. So the input of an example is the
    variables, or the value of the only one.
    """
    rows = [{"input": _variables(prompt, one.input), "output": one.output} for one in examples]
    if not all(isinstance(row["output"], str) for row in rows) and not all(_is_json(row["output"]) for row in rows):
        rows = [{**row, "output": text_of(row["output"])} for row in rows]
    head, template, end = _parts(prompt)
    if not _goes_through_examples(prompt):
        template = _shown(template, prompt.name, as_json=bool(rows) and _is_json(rows[0]["output"]))
    return prompt.with_source(f"{_with_rows(head, rows, prompt)}{template}{end}")


def _parts(prompt: Prompt) -> tuple[str, str, str]:
    """All that stands before the template, the template, and what stands after it."""
    template = split(prompt.source, prompt.name).template
    if template == prompt.source:
        return "", template, ""
    source = prompt.source.rstrip()
    return (source[: len(source) - len(template)] if template else f"{source}\n"), template, "\n"


def _turns(template: str, name: str) -> list[_Turn]:
    """The turns outside of any block; a block in which somebody speaks is one of nobody's.

    What comes before the first tag is the user's, what comes after the history the model's, if it says anything.
    """
    turns, depth, block = [_Turn("user", 0, 0, len(template), False)], 0, 0

    def begin(role: str, tag: int, start: int) -> None:
        last = turns.pop()
        turns.append(replace(last, end=max(last.begin, tag)))
        turns.append(_Turn(role, tag, start, len(template), template[start - 3 : start] == "~}}"))

    for tag, start, end in located(template, Place(name)):
        if tag.kind in ("open", "inverse"):
            block = start if depth == 0 else block
            depth += 1
        elif tag.kind == "close":
            depth -= 1
        elif tag.kind == "value" and tag.body == "history":
            begin("model", start, end)
        elif tag.kind == "value" and (role := _ROLE.fullmatch(tag.body)) is not None:
            if depth == 0:
                begin(role["role"], start, end)
            elif turns[-1].tag != block or turns[-1].role:
                begin("", block, block)
    return [turn for turn in turns if template[turn.begin : turn.end].strip()]


def _same_tags(old: str, new: str) -> None:
    had, has = set(tags_of(old)), set(tags_of(new))
    if had != has:
        lost, added = sorted(had - has), sorted(has - had)
        changes = [*(f"without {tag}" for tag in lost), *(f"with {tag}" for tag in added)]
        accepted = f"the tags {', '.join(sorted(had))}, and no other" if had else "a text without any tag in {{}}"
        raise InvalidInput("instructions", ", ".join(changes), accepted)


def _goes_through_examples(prompt: Prompt) -> bool:
    lists = [node.items for node in walk(prompt.nodes) if isinstance(node, Each)]
    return any(isinstance(one, Path) and one.at and one.names[:1] == ("examples",) for one in lists)


def _shown(template: str, name: str, *, as_json: bool) -> str:
    """The template with its examples before its last turn."""
    turns = _turns(template, name)
    if not turns or turns[-1].role != "user":
        raise InvalidInput(f"template of {name}", turns[-1].role if turns else "", "one whose last turn is the user's")
    turn = turns[-1]
    said, bare = template[turn.begin :], turn.begin == 0
    if "{{history}}" in said or "../" in said or "@root" in said:
        raise InvalidInput(f"template of {name}", "history, ../ or @root", "a last turn of variables alone")
    trims, text = ("~", f"\n{said}") if bare else ("~" if turn.trims else "", said)
    output = "{{json output}}" if as_json else "{{output}}"
    pull = "" if bare else "~" if template[turn.tag : turn.tag + 3] == "{{~" else ""
    loop = (
        f'{{{{{pull}#each @examples}}}}{{{{role "user"}}}}{{{{#with input{trims}}}}}{text}\n{{{{~/with}}}}'
        f'{{{{role "model"}}}}{output}{{{{/each}}}}'
    )
    own = f'{{{{role "user"~}}}}{text}' if bare else template[turn.tag :]
    return f"{template[: turn.tag]}{loop}{own}"


def _variables(prompt: Prompt, given: object) -> dict[str, Any]:
    if isinstance(given, Mapping):
        return {**prompt.defaults, **given}  # pyright: ignore[reportUnknownVariableType]
    if len(prompt.variables) != 1:
        raise InvalidInput("example", given, f"an input with the variables {', '.join(prompt.variables)}")
    return {**prompt.defaults, prompt.variables[0]: given}


def _is_json(value: object) -> bool:
    return value is None or isinstance(value, Mapping | list | tuple)


def _with_rows(head: str, rows: Sequence[Mapping[str, Any]], prompt: Prompt) -> str:
    """What stands before the template, with these rows as its examples."""
    try:
        lines = [json.dumps(row, ensure_ascii=False, allow_nan=False) for row in rows]
    except (TypeError, ValueError) as error:
        raise InvalidInput("examples", rows, f"values that JSON has ({error})") from None
    if any("\ud800" <= letter <= "\udfff" for line in lines for letter in line):
        raise InvalidInput("examples", rows, "texts without halves of a surrogate pair, which YAML cannot write")
    quoted = [_QUIET.sub(lambda found: f"\\u{ord(found[0]):04x}", line) for line in lines]
    text = "".join(["examples:\n", *(f"  - {line}\n" for line in quoted)]) if rows else ""
    yaml = split(prompt.source, prompt.name).text
    if not yaml:
        return f"---\n{text}---\n" if text else head
    return head.replace(yaml, f"{_without_examples(yaml)}{text}", 1)


def _without_examples(yaml: str) -> str:
    """The front matter without its examples; what stands before and after keeps its comments."""
    kept, dropping = list[str](), False
    for line in yaml.splitlines(keepends=True):
        if line.startswith("examples:"):
            dropping = True
        elif dropping and line[:1].strip() and line[0] not in "-]}":
            dropping = False
        if not dropping:
            kept.append(line)
    return "".join(kept)
