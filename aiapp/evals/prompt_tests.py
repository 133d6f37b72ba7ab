"""Tests of prompts: the cases of a prompt file, run without a model or with any.

Without a client nothing is asked: what a case renders to is compared with what it should, its `reply` must pass its
checks, and its `rejected` answer must fail one of them. With a client the model is asked, and its answer is checked.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncGenerator, Mapping, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, replace
from typing import Any

from aiapp.client.client import Client
from aiapp.core.errors import AiappError, InvalidInput
from aiapp.core.messages import Message
from aiapp.core.response import Receipt
from aiapp.evals.metrics import contains, exact, matches
from aiapp.prompts.cases import Case, Expected, Said, Similar, cases
from aiapp.prompts.fewshot.vectors import Embed, directions
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.validation import compile_schema, problems
from aiapp.sync import sync

BUNDLED = "local"
"""The embedder of a `similar:` that names none."""


@dataclass(frozen=True, slots=True)
class Check:
    """One thing that was checked; `passed` is None where it could not be. `detail` says why it failed or was not."""

    name: str
    passed: bool | None
    detail: str = ""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one case; `answer` and `receipt` are there where a model was asked."""

    case: str
    checks: tuple[Check, ...]
    answer: str | None = None
    receipt: Receipt | None = None

    @property
    def passed(self) -> bool:
        """Whether nothing failed; what could not be checked did not fail."""
        return all(check.passed is not False for check in self.checks)


async def arun_cases(
    prompt: Prompt, client: Client | None = None, *, judge: Client | None = None, embedder: Embed | None = None
) -> tuple[Result, ...]:
    """Run the cases of a prompt file, against the client's model where one is given.

    `judge` is asked whether an answer meets a `judge:` criterion, which is not checked without one. `embedder`, a
    client or what else embeds, compares for each `similar:`; without it the one that the case names does, else the
    bundled encoder. Where there is no client either, none is asked that does not ship with aiapp.
    """
    async with _checker(judge, embedder, offline=client is None) as checker:
        return tuple([await _run(prompt, case, client, checker) for case in cases(prompt)])


run_cases = sync(arun_cases)


async def _run(prompt: Prompt, case: Case, client: Client | None, checker: _Checker) -> Result:
    try:
        request = prompt.request(case.input, history=case.history)
    except InvalidInput as error:
        return Result(case.name, (Check("render", False, str(error)),))
    rendered = _rendered(case.messages, request.messages)
    checks = [rendered] if rendered is not None else []
    if client is None:
        return Result(case.name, (*checks, *(await _without_model(case, checker))))
    if case.answer is None:
        return Result(case.name, tuple(checks))
    try:
        response = await client.acomplete(request)
    except AiappError as error:
        return Result(case.name, (*checks, Check("ask", False, str(error))))
    told = await checker.checks(case.answer, response.text)
    return Result(case.name, (*checks, *told), response.text, response.receipt)


async def _without_model(case: Case, checker: _Checker) -> list[Check]:
    if case.answer is None:
        return []
    if case.reply is None and case.rejected is None:
        return [Check("answer", None, "there is no reply to check, and no model was asked")]
    told: list[Check] = []
    if case.reply is not None:
        told = [replace(one, name=f"reply {one.name}") for one in await checker.checks(case.answer, case.reply)]
    if case.rejected is not None:
        found = await checker.checks(case.answer, case.rejected)
        failing = [one.name for one in found if one.passed is False]
        undecided = any(one.passed is None for one in found)
        verdict = True if failing else None if undecided else False
        told.append(Check("rejected", verdict, "" if failing else "the rejected answer passes every check"))
    return told


def _rendered(expected: Sequence[Said], messages: Sequence[Message]) -> Check | None:
    """Whether the messages are what the case says; None where it says nothing."""
    if not expected:
        return None
    roles = [said.role for said in expected]
    if [message.role for message in messages] != roles:
        found = ", ".join(message.role for message in messages)
        return Check("messages", False, f"roles are {found}; expected {', '.join(roles)}")
    for number, (said, message) in enumerate(zip(expected, messages, strict=True)):
        if said.text is not None and said.text != message.text:
            return Check("messages", False, f"message {number} is {message.text!r}; expected {said.text!r}")
    return Check("messages", True)


@asynccontextmanager
async def _checker(judge: Client | None, embedder: Embed | None, *, offline: bool) -> AsyncGenerator[_Checker, None]:
    checker = _Checker(judge, embedder, offline)
    try:
        yield checker
    finally:
        for opened in checker.opened.values():
            await opened.aclose()


class _Checker:
    def __init__(self, judge: Client | None, embedder: Embed | None, offline: bool) -> None:
        self._judge, self._embedder, self._offline = judge, embedder, offline
        self.opened: dict[str, Client] = {}
        """The embedders that cases named."""

    async def checks(self, expected: Expected, answer: str) -> list[Check]:
        """Everything that is expected, against an answer."""
        told: list[Check] = []
        if expected.equals is not None:
            told.append(_check("equals", bool(exact(answer, expected.equals)), f"answered {answer!r}"))
        for text in expected.contains:
            told.append(_check("contains", bool(contains(answer, text)), f"{text!r} is not in {answer!r}"))
        for text in expected.excludes:
            told.append(_check("excludes", text not in answer, f"{text!r} is in {answer!r}"))
        if expected.matches is not None:
            found = bool(matches(answer, expected.matches))
            told.append(_check("matches", found, f"{answer!r} does not match {expected.matches}"))
        if expected.schema is not None:
            told.append(_fits(expected.schema, answer))
        if expected.similar is not None:
            told.append(await self._similar(expected.similar, answer))
        if expected.judge is not None:
            told.append(await self._judged(expected.judge, answer))
        return told

    async def _similar(self, similar: Similar, answer: str) -> Check:
        name = similar.embedder or BUNDLED
        if self._embedder is None and self._offline and name != BUNDLED:
            return Check("similar", None, f"{name}, which compares here, is asked beside a model or by name alone")
        embed = self._embedder or self._opened(name)
        try:
            one, other = await asyncio.to_thread(directions, embed, [similar.to, answer])
        except InvalidInput:
            raise  # no model that embeds: a mistake of the file, or of the caller
        except AiappError as error:
            return Check("similar", None, f"the embedder gave no vectors: {error}")
        cosine = float(one @ other)
        return _check("similar", cosine >= similar.at_least, f"cosine {cosine:.2f}, expected {similar.at_least}")

    def _opened(self, name: str) -> Client:
        if name not in self.opened:
            self.opened[name] = Client(name)
        return self.opened[name]

    async def _judged(self, criterion: str, answer: str) -> Check:
        if self._judge is None:
            return Check("judge", None, f"no model to judge: {criterion}")
        asked = Prompt.load("judge").request({"criterion": criterion, "answer": answer})
        try:
            response = await self._judge.acomplete(asked)
            verdict: Any = json.loads(response.text)
            return Check("judge", bool(verdict["passes"]), str(verdict["reason"]))
        except (AiappError, ValueError, KeyError, TypeError) as error:
            return Check("judge", None, f"the judge gave no verdict: {error}")


def _check(name: str, passed: bool, detail: str) -> Check:
    return Check(name, passed, "" if passed else detail)


def _fits(schema: Mapping[str, Any], answer: str) -> Check:
    try:
        value = json.loads(answer)
    except ValueError as error:
        return Check("schema", False, f"{answer!r} is not JSON ({error})")
    wrong = problems(compile_schema(schema), value, "answer")
    return _check("schema", not wrong, "; ".join(wrong))
