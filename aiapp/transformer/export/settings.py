"""What other runtimes read beside the weights: the configuration, the tokenizer with its chat template, generation.

Elsewhere a chat is one string, and a special token is found wherever its spelling stands. The chat template therefore
breaks such spellings in the messages with `ESCAPE`, and the exported tokenizer takes it out again after it has looked
for special tokens. So the ids are those of `Tokenizer.chat_ids`, whatever a message says.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aiapp.transformer.config import Config
from aiapp.transformer.export.folder import write_json
from aiapp.transformer.model import Transformer
from aiapp.transformer.tokenizer import SPECIAL_TOKENS, Tokenizer

ESCAPE = "\ufdd0"  # a code point that Unicode keeps for uses inside a program: it is never a character
_RESTORED = ((f"{ESCAPE}1", ""), (f"{ESCAPE}0", ESCAPE))  # in this order, the inverse of the template's `plain`
_PAD, _BOS, _END = SPECIAL_TOKENS[:3]


def write_settings(folder: Path, model: Transformer, extra: dict[str, Any]) -> None:
    """Write every file but the weights; `extra` are more keys of `config.json`."""
    config, tokenizer = model.config, model.tokenizer
    shape = llama_config(config, tokenizer.pad, tokenizer.bos, tokenizer.end)
    write_json(folder / "config.json", shape | extra)
    write_json(folder / "tokenizer.json", tokenizer_json(tokenizer))
    write_json(folder / "tokenizer_config.json", tokenizer_config(config))
    write_json(folder / "generation_config.json", generation_config(tokenizer))


def llama_config(config: Config, pad: int, bos: int, end: int) -> dict[str, Any]:
    """The keys of `LlamaForCausalLM`; `pad`, `bos` and `end` are ids."""
    return {
        "architectures": ["LlamaForCausalLM"],
        "model_type": "llama",
        "vocab_size": config.vocab_size,
        "hidden_size": config.hidden_size,
        "intermediate_size": config.intermediate_size,
        "num_hidden_layers": config.num_hidden_layers,
        "num_attention_heads": config.num_attention_heads,
        "num_key_value_heads": config.num_attention_heads,
        "head_dim": config.head_size,
        "max_position_embeddings": config.max_position_embeddings,
        "rope_theta": config.rope_theta,
        "rms_norm_eps": config.rms_norm_eps,
        "hidden_act": "silu",
        "tie_word_embeddings": True,
        "attention_bias": False,
        "mlp_bias": False,
        "pad_token_id": pad,
        "bos_token_id": bos,
        "eos_token_id": end,
    }


def tokenizer_json(tokenizer: Tokenizer) -> dict[str, Any]:
    """The tokenizer, with a normaliser that takes the template's escapes out."""
    settings: dict[str, Any] = json.loads(tokenizer.to_json())
    steps = [{"type": "Replace", "pattern": {"String": old}, "content": new} for old, new in _RESTORED]
    steps += [settings["normalizer"]] if settings["normalizer"] else []
    return settings | {"normalizer": {"type": "Sequence", "normalizers": steps}}


def tokenizer_config(config: Config) -> dict[str, Any]:
    """What a tokenizer's class reads, the chat template among it."""
    return {
        "tokenizer_class": "PreTrainedTokenizerFast",
        "bos_token": _BOS,
        "eos_token": _END,
        "pad_token": _PAD,
        "model_max_length": config.max_position_embeddings,
        "model_input_names": ["input_ids", "attention_mask"],
        "padding_side": "left",
        "clean_up_tokenization_spaces": False,
        "chat_template": chat_template(),
    }


def chat_template() -> str:
    """The Jinja template that gives a chat, and the tools on offer, the form that `template.py` describes."""
    source = Path(__file__).with_name("chat_template.jinja").read_text(encoding="utf-8")
    return source.removesuffix("\n").replace("␛", ESCAPE)


def generation_config(tokenizer: Tokenizer) -> dict[str, Any]:
    """Greedy by default, and no token of the chat's structure in an answer but the end and the opening of a call."""
    return {
        "do_sample": False,
        "pad_token_id": tokenizer.pad,
        "bos_token_id": tokenizer.bos,
        "eos_token_id": tokenizer.end,
        "suppress_tokens": sorted(tokenizer.special_ids - {tokenizer.end, tokenizer.call}),
    }
