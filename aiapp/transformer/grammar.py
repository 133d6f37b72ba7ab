"""Grammars: which tokens may come next, so that an output always fits a schema, a pattern or a list of options."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from typing import Any

import llguidance
import numpy as np
import numpy.typing as npt

from aiapp.core.errors import InvalidInput
from aiapp.transformer.structure import schema_source
from aiapp.transformer.tokenizer import Tokenizer


@dataclass(frozen=True, slots=True)
class Grammar:
    """A language, in the notation of llguidance; make one with a class method."""

    source: str

    @classmethod
    def json_schema(cls, schema: Mapping[str, Any], closing: str = "") -> Grammar:
        """JSON values that fit the schema, and `closing` after them; what it leaves unbounded is bounded here.

        Refused with the keyword's name: `not`, `if`, `contains`, `uniqueItems`, a `oneOf` whose branches cannot be
        told apart, references to other documents, and `minProperties` above 1 where the names are open.
        """
        source = schema_source(schema)
        if not closing:
            return cls(source)
        value = json.dumps(json.loads(source)["grammars"][0]["json_schema"])
        lark = f"start: value {json.dumps(closing)}\nvalue: %json {value}"
        return _checked(llguidance.LLMatcher.grammar_from_lark(lark), "schema", schema)

    @classmethod
    def regex(cls, pattern: str) -> Grammar:
        """Texts that the whole regular expression (Rust syntax) matches; digits and word characters are ASCII."""
        ascii_only = llguidance.regex_to_lark(pattern, "dw")
        return _checked(llguidance.LLMatcher.grammar_from_regex(ascii_only), "regex", pattern)

    @classmethod
    def lark(cls, grammar: str) -> Grammar:
        """Texts of a context-free grammar in Lark's notation, from its rule `start`."""
        return _checked(llguidance.LLMatcher.grammar_from_lark(grammar), "lark grammar", grammar)

    @classmethod
    def choice(cls, options: Sequence[str]) -> Grammar:
        """One of the options, verbatim."""
        if not options:
            raise InvalidInput("options", options, "at least one text")
        pattern = "|".join(f"(?:{_literal(option)})" for option in options)
        return _checked(llguidance.LLMatcher.grammar_from_regex(pattern), "options", options)

    @classmethod
    def quotation(cls, texts: Sequence[str]) -> Grammar:
        """A span of whole words out of one of the texts, verbatim."""
        if not texts or not all(text.strip() for text in texts):
            raise InvalidInput("texts", texts, "at least one text, none of them blank")
        spans = [f"SPAN_{place}: %regex {json.dumps({'substring_words': text})}" for place, text in enumerate(texts)]
        choice = " | ".join(f"SPAN_{place}" for place in range(len(texts)))
        return _checked(llguidance.LLMatcher.grammar_from_lark("\n".join([f"start: {choice}", *spans])), "texts", texts)

    def start(self, tokenizer: Tokenizer) -> Constraint:
        """A constraint at the beginning of an output."""
        return Constraint(_matcher(tokenizer, self.source).deep_copy())


class Constraint:
    """Where in its grammar an output stands."""

    def __init__(self, matcher: llguidance.LLMatcher) -> None:
        self._matcher = matcher
        self._verify()

    @property
    def finished(self) -> bool:
        """Whether nothing but the end may follow."""
        return self._matcher.is_stopped()

    def allowed(self) -> npt.NDArray[np.bool_]:
        """Which tokens (vocab,) may come next; the end token where the output may stop."""
        packed = np.frombuffer(self._matcher.compute_bitmask(), np.uint8)
        self._verify()
        return np.unpackbits(packed, bitorder="little").view(np.bool_)

    def forced(self) -> list[int]:
        """The tokens that must come next whatever the model thinks; often none."""
        return list(self._matcher.compute_ff_tokens())

    def consume(self, ids: Sequence[int]) -> None:
        """Move on past tokens that were allowed."""
        self._matcher.consume_tokens(list(ids))
        self._verify()

    def _verify(self) -> None:
        if self._matcher.is_error():
            raise InvalidInput("grammar", self._matcher.get_error(), "a grammar within the limits of llguidance")


@lru_cache(maxsize=64)
def _matcher(tokenizer: Tokenizer, source: str) -> llguidance.LLMatcher:
    """At its beginning; it is copied, never moved on."""
    return llguidance.LLMatcher(_token_table(tokenizer), source)


@lru_cache(maxsize=4)
def _token_table(tokenizer: Tokenizer) -> llguidance.LLTokenizer:
    return llguidance.LLTokenizer(tokenizer.to_json(), n_vocab=tokenizer.vocab_size, eos_token=tokenizer.end)


def _literal(text: str) -> str:
    """A regular expression for exactly this text."""
    return "".join(c if c.isascii() and c.isalnum() else f"\\x{{{ord(c):x}}}" for c in text)


def _checked(source: str, field: str, value: object) -> Grammar:
    failed, remarks = llguidance.LLMatcher.validate_grammar_with_warnings(source)
    if failed:
        raise InvalidInput(field, value, f"what llguidance can follow ({'; '.join(remarks).strip()})")
    return Grammar(source)
