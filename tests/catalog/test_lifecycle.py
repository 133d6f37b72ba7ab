"""When models leave: those of the catalogue, those long gone, and what is served in their place."""

from __future__ import annotations

import tomllib
from datetime import date, timedelta
from pathlib import Path

import aiapp.catalog
from aiapp.catalog.catalogue import catalogue
from aiapp.catalog.lifecycle import known_names, lifecycle

TODAY = date(2026, 11, 21)
TABLE = tomllib.loads((Path(aiapp.catalog.__file__).parent / "departures.toml").read_text(encoding="utf-8"))


def test_a_model_of_the_catalogue() -> None:
    life = lifecycle("openai-chat:gpt-4o", TODAY)
    assert life is not None
    assert (life.id, life.retires) == ("openai:gpt-4o", date(2027, 1, 14))
    assert life.retired(date(2027, 1, 14))
    assert not life.retired(date(2027, 1, 13))


def test_a_model_long_gone_and_the_first_that_is_served_after_it() -> None:
    life = lifecycle("litellm:anthropic/claude-3-opus-20240229", TODAY)
    assert life is not None
    assert (life.retires, life.alive_successor) == (date(2026, 1, 5), "anthropic:claude-opus-4-8")
    vision = lifecycle("openai:gpt-4-vision-preview", TODAY)
    assert vision is not None
    assert (vision.successor, vision.alive_successor) == ("openai:gpt-4o", "openai:gpt-4o")
    later = lifecycle("openai:gpt-4-vision-preview", date(2027, 1, 14))
    assert later is not None
    assert later.alive_successor != "openai:gpt-4o"


def test_what_nobody_knows() -> None:
    assert lifecycle("openai:gpt-7-nova", TODAY) is None
    assert lifecycle("resnet50", TODAY) is None


def test_the_table_of_departures_is_sourced_and_names_no_model_that_the_catalogue_has() -> None:
    for row in TABLE.values():
        assert row["source"].startswith("https://")
        assert row["retired"] <= row["as_of"] <= TODAY + timedelta(days=0)
        for name in row["models"]:
            assert name not in catalogue().offers
            assert name in known_names()
        if "successor" in row:
            assert lifecycle(row["successor"], TODAY) is not None
