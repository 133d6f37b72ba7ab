"""How well the encoder that ships chooses: the runtime itself, on questions that training never sees."""

from __future__ import annotations

from pathlib import Path

from aiapp.transformer.encoder import BUNDLED_ENCODER, Encoder
from aiapp.transformer.evaluate.scores import Score, mean
from aiapp.transformer.train.encoder.groups import Groups

SEED = 20261121


def evaluate_encoder(data: Path, weights: Path = BUNDLED_ENCODER, count: int = 500) -> list[Score]:
    """For each kind of question, how often the right candidate is chosen, and answering or refusing is right."""
    encoder = Encoder.load(weights)
    scores: list[Score] = []
    for name, make in Groups(data, SEED, held=True).makers.items():
        chosen: list[bool] = []
        judged: list[bool] = []
        for group in (make() for _ in range(count)):
            support = encoder.compare(group.question, group.candidates).support
            if group.answer is not None:
                chosen.append(int(support.argmax()) == group.answer)
            judged.append(bool(support.max() > 0) == (group.answer is not None))
        scores.append(mean(f"{name}: the sentence that answers, among some eight", chosen))
        scores.append(mean(f"{name}: answered or refused rightly, a quarter without an answer", judged))
    return scores
