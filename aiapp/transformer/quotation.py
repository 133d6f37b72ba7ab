"""Ranking quotations: how probable each of a few texts is when the model may say nothing else.

The texts form a trie of tokens. Where it branches, probability is shared among the branches only, so a forced token
costs nothing and a long text is not punished for its length. One pass over the branching part of the trie, with each
token attending to the prompt and its own ancestors, gives every log-probability exactly.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from aiapp.core.errors import InvalidInput
from aiapp.transformer.network import Cache, Network, Tree
from aiapp.transformer.sampling import log_softmax
from aiapp.transformer.tokenizer import Tokenizer
from aiapp.transformer.weights import Floats


@dataclass(slots=True)
class _Node:
    """A place in the trie: the token that leads here, and where each further token leads. The root has no parent."""

    token: int
    parent: _Node | None
    depth: int
    children: dict[int, _Node] = field(default_factory=dict[int, "_Node"])
    needed: bool = False  # whether a branching place lies here or below


def rank(
    network: Network,
    tokenizer: Tokenizer,
    prompt_ids: Sequence[int],
    candidates: Sequence[str],
    *,
    prior: Sequence[float] | None = None,
    cache: Cache | None = None,
) -> list[float]:
    """The log-probability of each candidate as the answer to the prompt; the probabilities sum to 1.

    `prior` adds a log-weight to each. Equal candidates share their probability. A cache that holds the start of the
    prompt saves its computation, and holds the whole prompt afterwards.
    """
    if not candidates:
        raise InvalidInput("candidates", candidates, "at least one text")
    if prior is not None and len(prior) != len(candidates):
        raise InvalidInput("prior", prior, f"{len(candidates)} numbers, one a candidate")
    paths = [(*tokenizer.encode(text), tokenizer.end) for text in candidates]
    root, nodes = _trie(paths)
    cache = Cache(network.config) if cache is None else cache
    after_prompt = network.extend(prompt_ids, cache)
    branches = _branch_log_probabilities(network, root, nodes, after_prompt, cache)
    copies = Counter(paths)
    scores = np.array([_path_score(root, path, branches) - np.log(copies[path]) for path in paths])
    if prior is not None:
        scores = log_softmax(scores + np.asarray(prior, dtype=np.float64))
    return [float(score) for score in scores]


def _trie(paths: Sequence[tuple[int, ...]]) -> tuple[_Node, list[_Node]]:
    """The root, and every node below it that must be read to score the branches, parents first."""
    root = _Node(token=-1, parent=None, depth=-1)
    nodes: list[_Node] = []
    for path in paths:
        node = root
        for token in path:
            if token not in node.children:
                node.children[token] = _Node(token, node, node.depth + 1)
                nodes.append(node.children[token])
            node = node.children[token]
    for node in reversed(nodes):
        node.needed = len(node.children) > 1 or any(child.needed for child in node.children.values())
    return root, [node for node in nodes if node.needed]


def _branch_log_probabilities(
    network: Network, root: _Node, nodes: Sequence[_Node], after_prompt: Floats, cache: Cache
) -> dict[int, dict[int, float]]:
    """For each branching node (by identity), the log-probability of each of its tokens."""
    branching = [node for node in nodes if len(node.children) > 1]
    logits = {id(root): after_prompt}
    if branching:
        places = {id(node): place for place, node in enumerate(nodes)}
        hidden = network.hidden([node.token for node in nodes], cache.fork(len(cache) + len(nodes)), _tree(nodes))
        rows = network.logits(hidden[[places[id(node)] for node in branching]])
        logits |= {id(node): row for node, row in zip(branching, rows, strict=True)}
    shares: dict[int, dict[int, float]] = {}
    for node in [root, *branching]:
        tokens = list(node.children)
        scores = log_softmax(logits[id(node)][tokens].astype(np.float64))
        shares[id(node)] = dict(zip(tokens, scores.tolist(), strict=True))
    return shares


def _tree(nodes: Sequence[_Node]) -> Tree:
    places = {id(node): place for place, node in enumerate(nodes)}
    visible = np.eye(len(nodes), dtype=np.bool_)
    for place, node in enumerate(nodes):
        if id(node.parent) in places:
            visible[place] |= visible[places[id(node.parent)]]
    return Tree(np.array([node.depth for node in nodes]), visible)


def _path_score(root: _Node, path: Sequence[int], branches: dict[int, dict[int, float]]) -> float:
    score, node = 0.0, root
    for token in path:
        score += branches.get(id(node), {}).get(token, 0.0)
        node = node.children[token]
    return score
