"""Builders: what each promises of its choice, whatever the examples are."""

from __future__ import annotations

import asyncio
import math
import pickle
import sqlite3
import time
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp import Client, Example, FewShot
from aiapp.core.errors import InvalidInput
from aiapp.core.words import words
from aiapp.prompts.fewshot import BM25, Balanced, Builder, Diverse, Fixed, Nearest, Random
from aiapp.transformer import Encoder

TEXTS = st.text(alphabet="abc d", max_size=12)
POOLS = st.lists(st.builds(Example, TEXTS, st.sampled_from(["yes", "no", "perhaps"])), max_size=14)
SEEDS = st.integers(0, 5)


def letters(texts: Sequence[str]) -> list[list[float]]:
    """An embedder that counts letters, so that near and equal vectors are many."""
    return [[float(text.count(letter)) for letter in "abcd"] for text in texts]


BUILDERS: list[Builder] = [
    Fixed(), Random(), Balanced(), Nearest(letters), Diverse(letters), Diverse(letters, 0.0), BM25()
]  # fmt: skip


@pytest.mark.parametrize("builder", BUILDERS, ids=lambda builder: type(builder).__name__)
@given(pool=POOLS, query=TEXTS, k=st.integers(0, 16))
def test_every_builder_chooses_k_different_examples_or_all_there_are(
    builder: Builder, pool: list[Example[str, str]], query: str, k: int
) -> None:
    few_shot = FewShot(pool, k, builder)
    shots = few_shot.select(query).shots
    assert len(shots) == min(k, len(pool))
    assert len({shot.pick.place for shot in shots}) == len(shots)
    assert few_shot.turns(query) == FewShot(pool, k, builder).turns(query)
    if k == 0:
        assert few_shot.turns(query) == ()
        assert few_shot.block(query) == ""


@pytest.mark.parametrize("builder", BUILDERS, ids=lambda builder: type(builder).__name__)
@given(pool=POOLS, query=TEXTS, k=st.integers(0, 16), budget=st.integers(0, 200), common=st.integers(0, 3))
def test_a_budget_is_never_exceeded_in_either_form(
    builder: Builder, pool: list[Example[str, str]], query: str, k: int, budget: int, common: int
) -> None:
    few_shot = FewShot(pool, k, builder, budget=budget, count=len, common=common if builder.compares else 0)
    selection = few_shot.select(query)
    assert selection.tokens <= budget
    assert len(selection.block) <= budget
    assert sum(len(turn.text) + 4 for turn in selection.turns) <= budget


@pytest.mark.parametrize("builder", BUILDERS, ids=lambda builder: type(builder).__name__)
@given(pool=POOLS, query=TEXTS, k=st.integers(0, 16), common=st.integers(0, 4))
def test_the_query_itself_is_never_shown_if_so_asked(
    builder: Builder, pool: list[Example[str, str]], query: str, k: int, common: int
) -> None:
    few_shot = FewShot(
        [*pool, Example(query, "yes"), Example(f" {query.upper()} ", "no")],
        k,
        builder,
        leave_out_query=True,
        common=common if builder.compares else 0,
    )
    shown = few_shot.select(query).examples
    same = " ".join(query.casefold().split())
    assert all(" ".join(example.input.casefold().split()) != same for example in shown)
    others = sum(" ".join(example.input.casefold().split()) != same for example in pool)
    assert len(shown) == min(k, others), "what is left out makes way for another"


@given(pool=POOLS, seed=SEEDS, k=st.integers(0, 16), budget=st.none() | st.integers(0, 300))
def test_balanced_is_balanced_within_one_as_long_as_there_are_examples_that_fit(
    pool: list[Example[str, str]], seed: int, k: int, budget: int | None
) -> None:
    selection = FewShot(pool, k, Balanced(seed), budget=budget, count=len).select()
    counts = Counter(example.group for example in selection.examples)
    there = Counter(example.group for place, example in enumerate(pool) if place not in selection.too_long)
    for label in there:
        for other in there:
            assert counts[other] - counts[label] <= 1 or counts[label] == there[label]


def test_balanced_over_many_labels_shows_each_once() -> None:
    pool = [Example(f"{number}", f"label {number % 20}") for number in range(100)]
    for seed in range(5):
        assert len({example.group for example in FewShot(pool, 10, Balanced(seed)).select().examples}) == 10
    one, other = (FewShot(pool, 10, Balanced(seed)).select().examples for seed in (1, 2))
    assert {example.group for example in one} != {example.group for example in other}


def test_seeds_decide() -> None:
    pool = [Example(str(number), "x") for number in range(50)]
    assert FewShot(pool, 5, Random(1)).block() == FewShot(pool, 5, Random(1)).block()
    assert FewShot(pool, 5, Random(1)).block() != FewShot(pool, 5, Random(2)).block()


@given(pool=POOLS, query=TEXTS, k=st.integers(0, 16))
def test_diverse_with_relevance_alone_is_nearest(pool: list[Example[str, str]], query: str, k: int) -> None:
    nearest, diverse = (
        FewShot(pool, k, builder, order="as_chosen").select(query).shots
        for builder in (Nearest(letters), Diverse(letters, 1.0))
    )
    assert nearest == diverse


