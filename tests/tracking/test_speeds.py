"""Speeds from recorded calls, and a choice that rests on them. Times are worked by hand."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiapp import Ledger, Needs, choose
from aiapp.catalog.catalogue import catalogue
from aiapp.tracking.entry import entry_of
from aiapp.tracking.speeds import speeds
from tests.tracking.spans import call

SOL, LUNA = "openai:gpt-6-sol", "openai:gpt-6-luna"


def recorded(folder: Path) -> Ledger:
    """Three streamed calls of one model, done 0.5 s after the first token; one of another that was not streamed."""
    ledger = Ledger(folder / "usage.db")
    for first in (0.25, 0.5, 0.75):
        ledger.ended(call("0.1", model=SOL, first_token=first, seconds=first + 0.5))
    ledger.ended(call("0.1", model=f"{LUNA}-2026-09-22", seconds=1.0))
    ledger.ended(call("0", model=LUNA, first_token=0.001, seconds=0.001, cached=True))
    ledger.ended(call("0", model=LUNA, first_token=9.0, seconds=9.0, error="Unavailable"))
    ledger.flush()
    return ledger


def test_each_offer_has_the_speed_of_its_own_calls(tmp_path: Path) -> None:
    found = speeds(recorded(tmp_path))
    assert found.keys() == {SOL, LUNA}  # the snapshot is the offer that it is one of
    sol, luna = found[SOL], found[LUNA]
    assert sol.first_token == 0.5
    assert sol.first_token_p95 == pytest.approx(0.725)
    assert sol.tokens_per_second == pytest.approx(3 * 20 / 1.5)
    assert sol.source == "measured on 3 calls of yours; whole answers 1.00 s (p95 1.23 s)"
    assert luna.first_token is None
    assert luna.tokens_per_second == pytest.approx(20.0)
    assert luna.source == "measured on 1 call of yours, none of them streamed; whole answers 1.00 s (p95 1.00 s)"


def test_a_choice_meets_a_latency_by_what_was_measured_and_knows_nothing_of_the_others(tmp_path: Path) -> None:
    ledger = recorded(tmp_path)
    ranking = choose(Needs(latency="interactive", vendors=("openai",)), measured=speeds(ledger))
    by = {one.offer.id: one for one in ranking.candidates}
    first, speed = (check for check in by[SOL].checks if check.need.startswith("latency"))
    assert (first.verdict, first.found) == ("met", "0.5 s (p95 0.725 s)")
    assert (speed.verdict, speed.found) == ("met", "40 tokens/s")
    assert first.source.startswith("measured on 3 calls of yours")
    unmeasured, slow = (check for check in by[LUNA].checks if check.need.startswith("latency"))
    assert (unmeasured.verdict, slow.verdict) == ("unknown", "missed")
    assert ranking.fitting == (by[SOL],)
    others = [one for one in ranking.candidates if one.offer.id not in (SOL, LUNA)]
    assert all("latency: first token" in [check.need for check in one.unknown] for one in others)


def test_a_model_that_no_catalogue_knows_goes_by_its_name() -> None:
    found = speeds([entry_of(call("0", model="mine:fast", first_token=0.1, seconds=0.2))], catalogue())
    assert found.keys() == {"mine:fast"}
    assert not speeds([])
