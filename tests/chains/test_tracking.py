"""A chain that is tracked: each step is a span, and the calls of models stand inside of their steps."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from aiapp import Client, Prompt, track
from aiapp.chains import Chain, ask, chain, each, loop, parallel, retry, step
from aiapp.core.errors import StepFailed
from aiapp.testing import ScriptedModel
from aiapp.tracking.ledger import Ledger
from aiapp.tracking.tracker import Tracker


def scripted(*answers: Any) -> Client:
    return Client(provider=ScriptedModel(list(answers)))


def tree(tracked: Tracker) -> list[str]:
    """Every span with what it stands inside of, as a line of names."""
    spans = {span.id: span for span in tracked.spans}
    lines: list[str] = []
    for span in tracked.spans:
        names = [span.name]
        while span.parent is not None:
            span = spans[span.parent]
            names.append(span.name)
        lines.append(" ".join(reversed(names)))
    return lines


def research() -> Chain[Any, str]:
    return chain(
        parallel(question=str, facts=Prompt("{{question}}", name="recall") | ask(scripted("facts"), name="know")),
        Prompt("{{facts}} {{question}}", name="answer"),
        ask(scripted("the answer"), name="write"),
        name="research",
    )


RESEARCH = [
    "run",
    "run research",
    "run research parallel",
    "run research parallel question",
    "run research parallel facts",
    "run research parallel facts recall",
    "run research parallel facts know",
    "run research parallel facts know scripted",
    "run research answer",
    "run research write",
    "run research write scripted",
]


def test_steps_are_spans_and_the_calls_stand_inside() -> None:
    with track() as tracked:
        assert research().run("why") == "the answer"
    assert tree(tracked) == RESEARCH
    kinds = {span.name: span.kind for span in tracked.spans}
    assert (kinds["research"], kinds["write"]) == ("chain", "step")
    assert [span.step for span in tracked.calls] == [("research", "parallel", "facts", "know"), ("research", "write")]


def test_a_stream_is_tracked_alike() -> None:
    with track() as tracked:
        stream = research().stream("why")
        assert "".join(stream.text()) == "the answer"
    assert tree(tracked) == RESEARCH


def test_goes_at_one_step_are_added_up() -> None:
    divisors = [1, 0]

    def moody(number: int) -> float:
        return number / divisors.pop()

    with track() as tracked:
        each(ask(scripted("a", "b", "c"), name="say")).run(["1", "2", "3"])
        loop(step(str.upper), str.isupper, at_most=2).run("x")
        retry(moody).run(1)
    assert tracked.by("step")["each / say"].calls == 3
    assert [(span.name, span.error) for span in tracked.spans if span.name in ("upper", "moody")] == [
        ("upper", None),
        ("moody", "ZeroDivisionError"),
        ("moody", None),
    ]


def test_a_failure_stands_at_the_step_that_failed() -> None:
    with pytest.raises(StepFailed), track() as tracked:
        chain(str.strip, int).run(" x ")
    failed = {span.name: span.error for span in tracked.spans}
    assert failed == {"run": "StepFailed", "chain": "StepFailed", "strip": None, "int": "ValueError"}


def test_chains_at_once_keep_to_themselves() -> None:
    async def program() -> list[str]:
        with track() as tracked:
            await asyncio.gather(chain(str.upper, name="a").arun("x"), chain(str.lower, name="b").arun("x"))
        return tree(tracked)

    assert sorted(asyncio.run(program())) == ["run", "run a", "run a upper", "run b", "run b lower"]


def test_a_ledger_for_all_calls_has_one_run_for_each_chain(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AIAPP_LEDGER", str(tmp_path / "usage.db"))
    for _ in range(2):
        research().run("why")
    runs = Ledger(tmp_path / "usage.db").runs()
    assert [sorted(span.name for span in run.spans)[:2] for run in runs] == [["answer", "facts"]] * 2
