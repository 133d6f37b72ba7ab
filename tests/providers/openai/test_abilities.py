"""The tables of what OpenAI's models and its language's vendors accept."""

from __future__ import annotations

import tomllib
from dataclasses import fields
from importlib.resources import files
from typing import get_args

import pytest

from aiapp.catalog.abilities import UNKNOWN, Abilities, abilities
from aiapp.core.messages import user
from aiapp.core.request import Effort, Request, Settings
from aiapp.providers.registry import open_provider

KEYS = {field.name for field in fields(Abilities)} | {"models", "source", "as_of"}


@pytest.mark.parametrize("name", ["openai", "groq", "deepseek", "mistral"])
def test_each_section_has_its_source_and_no_unknown_key(name: str) -> None:
    text = (files("aiapp.catalog") / "abilities" / f"{name}.toml").read_text(encoding="utf-8")
    models: list[str] = []
    for section in tomllib.loads(text).values():
        assert section["source"]
        assert section["as_of"]
        assert set(section) <= KEYS
        assert set(section.get("efforts", ())) <= set(get_args(Effort))
        models += section["models"]
    assert len(models) == len(set(models))


@pytest.mark.parametrize(
    ("model", "efforts", "marks"),
    [
        ("gpt-6-astra", False, True),
        ("gpt-6-sol", True, True),
        ("gpt-6.1-terra", True, True),
        ("gpt-5.6-luna", True, True),
        ("gpt-5.5-2026-04-23", True, False),
        ("gpt-5.4-mini", True, False),
    ],
)
def test_models_in_service(model: str, efforts: bool, marks: bool) -> None:
    known = abilities("openai", model)
    assert known.efforts is not None
    assert ("none" in known.efforts, known.cache_marks) == (efforts, marks)
    assert known.output_tokens == 128_000


@pytest.mark.parametrize("model", ["gpt-7", "gpt-5.7", "gpt-6.2-x", "gpt-5-search-api", "my-deployment"])
def test_of_other_models_nothing_is_known(model: str) -> None:
    assert abilities("openai", model) == UNKNOWN


@pytest.mark.parametrize(
    ("model", "taken"), [("o3", False), ("o3-mini", True), ("o4-mini-2025-04-16", False), ("gpt-4.1", True)]
)
def test_texts_that_end_an_answer_are_sent_where_the_model_takes_them(model: str, taken: bool) -> None:
    chat = open_provider(f"openai-chat:{model}", api_key="k")
    made = chat.prepare(Request((user("hi"),), settings=Settings(stop=("x",))))
    assert ("stop" in made.payload) == taken
    assert [(change.field, change.lost) for change in made.changes] == ([] if taken else [("stop", True)])
