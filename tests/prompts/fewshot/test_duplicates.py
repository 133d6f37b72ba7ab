"""Duplicates: no pair is missed, and none is made up."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from aiapp.prompts.fewshot.duplicates import NEAR, duplicates, overlap, shingles

TEXTS = st.lists(st.text(alphabet="ab", min_size=0, max_size=40), max_size=25)
"""Of two letters, so that many are nearly the same."""


def similarity(one: str, other: str) -> float:
    a, b = shingles(one.strip()), shingles(other.strip())
    return len(a & b) / len(a | b)


@given(TEXTS)
def test_exactly_the_pairs_that_are_similar_enough_are_found(texts: list[str]) -> None:
    first = {text: place for place, text in reversed(list(enumerate(texts)))}
    expected = {
        (first[one], first[other])
        for one in first
        for other in first
        if first[one] < first[other] and similarity(one, other) >= NEAR
    } | {(first[text], place) for place, text in enumerate(texts) if first[text] != place}
    found = duplicates(texts)
    assert {(pair.one, pair.other) for pair in found} == expected
    assert len(found) == len(expected)
    assert all(pair.exact == (texts[pair.one] == texts[pair.other]) for pair in found)


@given(TEXTS, TEXTS)
def test_between_two_sets_only_pairs_of_both_are_found(texts: list[str], others: list[str]) -> None:
    ours = {text: place for place, text in reversed(list(enumerate(texts)))}
    theirs = {text: place for place, text in reversed(list(enumerate(others)))}
    expected = {(ours[one], theirs[other]) for one in ours for other in theirs if similarity(one, other) >= NEAR}
    assert {(pair.one, pair.other) for pair in overlap(texts, others)} == expected


def test_what_makes_a_near_duplicate() -> None:
    texts = [
        "How long does an international bank transfer take to arrive?",
        "how long  does an INTERNATIONAL bank transfer take to arrive?",
        "How long does an international bank transfer take to arrive now?",
        "How long does a card payment take to arrive?",
    ]
    found = duplicates(texts)
    assert [(pair.one, pair.other, pair.exact) for pair in found] == [(0, 1, True), (0, 2, False)]
    assert NEAR <= found[1].similarity < 1
