"""What models accept: the tables hold what the code reads and nothing else, and the longest prefix wins."""

from __future__ import annotations

import datetime
import tomllib
from dataclasses import fields
from importlib.resources import files
from typing import Any, get_args, get_type_hints

import pytest

from aiapp.catalog.abilities import UNKNOWN, Abilities, abilities
from aiapp.core.request import Effort

TABLES = sorted(
    (file for file in (files("aiapp.catalog") / "abilities").iterdir() if file.name.endswith(".toml")),
    key=lambda file: file.name,
)
SECTIONS: list[Any] = [
    pytest.param(section, id=f"{file.name}-{name}")
    for file in TABLES
    for name, section in tomllib.loads(file.read_text(encoding="utf-8")).items()
]


@pytest.mark.parametrize("section", SECTIONS)
def test_a_section_has_no_unknown_key_and_says_where_it_is_from(section: dict[str, Any]) -> None:
    facts = {field.name for field in fields(Abilities)}
    assert section.keys() <= facts | {"models", "source", "as_of"}
    assert section["models"]
    assert section["source"]
    assert isinstance(section["as_of"], datetime.date)


@pytest.mark.parametrize("section", SECTIONS)
def test_every_fact_is_of_its_type(section: dict[str, Any]) -> None:
    hints = get_type_hints(Abilities)
    for name in section.keys() & hints.keys():
        if name == "efforts":
            assert set(section[name]) <= set(get_args(Effort))
        else:
            assert type(section[name]) in get_args(hints[name]), name


def test_no_prefix_stands_in_two_sections() -> None:
    for file in TABLES:
        names = [
            name for section in tomllib.loads(file.read_text(encoding="utf-8")).values() for name in section["models"]
        ]
        assert sorted(names) == sorted(set(names))


def test_the_longest_prefix_wins() -> None:
    assert abilities("anthropic", "claude-opus-5-20260601").forced_tools is True
    assert abilities("anthropic", "claude-opus-5-5-20261001").forced_tools is False
    assert abilities("anthropic", "claude-fable-5").forced_tools is True
    assert abilities("anthropic", "claude-fable-5-1").forced_tools is False


def test_what_nobody_wrote_down_is_unknown() -> None:
    assert abilities("anthropic", "claude-test") == UNKNOWN
    assert abilities("nobody", "anything") == UNKNOWN


@pytest.mark.parametrize(
    ("model", "tokens", "context", "prefill"),
    [
        ("claude-haiku-4-5-20251001", 64_000, 200_000, True),
        ("claude-opus-4-5", 64_000, 200_000, True),
        ("claude-sonnet-4-6", 128_000, 1_000_000, False),
        ("claude-opus-4-8", 128_000, 1_000_000, False),
        ("claude-haiku-5-5", 128_000, 1_000_000, False),
        ("claude-mythos-5-1", 128_000, 1_000_000, False),
    ],
)
def test_anthropics_models_in_service(model: str, tokens: int, context: int, prefill: bool) -> None:
    known = abilities("anthropic", model)
    assert (known.output_tokens, known.context, known.prefill) == (tokens, context, prefill)
    assert known.sampling is False
    assert known.json_schema is True
    assert known.images is True


@pytest.mark.parametrize(
    ("model", "word", "highest"),
    [
        ("claude-haiku-4-5", "disabled", None),
        ("claude-opus-4-5", "disabled", "high"),
        ("claude-opus-4-6", "disabled", "max"),
        ("claude-opus-5", "disabled", "max"),
        ("claude-sonnet-5-5", "between_tools", "max"),
        ("claude-opus-5-5", None, "max"),
        ("claude-fable-5", None, "max"),
    ],
)
def test_how_anthropics_models_think_less(model: str, word: str | None, highest: str | None) -> None:
    known = abilities("anthropic", model)
    assert known.efforts is not None
    assert known.without_thinking == word
    assert ("none" in known.efforts) == (word is not None)
    assert [effort for effort in known.efforts if effort != "none"][-1:] == ([highest] if highest else [])
