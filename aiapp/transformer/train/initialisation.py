"""Initialisation with working circuits: the step that decides what a model of this size can learn.

A small decoder trained for an hour hardly discovers the two circuits that answering from a text needs. Both are linear
algebra on top of rotary positions, so they can be written into the weights before training starts; nothing is frozen,
and the architecture stays Llama's.

- Induction (Olsson et al. 2022): layer 0 writes each token's predecessor beside it; layer 1 looks for the place whose
  predecessor is the current token, and copies what stands there. This is copying.
- Bag match: layer 0 writes the average of the last few tokens beside each token; layer 1 looks for the place whose
  neighbourhood resembles the current one. This is finding the sentence that a question is about. One such head compares
  the tokens themselves, the other what they mean: a part of each token's vector begins as the bundled encoder's
  (`meanings.py`), so that a question finds a sentence with which it shares no word.
"""

from __future__ import annotations

import math

import torch
from torch import Tensor

from aiapp.transformer.train.network import Block, Network

CONSTANT = 4.0
"""Embedding dimension 0 holds this many standard deviations for every token: position alone can be asked for."""

MEANING = 96
"""Dimensions of a token's vector, after that one, that begin as what the token means."""

FAST, SLOW = 0.1, 0.008
"""Rotary pairs turning faster than FAST radians a token tell positions apart; those slower than SLOW carry content."""


def initialise(network: Network, seed: int = 0, meanings: Tensor | None = None) -> None:
    """Write the circuits into layers 0 and 1; every other block starts as the identity.

    `meanings` (V, m) of mean square 1 are what the tokens mean, where it is known.
    """
    torch.manual_seed(seed)
    with torch.no_grad():
        _blank(network)
        if meanings is not None:
            network.embedding.weight[:, 1 : 1 + meanings.shape[1]] = meanings * network.shape.width**-0.5
        circuits = _Circuits(network)
        for head in (0, 1):
            circuits.induction(head)
        circuits.bag_match(2, 3.0)
        circuits.bag_match(3, 12.0, by_meaning=meanings is not None)


def _blank(network: Network) -> None:
    width = network.shape.width
    torch.nn.init.normal_(network.embedding.weight, std=width**-0.5)
    for module in network.blocks:
        assert isinstance(module, Block)
        for linear in (module.qkv, module.gate_up):
            torch.nn.init.normal_(linear.weight, std=width**-0.5)
        module.output.weight.zero_()
        module.down.weight.zero_()


def _orthonormal(rows: int, width: int) -> Tensor:
    basis: Tensor = torch.linalg.qr(torch.randn(width, rows))[0]
    return basis.T


class _Circuits:
    """The two layers that hold the circuits, and the quantities that they share."""

    def __init__(self, network: Network) -> None:
        shape = network.shape
        self.d, self.h, self.half = shape.width, shape.head_width, shape.head_width // 2
        self.scale = network.embedding.weight.std().item()
        network.embedding.weight[:, 0] = CONSTANT * self.scale
        self.constant = CONSTANT / math.sqrt(1 + CONSTANT**2 / self.d)  # its value after the norm
        self.frequency = shape.theta ** (-torch.arange(self.half).float() / self.half)
        slow = torch.arange(self.half)[self.frequency < SLOW]
        self.content = torch.cat([slow, slow + self.half])
        self.basis = _orthonormal(self.d, self.d)
        first, second = network.blocks[0], network.blocks[1]
        assert isinstance(first, Block)
        assert isinstance(second, Block)
        self.first, self.second = first, second

    def _rows(self, head: int) -> tuple[slice, slice, slice]:
        """The rows of a head's query, key and value in the fused matrix."""
        start = head * self.h
        q, k, v = (slice(offset + start, offset + start + self.h) for offset in (0, self.d, 2 * self.d))
        return q, k, v

    def _attend_back(self, head: int, pairs: Tensor, distance: float, sharpness: float) -> None:
        """Make a head of layer 0 look `distance` tokens back, by phase alone, through the given rotary pairs."""
        q, k, _ = self._rows(head)
        weights = self.first.qkv.weight
        weights[q] *= 0.05
        weights[k] *= 0.05
        turn = self.frequency[pairs]
        contrast = (1 - torch.cos((turn * max(1.0, distance)).clamp(max=math.pi))).sum().item()
        amplitude = math.sqrt(sharpness * math.sqrt(self.h) / max(contrast, 0.1)) / self.constant
        weights[q.start + pairs, 0] += amplitude
        phase = turn * (distance if distance <= 1 else distance / 2)
        weights[k.start + pairs, 0] += amplitude * torch.cos(phase)
        weights[k.start + self.half + pairs, 0] += amplitude * torch.sin(phase)

    def _copy(self, head: int, strength: float) -> None:
        """Make a head of layer 1 write the attended token's content back as a token."""
        _, _, v = self._rows(head)
        projection = _orthonormal(self.h, self.d)
        self.second.qkv.weight[v] = 0.05 * self.second.qkv.weight[v] + projection
        columns = slice(head * self.h, (head + 1) * self.h)
        self.second.output.weight[:, columns] = projection.T * self.scale * strength * math.sqrt(self.d / self.h)

    def _match(self, head: int, query: Tensor, key: Tensor, strength: float) -> None:
        """Make a head of layer 1 attend where `key` of the place equals `query` here. Both (content, d)."""
        q, k, _ = self._rows(head)
        weights = self.second.qkv.weight
        weights[q] *= 0.05
        weights[k] *= 0.05
        weights[q.start + self.content] += math.sqrt(strength) * query
        weights[k.start + self.content] += math.sqrt(strength) * key

    def induction(self, head: int) -> None:
        """Previous token in layer 0, match and copy in layer 1."""
        size = len(self.content)
        fast = torch.arange(self.half)[self.frequency > FAST]
        self._attend_back(head, fast, 1.0, sharpness=8.0)
        token = self.basis[head * size : (head + 1) * size]
        previous = self.basis[self.d - (head + 1) * size : self.d - head * size]
        self._write(head, token, previous, 1.0)
        self._match(head, token, previous, strength=3.0)
        self._copy(head, strength=3.0)

    def bag_match(self, head: int, window: float, *, by_meaning: bool = False) -> None:
        """An average over `window` tokens in layer 0, match of averages and copy in layer 1.

        Averaged are random directions of the tokens' vectors, or the first ones of their meaning.
        """
        size = len(self.content)
        turn = self.frequency * window
        pairs = torch.arange(self.half)[(turn > 0.3) & (turn < 3.0)]
        self._attend_back(head, pairs, window, sharpness=3.0)
        bag = _orthonormal(size, self.d)
        read = torch.eye(self.d)[1 : 1 + size] if by_meaning else _orthonormal(size, self.d)
        self._write(head, read, bag, math.sqrt(window))
        self._match(head, bag, bag, strength=2.0)
        self._copy(head, strength=1.0)

    def _write(self, head: int, read: Tensor, write: Tensor, gain: float) -> None:
        """Make a head of layer 0 read content through `read` and write it to the subspace `write`."""
        _, _, v = self._rows(head)
        size = len(read)
        value = self.first.qkv.weight
        value[v] *= 0.05
        value[v.start : v.start + size] += read
        self.first.output.weight[:, head * self.h : head * self.h + size] = write.T * self.scale * gain