@given(pool=POOLS.filter(bool), query=TEXTS, k=st.integers(1, 8), relevance=st.sampled_from([0.0, 0.3, 0.7]))
def test_diverse_takes_the_best_of_the_definition_each_time(
    pool: list[Example[str, str]], query: str, k: int, relevance: float
) -> None:
    shots = FewShot(pool, k, Diverse(letters, relevance), order="as_chosen").select(query).shots
    taken: list[int] = []
    for shot in shots:
        worth = {
            place: relevance * cosine(query, pool[place].input)
            - (1 - relevance) * max((cosine(pool[place].input, pool[other].input) for other in taken), default=0.0)
            for place in range(len(pool))
            if place not in taken
        }
        assert worth[shot.pick.place] >= max(worth.values()) - 1e-5
        taken.append(shot.pick.place)


def cosine(one: str, other: str) -> float:
    (a, b) = letters([one, other])
    lengths = math.hypot(*a) * math.hypot(*b)
    return sum(x * y for x, y in zip(a, b, strict=True)) / lengths if lengths else 0.0


def test_nearest_takes_a_client_an_encoder_or_a_function() -> None:
    pool = [Example("The soup was cold.", "food"), Example("The bill was wrong.", "money")]
    client = Client("local")
    for builder in (Nearest(client), Nearest(Encoder.load()), Nearest(client.embed)):
        few_shot = FewShot(pool, 1, builder)
        assert few_shot.select("I was charged too much on my bill").examples == (pool[1],)


@pytest.mark.parametrize("vectors", [[[1.0]], [[1.0], [float("nan")]], [[1.0], [1.0, 2.0]], "no vectors", None])
def test_an_embedder_that_gives_no_vectors_is_named(vectors: object) -> None:
    with pytest.raises(InvalidInput, match=r"embed: .*2 vectors"):
        FewShot([Example("a", "b"), Example("c", "d")], 1, Nearest(lambda texts: vectors)).turns("x")


def test_examples_are_embedded_once_for_all_queries_and_every_k() -> None:
    asked: list[int] = []

    def counted(texts: Sequence[str]) -> list[list[float]]:
        asked.append(len(texts))
        return letters(texts)

    few_shot = FewShot([Example("a", "x"), Example("b", "y"), Example("c", "z")], 2, Nearest(counted))
    few_shot.turns("a")
    replace(few_shot, k=1).turns("b")
    assert asked == [3, 1, 1]


def test_examples_are_embedded_once_for_queries_that_come_at_once() -> None:
    asked: list[int] = []

    def slow(texts: Sequence[str]) -> list[list[float]]:
        asked.append(len(texts))
        time.sleep(0.01)
        return letters(texts)

    async def many() -> None:
        few_shot = FewShot([Example("a", "x"), Example("b", "y")], 1, Nearest(slow))
        await asyncio.gather(*(few_shot.aselect("a") for _ in range(5)))

    asyncio.run(many())
    assert asked.count(2) == 1


def test_a_few_shot_can_be_sent_to_another_process() -> None:
    few_shot = FewShot([Example("a b", "x"), Example("c d", "y")], 1, BM25())
    assert few_shot.turns("c") == pickle.loads(pickle.dumps(few_shot)).turns("c")
    assert repr(few_shot) == "FewShot(1 of 2 examples, BM25(1.2, 0.75))"


@given(texts=st.lists(st.text(alphabet="ab c", max_size=20), min_size=1, max_size=8), query=st.text("abc ", max_size=9))
def test_bm25_is_what_its_formula_says(texts: list[str], query: str) -> None:
    pool = tuple(Example(text, "") for text in texts)
    rows = [words(text) for text in texts]
    mean = sum(map(len, rows)) / len(rows) or 1.0

    def weight(word: str, row: list[str]) -> float:
        found = sum(word in other for other in rows)
        idf = math.log(1 + (len(rows) - found + 0.5) / (found + 0.5))
        often = row.count(word)
        return idf * often * 2.2 / (often + 1.2 * (0.25 + 0.75 * len(row) / mean))

    expected = [sum(weight(word, row) for word in words(query)) for row in rows]
    assert BM25().scores(pool, query) == pytest.approx(expected)


def test_bm25_ranks_as_sqlite_does_where_words_are_rare() -> None:
    """SQLite weighs a word by ln((N - n + 0.5) / (n + 0.5)), which is nearly the same where few texts have it."""
    texts = [
        "my card was stolen in the train", "the new card never came", "how long does a transfer take",
        "transfer to a friend failed twice today", "exchange rate for euros", "top up by bank transfer is late",
        "cash machine kept my card", "what is the fee for a transfer abroad", "close my account", "change my address",
    ]  # fmt: skip
    table = sqlite3.connect(":memory:")
    table.execute("CREATE VIRTUAL TABLE pool USING fts5(text)")
    table.executemany("INSERT INTO pool (rowid, text) VALUES (?, ?)", enumerate(texts))
    rows = table.execute("SELECT rowid FROM pool WHERE text MATCH 'card OR stolen OR train' ORDER BY bm25(pool)")
    expected = [place for (place,) in rows]
    table.close()
    few_shot = FewShot([Example(text, "") for text in texts], len(expected), BM25(), order="nearest_first")
    assert [shot.pick.place for shot in few_shot.select("card stolen train").shots] == expected


@pytest.mark.parametrize("wrong", [lambda: BM25(k1=-1), lambda: BM25(b=2), lambda: Diverse(letters, 1.5)])
def test_a_builder_refuses_numbers_without_a_meaning(wrong: object) -> None:
    assert callable(wrong)
    with pytest.raises(InvalidInput, match="a number"):
        wrong()
