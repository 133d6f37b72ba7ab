"""Public sets in miniature, in their own formats."""

from __future__ import annotations

import gzip
import json
from pathlib import Path
from typing import Any

import pytest

from aiapp.core.errors import InvalidInput
from aiapp.transformer.evaluate.public import f1, public_scores
from aiapp.transformer.model import Transformer
from aiapp.transformer.tasks.examples import held_out

TOOL = {
    "name": "geometry.area",
    "description": "Compute an area.",
    "parameters": {
        "type": "dict",
        "properties": {"unit": {"type": "string", "enum": ["cm"]}, "exact": {"type": "boolean"}},
        "required": ["unit"],
    },
}


def write_bfcl(folder: Path, accepted: dict[str, list[Any]], tool: dict[str, Any]) -> None:
    (folder / "possible_answer").mkdir(parents=True)
    row = {"id": "0", "question": [[{"role": "user", "content": "What is the area in cm?"}]], "function": [tool]}
    answer = {"id": "0", "ground_truth": [{"geometry.area": accepted}]}
    for name in ("simple_python", "multiple", "irrelevance"):
        (folder / f"BFCL_v4_{name}.json").write_text(json.dumps(row) + "\n")
        (folder / "possible_answer" / f"BFCL_v4_{name}.json").write_text(json.dumps(answer) + "\n")


def whole_call(model: Transformer, folder: Path) -> float:
    return {score.name: score.value for score in public_scores(model, folder)}["BFCL simple: whole call (AST)"]


@pytest.mark.parametrize(
    ("accepted", "right"),
    [
        ({"unit": ["c.m.", "CM"], "exact": ["", True, False]}, 1.0),  # spelling does not count, nor what is optional
        ({"unit": ["m"], "exact": ["", True, False]}, 0.0),  # another value
        ({"unit": ["cm"], "exact": ["", True, False], "places": [2]}, 0.0),  # one is missing
        ({"exact": ["", True, False]}, 0.0),  # one is too many
    ],
)
def test_a_call_is_compared_as_the_leaderboard_does(
    model: Transformer, tmp_path: Path, accepted: dict[str, list[Any]], right: float
) -> None:
    write_bfcl(tmp_path / "bfcl_v4", accepted, TOOL)
    assert whole_call(model, tmp_path) == right


@pytest.mark.parametrize(
    ("given", "right"),
    [
        ({"size": {"a": 1, "b": 2}}, 1.0),
        ({"size": {"a": 1}}, 0.0),  # a part of the object is missing
        ({"size": {"a": 1, "b": 3}}, 0.0),
    ],
)
def test_objects_are_compared_part_by_part(
    model: Transformer, tmp_path: Path, given: dict[str, Any], right: float
) -> None:
    parameters = {"type": "dict", "properties": {"size": {"enum": [given["size"]]}}, "required": ["size"]}
    accepted = {"size": [{"a": [1], "b": [2]}]}
    write_bfcl(tmp_path / "bfcl_v4", accepted, {**TOOL, "parameters": parameters})
    assert whole_call(model, tmp_path) == right


def test_words_in_common_are_counted_without_case_articles_and_punctuation() -> None:
    assert f1("The cat sat.", "cat sat") == 1
    assert f1("a black cat", "the white cat") == 0.5
    assert f1("dog", "cat") == 0
    assert f1("", "") == 1


def test_questions_of_held_out_paragraphs_are_asked(model: Transformer, tmp_path: Path) -> None:
    (tmp_path / "squadshifts").mkdir()
    texts = [f"The number of the day is {number}." for number in range(40)]
    paragraphs = [{"context": text, "qas": [{"question": "Which?", "answers": [{"text": "7"}]}]} for text in texts]
    for name in ("amazon_reviews_v1.0.json.gz", "reddit_v1.0.json.gz"):
        with gzip.open(tmp_path / "squadshifts" / name, "wt") as file:
            json.dump({"data": [{"paragraphs": paragraphs}]}, file)
    (score,) = public_scores(model, tmp_path)
    assert score.count == 2 * sum(map(held_out, texts)) > 0


def test_a_missing_folder_is_one_clear_error(model: Transformer, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="bfcl_v4"):
        list(public_scores(model, tmp_path / "none"))
