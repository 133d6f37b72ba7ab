from __future__ import annotations

import shutil
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

import aiapp.transformer
from aiapp.core.errors import InvalidInput
from aiapp.transformer.generation import collect
from aiapp.transformer.model import BUNDLED, Transformer


def test_a_directory_is_read_once(model_directory: Path, model: Transformer) -> None:
    assert Transformer.load(model_directory) is Transformer.load(model_directory)
    assert model.name == model_directory.name
    assert model.count_tokens("Parental leave") == len(model.tokenizer.encode("Parental leave"))


def test_missing_files_are_named(model_directory: Path, tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match=r"missing: config.json, tokenizer.json, model.safetensors"):
        Transformer.load(tmp_path)
    shutil.copytree(model_directory, tmp_path / "model")
    (tmp_path / "model" / "model.safetensors").unlink()
    with pytest.raises(InvalidInput, match=r"missing: model.safetensors"):
        Transformer.load(tmp_path / "model")


def test_a_tokenizer_of_another_size_is_refused(model_directory: Path, tmp_path: Path) -> None:
    shutil.copytree(model_directory, tmp_path / "model")
    config = tmp_path / "model" / "config.json"
    config.write_text(config.read_text().replace('"vocab_size": ', '"vocab_size": 1'))
    with pytest.raises(InvalidInput, match=r"tokenizer\.json"):
        Transformer.load(tmp_path / "model")


def test_threads_and_interleaved_streams_do_not_disturb_each_other(model: Transformer) -> None:
    prompts = [[1, 4, *range(40, 40 + length), 2, 5] for length in range(3, 11)]

    def answer(prompt: list[int]) -> str:
        return collect(model.generate(prompt, max_tokens=15)).text

    expected = [answer(prompt) for prompt in prompts]
    with ThreadPoolExecutor(4) as pool:
        assert list(pool.map(answer, prompts * 3)) == expected * 3
    first, second = model.generate(prompts[0], max_tokens=15), model.generate(prompts[1], max_tokens=15)
    pairs = list(zip(first, second, strict=False))
    assert expected[0].startswith("".join(step.text for step, _ in pairs))
    assert expected[1].startswith("".join(step.text for _, step in pairs))


def test_the_room_resolves_its_names_and_loads_nothing_before() -> None:
    assert sorted(aiapp.transformer.__all__) == aiapp.transformer.__all__
    for name in aiapp.transformer.__all__:
        assert callable(getattr(aiapp.transformer, name))
    with pytest.raises(AttributeError, match="nonsense"):
        getattr(aiapp.transformer, "nonsense")  # noqa: B009  # a type checker would refuse the plain form
    script = "import sys, aiapp.transformer; print(*{'numpy', 'tokenizers', 'llguidance'} & set(sys.modules))"
    printed = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True).stdout
    assert printed.strip() == ""


@pytest.mark.skipif(not (BUNDLED / "model.safetensors").is_file(), reason="the bundled weights are not built")
def test_the_bundled_model_loads_and_answers() -> None:
    model = Transformer.load()
    assert model.name == "bundled"
    prompt = model.tokenizer.chat_ids([("user", "Passage:\nIt is red.\n\nQuestion: What colour is it?")])
    assert collect(model.generate(prompt, max_tokens=8)).finish in ("stop", "length")
    assert len(model.rank_quotations(prompt, ["It is red.", "Not in the documents."])) == 2
