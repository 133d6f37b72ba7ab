"""Where sizes and licences of open models come from: how many were read, and which were written down from memory."""

from __future__ import annotations

from datetime import date

from aiapp.catalog.builder.naming import read_scores
from aiapp.catalog.builder.sources import table
from aiapp.catalog.catalogue import catalogue

TODAY = date(2026, 11, 21)
RECALLED = ("codestral-mamba-7b", "command-a-03-2025", "glm-4-32b-0414", "qwen3-coder-30b-a3b")
"""Sizes that no page was found for; a new one needs a source, or a place here."""
IN_THE_PACKAGE = ("aiapp-local",)
"""Its weights are files of aiapp, in no repository of models."""


def test_what_is_recalled_is_counted() -> None:
    sized = {name: one.source for name, one in catalogue().models.items() if one.open and one.architecture is not None}
    recalled = tuple(name for name, source in sized.items() if "recalled" in source)
    print(f"{len(sized)} open models with sizes, {len(recalled)} of them recalled: {', '.join(recalled)}")
    assert recalled == RECALLED
    assert len(sized) > 120


def test_every_open_model_has_a_licence_and_says_where_its_weights_are() -> None:
    open_ones = {name: one for name, one in catalogue().models.items() if one.open}
    bare = tuple(name for name, one in open_ones.items() if one.licence is None)
    read = [name for name, one in open_ones.items() if "licence: " in one.source]
    print(f"{len(open_ones)} open models, {len(bare)} without a licence, {len(read)} with the place where it was read")
    assert bare == ()
    assert len(read) >= 66
    assert tuple(name for name, one in open_ones.items() if one.weights is None) == IN_THE_PACKAGE


def test_a_source_of_sizes_is_a_place_to_look() -> None:
    for name, one in catalogue().models.items():
        if one.open and one.architecture is not None and "recalled" not in one.source:
            assert "/" in one.source or one.source.startswith("litellm"), name


def test_sizes_are_possible() -> None:
    for name, one in catalogue().models.items():
        built = one.architecture
        if built is not None:
            assert 0 < built.active <= built.parameters, name
            assert (built.window is None) == (built.window_numbers is None), name


def test_every_score_is_of_a_model_that_is_there() -> None:
    models = catalogue().models
    for name, score in read_scores(table("scores")):
        assert score in models[name].benchmarks, name
        assert 0 < score.score <= 100, name


def test_no_model_has_two_scores_of_one_benchmark() -> None:
    for name, model in catalogue().models.items():
        names = [one.name for one in model.benchmarks]
        assert len(names) == len(set(names)), name


def test_how_many_new_closed_models_have_a_score() -> None:
    known = catalogue()
    asked = [one for one in known.offers.values() if one.model and not one.model.open and one.alive(TODAY)]
    models = {one.model.id: one.model for one in asked if one.model and one.outputs == ("text",) and one.prices}
    scored = sorted(name for name, one in models.items() if one.benchmarks)
    print(f"{len(scored)} of {len(models)} closed models in service have a score")
    assert len(scored) > 50
