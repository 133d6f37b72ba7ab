"""The models: open ones with their weights, and nothing that nobody wrote down."""

from __future__ import annotations

from datetime import date

from aiapp.catalog.abilities import UNKNOWN, abilities
from aiapp.catalog.catalogue import catalogue

TODAY = date(2026, 11, 21)


def test_there_are_open_ones_with_licence_and_weights() -> None:
    open_ones = [model for model in catalogue().models.values() if model.open]
    assert len([model for model in open_ones if model.weights]) >= 60
    assert len([model for model in open_ones if model.weights and model.licence]) >= 60
    assert len([model for model in open_ones if model.architecture and model.architecture.layers]) >= 60


def test_every_figure_has_a_source_and_a_day_that_was() -> None:
    for model in catalogue().models.values():
        assert model.source, model.id
        assert model.as_of <= TODAY
        assert model.released is None or model.released <= TODAY
        for one in model.benchmarks:
            assert one.source.startswith("https://"), model.id
            assert one.as_of <= TODAY
        built = model.architecture
        if built is not None:
            assert 0 < built.active <= built.parameters, model.id


def test_open_or_closed_is_known_of_almost_all() -> None:
    offers = catalogue().offers.values()
    assert len([offer for offer in offers if offer.open is None]) <= len(offers) / 20


def test_a_host_serves_the_model_that_its_maker_made() -> None:
    known = catalogue()
    for offer, model in (
        ("openai:gpt-6-sol", "gpt-6-sol"),
        ("azure:gpt-6-sol", "gpt-6-sol"),
        ("litellm:bedrock/anthropic.claude-opus-5-5", "claude-opus-5-5"),
        ("litellm:vertex_ai/claude-opus-5-5", "claude-opus-5-5"),
        ("groq:openai/gpt-oss-120b", "gpt-oss-120b"),
        ("litellm:fireworks_ai/glm-5p3", "glm-5.3"),
        ("together:zai-org/GLM-5.3", "glm-5.3"),
    ):
        found = known.offer(offer).model
        assert found is not None
        assert found.id == model


def test_what_offers_and_abilities_both_say_is_the_same() -> None:
    for offer in catalogue().offers.values():
        accepts = abilities(offer.provider, offer.name)
        if accepts is UNKNOWN or not offer.alive(TODAY) or offer.vendor not in ("openai", "anthropic"):
            continue
        assert accepts.context in (None, offer.context), offer.id
        assert accepts.output_tokens in (None, offer.output_tokens), offer.id
        assert accepts.images in (None, "image" in offer.inputs), offer.id
