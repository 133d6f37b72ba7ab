"""Optimising: what is found, what is shown of it on cases that the search never saw, and why it stops."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from aiapp import Budget, Choice, Client, Example, Prompt, Request
from aiapp.core.errors import AuthenticationFailed, ContextOverflow, InvalidInput, Unavailable
from aiapp.evals.metrics import exact, matches
from aiapp.evals.optimise import Effort, Graded, aoptimise, optimise
from aiapp.evals.prompt_diff import diff
from aiapp.prompts.fewshot import BM25, Balanced, FewShot, Nearest, Random
from aiapp.transformer.encoder import Encoder
from tests.evals.optimise.tasks import GOOD, PROMPT, asked_of, cases, client, imitating, obedient, writing

PLENTY = Budget(calls=100_000)
QUICK = Effort(batch=4, rounds=4, seed=3)


def test_better_instructions_are_found_and_shown_to_be_better(tmp_path: Path) -> None:
    (asked, _), (proposer, _) = client(obedient), client(writing("Say the word.", GOOD))
    found = optimise(PROMPT, cases(40), exact, PLENTY, client=asked, proposer=proposer, few_shots=(), effort=QUICK)
    assert found.better
    assert found.chosen is found.best
    assert found.best.gain is not None
    assert (found.original.quality.mean, found.best.quality.mean, found.best.gain.mean) == (0, 1, 1)
    assert found.verdict == (
        "proposed instructions: better than the original by +1.000 (+1.000 to +1.000) on 20 held-out cases"
    )
    first, worse, better = found.trials
    assert (first.origin, first.parent, first.search) == ("original", None, 0)
    assert (worse.fate, worse.parent, worse.instructions) == ("not better", 0, "Say the word.")
    assert (better.fate, better.parent, better.batch, better.against, better.search) == ("kept", 0, 1, 0, 1)
    assert better.reason.startswith("it did not say how")
    assert (found.stopped, found.front[0]) == ("perfect", found.best)
    file = tmp_path / "repeat.prompt"
    file.write_text(found.chosen.prompt.source, encoding="utf-8")
    written = Prompt.load("repeat", tmp_path)
    assert written.render(word="x").messages == found.chosen.request({"word": "x"}).messages
    changes = diff(PROMPT, written, ["local"])
    assert "+Repeat the word in CAPITALS." in changes.cases[0].lines


def test_the_search_never_sees_a_held_out_case() -> None:
    def unsure(asked: Request) -> str:
        return imitating(asked) if asked.messages[-1].text[-1] in "024" else "?"

    (asked, model), (proposer, writer) = client(unsure), client(writing("Say the word."))
    held = cases(40, start=100)
    found = optimise(PROMPT, cases(30), exact, PLENTY, client=asked, proposer=proposer, held_out=held, effort=QUICK)
    texts = {one.input for one in held}
    first = next(place for place, one in enumerate(model.requests) if one.messages[-1].text in texts)
    assert {one.messages[-1].text for one in model.requests[first:]} == texts
    assert first > 30
    assert not any(text in asked_of([writer]) for text in texts)
    assert writer.requests
    assert not any(message.text in texts for one in model.requests for message in one.messages[:-1])
    assert found.best.few_shot is not None or found.best.prompt.examples
    assert found.better


def test_examples_that_are_the_same_for_every_query_stand_in_the_file_and_are_not_asked_about() -> None:
    asked, model = client(imitating)
    pool = cases(12)
    found = optimise(
        PROMPT, pool, exact, PLENTY, client=asked, held_out=cases(8, 50), effort=QUICK,
        few_shots=[FewShot(pool, 3, Random(1))],
    )  # fmt: skip
    assert (found.better, found.best.few_shot, len(found.best.prompt.examples)) == (True, None, 3)
    shown = {one["input"]["word"] for one in found.best.prompt.examples}
    with_shots = [one for one in model.requests if len(one.messages) > 2]
    assert {one.messages[-1].text for one in with_shots} & shown == set()
    turns = [message.text for message in Prompt(found.best.prompt.source).render(word="x").messages[1:-1]]
    assert turns == [text for word in turns[::2] for text in (word, word.upper())]
    assert set(turns[::2]) == shown


def test_examples_that_go_with_the_query_are_given_as_turns() -> None:
    asked, _ = client(imitating)
    found = optimise(
        PROMPT, cases(12), exact, PLENTY, client=asked, held_out=cases(8, 50), effort=QUICK,
        few_shots=[FewShot(cases(12), 2, BM25())],
    )  # fmt: skip
    assert found.best.few_shot is not None
    assert found.best.name == "2 bm25"
    assert [message.role for message in found.best.request({"word": "word3"}).messages] == [
        "system", "user", "assistant", "user", "assistant", "user",
    ]  # fmt: skip


def test_no_query_is_shown_its_own_answer() -> None:
    asked, model = client(imitating)
    optimise(PROMPT, cases(20), exact, PLENTY, client=asked, effort=QUICK)
    with_shots = [one for one in model.requests if len(one.messages) > 2]
    assert with_shots
    for one in with_shots:
        assert one.messages[-1].text not in {message.text for message in one.messages[:-1]}


def test_a_proposal_is_first_measured_on_other_cases_than_it_was_made_from() -> None:
    (asked, model), (proposer, writer) = client("never"), client(writing("Say it."))
    optimise(
        PROMPT, cases(24), exact, PLENTY, client=asked, proposer=proposer, few_shots=(),
        effort=Effort(batch=6, rounds=1),
    )  # fmt: skip
    seen = writer.requests[0].messages[-1].text
    measured = [one.messages[-1].text for one in model.requests if one.messages[0].text == "Say it."]
    assert len(measured) == 6
    assert not any(f"\n{word}\n" in seen for word in measured)


def test_no_better_is_said_and_the_original_is_kept() -> None:
    (asked, _), (proposer, _) = client("nothing"), client(writing("a", "b", "c", "d"))
    found = optimise(PROMPT, cases(30), exact, PLENTY, client=asked, proposer=proposer, effort=QUICK)
    assert (found.better, found.chosen) == (False, found.original)
    assert found.verdict == "no better than the original: nothing that was tried did better in the search"
    assert (found.stopped, found.best) == ("patience", found.original)


def test_luck_is_not_taken_for_skill() -> None:
    """A model that answers by chance, whatever its instructions: the best of many seems better in the search."""

    def dice(asked: Request) -> str:
        digest = hashlib.sha256("\n".join(message.text for message in asked.messages).encode()).digest()
        return asked.messages[-1].text.upper() if digest[0] % 2 else "no"

    seemed = shown = 0
    for seed in range(12):
        asked, _ = client(dice)
        told = [f"Variant {number} of {seed}." for number in range(6)]
        effort = Effort(batch=8, rounds=0, seed=seed)
        found = optimise(
            PROMPT, cases(60, 1000 * seed), exact, PLENTY, client=asked, instructions=told, few_shots=(), effort=effort
        )
        kept = [trial.search for trial in found.trials[1:] if trial.search is not None]
        seemed += bool(kept) and max(kept) > (found.trials[0].search or 0)
        shown += found.better
    assert seemed >= 8
    assert shown <= 1


def test_the_same_seed_makes_the_same_search_and_another_seed_another_split() -> None:
    def run(seed: int) -> Any:
        (asked, _), (proposer, _) = client(imitating), client(writing("Say it.", "Say it now."))
        effort = Effort(batch=4, rounds=2, seed=seed)
        return optimise(PROMPT, cases(30), luck, PLENTY, client=asked, proposer=proposer, effort=effort)

    def luck(answer: str, expected: str) -> float:
        return hashlib.sha256(f"{answer}{expected}".encode()).digest()[0] / 255

    one, same, other = run(1), run(1), run(2)
    assert one.trials == same.trials
    assert one.chosen.prompt.source == same.chosen.prompt.source
    assert [f.quality for f in one.finalists] == [f.quality for f in same.finalists]
    assert one.trials != other.trials


@pytest.mark.parametrize(
    ("told", "effort", "stopped"),
    [
        ((GOOD,), Effort(rounds=0), "no candidates"),
        (("Say it.",), Effort(rounds=2, patience=9), "rounds"),
        (("Say it.",), Effort(rounds=9, patience=2), "patience"),
        ((GOOD,), Effort(rounds=9), "perfect"),
    ],
)
def test_it_says_why_it_stopped(told: tuple[str, ...], effort: Effort, stopped: str) -> None:
    (asked, _), (proposer, _) = client(obedient), client(writing(*told, "x", "y"))
    found = optimise(PROMPT, cases(20), exact, PLENTY, client=asked, proposer=proposer, few_shots=(), effort=effort)
    assert found.stopped == stopped
    assert found.why


def test_a_proposal_that_cannot_be_used_costs_a_round_and_no_more() -> None:
    proposals = ["no JSON", '{"diagnosis": "d", "instructions": "Say {{secret}} {{word}}."}', '{"instructions": "x"}']
    (asked, _), (proposer, _) = client(obedient), client(proposals)
    found = optimise(
        PROMPT, cases(20), exact, PLENTY, client=asked, proposer=proposer, few_shots=(), effort=Effort(patience=3)
    )
    assert [trial.fate for trial in found.trials[1:]] == ["cannot be used"] * 3
    assert "{{secret}}" in found.trials[2].why
    assert found.stopped == "patience"


def test_what_a_metric_says_reaches_the_proposer() -> None:
    (asked, _), (proposer, writer) = client(obedient), client(writing(GOOD))

    async def graded(answer: str, expected: Any) -> Graded:
        return Graded(float(answer == expected), "" if answer == expected else f"too quiet: {answer}")

    found = optimise(PROMPT, cases(20), graded, PLENTY, client=asked, proposer=proposer, few_shots=())
    assert found.better
    assert "too quiet: word" in writer.requests[0].messages[-1].text


def test_instructions_and_examples_are_crossed() -> None:
    def both(asked: Request) -> str:
        told = obedient(asked) != asked.messages[-1].text
        shown = imitating(asked) != asked.messages[-1].text
        number = int(asked.messages[-1].text.removeprefix("word"))
        right = (told and shown) or (told and number % 2 == 0) or (shown and number % 3 == 0)
        return asked.messages[-1].text.upper() if right else "?"

    asked, _ = client(both)
    found = optimise(
        PROMPT, cases(80), exact, PLENTY, client=asked, instructions=[GOOD], effort=Effort(batch=20, rounds=0),
        few_shots=[FewShot(cases(9, 900), 2, BM25())],
    )  # fmt: skip
    assert found.trials[-1].origin == "crossed"
    assert found.best.quality.mean == 1
    assert found.best.name == "crossed instructions and 2 bm25"


def test_where_what_is_expected_is_no_answer_its_own_right_answers_are_the_examples() -> None:
    def telling(request: Request) -> str:
        return f"It is {request.messages[-1].text}."

    asked, model = client(telling)
    train = [Example(f"word{number}", rf"word{number}\." if number % 2 else r"never\.") for number in range(40)]
    found = optimise(PROMPT, train, matches, PLENTY, client=asked, effort=Effort(batch=4))
    shown = [message.text for one in model.requests for message in one.messages if message.role == "assistant"]
    assert shown
    assert all(text.startswith("It is word") for text in shown)
    assert not found.better


def test_failures_by_chance_are_left_out_and_those_of_the_prompt_count() -> None:
    def moody(asked: Request) -> Any:
        number = int(asked.messages[-1].text.removeprefix("word"))
        if number % 5 == 0:
            return Unavailable("down", provider="scripted", model="scripted", status=503)
        if number % 5 == 1 and "CAPITALS" in asked.messages[0].text:
            return ContextOverflow("too long", provider="scripted", model="scripted", status=400)
        return obedient(asked)

    asked, _ = client(moody)
    effort = Effort(rounds=0, batch=10)
    found = optimise(
        PROMPT, cases(25), exact, PLENTY, client=asked, instructions=[GOOD], few_shots=(), effort=effort,
        held_out=cases(50, 100),
    )  # fmt: skip
    assert (found.best.cases, found.best.failed, found.best.quality.mean) == (40, 20, 0.75)
    assert found.original.failed == 10


def failing(error: Exception) -> Callable[[Request], Exception]:
    def fail(_: Request) -> Exception:
        return error

    return fail


def test_a_failure_that_every_call_would_meet_ends_it_at_once() -> None:
    refused = AuthenticationFailed("no such key", provider="scripted", model="scripted", status=401)
    asked, model = client(failing(refused))
    with pytest.raises(AuthenticationFailed):
        optimise(PROMPT, cases(20), exact, PLENTY, client=asked)
    assert len(model.requests) <= Effort().concurrency
    down = Unavailable("down", provider="scripted", model="scripted", status=503)
    asked, _ = client(failing(down))
    with pytest.raises(InvalidInput, match="a model that answers the prompt"):
        optimise(PROMPT, cases(20), exact, PLENTY, client=asked)


def test_a_journal_pays_for_nothing_twice_and_goes_on_where_a_budget_ended(tmp_path: Path) -> None:
    file = tmp_path / "answers.jsonl"

    def run(calls: int) -> tuple[Any, int]:
        (asked, model), (proposer, writer) = client(imitating), client(writing("Say it.", "Say it so."))
        found = optimise(
            PROMPT, cases(30), exact, Budget(calls=calls), client=asked, proposer=proposer, journal=file, effort=QUICK
        )
        return found, len(model.requests) + len(writer.requests)

    part, first = run(70)
    assert (part.stopped, first <= 70) == ("budget", True)
    whole, second = run(1_000)
    assert whole.stopped != "budget"
    again, third = run(1_000)
    assert second > 0
    assert third == 0
    assert again.spent.calls == 0
    assert again.trials == whole.trials
    assert (again.best.tokens, again.best.quality) == (whole.best.tokens, whole.best.quality)


def test_it_is_awaited_inside_a_running_loop_and_tells_of_each_answer() -> None:
    asked, model = client(obedient)
    done = list[int]()
    found = asyncio.run(
        aoptimise(
            PROMPT, cases(20), exact, PLENTY, client=asked, instructions=[GOOD], few_shots=(), on_answer=done.append
        )
    )
    assert found.better
    assert done == list(range(1, len(model.requests) + 1))


def test_the_bundled_model_is_helped_by_examples_that_are_near() -> None:
    """Four intents in a few patterns: what is measured in earnest stands in tests/benchmarks."""
    patterns = {
        "music": ("play some {} music", "put on a {} song", "I want to hear {} tunes"),
        "weather": ("will it rain in {} today", "how warm is it in {}", "is there snow in {}"),
        "food": ("book a table at the {} restaurant", "reserve dinner at the {} place", "find me a {} lunch table"),
    }
    fill = ("jazz", "Paris", "Thai", "old", "Bern", "quiet", "small", "new")
    train = [
        Example(pattern.format(word), label) for label, lines in patterns.items() for pattern in lines for word in fill
    ]
    prompt = Prompt("{{text}}", name="intent")
    found = optimise(
        prompt, train, exact, Budget(calls=400), client=Client("local"), format=Choice(tuple(patterns)),
        few_shots=[FewShot(train[::3], 4, Nearest(Encoder.load())), FewShot(train[::3], 3, Balanced())],
        held_out=[Example(f"{one.input} please", one.output) for one in train[1::3]],
        effort=Effort(rounds=0, batch=8),
    )  # fmt: skip
    assert found.better
    assert found.best.name == "4 nearest"
    assert found.best.cost == 0
    assert found.spent.money == 0


CLIENT = client(obedient)[0]
BARE: dict[str, Any] = {"client": CLIENT}


def two(_answer: str, _expected: Any) -> float:
    return 2


def nothing(_answer: str, _expected: Any) -> Any:
    return None


def fails(_answer: str, _expected: Any) -> float:
    raise KeyError("label")


WRONG: list[tuple[dict[str, Any], str]] = [
    ({"train": []}, "train: [] cannot be used; accepted: at least one case"),
    ({"train": cases(6)}, "train: 6 cannot be used; accepted: at least 7 different cases"),
    ({"train": cases(3) * 4}, "train: 3 cannot be used"),
    ({"train": ["word"]}, "train[0]: 'word' cannot be used; accepted: Example("),
    ({"train": [Example({"text": "a"}, "b")]}, "train[0]: {'text': 'a'} cannot be used; accepted: word"),
    ({"prompt": Prompt("{{a}}{{b}}")}, "train[0]: 'word0' cannot be used; accepted: a mapping with the variables"),
    ({"held_out": cases(3, 90)}, "held_out: 3 cannot be used; accepted: at least 6"),
    ({"held_out": cases(8)}, "held_out: 'held_out-0' cannot be used; accepted: cases that do not stand in train"),
    ({"held_out": cases(8, 90), "pool": cases(1, 90)}, "pool: {'word': 'word90'} cannot be used"),
    ({"few_shots": ["nearest"]}, "few_shots: 'nearest' cannot be used"),
    ({"instructions": "Say it."}, "instructions: 'Say it.' cannot be used; accepted: a list of texts"),
    ({"budget": 0}, "budget: 0 cannot be used; accepted: US dollars above 0"),
    ({"budget": "-1"}, "money: '-1' cannot be used"),
    ({"budget": "much"}, "money: 'much' cannot be used"),
    ({"budget": Budget(calls=35)}, "budget: '35 calls; 40 are the least' cannot be used"),
    ({"metric": two}, "score of train-"),
    ({"metric": nothing}, "score of train-"),
    ({"metric": fails}, "it raised KeyError('label')"),
]


@pytest.mark.parametrize(("given", "said"), WRONG)
def test_wrong_input_is_one_clear_line(given: dict[str, Any], said: str) -> None:
    plain: dict[str, Any] = {"prompt": PROMPT, "train": cases(20), "metric": exact, "budget": PLENTY, **BARE}
    arguments = {**plain, **given}
    with pytest.raises(InvalidInput) as caught:
        optimise(**arguments)
    assert said in str(caught.value)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("knob", ["batch", "rounds", "patience", "finalists", "concurrency"])
def test_effort_is_checked(knob: str) -> None:
    with pytest.raises(InvalidInput, match=f"{knob}: -1"):
        Effort(**{knob: -1})
    with pytest.raises(InvalidInput, match="share"):
        Effort(share=1)
