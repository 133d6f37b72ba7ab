"""Scoring texts: how probable the model finds each token, a text, an option after a prompt, a word in a gap.

Log-probabilities are natural logarithms over the whole vocabulary; a text is read after the beginning-of-text token.
"""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from itertools import takewhile
from operator import eq

import numpy as np

from aiapp.core.errors import InvalidInput
from aiapp.transformer.model import Transformer
from aiapp.transformer.network import Cache
from aiapp.transformer.sampling import log_softmax
from aiapp.transformer.weights import Floats

MASK = "[MASK]"

_STARTS = 50  # how many of the most probable next tokens are tried as the start of a filling
_LONGEST = 6  # the tokens of a filling, at most
_CUT = "\ufffd"  # what a character whose bytes are not yet whole decodes to
_START_OF_WORD = re.compile(rf"\w*{_CUT}*")
_MORE_OF_WORD = re.compile(rf"\w|{_CUT}")


def token_logprobs(model: Transformer, ids: Sequence[int]) -> Floats:
    """The log-probability (len(ids) - 1,) of each token but the first, given those before it, in one forward pass.

    A generation reports slightly higher values, because it rules out the tokens that only a chat template writes.
    """
    return _logprobs(model, known_ids(model, ids), 1, Cache(model.config, len(ids)))


def perplexity(model: Transformer, text: str) -> float:
    """exp of the mean negative log-probability of a token: from 1, where each was certain, upwards.

    It compares texts under one model; models with other tokenizers count other tokens. The text must fit the context.
    """
    if not text:
        raise InvalidInput("text", text, "at least one character")
    return math.exp(-float(np.mean(token_logprobs(model, _ids(model, text)), dtype=np.float64)))


def choose(model: Transformer, prompt: str, options: Sequence[str], *, normalise: bool = False) -> list[float]:
    """The log-likelihood of each option as what follows the prompt; the best option has the largest.

    An option is scored as it stands, with its leading space: `choose(model, "The sky is", [" blue", " green"])`. It is
    the sum over its tokens, which is `acc` of lm-evaluation-harness; a long option is less probable than a short one.
    `normalise` divides the sum by the option's bytes in UTF-8, which is `acc_bytes` there, and `acc_norm` for ASCII.
    It is never divided by the count of tokens.

    Prompt and option are tokenized as one text. Where the prompt's last tokens come out differently before some of the
    options, those tokens count too, for every option alike.
    """
    if isinstance(options, str) or not options or not all(options):
        raise InvalidInput("options", options, "at least one text, and none that is empty")
    sums = _log_likelihoods(model, prompt, [prompt + option for option in options])
    if not normalise:
        return sums
    return [total / len(option.encode("utf-8")) for total, option in zip(sums, options, strict=True)]


def fill(model: Transformer, text: str, count: int = 10) -> list[tuple[str, float]]:
    """The best words for the one `[MASK]` in a text, each with its log-probability among the words considered.

    The model reads from left to right, so the words considered are those that it expects after the text on the left:
    each of its most probable next tokens, completed to a whole word by the most probable tokens after it. The whole
    text, with each word in the gap, then has a log-probability, and so what is on the right counts in full. These are
    turned into shares (a softmax): exp of the results sums to 1 over all words considered, of which the `count` best
    are returned, best first, or fewer where fewer were found.
    """
    if text.count(MASK) != 1:
        raise InvalidInput("text", text, f"a text with exactly one {MASK}")
    if count < 1:
        raise InvalidInput("count", count, "a whole number of at least 1")
    left, right = text.split(MASK)
    words = _expected_words(model, left)
    if not words:
        return []
    totals = _log_likelihoods(model, left, [left + word + right for word in words])
    shares: list[float] = log_softmax(np.array(totals, np.float64)).tolist()
    ranked = sorted(zip(words, shares, strict=True), key=lambda pair: pair[1], reverse=True)
    return ranked[:count]


def known_ids(model: Transformer, ids: Sequence[int]) -> Sequence[int]:
    """The ids, if there are any and the vocabulary has them all."""
    size = model.config.vocab_size
    if not ids:
        raise InvalidInput("ids", ids, "at least one token")
    for token in ids:
        if not 0 <= token < size:
            raise InvalidInput("ids", token, f"token ids from 0 to {size - 1}")
    return ids


def _ids(model: Transformer, text: str) -> list[int]:
    return [model.tokenizer.bos, *model.tokenizer.encode(text)]


def _logprobs(model: Transformer, ids: Sequence[int], start: int, cache: Cache) -> Floats:
    """The log-probability (len(ids) - start,) of each token from `start` on; what the cache holds is not read again."""
    if start == len(ids):
        return np.empty(0, np.float32)
    kept = min(cache.shared_prefix(ids), start - 1)
    cache.truncate(kept)
    hidden = model.network.hidden(ids[kept:-1], cache)[start - 1 - kept :]
    rows = log_softmax(model.network.logits(hidden))  # (len(ids) - start, vocab)
    chosen: Floats = rows[np.arange(len(rows)), list(ids[start:])]
    return chosen


def _log_likelihoods(model: Transformer, opening: str, texts: Sequence[str]) -> list[float]:
    """The log-probability of each text, without the tokens that `opening` and all texts begin with."""
    head = _ids(model, opening)
    rows = [_ids(model, text) for text in texts]
    start = min(sum(takewhile(bool, map(eq, head, row))) for row in rows)
    cache = Cache(model.config)
    return [float(_logprobs(model, row, start, cache).sum(dtype=np.float64)) for row in rows]


def _expected_words(model: Transformer, left: str) -> list[str]:
    """Whole words that the model expects after a text, in the order of their first tokens."""
    ids, gap = _ids(model, left), ""
    if model.tokenizer.decode(ids[-1:]) == " ":  # this space may belong to the token of the word
        ids, gap = ids[:-1], " "
    cache = Cache(model.config)
    starts = [[token] for token in _most_probable(model, ids, cache)]
    if gap:
        for space in [path for path in starts if model.tokenizer.decode(path) == gap]:
            starts += [[*space, token] for token in _most_probable(model, [*ids, *space], cache)]
    words = (_completed(model, ids, path, gap, cache) for path in starts)
    return list(dict.fromkeys(word for word in words if word))


def _most_probable(model: Transformer, ids: Sequence[int], cache: Cache) -> list[int]:
    """The most probable next tokens that write text, best first."""
    logits = model.network.extend(ids, cache).copy()
    logits[sorted(model.tokenizer.special_ids)] = -np.inf
    best: list[int] = np.argsort(-logits, kind="stable")[:_STARTS].tolist()
    return best


def _completed(model: Transformer, ids: Sequence[int], path: list[int], gap: str, cache: Cache) -> str:
    """The word that starts with the tokens of a path; empty if they start none, or one that is too long."""
    for _ in range(_LONGEST):
        text = model.tokenizer.decode(path)
        word = text.removeprefix(gap)
        if not text.startswith(gap) or not _START_OF_WORD.fullmatch(word):
            return ""
        following = int(model.network.extend([*ids, *path], cache).argmax())
        if not _MORE_OF_WORD.match(model.tokenizer.decode([following])):
            return "" if _CUT in word else word
        path = [*path, following]
    return ""
