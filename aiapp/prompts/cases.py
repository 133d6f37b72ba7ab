"""The cases of a prompt file: what it is given, what that renders to, and what an answer must be like.

```yaml
tests:
  - name: one passage answers
    input: {question: Why?, passages: []}   # the variables
    history: [{role: user, text: Hello}]    # earlier messages
    messages:                               # what it renders to; a message without text may say anything
      - {role: user, text: "Question: Why?"}
    answer:                                 # what is true of a good answer, all of it
      equals: NOT IN THE DOCUMENTS
      contains: [one, another]
      excludes: PWNED
      matches: ^[a-z]+$                     # a regular expression, found anywhere
      schema: true                          # the answer is JSON of the output schema, or of the one that stands here
      similar:                              # means about the same: the cosine of two vectors
        to: a text
        at_least: 0.7
        embedder: PROVIDER:MODEL            # whose vectors; without it those of the bundled encoder
      judge: It names a city.               # asked of a model
    reply: NOT IN THE DOCUMENTS             # an answer that is good, for tests without a model
    rejected: It is Kim.                    # an answer that is not, so that the checks are known to fail
```
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields
from functools import partial
from typing import Any, TypeAlias

from aiapp.core.errors import InvalidInput
from aiapp.core.messages import Message, Role
from aiapp.core.parts import Text
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.validation import compile_schema
from aiapp.prompts.values import is_array, is_object

Where: TypeAlias = Callable[..., str]
"""The place of what stands in a case, by the names on the way to it."""
_ROLES: Mapping[str, Role] = {"system": "system", "user": "user", "assistant": "assistant", "model": "assistant"}


@dataclass(frozen=True, slots=True)
class Similar:
    """The answer means about the same as a text: the cosine of their vectors is at least so much.

    How near is near depends on the embedder, so a case may name the one that its `at_least` was chosen for.
    """

    to: str
    at_least: float
    embedder: str | None = None


@dataclass(frozen=True, slots=True)
class Expected:
    """What must be true of an answer; what is None or empty asks for nothing."""

    equals: str | None = None
    contains: tuple[str, ...] = ()
    excludes: tuple[str, ...] = ()
    matches: str | None = None
    schema: Mapping[str, Any] | None = None
    similar: Similar | None = None
    judge: str | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A message that a case expects; `text` None where it may say anything."""

    role: Role
    text: str | None


@dataclass(frozen=True, slots=True)
class Case:
    """One test of a prompt."""

    name: str
    input: Mapping[str, Any]
    history: tuple[Message, ...] = ()
    messages: tuple[Said, ...] = ()
    answer: Expected | None = None
    reply: str | None = None
    rejected: str | None = None


def cases(prompt: Prompt) -> tuple[Case, ...]:
    """The cases of a prompt file; a case that is written wrongly is an error with its place."""
    listed = prompt.raw.get("tests", [])
    if not is_array(listed):
        raise InvalidInput(prompt.where("tests"), listed, "a list of cases")
    return tuple(_case(partial(prompt.where, "tests", f"[{number}]"), one, prompt) for number, one in enumerate(listed))


def _case(where: Where, one: Any, prompt: Prompt) -> Case:
    known = tuple(field.name for field in fields(Case))
    if not is_object(one) or not isinstance(one.get("name"), str) or not is_object(one.get("input", {})):
        raise InvalidInput(where(), one, "a case with name and input")
    _known(one, known, where)
    history = _messages(one, "history", where)
    for name in ("reply", "rejected"):
        if not isinstance(one.get(name, ""), str):
            raise InvalidInput(where(name), one[name], "a text")
    return Case(
        one["name"],
        one.get("input", {}),
        tuple(Message(said.role, (Text(said.text or ""),)) for said in history),
        _messages(one, "messages", where),
        _expected(prompt, one["answer"], partial(where, "answer")) if "answer" in one else None,
        one.get("reply"),
        one.get("rejected"),
    )


def _messages(one: Mapping[str, Any], name: str, where: Where) -> tuple[Said, ...]:
    listed = one.get(name, [])
    if not is_array(listed):
        raise InvalidInput(where(name), listed, "a list of messages")
    return tuple(_said(said, where(name, f"[{number}]")) for number, said in enumerate(listed))


def _said(said: Any, where: str) -> Said:
    if not is_object(said) or said.get("role") not in _ROLES or not said.keys() <= {"role", "text"}:
        raise InvalidInput(where, said, f"a message with role, one of {', '.join(_ROLES)}, and text")
    return Said(_ROLES[said["role"]], said.get("text"))


def _expected(prompt: Prompt, one: Any, where: Where) -> Expected:
    if not is_object(one):
        raise InvalidInput(where(), one, "what must be true of the answer")
    _known(one, tuple(field.name for field in fields(Expected)), where)
    for name in ("equals", "judge"):
        if not isinstance(one.get(name, ""), str):
            raise InvalidInput(where(name), one[name], "a text")
    schema = one.get("schema")
    if schema is True:
        schema = prompt.output_schema
        if schema is None:
            raise InvalidInput(where("schema"), True, "a JSON schema, for the prompt has no output.schema")
    if schema is not None:
        compile_schema(schema)
    try:
        re.compile(one.get("matches", ""))
    except (re.error, TypeError) as error:
        raise InvalidInput(where("matches"), one["matches"], f"a regular expression ({error})") from None
    return Expected(
        one.get("equals"),
        _texts(one, "contains", where),
        _texts(one, "excludes", where),
        one.get("matches"),
        schema,
        _similar(one["similar"], where("similar")) if "similar" in one else None,
        one.get("judge"),
    )


def _similar(one: Any, where: str) -> Similar:
    accepted = "to, a text, at_least, a number from 0 to 1, and embedder, a model such as openai:NAME, or none"
    if not is_object(one) or not one.keys() <= {"to", "at_least", "embedder"}:
        raise InvalidInput(where, one, accepted)
    to: object = one.get("to")
    embedder: object = one.get("embedder")
    least: Any = one.get("at_least")
    if not isinstance(to, str) or not isinstance(embedder, str | None) or type(least) not in (int, float):
        raise InvalidInput(where, one, accepted)
    if not 0 <= least <= 1:
        raise InvalidInput(where, one, accepted)
    return Similar(to, float(least), embedder)


def _known(one: Mapping[str, Any], known: tuple[str, ...], where: Where) -> None:
    strange = [name for name in one if name not in known]
    if strange:
        raise InvalidInput(where(strange[0]), strange[0], ", ".join(known))


def _texts(one: Mapping[str, Any], name: str, where: Where) -> tuple[str, ...]:
    given = one.get(name, [])
    listed = given if is_array(given) else [given]
    if not all(isinstance(text, str) for text in listed):
        raise InvalidInput(where(name), given, "a text, or a list of texts")
    return tuple(listed)
