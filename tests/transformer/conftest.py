"""A small model with random weights, in the files that the bundled one has."""

from __future__ import annotations

import json
from pathlib import Path

import numpy as np
import pytest
from tokenizers import Regex, Tokenizer, decoders, models, pre_tokenizers, trainers

from aiapp.transformer.model import Transformer
from aiapp.transformer.tokenizer import SPECIAL_TOKENS
from aiapp.transformer.weights import Floats, quantise, write_safetensors

TEXT = (
    "Parental leave lasts 16 weeks. The handbook says that staff may work from home on Fridays.\n"
    '| Day | Hours |\n{"name": "Ada", "age": 36, "tags": ["a", "b"], "ok": true}\nPassage: Question: Zürich is a city.'
)
HIDDEN, INNER, LAYERS, HEADS, POSITIONS = 32, 48, 2, 2, 1024
SPACE_BEFORE_LOWER_CASE = r" ?[a-z]+|\p{L}+|\p{N}{1,3}|[^\s\p{L}\p{N}]+ ?|\s"


def train_tokenizer() -> Tokenizer:
    codec = Tokenizer(models.BPE())
    codec.pre_tokenizer = pre_tokenizers.Sequence(
        [
            pre_tokenizers.Split(Regex(SPACE_BEFORE_LOWER_CASE), "isolated"),
            pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False),
        ]
    )
    codec.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(
        vocab_size=400,
        special_tokens=list(SPECIAL_TOKENS),
        initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
        show_progress=False,
    )
    codec.train_from_iterator([TEXT] * 20, trainer)
    return codec


def random_weights(vocab_size: int) -> dict[str, Floats]:
    random = np.random.default_rng(0)

    def matrix(rows: int, columns: int) -> Floats:
        return random.normal(scale=1.5 / columns**0.5, size=(rows, columns)).astype(np.float32)

    weights = {"model.embed_tokens.weight": matrix(vocab_size, HIDDEN)}
    weights["model.norm.weight"] = np.ones(HIDDEN, np.float32)
    for layer in range(LAYERS):
        prefix = f"model.layers.{layer}"
        for name in "qkvo":
            weights[f"{prefix}.self_attn.{name}_proj.weight"] = matrix(HIDDEN, HIDDEN)
        weights[f"{prefix}.mlp.gate_proj.weight"] = matrix(INNER, HIDDEN)
        weights[f"{prefix}.mlp.up_proj.weight"] = matrix(INNER, HIDDEN)
        weights[f"{prefix}.mlp.down_proj.weight"] = matrix(HIDDEN, INNER)
        for name in ("input_layernorm", "post_attention_layernorm"):
            weights[f"{prefix}.{name}.weight"] = (1 + 0.1 * random.normal(size=HIDDEN)).astype(np.float32)
    return weights


@pytest.fixture(scope="session")
def model_directory(tmp_path_factory: pytest.TempPathFactory) -> Path:
    directory = tmp_path_factory.mktemp("model")
    codec = train_tokenizer()
    codec.save(str(directory / "tokenizer.json"))
    settings = {
        "architectures": ["LlamaForCausalLM"],
        "vocab_size": codec.get_vocab_size(),
        "hidden_size": HIDDEN,
        "intermediate_size": INNER,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "num_key_value_heads": HEADS,
        "max_position_embeddings": POSITIONS,
        "rope_theta": 10000.0,
        "rms_norm_eps": 1e-5,
        "tie_word_embeddings": True,
    }
    (directory / "config.json").write_text(json.dumps(settings), encoding="utf-8")
    write_safetensors(directory / "model.safetensors", quantise(random_weights(codec.get_vocab_size())))
    return directory


@pytest.fixture(scope="session")
def model(model_directory: Path) -> Transformer:
    return Transformer.load(model_directory)
