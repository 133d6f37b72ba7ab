from __future__ import annotations

import ast
import json
import re
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.transformer.bounds import bounded
from aiapp.transformer.generation import collect
from aiapp.transformer.grammar import Grammar
from aiapp.transformer.model import Transformer
from aiapp.transformer.sampling import Sampling

PERSON: dict[str, Any] = {
    "type": "object",
    "properties": {
        "name": {"type": "string", "maxLength": 12},
        "age": {"type": "integer", "minimum": 0, "maximum": 150},
        "score": {"type": "number"},
        "kind": {"enum": ["a", "b"]},
        "ok": {"type": "boolean"},
    },
    "required": ["name", "age", "score", "kind", "ok"],
}


def write(model: Transformer, grammar: Grammar, seed: int, max_tokens: int | None = None) -> tuple[str, str]:
    hot = Sampling(temperature=5.0, seed=seed)
    completion = collect(model.generate([1, 5], hot, grammar=grammar, max_tokens=max_tokens))
    return completion.text, completion.finish


@settings(deadline=None, max_examples=25)
@given(seed=st.integers(0, 10_000))
def test_a_random_model_writes_valid_json(model: Transformer, seed: int) -> None:
    text, finish = write(model, Grammar.json_schema(PERSON), seed)
    assert finish == "stop"
    person = json.loads(text)
    assert person.keys() == PERSON["properties"].keys()
    assert 0 <= person["age"] <= 150
    assert person["kind"] in ("a", "b")


SCHEMAS: list[dict[str, Any]] = [
    {},
    {"type": "number"},
    {"type": "number", "minimum": 0.001},
    {"type": "number", "minimum": 1e-9, "maximum": 2e-9},
    {"type": "integer", "exclusiveMaximum": -5_000_000_000},
    {"type": ["integer", "null"]},
    {"type": "string", "minLength": 3, "maxLength": 9},
    {"type": "string", "pattern": "^[a-z]+$", "maxLength": 30},
    {"type": "array", "items": {"type": "boolean"}},
    {"type": "array", "items": {"$ref": "#/$defs/x"}, "$defs": {"x": {"type": "integer"}}},
    {"type": "object", "additionalProperties": {"type": "boolean"}},
    {"properties": {"a": {"anyOf": [{"type": "integer"}, {"type": "null"}]}}, "required": ["a"]},
    {"type": "array", "prefixItems": [{"type": "boolean"}, {"type": "null"}], "minItems": 2, "items": False},
]


@pytest.mark.parametrize("schema", SCHEMAS, ids=json.dumps)
def test_an_open_schema_is_bounded_so_that_it_is_finished(model: Transformer, schema: dict[str, Any]) -> None:
    text, finish = write(model, Grammar.json_schema(schema), seed=1)
    assert finish == "stop"
    json.loads(text)


def test_bounds_add_only_what_is_missing() -> None:
    closed = {"type": "string", "maxLength": 5}
    assert bounded(closed) == closed
    assert bounded({"type": "array", "items": closed, "minItems": 40})["maxItems"] == 40
    assert bounded({"type": "integer", "minimum": 5})["minimum"] == 5
    assert bounded({"type": "integer", "minimum": 0})["minimum"] == 0
    assert bounded({"properties": {"a": closed}}) == {
        "type": ["object"],
        "properties": {"a": closed},
        "additionalProperties": False,
    }
    assert bounded({"$ref": "#/x"}) == {"$ref": "#/x"}


@settings(deadline=None, max_examples=30)
@given(options=st.lists(st.text(max_size=8), min_size=1, max_size=4), seed=st.integers(0, 99))
def test_a_choice_is_one_of_the_options(model: Transformer, options: list[str], seed: int) -> None:
    text, finish = write(model, Grammar.choice(options), seed)
    assert finish == "stop"
    assert text in options


pieces = st.sampled_from(["a", "é", "[0-9]", "[^b]", r"\.", "(?:x|yy)", "日", r"\d{2}", r"[\d_]", "/", "\n"])
patterns = st.recursive(
    pieces,
    lambda inner: (
        st.lists(inner, min_size=2, max_size=3).map("".join)
        | st.lists(inner, min_size=2, max_size=3).map(lambda parts: f"(?:{'|'.join(parts)})")
        | st.tuples(inner, st.sampled_from(["?", "{1,3}", "{2}", "{0,2}"])).map(lambda pair: f"(?:{pair[0]}){pair[1]}")
    ),
    max_leaves=6,
)


@settings(max_examples=100)
@given(pattern=patterns, seed=st.integers(0, 99))
def test_a_random_model_writes_what_the_whole_pattern_matches(model: Transformer, pattern: str, seed: int) -> None:
    text, finish = write(model, Grammar.regex(pattern), seed)
    assert finish == "stop"
    assert re.fullmatch(pattern, text)


SUMS = """
start: sum
sum: NUMBER | "(" sum (" + " | " * ") sum ")"
NUMBER: /[1-9][0-9]?/
"""


@settings(max_examples=60)
@given(seed=st.integers(0, 10_000))
def test_a_random_model_writes_what_a_grammar_that_nests_allows(model: Transformer, seed: int) -> None:
    text, finish = write(model, Grammar.lark(SUMS), seed, max_tokens=200)
    assert re.fullmatch(r"[0-9()+* ]+", text)
    if finish == "stop":
        tree = ast.parse(text, mode="eval").body
        assert isinstance(tree, ast.BinOp | ast.Constant)
        assert text.count("(") == text.count(")") == sum(isinstance(node, ast.BinOp) for node in ast.walk(tree))


words = st.text(st.sampled_from('ab1 ."é\n\\日'), min_size=1, max_size=30).filter(lambda text: text.strip() != "")


@settings(max_examples=100)
@given(texts=st.lists(words, min_size=1, max_size=3), seed=st.integers(0, 99))
def test_a_quotation_is_a_span_of_a_text(model: Transformer, texts: list[str], seed: int) -> None:
    text, finish = write(model, Grammar.quotation(texts), seed)
    assert finish == "stop"
    assert any(text in whole for whole in texts)


def test_a_limit_in_the_middle_says_length(model: Transformer) -> None:
    text, finish = write(model, Grammar.json_schema(PERSON), 0, max_tokens=4)
    assert finish == "length"
    assert text.startswith("{")


def test_forced_tokens_are_certain(model: Transformer) -> None:
    steps = list(model.generate([1, 5], grammar=Grammar.choice(["Parental leave"])))
    assert "".join(step.text for step in steps) == "Parental leave"
    assert {step.logprob for step in steps} == {0.0}
    assert steps[-1].finish == "stop"


@pytest.mark.parametrize(
    "make",
    [
        lambda: Grammar.regex("("),
        lambda: Grammar.lark("start: nowhere"),
        lambda: Grammar.choice([]),
        lambda: Grammar.quotation([]),
        lambda: Grammar.quotation(["a", " "]),
        lambda: Grammar.json_schema({"type": "objekt"}),
        lambda: Grammar.json_schema({"type": "integer", "minimum": 5, "maximum": 1}),
    ],
    ids=["regex", "lark", "options", "no texts", "blank text", "schema", "empty range"],
)
def test_a_grammar_that_cannot_be_followed_is_refused_at_once(make: Any) -> None:
    with pytest.raises(InvalidInput):
        make()
