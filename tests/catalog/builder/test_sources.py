"""Where the sizes of open models come from: how many were read, and which were written down from memory alone."""

from __future__ import annotations

from aiapp.catalog.catalogue import catalogue

RECALLED = ("codestral-mamba-7b", "command-a-03-2025", "glm-4-32b-0414", "qwen3-coder-30b-a3b")
"""Sizes that no page was found for; a new one needs a source, or a place here."""


def test_what_is_recalled_is_counted() -> None:
    sized = {name: one.source for name, one in catalogue().models.items() if one.open and one.architecture is not None}
    recalled = tuple(name for name, source in sized.items() if "recalled" in source)
    print(f"{len(sized)} open models with sizes, {len(recalled)} of them recalled: {', '.join(recalled)}")
    assert recalled == RECALLED
    assert len(sized) > 120


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
