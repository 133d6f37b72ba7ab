"""Both training loops from the first step to the files that the runtime loads, on a tiny scale; needs torch."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

pytest.importorskip("torch", reason="needs torch: python -m pip install 'aiapp[train]'")
pytestmark = [pytest.mark.torch, pytest.mark.filterwarnings("ignore::DeprecationWarning")]

import torch  # noqa: E402
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, trainers  # noqa: E402

from aiapp.transformer.encoder import Encoder  # noqa: E402
from aiapp.transformer.train.__main__ import main  # noqa: E402
from aiapp.transformer.train.curves import draw_curves  # noqa: E402
from aiapp.transformer.train.encoder.evaluation import evaluate_encoder  # noqa: E402
from aiapp.transformer.train.encoder.export import export_encoder  # noqa: E402
from aiapp.transformer.train.encoder.groups import Groups  # noqa: E402
from aiapp.transformer.train.encoder.loop import EncoderPlan, EncoderTrainer  # noqa: E402
from aiapp.transformer.train.encoder.network import EncoderNetwork, EncoderShape  # noqa: E402
from aiapp.transformer.train.loop import WARM_UP, Plan, Trainer  # noqa: E402

SECOND = 1 / 60  # in minutes


class HashTeacher:
    """A teacher without a model: the sum of a fixed random direction for each word."""

    def __init__(self, folder: Path) -> None:
        self.tokenizer = folder / "teacher.json"
        codec = Tokenizer(models.WordPiece(unk_token="[UNK]"))
        codec.normalizer, codec.pre_tokenizer = normalizers.BertNormalizer(), pre_tokenizers.BertPreTokenizer()
        words = ["the river reaches a wooden boat in 1900", "what is the word for a term?", "days weeks leave hotel"]
        codec.train_from_iterator(
            words, trainers.WordPieceTrainer(vocab_size=300, special_tokens=["[PAD]", "[UNK]"], show_progress=False)
        )
        codec.save(str(self.tokenizer))

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float16]:
        rows = np.stack([sum((_direction(word) for word in text.lower().split()), np.zeros(384)) for text in texts])
        lengths = np.linalg.norm(rows, axis=1, keepdims=True)
        directions: npt.NDArray[np.float16] = (rows / np.maximum(lengths, 1e-6)).astype(np.float16)
        return directions


def _direction(word: str) -> npt.NDArray[np.float64]:
    seed = int.from_bytes(hashlib.sha256(word.encode()).digest()[:4], "big")
    direction: npt.NDArray[np.float64] = np.random.default_rng(seed).standard_normal(384)
    return direction


def _log(out: Path) -> list[dict[str, Any]]:
    return [json.loads(line) for line in (out / "log.jsonl").read_text(encoding="utf-8").splitlines()]


def test_the_language_model_trains_stops_and_goes_on(data: Path, tmp_path: Path) -> None:
    plan = Plan(data, tmp_path, minutes=2 * SECOND, schedule=6 * SECOND, held_out=2, tokenizer_examples=500)
    first = Trainer(plan, resume=False)
    first.fit()
    second = Trainer(plan, resume=True)
    assert (second.steps, second.tokens) == (first.steps, first.tokens)
    for name, kept in second.network.state_dict().items():
        assert torch.equal(kept, first.network.state_dict()[name])
    second.fit()
    rows = _log(tmp_path)
    assert [row["steps"] for row in rows] == [first.steps, second.steps]
    assert second.steps > first.steps > 0
    assert set(second.sets) <= set(rows[-1])
    assert (tmp_path / "best.pt").exists()


def test_the_encoder_trains_stops_goes_on_and_is_exported(data: Path, tmp_path: Path) -> None:
    teacher = HashTeacher(tmp_path)
    plan = EncoderPlan(
        data, tmp_path / "run", 2 * SECOND, 6 * SECOND, static=SECOND, batch=512, passages=50, held_out=20
    )
    first = EncoderTrainer(plan, teacher, resume=False)
    first.fit()
    second = EncoderTrainer(plan, teacher, resume=True)
    assert second.steps == first.steps > 0
    second.fit()
    assert second.steps > first.steps
    assert [row["steps"] for row in _log(plan.out)] == [first.steps, second.steps]
    export_encoder(plan.out, tmp_path / "weights")
    assert Encoder.load(tmp_path / "weights" / "encoder.safetensors").embed(["the river"]).shape == (1, 256)


def test_training_draws_its_curves(data: Path, tmp_path: Path) -> None:
    pytest.importorskip("matplotlib", reason="needs matplotlib: python -m pip install 'aiapp[train]'")
    run = tmp_path / "run"
    plan = Plan(data, run, minutes=SECOND, held_out=2, tokenizer_examples=300)
    Trainer(plan, resume=False).fit()
    assert draw_curves(run).read_bytes().startswith(b"\x89PNG")


def test_a_budget_of_tokens_ends_a_sitting(data: Path, tmp_path: Path) -> None:
    plan = Plan(data, tmp_path, tokens=3000, batch_tokens=512, held_out=2, tokenizer_examples=300)
    trainer = Trainer(plan, resume=False)
    trainer.fit()
    assert 3000 <= trainer.tokens < 3000 + 2 * 512
    again = Trainer(plan, resume=True)
    again.fit()
    assert 6000 <= again.tokens < 6000 + 4 * 512


@pytest.mark.parametrize(
    ("schedule", "low", "high"), [(None, 0.0, 0.4), (1000.0, 0.99, 1.0)], ids=["the larger share", "the schedule"]
)
def test_the_rates_go_down_with_the_larger_share_spent(
    data: Path, tmp_path: Path, schedule: float | None, low: float, high: float
) -> None:
    plan = Plan(
        data, tmp_path, minutes=1000, tokens=3000, schedule=schedule, batch_tokens=512, held_out=2,
        tokenizer_examples=300,
    )  # fmt: skip
    trainer = Trainer(plan, resume=False)
    trainer.fit()
    assert trainer.steps < WARM_UP
    for optimiser, rates in zip(trainer.optimisers, trainer.rates, strict=True):
        for group, rate in zip(optimiser.param_groups, rates, strict=True):
            assert low < group["lr"] / (rate * trainer.steps / WARM_UP) <= high


def test_the_bundled_encoder_is_scored_on_held_out_questions(data: Path) -> None:
    scores = evaluate_encoder(data, count=20)
    assert len(scores) == 8
    assert all(0 <= score.value <= 1 for score in scores)


@pytest.mark.parametrize("held", [False, True])
def test_groups_have_at_most_one_answer_among_distinct_candidates(data: Path, held: bool) -> None:
    groups = Groups(data, 3, held=held)
    for name, make in groups.makers.items():
        made = [make() for _ in range(60)]
        answered = [group for group in made if group.answer is not None]
        assert 0.4 < len(answered) / len(made) < 0.95, name
        assert all(0 <= group.answer < len(group.candidates) for group in answered if group.answer is not None)


def test_the_runtime_encodes_what_was_trained(tmp_path: Path) -> None:
    torch.manual_seed(0)
    teacher = HashTeacher(tmp_path)
    codec = Tokenizer.from_file(str(teacher.tokenizer))
    shape = EncoderShape(codec.get_vocab_size(), width=128, feed_forward=64, points=32, judge=16)
    network = EncoderNetwork(shape).eval()
    with torch.no_grad():
        for parameter in network.parameters():
            parameter.add_(torch.randn_like(parameter) * 0.05)
    names = ("vocabulary", "width", "layers", "feed_forward", "points", "judge")
    state = {"shape": {name: getattr(shape, name) for name in names}, "network": network.state_dict()}
    torch.save(state, tmp_path / "encoder.pt")
    codec.save(str(tmp_path / "tokenizer.json"))
    export_encoder(tmp_path, tmp_path / "weights")
    runtime = Encoder.load(tmp_path / "weights" / "encoder.safetensors")
    texts = ["the river reaches a boat", "a term", "what is the word for a wooden boat in 1900?"]
    ids = [encoding.ids for encoding in codec.encode_batch(texts)]
    length = max(map(len, ids))
    padded = torch.tensor([row + [0] * (length - len(row)) for row in ids])
    real = torch.tensor([[1.0] * len(row) + [0.0] * (length - len(row)) for row in ids])
    with torch.no_grad():
        rows = network.embed(padded, real).numpy()
        support = network.support((padded[:1], real[:1]), (padded, real), torch.zeros(3, dtype=torch.long)).numpy()
    np.testing.assert_allclose(runtime.embed(texts), rows, atol=0.02)  # the export keeps a byte a weight
    np.testing.assert_allclose(runtime.compare(texts[0], texts).support, support, atol=0.1)


@pytest.mark.parametrize(
    ("arguments", "named"),
    [
        (["export", "nowhere", "--to", "out"], "'nowhere' cannot be used; accepted: an existing folder"),
        (["evaluate-encoder", "--data", "missing"], "'missing' cannot be used; accepted: an existing folder"),
        (["fit", "--data", ".", "--out", "run"], "--minutes, --tokens or both"),
        (
            ["fit", "--data", ".", "--out", "run", "--minutes", "none"],
            "'none' cannot be used; accepted: a number above 0",
        ),
        (["export", ".", "--to", "out"], "best.pt"),
    ],
)
def test_a_command_says_in_one_line_what_is_wrong(
    arguments: list[str],
    named: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr("sys.argv", ["train", *arguments])
    with pytest.raises(SystemExit) as stopped:
        main()
    said = f"{stopped.value} {capsys.readouterr().err}"
    assert named in said
    assert "Traceback" not in said
