"""Muon: momentum whose step is orthogonalised, for the matrices of a network (Jordan et al. 2024)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import torch
from torch import Tensor, nn
from torch.optim import Optimizer

# Coefficients of the quintic Newton-Schulz iteration, one row a step (Polar Express, Amsel et al. 2025).
_PUBLISHED = (
    (8.2872, -23.5959, 17.3004),
    (4.1071, -2.9478, 0.5448),
    (3.9487, -2.9089, 0.5518),
    (3.3184, -2.4885, 0.5100),
    (2.3007, -1.6689, 0.4188),
)
_SAFETY = 1.01
"""In bfloat16 a singular value may land above 1, where the next step would throw it out: all but the last hold back."""
STEPS = (*((a / _SAFETY, b / _SAFETY**3, c / _SAFETY**5) for a, b, c in _PUBLISHED[:-1]), _PUBLISHED[-1])


def orthogonalise(matrix: Tensor) -> Tensor:
    """The nearest matrix with orthonormal rows or columns, about; computed in bfloat16."""
    x = matrix.bfloat16()
    wide = x.shape[0] <= x.shape[1]
    x = x if wide else x.T
    x = x / (x.norm() * 1.02 + 1e-7)
    for a, b, c in STEPS:
        square = x @ x.T
        x = a * x + (b * square + c * square @ square) @ x
    nearest: Tensor = x if wide else x.T
    return nearest.float()


class Muon(Optimizer):
    """For matrices only. A fused matrix is `split` into its parts, each orthogonalised alone."""

    def __init__(self, groups: list[dict[str, Any]], lr: float, momentum: float = 0.95) -> None:
        super().__init__(groups, {"lr": lr, "momentum": momentum, "split": 1})

    @torch.no_grad()
    def step(self, closure: Callable[[], float] | None = None) -> None:  # type: ignore[override]
        """Move every matrix by its orthogonalised momentum."""
        for group in self.param_groups:
            for matrix in group["params"]:
                state = self.state[matrix]
                if "momentum" not in state:
                    state["momentum"] = torch.zeros_like(matrix)
                momentum = state["momentum"].mul_(group["momentum"]).add_(matrix.grad)
                update = matrix.grad.add(momentum, alpha=group["momentum"])
                parts = [
                    orthogonalise(part) * max(1.0, part.shape[0] / part.shape[1]) ** 0.5
                    for part in update.chunk(group["split"], 0)
                ]
                matrix.add_(torch.cat(parts, 0), alpha=-group["lr"])


def optimisers(network: nn.Module, matrices: float, others: float, memory: float = 0.95) -> list[Optimizer]:
    """Muon for the matrices of `network.blocks`, fused ones by parts; AdamW (second beta: `memory`) for the rest."""
    split: dict[int, list[nn.Parameter]] = {1: [], 2: [], 3: []}
    rest: list[nn.Parameter] = []
    for name, parameter in network.named_parameters():
        if parameter.dim() == 2 and name.startswith("blocks."):
            split[3 if "qkv" in name else 2 if "gate_up" in name else 1].append(parameter)
        else:
            rest.append(parameter)
    groups = [{"params": parameters, "split": parts} for parts, parameters in split.items()]
    return [Muon(groups, lr=matrices), torch.optim.AdamW(rest, lr=others, betas=(0.9, memory), weight_decay=0.0)]
