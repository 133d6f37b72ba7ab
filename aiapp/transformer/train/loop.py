"""The training loop: from scratch or from a checkpoint, for a time, with held-out scores along the way."""

from __future__ import annotations

import json
import math
import os
import signal
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any

import torch
from tokenizers import Tokenizer
from torch.optim import Optimizer

from aiapp.transformer.train.batches import batches, train_tokenizer
from aiapp.transformer.train.evaluation import exact_match, held_out_sets
from aiapp.transformer.train.initialisation import MEANING, initialise
from aiapp.transformer.train.meanings import meanings
from aiapp.transformer.train.mixture import Mixture
from aiapp.transformer.train.muon import optimisers
from aiapp.transformer.train.network import Network, Shape

WARM_UP, LEAST = 40, 0.02
"""Steps until the learning rate is full, and the share of it that is left at the end."""


@dataclass(frozen=True, slots=True)
class Plan:
    """What `fit` does, for `minutes` of wall clock or for `tokens`, whichever are spent first.

    Both are of this sitting, and the learning rates go down with the larger share of the two that is spent. `schedule`,
    if given, is their whole way down instead, over all sittings: in minutes or, where only tokens are given, in tokens.
    """

    data: Path
    out: Path
    minutes: float = math.inf
    tokens: float = math.inf
    schedule: float | None = None
    threads: int = 1
    device: str = "cpu"
    batch_tokens: int = 2048
    context: int = 512
    matrices: float = 0.005
    others: float = 0.001
    evaluate_every: float = 5.0
    held_out: int = 80
    tokenizer_examples: int = 30_000
    seed: int = 1


class Trainer:
    """A network in training, with everything that a checkpoint holds."""

    def __init__(self, plan: Plan, *, resume: bool) -> None:
        torch.set_num_threads(plan.threads)
        self.plan, self.steps, self.tokens, self.seconds, self.best = plan, 0, 0, 0.0, -1.0
        self.stopped = False
        plan.out.mkdir(parents=True, exist_ok=True)
        state: dict[str, Any] | None = torch.load(plan.out / "last.pt", weights_only=True) if resume else None
        seed = plan.seed if state is None else plan.seed + int(state["steps"])
        self.mixture = Mixture(plan.data, seed)
        if state is None:
            self.tokenizer = train_tokenizer(self.mixture, plan.tokenizer_examples)
            self.tokenizer.save(str(plan.out / "tokenizer.json"))
            self.network = Network(Shape(vocabulary=self.tokenizer.get_vocab_size()))
            initialise(self.network, plan.seed, meanings(self.tokenizer, MEANING, plan.seed))
        else:
            self.tokenizer = Tokenizer.from_file(str(plan.out / "tokenizer.json"))
            self.network = Network(Shape(**state["shape"]))
            self.network.load_state_dict(state["network"])
            self.steps, self.tokens, self.best = state["steps"], state["tokens"], state["best"]
            self.seconds = state["seconds"]
        self.network.to(plan.device)
        self.optimisers = optimisers(self.network, plan.matrices, plan.others)
        self.rates = [[group["lr"] for group in optimiser.param_groups] for optimiser in self.optimisers]
        if state is not None:
            for optimiser, kept in zip(self.optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict(kept)
        self.sets = held_out_sets(plan.data, plan.held_out)

    def fit(self) -> None:
        """Train for the plan's budget, from here; a termination signal ends it early, with everything saved."""
        signal.signal(signal.SIGTERM, self._stop)
        plan, smooth, before, read = self.plan, 0.0, self.seconds, self.tokens
        began = looked = time.monotonic()
        stream = batches(self.mixture, self.tokenizer, plan.batch_tokens, plan.context)
        while self.seconds - before < plan.minutes * 60 and self.tokens - read < plan.tokens and not self.stopped:
            ids, weights = next(stream)
            self._set_rates(self._progress(before / 60 + plan.minutes, read + plan.tokens))
            loss = self._step(ids.to(plan.device), weights.to(plan.device))
            smooth = loss if smooth == 0 else 0.98 * smooth + 0.02 * loss
            self.seconds = before + time.monotonic() - began
            if time.monotonic() - looked > plan.evaluate_every * 60:
                self._look(smooth)
                looked = time.monotonic()
        self._look(smooth)

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopped = True

    def _progress(self, minutes: float, tokens: float) -> float:
        """How far down the learning rates are, from 0 to 1, if the sitting ends at so many minutes or tokens in all."""
        spent, schedule = self.seconds / 60, self.plan.schedule
        if schedule is not None:
            return (spent if self.plan.minutes < math.inf else self.tokens) / schedule
        return max(spent / minutes, self.tokens / tokens)

    def _set_rates(self, progress: float) -> None:
        factor = min(1.0, (self.steps + 1) / WARM_UP) * max(LEAST, 1.0 - progress)
        for optimiser, rates in zip(self.optimisers, self.rates, strict=True):
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * factor

    def _step(self, ids: torch.Tensor, weights: torch.Tensor) -> float:
        with torch.autocast(self.plan.device, torch.bfloat16):
            loss = self.network.loss(ids, weights)
        loss.backward()  # type: ignore[no-untyped-call]
        torch.nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
        for optimiser in self.optimisers:
            _advance(optimiser)
        self.steps += 1
        self.tokens += ids.numel()
        return float(loss.detach())

    def _look(self, loss: float) -> None:
        """Evaluate, log, and save; the best state has a file of its own."""
        scores = {name: exact_match(self.network, self.tokenizer, examples) for name, examples in self.sets.items()}
        mean = sum(scores.values()) / len(scores)
        state = {
            "shape": asdict(self.network.shape),
            "network": self.network.state_dict(),
            "steps": self.steps,
            "tokens": self.tokens,
            "seconds": self.seconds,
            "best": max(self.best, mean),
        }
        if mean > self.best:
            self.best = mean
            _save(state, self.plan.out / "best.pt")
        _save({**state, "optimisers": [one.state_dict() for one in self.optimisers]}, self.plan.out / "last.pt")
        row = {"minutes": round(self.seconds / 60, 2), "steps": self.steps, "tokens": self.tokens}
        with (self.plan.out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps({**row, "loss": round(loss, 4), "mean": round(mean, 4), **scores}) + "\n")


def _advance(optimiser: Optimizer) -> None:
    optimiser.step()
    optimiser.zero_grad(set_to_none=True)


def _save(state: dict[str, Any], path: Path) -> None:
    """Whole or not at all."""
    part = path.with_suffix(".part")
    torch.save(state, part)
    os.replace(part, path)
