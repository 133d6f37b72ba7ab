"""Generation: a stream of steps, and the completion that is a fold over it."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Iterator, Sequence
from dataclasses import dataclass
from typing import Literal, TypeAlias

import numpy as np

from aiapp.core.errors import InvalidInput
from aiapp.transformer.config import Config
from aiapp.transformer.grammar import Grammar
from aiapp.transformer.network import Cache, Network
from aiapp.transformer.sampling import Sampling, adjust, draw, log_softmax
from aiapp.transformer.stops import StopStrings
from aiapp.transformer.tokenizer import Tokenizer
from aiapp.transformer.weights import Floats

Finish: TypeAlias = Literal["stop", "length"]


@dataclass(frozen=True, slots=True)
class Alternative:
    """A token that could have come here, and its log-probability."""

    token: int
    text: str
    logprob: float


@dataclass(frozen=True, slots=True)
class Step:
    """One generated token.

    `text` is what became certain with it: it may be empty while a character or a possible stop string is not whole.
    `logprob` is the model's own, over the tokens that the grammar allows, before temperature and filters. Only the
    last step has a `finish`, and `stop` where a stop string ended the text.
    """

    token: int
    text: str
    logprob: float
    alternatives: tuple[Alternative, ...] = ()
    finish: Finish | None = None
    stop: str | None = None


@dataclass(frozen=True, slots=True)
class Completion:
    """A whole generation."""

    text: str
    steps: tuple[Step, ...]
    finish: Finish
    stop: str | None

    @property
    def tokens(self) -> tuple[int, ...]:
        return tuple(step.token for step in self.steps)


def collect(steps: Iterable[Step]) -> Completion:
    """The completion that a stream of steps adds up to."""
    whole = tuple(steps)
    if not whole or whole[-1].finish is None:
        raise InvalidInput("steps", f"{len(whole)} steps", "a stream that was read to its end")
    return Completion("".join(step.text for step in whole), whole, whole[-1].finish, whole[-1].stop)


def generate(
    network: Network,
    tokenizer: Tokenizer,
    prompt_ids: Sequence[int],
    sampling: Sampling | None = None,
    *,
    grammar: Grammar | None = None,
    stop: Collection[str] = (),
    max_tokens: int | None = None,
    alternatives: int = 0,
    cache: Cache | None = None,
) -> Iterator[Step]:
    """Generate until the end token or a stop string ("stop"), `max_tokens` or a full context ("length").

    The end token counts as a token. `cache` may hold the start of the prompt; it is extended as tokens are read.
    """
    writer = Writer(
        network.config,
        tokenizer,
        prompt_ids,
        sampling,
        grammar=grammar,
        stop=stop,
        max_tokens=max_tokens,
        alternatives=alternatives,
    )
    return _steps(network, writer, Cache(network.config) if cache is None else cache)


def _steps(network: Network, writer: Writer, cache: Cache) -> Iterator[Step]:
    while True:
        yield from writer.forced()
        if writer.finished:
            return
        yield writer.choose(network.extend(writer.ids, cache))
        if writer.finished:
            return


class Writer:
    """One generation under way, without the network: it takes the logits after `ids` and gives the next step.

    The arguments are those of `generate`.
    """

    def __init__(
        self,
        config: Config,
        tokenizer: Tokenizer,
        prompt_ids: Sequence[int],
        sampling: Sampling | None,
        *,
        grammar: Grammar | None,
        stop: Collection[str],
        max_tokens: int | None,
        alternatives: int,
    ) -> None:
        if max_tokens is not None and max_tokens < 1:
            raise InvalidInput("max_tokens", max_tokens, "a whole number of at least 1, or None")
        room = config.max_position_embeddings - len(prompt_ids)
        if room < 1:
            raise InvalidInput("prompt ids", len(prompt_ids), f"fewer than {config.max_position_embeddings} tokens")
        self.ids = list(prompt_ids)
        self.finished = False
        self.limit = room if max_tokens is None else min(room, max_tokens)
        self._tokenizer, self._alternatives = tokenizer, alternatives
        self._sampling = Sampling() if sampling is None else sampling
        self._constraint = None if grammar is None else grammar.start(tokenizer)
        self._stops = StopStrings(stop)
        self._random = np.random.default_rng(self._sampling.seed)
        self._characters = tokenizer.stream()
        self._structure = np.array(sorted(tokenizer.special_ids - {tokenizer.end}))
        self._count = 0

    def forced(self) -> Iterator[Step]:
        """The steps that the grammar leaves no choice about; to be read to their end before `choose`."""
        while self._constraint is not None and not self.finished and (tokens := self._constraint.forced()):
            for token in tokens:
                yield self._emit(token, 0.0, ())
                if self.finished:
                    return

    def choose(self, logits: Floats) -> Step:
        """The step of the token that is drawn from the logits (vocab,) after `ids`."""
        logits = adjust(logits, self._sampling, self.ids).copy()
        logits[self._structure] = -np.inf
        if self._constraint is not None:
            logits[~self._constraint.allowed()[: len(logits)]] = -np.inf
        logprobs = log_softmax(logits)
        token = draw(logits, self._sampling, self._random)
        return self._emit(token, float(logprobs[token]), self._best(logprobs))

    def _best(self, logprobs: Floats) -> tuple[Alternative, ...]:
        if self._alternatives == 0:
            return ()
        best: list[int] = np.argsort(-logprobs, kind="stable")[: self._alternatives].tolist()
        return tuple(
            Alternative(token, self._tokenizer.decode([token]), float(logprobs[token]))
            for token in best
            if logprobs[token] > -np.inf
        )

    def _emit(self, token: int, logprob: float, others: tuple[Alternative, ...]) -> Step:
        """The step of a token: its text as far as it is certain, and whether it is the last one."""
        self.ids.append(token)
        self._count += 1
        ended = token == self._tokenizer.end
        if self._constraint is not None and not ended:
            self._constraint.consume([token])
            ended = self._constraint.finished
        full = self._count >= self.limit
        piece = self._characters.push(token)
        if ended or full:
            piece += self._characters.flush()
        text, stop = self._stops.push(piece)
        finish: Finish | None = "stop" if ended or stop is not None else "length" if full else None
        self.finished = finish is not None
        if self.finished and stop is None:
            text += self._stops.flush()
        return Step(token, text, logprob, others, finish, stop)
