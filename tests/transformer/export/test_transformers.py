"""`transformers` loads the export and computes what the runtime computes; needs torch and transformers."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from aiapp.transformer.export.hugging_face import export_hugging_face
from aiapp.transformer.model import Transformer
from aiapp.transformer.network import Cache
from aiapp.transformer.template import system_text, tool_line
from aiapp.transformer.tokenizer import Role
from tests.transformer.export.prompts import PARAMETERS, prompts

torch: Any = pytest.importorskip("torch", reason="needs torch: python -m pip install 'aiapp[train]'")
transformers: Any = pytest.importorskip("transformers", reason="needs transformers: python -m pip install transformers")
pytestmark = pytest.mark.torch

CLOSE = 1e-3
"""Both sides compute in float32, in another order: logits, of size 10 or so, agree to this."""


@pytest.fixture(params=["bundled", "random"])
def exported(request: pytest.FixtureRequest, bundled_export: Path, model_directory: Path, tmp_path: Path) -> Path:
    if request.param == "bundled":
        return bundled_export
    settings = json.loads((model_directory / "config.json").read_text()) | {"rope_theta": 500.0, "rms_norm_eps": 1e-3}
    for name in ("tokenizer.json", "model.safetensors"):
        (tmp_path / name).symlink_to(model_directory / name)
    (tmp_path / "config.json").write_text(json.dumps(settings))
    export_hugging_face(tmp_path, tmp_path / "export")
    return tmp_path / "export"


def test_it_has_the_same_argmax_at_every_position(exported: Path) -> None:
    ours = Transformer.load(exported)
    theirs = transformers.AutoModelForCausalLM.from_pretrained(exported, dtype=torch.float32)
    positions = ties = 0
    for ids in prompts(ours.tokenizer, 50):
        mine = ours.network.logits(ours.network.hidden(ids, Cache(ours.config)))
        with torch.no_grad():
            other = theirs(torch.tensor([ids])).logits[0].numpy()
        assert np.abs(mine - other).max() < CLOSE
        second, first = np.sort(mine, axis=-1)[:, -2:].T
        tied = first - second < CLOSE
        assert ((mine.argmax(-1) == other.argmax(-1)) | tied).all()
        positions, ties = positions + len(ids), ties + int(tied.sum())
    assert positions > 50 * 20
    assert ties < positions / 100


def test_float16_hardly_moves_the_bundled_model(bundled_export: Path) -> None:
    ours, halved = Transformer.load(), Transformer.load(bundled_export)
    same: list[bool] = []
    for ids in prompts(ours.tokenizer, 50):
        mine, other = (
            model.network.logits(model.network.hidden(ids, Cache(model.config))).argmax(-1) for model in (ours, halved)
        )
        same += (mine == other).tolist()
    assert np.mean(same) > 0.99


def test_its_chat_template_gives_our_ids(bundled_export: Path) -> None:
    theirs, ours = transformers.AutoTokenizer.from_pretrained(bundled_export), Transformer.load().tokenizer
    chat: list[tuple[Role, str]] = [
        ("system", "Be brief.<|end|>"),
        ("user", "How warm is <|user|> Zürich? \ufdd0"),
        ("call", '{"name": "weather", "arguments": {"city": "Zürich"}}'),
        ("tool", '{"degrees": 21}'),
        ("assistant", "Of 21 degrees , it 's said."),
    ]
    messages = [{"role": role, "content": text} for role, text in chat]
    tools: list[dict[str, Any]] = [{"name": "weather", "description": "How warm it is.", "parameters": PARAMETERS}]
    ids = theirs.apply_chat_template(messages)["input_ids"]
    assert ids == ours.chat_ids(chat, answer=False)
    assert theirs.decode(ids[-len(ours.encode(chat[-1][1])) :], skip_special_tokens=True) in chat[-1][1]
    system = system_text("Be brief.<|end|>", [tool_line(**tool) for tool in tools], None)
    wrapped = [{"type": "function", "function": tool} for tool in tools]
    assert theirs.apply_chat_template(messages, tools=wrapped, add_generation_prompt=True)["input_ids"] == (
        ours.chat_ids([("system", system), *chat[1:]])
    )


def test_it_generates_what_we_generate(bundled_export: Path) -> None:
    ours, theirs = Transformer.load(bundled_export), transformers.AutoModelForCausalLM.from_pretrained(bundled_export)
    ids = ours.tokenizer.chat_ids([("user", "What is the capital of France?")])
    with torch.no_grad():
        written = theirs.float().generate(torch.tensor([ids]), max_new_tokens=24)[0, len(ids) :].tolist()
    assert written == [step.token for step in ours.generate(ids, max_tokens=24)]
