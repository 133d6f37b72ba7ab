"""The encoder in torch: word pieces to directions, and a question with a candidate to the log-odds that it answers.

B is the batch, T the pieces, d the width, H the heads, h the width of a head; Q a question's pieces, K the kernels.
"""

from __future__ import annotations

from dataclasses import dataclass

import torch
import torch.nn.functional as F  # noqa: N812 (the name that everyone knows)
from torch import Tensor, nn

from aiapp.transformer.encoder import KERNEL_CENTRES, KERNEL_WIDTHS
from aiapp.transformer.train.network import Block


@dataclass(frozen=True, slots=True)
class EncoderShape:
    """The sizes of an encoder."""

    vocabulary: int
    width: int = 256
    layers: int = 2
    feed_forward: int = 512
    points: int = 128
    judge: int = 64
    head_width: int = 64
    positions: int = 256
    theta: float = 10000.0
    epsilon: float = 1e-5

    @property
    def heads(self) -> int:
        """How many attention heads fill the width."""
        return self.width // self.head_width


class EncoderNetwork(nn.Module):
    """One trunk with two uses: `embed` for a text alone, `support` for candidates of a question.

    The judge starts as a fixed mix of two cosines, of the whole texts and of their pieces, and learns what to add.
    """

    def __init__(self, shape: EncoderShape) -> None:
        super().__init__()
        self.shape = shape
        d, kernels = shape.width, len(KERNEL_CENTRES)
        self.embedding = nn.Embedding(shape.vocabulary, d)
        self.weight = nn.Embedding(shape.vocabulary, 1)  # softplus of it is what a piece counts
        blocks = [Block(shape) for _ in range(shape.layers)]
        for block in blocks:  # each begins as the identity
            for linear in (block.qkv, block.gate_up):
                nn.init.normal_(linear.weight, std=d**-0.5)
            for linear in (block.output, block.down):
                nn.init.zeros_(linear.weight)
        self.blocks = nn.ModuleList(blocks)
        self.points = nn.Linear(d, shape.points, bias=False)
        nn.init.orthogonal_(self.points.weight)
        self.asked_weight = nn.Embedding(shape.vocabulary, 1)  # added to `weight` for a question's pieces
        nn.init.zeros_(self.asked_weight.weight)
        self.feature_norm = nn.LayerNorm(2 * kernels)
        self.features, self.meaning = nn.Linear(2 * kernels, shape.judge), nn.Linear(d, shape.judge, bias=False)
        self.judged = nn.Linear(shape.judge, 1)
        nn.init.zeros_(self.judged.weight)
        nn.init.zeros_(self.judged.bias)
        self.mix = nn.Parameter(torch.tensor([10.0, -4.5, 2.0]))  # cosine of the whole, bias, cosine of the pieces
        half = shape.head_width // 2
        frequency = shape.theta ** (-torch.arange(half).float() / half)
        angles = torch.outer(torch.arange(shape.positions).float(), frequency)  # (positions, h/2)
        self.cos: Tensor
        self.sin: Tensor
        self.centres: Tensor
        self.widths: Tensor
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)
        self.register_buffer("centres", torch.from_numpy(KERNEL_CENTRES), persistent=False)
        self.register_buffer("widths", torch.from_numpy(KERNEL_WIDTHS), persistent=False)

    def embed(self, ids: Tensor, real: Tensor) -> Tensor:
        """Directions of texts: (B, T), (B, T) -> (B, d)."""
        return self._read(ids, real)[1]

    def support(self, questions: tuple[Tensor, Tensor], candidates: tuple[Tensor, Tensor], owner: Tensor) -> Tensor:
        """Log-odds that each candidate answers the question that `owner` names: -> (B,).

        Questions and candidates are ids and which of them are real: (questions, Q) twice, (B, T) twice.
        """
        ids, real = questions
        states, asked = self._read(ids, real)
        others, said = self._read(*candidates)
        cosines = self._pointed(states)[owner] @ self._pointed(others).transpose(1, 2)  # (B, Q, T)
        there = candidates[1][:, None, :]
        counted = F.softplus(self.weight(ids) + self.asked_weight(ids))[..., 0] * real
        shares = (counted / counted.sum(1, keepdim=True).clamp(min=1e-6))[owner]  # (B, Q)
        best = cosines.masked_fill(there == 0, -1).max(2).values  # (B, Q)
        counts = torch.log1p((self._kernels(cosines) * there[..., None]).sum(2))  # (B, Q, K)
        features = torch.cat([self._shared(counts, shares), self._shared(self._kernels(best), shares)], -1)
        together = asked[owner] * said
        inner = self.features(self.feature_norm(features)) + self.meaning(together * self.shape.width**0.5)
        whole, bias, pieces = self.mix
        learnt: Tensor = self.judged(F.silu(inner))[:, 0]
        scores: Tensor = whole * together.sum(-1) + pieces * (best * shares).sum(1) + bias + learnt
        return scores

    def _read(self, ids: Tensor, real: Tensor) -> tuple[Tensor, Tensor]:
        """What the last layer says of each piece, and the direction of each text: (B, T, d), (B, d)."""
        length = ids.shape[1]
        x: Tensor = self.embedding(ids) * self.shape.width**0.5
        mask = ((1 - real) * -1e4)[:, None, None, :]
        for block in self.blocks:
            x = block(x, self.cos[:length], self.sin[:length], mask)
        states, weight = x.float(), F.softplus(self.weight(ids)) * real[..., None]
        return states, F.normalize((states * weight).sum(1), dim=-1)

    def _pointed(self, states: Tensor) -> Tensor:
        return F.normalize(self.points(states).float(), dim=-1)

    def _kernels(self, cosines: Tensor) -> Tensor:
        near: Tensor = torch.exp(-((cosines[..., None] - self.centres) ** 2) / (2 * self.widths**2))
        return near

    def _shared(self, values: Tensor, shares: Tensor) -> Tensor:
        """The mean over the question's pieces by what they count: (B, Q, K), (B, Q) -> (B, K)."""
        return (values * shares[..., None]).sum(1)
