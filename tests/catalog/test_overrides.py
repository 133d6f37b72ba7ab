"""The user's own file over the packaged catalogue."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from aiapp.catalog.catalogue import Catalogue, catalogue
from aiapp.catalog.folders import users_file
from aiapp.core.errors import InvalidInput

TODAY = date(2026, 11, 21)
OWN = """
[offers."openai:gpt-6-sol"]
times = 0.85
source = "our contract"

[offers."vllm:my-model"]
model = "my-model"
context = 32768
price = { input = 0.20, output = "0.6" }

[offers."groq:openai/gpt-oss-120b"]
retires = 2027-03-01

[[offers."groq:openai/gpt-oss-120b".prices]]
valid_from = 2026-10-01
uses = { web_search = 0.01 }
[offers."groq:openai/gpt-oss-120b".prices.tiers]
standard = [{ input = 0.1, output = 0.5 }, { above = 100000, input = 0.2, output = 1 }]

[models.my-model]
maker = "us"
open = true
architecture = { parameters = 8.03, layers = 32, kv_heads = 8, head_size = 128 }
benchmarks = [{ name = "our exam", score = 71.5 }]
"""


def over(tmp_path: Path, text: str) -> Catalogue:
    file = tmp_path / "own.toml"
    file.write_text(text, encoding="utf-8")
    return catalogue().with_overrides(file)


def test_what_is_named_replaces_what_was_known(tmp_path: Path) -> None:
    known = over(tmp_path, OWN)
    before, now = catalogue().offer("openai:gpt-6-sol"), known.offer("openai:gpt-6-sol")
    old, new = before.price(TODAY), now.price(TODAY)
    assert old is not None
    assert new is not None
    for tier, steps in old.tiers.items():
        for step, cheaper in zip(steps, new.tiers[tier], strict=True):
            assert cheaper.rates == step.rates.times(Decimal("0.85"))
    assert new.source.endswith("times 0.85: our contract")
    assert (now.context, now.model) == (before.context, before.model)


def test_an_offer_and_a_model_of_ones_own(tmp_path: Path) -> None:
    known = over(tmp_path, OWN)
    offer = known.offer("vllm:my-model")
    assert offer.model is known.models["my-model"]
    assert (offer.open, offer.vendor, offer.context) == (True, "vllm", 32768)
    prices = offer.price(TODAY)
    assert prices is not None
    assert prices.tiers["standard"][0].rates.output == Decimal("0.6")
    assert offer.model is not None
    assert offer.model.benchmarks[0].score == 71.5
    assert offer.model.architecture is not None
    assert offer.model.architecture.active == 8.03


def test_prices_in_full(tmp_path: Path) -> None:
    offer = over(tmp_path, OWN).offer("groq:openai/gpt-oss-120b")
    assert offer.retires == date(2027, 3, 1)
    assert offer.price(date(2026, 9, 30)) is None
    prices = offer.price(TODAY)
    assert prices is not None
    short, long = prices.rates(100_000), prices.rates(100_001)
    assert short is not None
    assert long is not None
    assert (short.input, long.input) == (Decimal("0.1"), Decimal("0.2"))
    assert prices.uses == {"web_search": Decimal("0.01")}


def test_the_rest_is_as_it_was(tmp_path: Path) -> None:
    known = over(tmp_path, OWN)
    assert known.find("openai:gpt-6-luna") is catalogue().find("openai:gpt-6-luna")
    assert len(known.offers) == len(catalogue().offers) + 1
    assert next(iter(known.offers)) == "openai:gpt-6-sol"


def test_a_snapshot_of_ones_own_starts_from_the_offer_it_is_of(tmp_path: Path) -> None:
    known = over(tmp_path, '[offers."openai:gpt-6-sol-2026-11-01"]\ncontext = 500000\n')
    offer = known.offer("openai:gpt-6-sol-2026-11-01")
    assert (offer.id, offer.context) == ("openai:gpt-6-sol-2026-11-01", 500_000)
    assert offer.prices == known.offer("openai:gpt-6-sol").prices


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ('[offers."a:b"]\ncontext = "big"', "own.toml:2: offers.a:b.context: 'big' cannot be used; accepted: a whole"),
        ('[offers."a:b"]\ncontext = 0', "own.toml:2: offers.a:b.context: 0"),
        (
            '[offers."a:b"]\n\ncontxt = 5',
            "own.toml:3: offers.a:b.contxt: 'contxt' cannot be used; accepted: a field named",
        ),
        ('[offers."a:b"]\nprice = { input = -1 }', "own.toml:2: offers.a:b.price.input"),
        ('[offers."a:b"]\nprice = { input = "cheap" }', "own.toml:2: offers.a:b.price.input: 'cheap'"),
        ('[offers."a:b"]\nprice = { inptu = 1 }', "own.toml:2: offers.a:b.price.inptu"),
        ('[offers."a:b"]\nprice = 3', "own.toml:2: offers.a:b.price: 3"),
        ('[offers."a:b"]\nretires = "2027-01-01"', "own.toml:2: offers.a:b.retires: '2027-01-01'"),
        ('[offers."a:b"]\ninputs = ["smell"]', "own.toml:2: offers.a:b.inputs"),
        ('[offers."a:b"]\nmodel = "unheard-of"', "own.toml:2: offers.a:b.model: 'unheard-of'"),
        ('[offers."a:b"]\ntimes = 0.5', "own.toml:2: offers.a:b.times"),
        ('[offers."a:b"]\nprices = []\nfree = "yes"', "own.toml:3: offers.a:b.free: 'yes'"),
        ('[[offers."a:b".prices]]\ntiers = { cheap = [] }', "own.toml:2: offers.a:b.prices.tiers.cheap"),
        ('[[offers."a:b".prices]]\nvalid_from = 2026-01-01', "offers.a:b.prices.tiers: None"),
        (
            '[[offers."a:b".prices]]\ntiers = { standard = [{ above = 5, input = 1 }] }',
            "offers.a:b.prices.tiers.standard",
        ),
        ("[offers.noprovider]\ncontext = 5", "offers.noprovider"),
        ("offers = 3", "own.toml:1: offers: 3"),
        ("[prices]", "own.toml:1: prices: 'prices'"),
        ('[models.m]\nmaker = "us"', "models.m.open: None"),
        ('[models.m]\nmaker = "us"\nopen = true\narchitecture = { layers = 3 }', "models.m.architecture.parameters"),
        ("[offers\n", "own.toml:1: '[offers' cannot be used; accepted: TOML"),
        ("\n\nx = = 1\n", "own.toml:3: 'x = = 1'"),
    ],
)
def test_what_cannot_be_used_is_one_line_with_file_line_field_and_value(tmp_path: Path, text: str, said: str) -> None:
    with pytest.raises(InvalidInput) as failed:
        over(tmp_path, text)
    shown = str(failed.value)
    assert said in shown
    assert "\n" not in shown
    assert shown.startswith(str(tmp_path))


def test_a_file_that_is_not_there_or_no_text_is_named(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"none\.toml.*can be read"):
        catalogue().with_overrides(tmp_path / "none.toml")
    (tmp_path / "own.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(InvalidInput, match="UTF-8"):
        catalogue().with_overrides(tmp_path / "own.toml")


def test_where_the_users_file_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("AIAPP_CATALOG", raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert users_file() is None
    (tmp_path / "aiapp").mkdir()
    usual = tmp_path / "aiapp" / "catalog.toml"
    usual.touch()
    assert users_file() == usual
    monkeypatch.setenv("AIAPP_CATALOG", str(tmp_path / "other.toml"))
    assert users_file() == tmp_path / "other.toml"
