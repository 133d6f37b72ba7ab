"""The network in torch: a Llama decoder (RMSNorm, rotary positions, SwiGLU, tied embeddings).

Projections that read the same input are fused, as in the NumPy runtime; `export` splits them into Llama's own names.
B is the batch, T the tokens, d the width, H the heads, h the width of a head.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import torch
import torch.nn.functional as F  # noqa: N812 (the name that everyone knows)
from torch import Tensor, nn


@dataclass(frozen=True, slots=True)
class Shape:
    """The sizes of a network."""

    vocabulary: int = 4096
    width: int = 256
    layers: int = 4
    heads: int = 4
    feed_forward: int = 640
    positions: int = 1024
    theta: float = 10000.0
    epsilon: float = 1e-5

    @property
    def head_width(self) -> int:
        """The width of one attention head."""
        return self.width // self.heads


class BlockShape(Protocol):
    """The sizes of a block."""

    @property
    def width(self) -> int: ...
    @property
    def heads(self) -> int: ...
    @property
    def head_width(self) -> int: ...
    @property
    def feed_forward(self) -> int: ...
    @property
    def epsilon(self) -> float: ...


class Norm(nn.Module):
    """Root-mean-square normalisation."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(shape.width))
        self.epsilon = shape.epsilon

    def forward(self, x: Tensor) -> Tensor:
        """(..., d) -> (..., d)."""
        return F.rms_norm(x, (x.shape[-1],), self.weight, self.epsilon)


def rotate(x: Tensor, cos: Tensor, sin: Tensor) -> Tensor:
    """Rotate the pairs (i, i + h/2) of each head by their position's angle. (B, H, T, h) -> the same."""
    first, second = x.chunk(2, -1)
    cos, sin = cos.to(x.dtype), sin.to(x.dtype)
    return torch.cat([first * cos - second * sin, second * cos + first * sin], -1)


class Block(nn.Module):
    """Attention and feed-forward, each added to the stream; `mask` says who sees whom."""

    def __init__(self, shape: BlockShape) -> None:
        super().__init__()
        self.shape = shape
        d, f = shape.width, shape.feed_forward
        self.attention_norm, self.feed_forward_norm = Norm(shape), Norm(shape)
        self.qkv = nn.Linear(d, 3 * d, bias=False)
        self.output = nn.Linear(d, d, bias=False)
        self.gate_up = nn.Linear(d, 2 * f, bias=False)
        self.down = nn.Linear(f, d, bias=False)

    def forward(self, x: Tensor, cos: Tensor, sin: Tensor, mask: Tensor) -> Tensor:
        """(B, T, d) -> (B, T, d)."""
        batch, length, width = x.shape
        heads = self.qkv(self.attention_norm(x)).view(batch, length, 3, self.shape.heads, self.shape.head_width)
        q, k, v = heads.permute(2, 0, 3, 1, 4)  # each (B, H, T, h)
        q, k = rotate(q, cos, sin), rotate(k, cos, sin)
        # Written out: on a CPU in bfloat16 this trains a fifth faster than torch's fused attention.
        scores = (q * self.shape.head_width**-0.5) @ k.transpose(-1, -2) + mask.to(q.dtype)  # (B, H, T, T)
        mixed = torch.softmax(scores, -1).to(v.dtype) @ v
        x = x + self.output(mixed.transpose(1, 2).reshape(batch, length, width))
        gate, up = self.gate_up(self.feed_forward_norm(x)).chunk(2, -1)
        added: Tensor = self.down(F.silu(gate) * up)
        return x + added


class Network(nn.Module):
    """Token ids to hidden states, and the loss over the tokens that carry weight."""

    def __init__(self, shape: Shape) -> None:
        super().__init__()
        self.shape = shape
        self.embedding = nn.Embedding(shape.vocabulary, shape.width)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.layers))
        self.norm = Norm(shape)
        half = shape.head_width // 2
        frequency = shape.theta ** (-torch.arange(half).float() / half)
        angles = torch.outer(torch.arange(shape.positions).float(), frequency)  # (positions, h/2)
        self.cos: Tensor
        self.sin: Tensor
        self.register_buffer("cos", angles.cos(), persistent=False)
        self.register_buffer("sin", angles.sin(), persistent=False)

    def forward(self, ids: Tensor) -> Tensor:
        """Hidden states of token ids: (B, T) -> (B, T, d)."""
        length = ids.shape[1]
        mask = torch.full((length, length), -1e4, device=ids.device).triu(1)
        x: Tensor = self.embedding(ids)
        for block in self.blocks:
            x = block(x, self.cos[:length], self.sin[:length], mask)
        normalised: Tensor = self.norm(x)
        return normalised

    def logits(self, hidden: Tensor) -> Tensor:
        """Scores of the next token: (..., d) -> (..., vocabulary)."""
        return F.linear(hidden, self.embedding.weight)

    def loss(self, ids: Tensor, weights: Tensor) -> Tensor:
        """Weighted mean cross-entropy of predicting `ids`; a token of weight 0 is read, not predicted. Both (B, T)."""
        hidden = self(ids)[:, :-1]
        targets, weight = ids[:, 1:], weights[:, 1:]
        kept = weight > 0  # only these go through the vocabulary's matrix
        losses = F.cross_entropy(self.logits(hidden[kept]).float(), targets[kept], reduction="none")
        return (losses * weight[kept]).sum() / weight[kept].sum()
