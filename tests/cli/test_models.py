"""`aiapp models`, run as a person runs it."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from aiapp.cli.models.words import size, tokens_of
from tests.cli.process import aiapp

DAY = ("--alive-at", "2026-11-21")


def test_a_table_that_fits_and_says_its_units() -> None:
    done = aiapp("models", *DAY)
    lines = done.stdout.splitlines()
    assert (done.returncode, done.stderr) == (0, "")
    assert max(map(len, lines)) <= 100
    (sol,) = [line for line in lines if line.startswith("openai:gpt-6-sol ")]
    assert sol.split() == ["openai:gpt-6-sol", "closed", "1.05M", "2", "10", "if"]
    assert "served on 2026-11-21; dollars for a million tokens" in lines[-3]
    assert not [line for line in lines if line.startswith("openai:gpt-4 ")], "what is retired is not listed"


def test_the_bundled_model_is_free() -> None:
    done = aiapp("models", *DAY, "--provider", "local")
    assert done.stdout.splitlines()[1].split() == ["local", "open", "1k", "free", "free"]


def test_filters_narrow_and_json_has_all_of_it() -> None:
    found = json.loads(aiapp("models", *DAY, "--open", "--context", "1M", "--max-price", "1", "--json").stdout)
    assert found
    for offer in found:
        assert offer["open"] is True
        assert offer["context"] >= 1_000_000
        assert float(offer["price"]["tiers"]["standard"][0]["output"]) <= 1
        assert offer["source"]
    seeing = json.loads(aiapp("models", *DAY, "--provider", "gemini", "--modality", "audio", "--json").stdout)
    assert seeing
    assert all("audio" in (*offer["inputs"], *offer.get("outputs", [])) for offer in seeing)
    closed = json.loads(aiapp("models", *DAY, "--closed", "--provider", "anthropic", "--json").stdout)
    assert {offer["open"] for offer in closed} == {False}


def test_what_ends_comes_in_order_with_its_successor() -> None:
    lines = aiapp("models", *DAY, "--retiring", "--provider", "openai").stdout.splitlines()
    ends = [line.split()[2] for line in lines[1:] if line.startswith("openai:")]
    assert ends == sorted(ends)
    assert [line for line in lines if line.startswith("openai:gpt-4o ") and line.endswith("openai:gpt-6-luna")]


def test_a_day_in_the_past_has_other_models() -> None:
    names = {offer["id"] for offer in json.loads(aiapp("models", "--alive-at", "2026-10-01", "--json").stdout)}
    assert "openai:gpt-4" in names
    assert "openai:gpt-6.1-sol" in names
    assert "openai:gpt-6.1-sol" not in {
        offer["id"] for offer in json.loads(aiapp("models", "--alive-at", "2026-09-01", "--json").stdout)
    }


def test_nothing_found_is_said() -> None:
    done = aiapp("models", *DAY, "--open", "--provider", "anthropic")
    assert (done.returncode, done.stdout) == (0, "no offer is like that\n")


def test_show_has_prices_dates_what_it_accepts_and_sources() -> None:
    shown = aiapp("models", "show", "openai:gpt-5-mini-2025-08-07").stdout
    for expected in (
        "openai:gpt-5-mini (asked for as openai:gpt-5-mini-2025-08-07)",
        "2026-12-11",
        "successor  openai:gpt-6.1-terra",
        "weights  closed",
        "litellm 1.109.1",
        "efforts",
        "batch  input",
    ):
        assert expected in shown
    found = json.loads(aiapp("models", "show", "anthropic:claude-haiku-5-5", "--json").stdout)
    assert found["accepts"]["sampling"] is False
    assert found["prices"][0]["tiers"]["standard"][1]["above"] == 100_000
    assert found["model"]["maker"] == "Anthropic"


def test_show_of_a_model_says_who_offers_it_the_cheapest_first() -> None:
    found = json.loads(aiapp("models", "show", "gpt-oss-120b", "--json").stdout)
    assert found["licence"] == "Apache-2.0"
    assert len(found["offers"]) >= 3
    shown = aiapp("models", "show", "gpt-oss-120b").stdout
    assert "18,432 numbers a token; 18,432 more in the last 128" in shown
    assert shown.index(found["offers"][0]["id"]) < shown.index(found["offers"][-1]["id"])


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["show", "gpt-6-soll"], "accepted: openai:gpt-6-sol or"),
        (["show", "gemini:gemini-3.8-flash"], "accepted: litellm:gemini/gemini-3.8-flash"),
        (["--provider", "opnai"], "--provider: 'opnai'"),
        (["--context", "big"], "--context: 'big'"),
        (["--max-price", "-1"], "--max-price: '-1'"),
        (["--modality", "smell"], "--modality: 'smell'"),
        (["--alive-at", "yesterday"], "--alive-at: 'yesterday'"),
    ],
)
def test_wrong_input_is_one_clear_line(words: list[str], said: str) -> None:
    done = aiapp("models", *words)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr
    assert done.stderr.count("\n") == 1


def test_the_users_own_prices_are_over_the_packaged_ones(tmp_path: Path) -> None:
    own = tmp_path / "own.toml"
    own.write_text('[offers."vllm:mine"]\nprice = { input = 0.1, output = 0.3 }\n')
    found = json.loads(aiapp("models", "show", "vllm:mine", "--json", env={"AIAPP_CATALOG": str(own)}).stdout)
    assert found["prices"][0]["tiers"]["standard"] == [{"input": "0.1", "output": "0.3"}]
    own.write_text('[offers."vllm:mine"]\nprice = { input = -1 }\n')
    done = aiapp("models", env={"AIAPP_CATALOG": str(own)})
    assert (done.returncode, done.stdout) == (2, "")
    assert f"{own}:2: offers.vllm:mine.price.input" in done.stderr


PRICES = {
    "gpt-6-sol": {
        "litellm_provider": "openai",
        "mode": "chat",
        "max_input_tokens": 922_000,
        "max_output_tokens": 128_000,
        "input_cost_per_token": 1e-06,
        "output_cost_per_token": 5e-06,
    }
}


def test_refresh_writes_to_the_users_folder_and_is_used_from_then_on(tmp_path: Path) -> None:
    """With a package of litellm's name that holds a price file alone, as pip would have put it there."""
    site, data = tmp_path / "site", tmp_path / "data"
    (site / "litellm").mkdir(parents=True)
    (site / "litellm" / "__init__.py").write_text("raise RuntimeError('must not be imported')")
    (site / "litellm" / "model_prices_and_context_window_backup.json").write_text(json.dumps(PRICES))
    (site / "litellm-9.dist-info").mkdir()
    (site / "litellm-9.dist-info" / "METADATA").write_text("Metadata-Version: 2.1\nName: litellm\nVersion: 9\n")
    import os

    path = os.pathsep.join([str(site), *filter(None, [os.environ.get("PYTHONPATH"), str(Path.cwd())])])
    env = {"PYTHONPATH": path, "XDG_DATA_HOME": str(data)}
    dry = aiapp("models", "refresh", "--dry-run", env=env)
    assert dry.returncode == 0, dry.stderr
    assert "price: openai:gpt-6-sol, standard input: 2 -> 1" in dry.stdout
    assert dry.stdout.endswith("nothing written\n")
    assert not data.exists()
    done = json.loads(aiapp("models", "refresh", "--json", env=env).stdout)
    assert done["sources"][0] == "litellm 9"
    assert "openai:gpt-6-luna" in done["removed"]
    assert Path(done["folder"]).is_relative_to(data)


def test_refresh_without_litellm_says_how_to_get_it(tmp_path: Path) -> None:
    pytest.importorskip("genai_prices")
    from importlib.util import find_spec

    if find_spec("litellm") is not None:
        pytest.skip("litellm is installed")
    done = aiapp("models", "refresh", env={"XDG_DATA_HOME": str(tmp_path)})
    assert (done.returncode, done.stdout) == (2, "")
    assert "pip install 'aiapp[litellm]'" in done.stderr


@pytest.mark.parametrize(("tokens", "shown"), [(None, "?"), (512, "512"), (131_072, "131k"), (1_050_000, "1.05M")])
def test_sizes_are_short(tokens: int | None, shown: str) -> None:
    assert size(tokens) == shown


@pytest.mark.parametrize(("given", "tokens"), [("128k", 128_000), ("1M", 1_000_000), ("200_000", 200_000)])
def test_sizes_are_read(given: str, tokens: int) -> None:
    assert tokens_of("f", given) == tokens
