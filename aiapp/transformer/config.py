"""The shape of the network, read from a Hugging Face `config.json`."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Any

from aiapp.core.errors import InvalidInput
from aiapp.transformer.files import read_file, read_object


@dataclass(frozen=True, slots=True)
class Config:
    """A Llama decoder with one key head for every query head and the output tied to the embedding."""

    vocab_size: int
    hidden_size: int
    intermediate_size: int
    num_hidden_layers: int
    num_attention_heads: int
    max_position_embeddings: int
    rope_theta: float = 10_000.0
    rms_norm_eps: float = 1e-5

    @property
    def head_size(self) -> int:
        return self.hidden_size // self.num_attention_heads

    @classmethod
    def read(cls, path: Path) -> Config:
        """The configuration in a `config.json`."""
        accepted = "the config.json of a LlamaForCausalLM, a JSON object"
        return cls.parse(read_object(read_file(path, accepted), str(path), accepted), where=str(path))

    @classmethod
    def parse(cls, settings: Mapping[str, Any], where: str = "config") -> Config:
        """The configuration in the keys of `LlamaForCausalLM`; `where` names the source in errors."""
        missing = [name for name in _REQUIRED if name not in settings]
        if missing:
            raise InvalidInput(where, sorted(settings), f"the keys of LlamaForCausalLM; missing: {', '.join(missing)}")
        given = {field.name: settings[field.name] for field in fields(cls) if field.name in settings}
        for name, value in given.items():
            _require_size(f"{where}: {name}", value, whole=name in _REQUIRED)
        config = cls(**given)
        for name, expected in (
            ("num_key_value_heads", config.num_attention_heads),
            ("tie_word_embeddings", True),
            ("hidden_act", "silu"),
        ):
            if settings.get(name, expected) != expected:
                raise InvalidInput(f"{where}: {name}", settings[name], repr(expected))
        if config.hidden_size % (2 * config.num_attention_heads):
            raise InvalidInput(f"{where}: hidden_size", config.hidden_size, "an even size for each attention head")
        return config


def _require_size(where: str, value: object, *, whole: bool) -> None:
    fits = isinstance(value, int if whole else int | float) and not isinstance(value, bool)
    if not (fits and isinstance(value, int | float) and 0 < value < math.inf):
        raise InvalidInput(where, value, f"a {'whole ' if whole else ''}number above 0")


_REQUIRED = (
    "vocab_size",
    "hidden_size",
    "intermediate_size",
    "num_hidden_layers",
    "num_attention_heads",
    "max_position_embeddings",
)
