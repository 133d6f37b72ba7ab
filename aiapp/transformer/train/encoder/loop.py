"""Training of the encoder: the teacher's cosines and the choice among candidates, in turns, on one trunk."""

from __future__ import annotations

import json
import os
import random
import signal
import time
from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from types import FrameType
from typing import Any, TypeAlias

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F  # noqa: N812 (the name that everyone knows)
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
from torch import Tensor, nn

from aiapp.transformer.train.encoder.groups import Group, Groups
from aiapp.transformer.train.encoder.network import EncoderNetwork, EncoderShape
from aiapp.transformer.train.encoder.teacher import Teacher, directions, piece_directions
from aiapp.transformer.train.encoder.texts import training_texts
from aiapp.transformer.train.muon import optimisers

Ids: TypeAlias = list[int]

WARM_UP, LEAST = 100, 0.01
LONGEST, LONGEST_QUESTION, LONGEST_CANDIDATE = 160, 40, 90  # pieces
RELATIONS = 4.0
"""What the cosines among the texts of a batch count, beside their cosines to the teacher's directions."""
DISTIL = 3.0
"""What a batch of directions counts, beside a batch of groups."""
RARE = 1e-3
"""Pieces more frequent than this share start with less weight (Arora, Liang and Ma 2017)."""
HELD = 100
"""Every HELD-th text is never trained on."""


@dataclass(frozen=True, slots=True)
class EncoderPlan:
    """What `fit` does, in minutes of wall clock.

    `minutes` is this sitting, `schedule` the whole way that the learning rate goes down, over all sittings; in its
    first `static` minutes the vectors of the pieces learn alone.
    """

    data: Path
    out: Path
    minutes: float
    schedule: float | None = None
    static: float = 1.5
    threads: int = 1
    pieces: int = 14_000
    batch: int = 4096
    matrices: float = 0.008
    others: float = 0.001
    evaluate_every: float = 4.0
    passages: int = 16_000
    held_out: int = 300
    seed: int = 0


@dataclass(frozen=True, slots=True)
class _Read:
    """A group as pieces."""

    question: Ids
    candidates: tuple[Ids, ...]
    answer: int | None

    @property
    def longest(self) -> int:
        return max(map(len, self.candidates))


