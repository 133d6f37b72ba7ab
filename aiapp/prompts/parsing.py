"""Parsing: the Handlebars of Dotprompt, from text to tree.

`{{name}}` or `{{{name}}}`, `{{a.b}}`, `{{#each list}}..{{else}}..{{/each}}` with `{{this}}`, `{{../name}}`,
`{{@index}}`, `{{@first}}` and `{{@last}}`, `{{#if}}` and `{{#unless}}` with `{{else}}`, `{{role "system"}}`,
`{{history}}`, `{{> partial}}`, `{{! comment }}`, `~` to trim white space, and `\\{{` for braces that mean themselves.
As in Handlebars a name inside `each` is the item's; unlike there, a `role` or `history` that stands alone on its line
takes the line with it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import TypeAlias, get_args

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import Role
from aiapp.prompts.tree import History, Kind, Literally, Local, Node, Path, Section, SetRole, Value

Partials: TypeAlias = Callable[[str], str]
"""The source of a partial by its name; raises InvalidInput where there is none."""

_TAG = re.compile(
    r"""(?P<escaped>\\\\(?=\{\{)|\\\{\{)
    | \{\{(?P<left>~)?
      (?: (?P<comment>!--.*?--|!.*?) | \{(?P<raw>[^{}]*)\} | (?P<plain>[^{}]*?) )
      (?P<right>~)?\}\}
    | \{\{""",
    re.DOTALL | re.VERBOSE,
)
_OWN_LINE = re.compile(r"[#/>].*|else|history|role\s.*", re.DOTALL)
_NAME = r"[^\W\d][\w-]*"
_PATH = re.compile(rf"(?P<up>(?:\.\./)*)(?P<word>@index|@first|@last|this|(?:this\.)?{_NAME}(?:\.{_NAME})*)")
_OPENING = re.compile(r"#(?P<kind>each|if|unless)\s+(?P<path>\S+)")
_ROLE = re.compile(r"role\s+(?P<quote>[\"'])(?P<role>\w+)(?P=quote)")
_TURN = re.compile(rf"history|{_ROLE.pattern}")
"""What ends a message: the template's line breaks before it are no part of that message."""
_PARTIAL = re.compile(r">\s*(?P<name>[\w-]+)")
_KINDS: dict[str, Kind] = {kind: kind for kind in get_args(Kind)}
_LOCALS: dict[str, Local] = {local: local for local in get_args(Local)}
_ROLES: dict[str, Role] = {"system": "system", "user": "user", "model": "assistant", "assistant": "assistant"}
_ACCEPTED = (
    '{{name}}, {{#each}}, {{#if}}, {{#unless}}, {{else}}, {{/...}}, {{role "system"}}, {{history}}, {{> partial}} '
    "or {{! comment }}; \\{{ for the braces themselves"
)


def no_partials(name: str) -> str:
    """The partials of a template that is not in a folder: none."""
    raise InvalidInput("partial", name, "partials only in a prompt that is loaded from a folder")


def parse(source: str, name: str, first_line: int = 1, partials: Partials = no_partials) -> tuple[Node, ...]:
    """The tree of a template; errors give its name, the line (the first is `first_line`) and the column."""
    return _Parser(source, name, first_line, partials).parse()


@dataclass(slots=True)
class _Open:
    """A section whose end has not been seen."""

    kind: Kind
    path: Path
    where: str
    body: list[Node] = field(default_factory=list["Node"])
    otherwise: list[Node] | None = None

    def target(self) -> list[Node]:
        return self.body if self.otherwise is None else self.otherwise


@dataclass(slots=True)
class _Parser:
    source: str
    name: str
    first_line: int
    partials: Partials
    loops: int = 0
    """How many loops this text already stands in, where it is a partial."""
    within: tuple[str, ...] = ()
    """The partials that this text stands in."""
    top: list[Node] = field(default_factory=list["Node"])
    stack: list[_Open] = field(default_factory=list[_Open])

    def parse(self) -> tuple[Node, ...]:
        position, trim = 0, False
        for tag in _TAG.finditer(self.source):
            start, end = self._span(tag)
            text = self.source[position:start].lstrip() if trim else self.source[position:start]
            if tag["left"]:
                text = text.rstrip()
            trim, position = tag["right"] is not None, end
            if tag["escaped"]:
                self._write(text + tag["escaped"][1:])
                continue
            body = _body(tag)
            self._write(text.rstrip("\n") if body is not None and _TURN.fullmatch(body) else text)
            if tag["comment"] is None:
                self._take(body, self._place(tag.start()))
        if self.stack:
            last = self.stack[-1]
            raise InvalidInput(last.where, f"{{{{#{last.kind} {last.path.text}}}}}", f"a matching {{{{/{last.kind}}}}}")
        self._write(self.source[position:].lstrip() if trim else self.source[position:])
        return tuple(self.top)

    def _nodes(self) -> list[Node]:
        return self.stack[-1].target() if self.stack else self.top

    def _write(self, text: str) -> None:
        if text:
            self._nodes().append(Literally(text))

    def _take(self, body: str | None, where: str) -> None:
        """Take one tag into the tree."""
        if body is None:
            raise InvalidInput(where, "{{", f"a tag that is closed by as many braces: {_ACCEPTED}")
        nodes, last = self._nodes(), self.stack[-1] if self.stack else None
        if opening := _OPENING.fullmatch(body):
            path = self._path(opening["path"], where)
            self.stack.append(_Open(_KINDS[opening["kind"]], path, where))
        elif body == "else" and last is not None and last.otherwise is None:
            last.otherwise = []
        elif last is not None and body == f"/{last.kind}":
            self.stack.pop()
            section = Section(last.kind, last.path, tuple(last.body), tuple(last.otherwise or ()))
            self._nodes().append(section)
        elif (role := _ROLE.fullmatch(body)) and role["role"] in _ROLES:
            nodes.append(SetRole(_ROLES[role["role"]]))
        elif body == "history":
            nodes.append(History(where))
        elif partial := _PARTIAL.fullmatch(body):
            nodes.extend(self._partial(partial["name"], where))
        elif body not in ("else", "role"):
            nodes.append(Value(self._path(body, where)))
        else:
            raise InvalidInput(where, f"{{{{{body}}}}}", _ACCEPTED)

    def _path(self, text: str, where: str) -> Path:
        match = _PATH.fullmatch(text)
        if match is None:
            raise InvalidInput(where, f"{{{{{text}}}}}", _ACCEPTED)
        up, word, loops = len(match["up"]) // len("../"), match["word"], self._loops()
        local = _LOCALS.get(word)
        names = () if local is not None or word == "this" else tuple(word.removeprefix("this.").split("."))
        if up > loops or (up == loops and (not names or word.startswith("this."))):
            raise InvalidInput(where, f"{{{{{text}}}}}", "this, @index, @first, @last and ../ inside {{#each}} alone")
        return Path(text, where, up, names, local)

    def _loops(self) -> int:
        return self.loops + sum(section.kind == "each" and section.otherwise is None for section in self.stack)

    def _partial(self, name: str, where: str) -> tuple[Node, ...]:
        if name in self.within:
            raise InvalidInput(where, f"{{{{> {name}}}}}", "a partial that does not hold itself")
        try:
            source = self.partials(name)
        except InvalidInput as error:
            raise InvalidInput(where, f"{{{{> {name}}}}}", error.accepted) from None
        within = (*self.within, name)
        return _Parser(source, f"_{name}", 1, self.partials, self._loops(), within).parse()

    def _span(self, tag: re.Match[str]) -> tuple[int, int]:
        """The span of a tag, with its line where it only gives structure and stands alone: it leaves no blank line."""
        body = _body(tag)
        if tag["comment"] is None and (body is None or not _OWN_LINE.fullmatch(body)):
            return tag.span()
        begin = self.source.rfind("\n", 0, tag.start()) + 1
        stop = self.source.find("\n", tag.end())
        stop = len(self.source) if stop < 0 else stop + 1
        if self.source[begin : tag.start()].strip() or self.source[tag.end() : stop].strip():
            return tag.span()
        return begin, stop

    def _place(self, offset: int) -> str:
        line = self.source.count("\n", 0, offset)
        column = offset - self.source.rfind("\n", 0, offset)
        return f"{self.name}, line {self.first_line + line}, column {column}"


def _body(tag: re.Match[str]) -> str | None:
    """What stands between the braces; None for a comment, escaped braces, or braces that nothing closes."""
    body = tag["plain"] if tag["raw"] is None else tag["raw"]
    return None if body is None else body.strip()
