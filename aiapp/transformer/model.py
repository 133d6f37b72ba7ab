"""The model: network, tokenizer and configuration from one directory, with the last prompt kept for the next."""

from __future__ import annotations

import threading
from collections.abc import Collection, Iterator, Sequence
from functools import lru_cache
from pathlib import Path

from aiapp.core.errors import InvalidInput
from aiapp.transformer.batch import WIDTH, generate_batch
from aiapp.transformer.config import Config
from aiapp.transformer.generation import Completion, Step, generate
from aiapp.transformer.grammar import Grammar
from aiapp.transformer.network import Cache, Network
from aiapp.transformer.quotation import rank
from aiapp.transformer.sampling import Sampling
from aiapp.transformer.threads import settle_threads
from aiapp.transformer.tokenizer import Tokenizer
from aiapp.transformer.weights import Floats, load_weights

BUNDLED = Path(__file__).parent / "weights"
_FILES = ("config.json", "tokenizer.json", "model.safetensors")


class Transformer:
    """A loaded model. Threads may share it: each generation runs on its own copy of the prompt's cache."""

    def __init__(self, name: str, config: Config, tokenizer: Tokenizer, network: Network) -> None:
        self.name, self.config, self.tokenizer, self.network = name, config, tokenizer, network
        self._last_prompt = Cache(config)
        self._lock = threading.Lock()

    @classmethod
    def load(cls, directory: Path | None = None) -> Transformer:
        """The model in a directory, or the bundled one; read once in a process."""
        return _load((BUNDLED if directory is None else directory).resolve())

    def count_tokens(self, text: str) -> int:
        """How many tokens a text takes."""
        return len(self.tokenizer.encode(text))

    def generate(
        self,
        prompt_ids: Sequence[int],
        sampling: Sampling | None = None,
        *,
        grammar: Grammar | None = None,
        stop: Collection[str] = (),
        max_tokens: int | None = None,
        alternatives: int = 0,
    ) -> Iterator[Step]:
        """Generate step by step; see `generation.generate`."""
        return generate(
            self.network,
            self.tokenizer,
            prompt_ids,
            sampling,
            grammar=grammar,
            stop=stop,
            max_tokens=max_tokens,
            alternatives=alternatives,
            cache=self._read(prompt_ids),
        )

    def generate_batch(
        self,
        prompts: Sequence[Sequence[int]],
        sampling: Sampling | Sequence[Sampling] | None = None,
        *,
        grammar: Grammar | Sequence[Grammar | None] | None = None,
        stop: Collection[str] = (),
        max_tokens: int | Sequence[int] | None = None,
        alternatives: int = 0,
        width: int = WIDTH,
    ) -> list[Completion]:
        """The completion of each prompt, all decoded together; see `batch.generate_batch`."""
        with self._lock:
            cache = self._last_prompt.fork()
        return generate_batch(
            self.network,
            self.tokenizer,
            prompts,
            sampling,
            grammar=grammar,
            stop=stop,
            max_tokens=max_tokens,
            alternatives=alternatives,
            width=width,
            cache=cache,
        )

    def rank_quotations(
        self, prompt_ids: Sequence[int], candidates: Sequence[str], *, prior: Sequence[float] | None = None
    ) -> list[float]:
        """The log-probability of each candidate as the only thing that may be said; see `quotation.rank`."""
        cache = self._read(prompt_ids)
        return rank(self.network, self.tokenizer, prompt_ids, candidates, prior=prior, cache=cache)

    def next_logits(self, prompt_ids: Sequence[int]) -> Floats:
        """What the model thinks of each token as the next: (vocab,)."""
        with self._lock:
            return self.network.extend(prompt_ids, self._last_prompt)

    def _read(self, prompt_ids: Sequence[int]) -> Cache:
        """A copy of the cache after the prompt; what the prompt shares with the last one is not read again."""
        with self._lock:
            self.network.extend(prompt_ids, self._last_prompt)
            return self._last_prompt.fork()


@lru_cache(maxsize=4)
def _load(directory: Path) -> Transformer:
    missing = [name for name in _FILES if not (directory / name).is_file()]
    if missing:
        raise InvalidInput(
            "model directory", str(directory), f"a directory with {', '.join(_FILES)}; missing: {', '.join(missing)}"
        )
    config = Config.read(directory / "config.json")
    tokenizer = Tokenizer(directory / "tokenizer.json")
    if tokenizer.vocab_size != config.vocab_size:
        raise InvalidInput(
            f"{directory}: tokenizer.json", f"{tokenizer.vocab_size} tokens", f"the {config.vocab_size} of config.json"
        )
    settle_threads()
    network = Network(config, load_weights(directory / "model.safetensors"), str(directory / "model.safetensors"))
    name = "bundled" if directory == BUNDLED.resolve() else directory.name
    return Transformer(name, config, tokenizer, network)