class EncoderTrainer:
    """An encoder in training."""

    def __init__(self, plan: EncoderPlan, teacher: Teacher, *, resume: bool) -> None:
        torch.manual_seed(plan.seed)
        torch.set_num_threads(plan.threads)
        self.plan, self.steps, self.seconds, self.stopped = plan, 0, 0.0, False
        plan.out.mkdir(parents=True, exist_ok=True)
        state: dict[str, Any] | None = torch.load(plan.out / "encoder.pt", weights_only=True) if resume else None
        texts = training_texts(plan.data, plan.passages)
        rows = directions(texts, teacher, plan.out / "directions")
        if state is None:
            self.tokenizer = _tokenizer(teacher.tokenizer, texts, plan.pieces)
            self.tokenizer.save(str(plan.out / "tokenizer.json"))
        else:
            self.tokenizer = Tokenizer.from_file(str(plan.out / "tokenizer.json"))
        self.tokenizer.enable_truncation(LONGEST)
        self.ids = self._encode(texts)
        self.network = EncoderNetwork(EncoderShape(self.tokenizer.get_vocab_size()))
        basis = _basis(rows, self.network.shape.width)
        projected = [rows[start : start + 50_000].astype(np.float32) @ basis for start in range(0, len(rows), 50_000)]
        self.wanted = F.normalize(torch.from_numpy(np.concatenate(projected)), dim=-1).half()
        self.optimisers = optimisers(self.network, plan.matrices, plan.others, memory=0.98)
        self.rates = [[group["lr"] for group in optimiser.param_groups] for optimiser in self.optimisers]
        if state is None:
            self._start(teacher, basis)
        else:
            self.network.load_state_dict(state["network"])
            for optimiser, kept in zip(self.optimisers, state["optimisers"], strict=True):
                optimiser.load_state_dict(kept)
            self.steps, self.seconds = state["steps"], state["seconds"]
        held = Groups(plan.data, plan.seed + 5, held=True)
        self.held = {name: self._read(make() for _ in range(plan.held_out)) for name, make in held.makers.items()}
        self.groups = Groups(plan.data, plan.seed + 1 + self.steps)
        self.random = random.Random(plan.seed + self.steps)

    def fit(self) -> None:
        """Train for the plan's minutes, from here; a termination signal ends it early, with everything saved."""
        signal.signal(signal.SIGTERM, self._stop)
        plan, before = self.plan, self.seconds
        schedule = (plan.schedule or before / 60 + plan.minutes) * 60
        alone, grouped = self._alone(), self._grouped()
        began = looked = time.monotonic()
        while not self.stopped and self.seconds - before < plan.minutes * 60:
            static = self.seconds < plan.static * 60
            self._set_rates(self.seconds / schedule)
            with torch.autocast("cpu", torch.bfloat16):
                loss = self._distil(next(alone)) if static or self.steps % 2 == 0 else self._choose(next(grouped))
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(self.network.parameters(), 1.0)
            for optimiser in self.optimisers[1:] if static else self.optimisers:
                optimiser.step()
                optimiser.zero_grad(set_to_none=True)
            self.steps += 1
            self.seconds = before + time.monotonic() - began
            if time.monotonic() - looked > plan.evaluate_every * 60:
                self._look()
                looked = time.monotonic()
        self._look()

    def _stop(self, _signal: int, _frame: FrameType | None) -> None:
        self.stopped = True

    def _start(self, teacher: Teacher, basis: npt.NDArray[np.float32]) -> None:
        """Begin as a bag of pieces, each where the teacher puts it when it stands alone, rare ones weighing more."""
        vocabulary = self.tokenizer.get_vocab()
        pieces = sorted(vocabulary, key=vocabulary.__getitem__)
        vectors = piece_directions(pieces, teacher) @ basis
        counts = Counter(piece for row in self.ids for piece in row)
        shares = np.array([counts[place] for place in range(len(pieces))]) / counts.total()
        weights = np.maximum(RARE / (RARE + shares), 0.02)
        with torch.no_grad():
            self.network.embedding.weight.copy_(torch.from_numpy(vectors / vectors.shape[1] ** 0.5))
            self.network.weight.weight[:, 0] = torch.from_numpy(np.log(np.expm1(weights)))

    def _encode(self, texts: Sequence[str]) -> list[Ids]:
        return [encoding.ids for encoding in self.tokenizer.encode_batch(list(texts), add_special_tokens=False)]

    def _set_rates(self, progress: float) -> None:
        factor = min(1.0, (self.steps + 1) / WARM_UP) * max(LEAST, 1.0 - progress)
        for optimiser, rates in zip(self.optimisers, self.rates, strict=True):
            for group, rate in zip(optimiser.param_groups, rates, strict=True):
                group["lr"] = rate * factor

    def _alone(self) -> Iterator[list[int]]:
        """Places of texts of like length, a batch at a time, without end."""
        train = [place for place, row in enumerate(self.ids) if place % HELD and row]
        while True:
            pool = sorted(self.random.sample(train, min(len(train), 4 * self.plan.batch)), key=self._length)
            batches: list[list[int]] = []
            while pool:
                ahead = self._length(pool[min(8, len(pool) - 1)])
                count = max(8, min(512, self.plan.batch // ahead))
                batches.append(pool[:count])
                del pool[:count]
            self.random.shuffle(batches)
            yield from batches

    def _length(self, place: int) -> int:
        return len(self.ids[place])

    def _grouped(self) -> Iterator[list[_Read]]:
        """Groups of like length, a batch at a time, without end."""
        while True:
            pool = sorted(self._read(self.groups.group() for _ in range(256)), key=lambda read: read.longest)
            batches: list[list[_Read]] = [[]]
            for read in pool:
                count = sum(len(other.candidates) for other in batches[-1]) + len(read.candidates)
                if batches[-1] and count * read.longest > self.plan.batch:
                    batches.append([])
                batches[-1].append(read)
            self.random.shuffle(batches)
            yield from batches

    def _read(self, groups: Iterable[Group]) -> list[_Read]:
        """Groups as pieces; one with a text without a word is left out."""
        found: list[_Read] = []
        for group in groups:
            question, *candidates = self._encode([group.question, *group.candidates])
            if question and all(candidates):
                cut = tuple(candidate[:LONGEST_CANDIDATE] for candidate in candidates)
                found.append(_Read(question[:LONGEST_QUESTION], cut, group.answer))
        return found

    def _distil(self, places: Sequence[int]) -> Tensor:
        """How far the directions, and the cosines among them, are from the teacher's."""
        wanted = self.wanted[list(places)].float()
        found = self.network.embed(*_padded([self.ids[place] for place in places]))
        apart = (1 - (found * wanted).sum(-1)).mean()
        return DISTIL * (apart + RELATIONS * ((found @ found.T - wanted @ wanted.T) ** 2).mean())

    def _choose(self, groups: Sequence[_Read]) -> Tensor:
        """The cross-entropy of choosing the answer, or of choosing none, whose log-odds are 0."""
        losses: list[Tensor] = []
        for group, scores in zip(groups, self._scores(groups), strict=True):
            options = torch.cat([scores.float(), scores.new_zeros(1, dtype=torch.float32)])
            right = len(group.candidates) if group.answer is None else group.answer
            losses.append(-F.log_softmax(options, 0)[right])
        return torch.stack(losses).mean()

    def _scores(self, groups: Sequence[_Read]) -> tuple[Tensor, ...]:
        owner = torch.tensor([number for number, group in enumerate(groups) for _ in group.candidates])
        candidates = [candidate for group in groups for candidate in group.candidates]
        scores = self.network.support(_padded([group.question for group in groups]), _padded(candidates), owner)
        return torch.split(scores, [len(group.candidates) for group in groups])

    @torch.no_grad()
    def _look(self) -> None:
        """Held-out scores to the log, and the state to disk, whole or not at all."""
        places = sorted((place for place in range(0, len(self.ids), HELD) if self.ids[place]), key=self._length)
        cosines: list[Tensor] = []
        row: dict[str, Any] = {"minutes": round(self.seconds / 60, 2), "steps": self.steps}
        with torch.autocast("cpu", torch.bfloat16):
            for start in range(0, len(places), 64):
                batch = places[start : start + 64]
                found = self.network.embed(*_padded([self.ids[place] for place in batch]))
                cosines.append((found * self.wanted[batch].float()).sum(-1))
            row["cosine to the teacher"] = round(float(torch.cat(cosines).mean()), 4)
            for name, groups in self.held.items():
                row |= {f"{name}, {measure}": value for measure, value in self._measured(groups).items()}
        with (self.plan.out / "log.jsonl").open("a", encoding="utf-8") as log:
            log.write(json.dumps(row) + "\n")
        part = self.plan.out / "encoder.part"
        state = {
            "shape": asdict(self.network.shape),
            "network": self.network.state_dict(),
            "optimisers": [one.state_dict() for one in self.optimisers],
            "steps": self.steps,
            "seconds": self.seconds,
        }
        torch.save(state, part)
        os.replace(part, self.plan.out / "encoder.pt")

    def _measured(self, groups: Sequence[_Read]) -> dict[str, float]:
        """How often the right candidate scores highest, and how often answering or refusing is right."""
        chosen: list[bool] = []
        judged: list[bool] = []
        for start in range(0, len(groups), 16):
            batch = groups[start : start + 16]
            for group, scores in zip(batch, self._scores(batch), strict=True):
                if group.answer is not None:
                    chosen.append(int(scores.argmax()) == group.answer)
                judged.append((float(scores.max()) > 0) == (group.answer is not None))
        return {"chosen": round(float(np.mean(chosen)), 3), "answered or refused": round(float(np.mean(judged)), 3)}


def _tokenizer(teacher: Path, texts: Sequence[str], size: int) -> Tokenizer:
    """The teacher's word pieces that the texts use most, with every ASCII character."""
    theirs = Tokenizer.from_file(str(teacher))
    theirs.no_padding()
    theirs.no_truncation()
    counts: Counter[str] = Counter()
    for start in range(0, len(texts), 4096):
        for encoding in theirs.encode_batch(list(texts[start : start + 4096]), add_special_tokens=False):
            counts.update(encoding.tokens)
    letters = [piece for piece in theirs.get_vocab() if len(piece.removeprefix("##")) == 1 and piece.isascii()]
    common = [piece for piece, _ in counts.most_common(size)]
    kept = list(dict.fromkeys(["[PAD]", "[UNK]", *sorted(letters), *common]))[:size]
    model = models.WordPiece({piece: place for place, piece in enumerate(kept)}, unk_token="[UNK]")
    ours = Tokenizer(model)
    ours.normalizer = normalizers.BertNormalizer(lowercase=True)
    ours.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return ours


def _basis(rows: npt.NDArray[np.float16], width: int) -> npt.NDArray[np.float32]:
    """The directions that hold most of the teacher's: (its width, ours)."""
    _, _, basis = np.linalg.svd(rows[:60_000].astype(np.float32), full_matrices=False)
    return np.ascontiguousarray(basis[:width].T)


def _padded(rows: Sequence[Ids]) -> tuple[Tensor, Tensor]:
    """Ids, and 1 where a piece is real: both (B, T)."""
    length = max(len(row) for row in rows)
    ids = torch.zeros(len(rows), length, dtype=torch.long)
    real = torch.zeros(len(rows), length)
    for place, row in enumerate(rows):
        ids[place, : len(row)] = torch.tensor(row)
        real[place, : len(row)] = 1
    return ids, real
