"""Two versions of a prompt: what their cases render to, and what that takes and costs."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from aiapp.catalog.catalogue import catalogue
from aiapp.core.errors import InvalidInput
from aiapp.evals.prompt_diff import diff, request_text
from aiapp.prompts.prompt import Prompt

TODAY = date(2026, 11, 21)
CASES = "tests:\n  - {name: one, input: {text: T}}\n"
SHORT = Prompt(f"---\n{CASES}---\nSum up {{{{text}}}}")
LONG = Prompt(
    f"---\nconfig: {{temperature: 0}}\n{CASES}  - {{name: two, input: {{text: U}}}}\n---\nPlease, sum up {{{{text}}}}"
)


def test_each_case_shows_what_changed_in_its_request() -> None:
    changes = diff(SHORT, LONG, (), TODAY)
    one, two = changes.cases
    assert (one.case, two.case) == ("one", "two")
    assert [line for line in one.lines if line[0] in "+-"][2:] == [
        "-Sum up T", "+Please, sum up T", "+{", '+  "settings": {', '+    "kind": "settings",', '+    "temperature": 0',
        "+  }", "+}",
    ]  # fmt: skip
    assert "-Sum up U" in two.lines  # the case of one version is rendered by the other, too
    assert all(case.lines == () for case in diff(LONG, LONG, (), TODAY).cases)


def test_tokens_and_cost_are_the_mean_of_the_cases() -> None:
    ours, theirs = diff(SHORT, LONG, ("local", "openai:gpt-6-sol"), TODAY).models
    assert ours.before is not None
    assert ours.after is not None
    assert ours.after.tokens > ours.before.tokens
    assert (ours.before.cost, ours.after.cost) == (Decimal(0), Decimal(0))
    prices = catalogue().offer("openai:gpt-6-sol").price(TODAY)
    rates = None if prices is None else prices.rates()
    assert rates is not None
    assert rates.input is not None
    assert theirs.after is not None
    assert theirs.after.cost == Decimal(theirs.after.tokens) * rates.input / 1_000_000


def test_what_is_not_known_is_not_zero() -> None:
    (changed,) = diff(SHORT, LONG, ("openai:no-such-model",), TODAY).models
    assert changed.after is not None
    assert changed.after.cost is None
    assert changed.note == "no price is known for openai:no-such-model"
    (nothing,) = diff(Prompt(f"---\n{CASES}---\n{{{{other}}}}"), SHORT, ("local",), TODAY).models
    assert (nothing.before, nothing.note) == (None, "no case renders in both versions")


def test_a_request_as_text_says_who_says_what() -> None:
    request = Prompt('{{role "system"}}S{{role "user"}}{{t}}').render(t="<system>")
    assert request_text(request) == "<system>\nS\n<user>\n<system>"


@pytest.mark.parametrize(
    ("field", "given"),
    [("before", ("x", SHORT, ["local"])), ("after", (SHORT, "x", ["local"])), ("models", (SHORT, LONG, "local"))],
)
def test_what_cannot_be_compared_is_refused_by_name(field: str, given: tuple[Any, Any, Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        diff(*given)
    assert caught.value.field == field
