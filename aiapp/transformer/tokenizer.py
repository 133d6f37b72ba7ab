"""The tokenizer: text to ids and back, chats as ids, and text that arrives token by token."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Literal, TypeAlias

from aiapp.core.errors import InvalidInput
from aiapp.transformer.files import read_codec
from aiapp.transformer.template import CALL

Role: TypeAlias = Literal["system", "user", "assistant", "tool", "call"]

NO_SURROGATES = "a text that UTF-8 can hold, without half of a surrogate pair, such as '\\ud800'"
SPECIAL_TOKENS = ("<|pad|>", "<|bos|>", "<|end|>", "<|system|>", "<|user|>", "<|assistant|>", "<|tool|>", CALL)


class Tokenizer:
    """Byte-level BPE with special tokens that only `chat_ids` can write: in text they are plain characters."""

    def __init__(self, path: Path) -> None:
        self._codec = read_codec(path)
        self._codec.encode_special_tokens = True
        self.vocab_size = self._codec.get_vocab_size()
        found = {name: self._codec.token_to_id(name) for name in SPECIAL_TOKENS}
        special = {name: token for name, token in found.items() if token is not None}
        missing = sorted(found.keys() - special.keys())
        if missing:
            raise InvalidInput(f"{path}: special tokens", missing, f"a tokenizer with {' '.join(SPECIAL_TOKENS)}")
        self.pad, self.bos, self.end = special["<|pad|>"], special["<|bos|>"], special["<|end|>"]
        self.call = special[CALL]
        self.openings: dict[Role, tuple[int, ...]] = {
            "system": (special["<|system|>"],),
            "user": (special["<|user|>"],),
            "assistant": (special["<|assistant|>"],),
            "tool": (special["<|tool|>"],),
            "call": (special["<|assistant|>"], self.call),
        }
        self.special_ids = frozenset(special.values())
        tokens = [self._codec.id_to_token(token) or "" for token in range(self.vocab_size)]
        self._bytes = _bytes([("" if name in special else name) for name in tokens], str(path))

    def encode(self, text: str) -> list[int]:
        """The ids of a text; the spelling of a special token in it stays text."""
        try:
            return list(self._codec.encode(text, add_special_tokens=False).ids)
        except TypeError:
            raise InvalidInput("text", text, NO_SURROGATES) from None

    def decode(self, ids: Iterable[int]) -> str:
        """The text of the ids; special tokens are left out and broken UTF-8 becomes U+FFFD."""
        return b"".join(self._bytes[token] for token in ids).decode("utf-8", errors="replace")

    def chat_ids(self, messages: Iterable[tuple[Role, str]], *, answer: bool = True) -> list[int]:
        """The ids of a conversation, and of the opening of the assistant's answer unless `answer` is false.

        The text of a `call` is a tool call of the assistant, as `template.call_text` writes it.
        """
        ids = [self.bos]
        for role, text in messages:
            if role not in self.openings:
                raise InvalidInput("role", role, ", ".join(self.openings))
            ids += [*self.openings[role], *self.encode(text), self.end]
        return [*ids, *self.openings["assistant"]] if answer else ids

    def stream(self) -> TextStream:
        """A decoder for ids that arrive one at a time."""
        return TextStream(self._bytes)

    def to_json(self) -> str:
        """The whole tokenizer in the format of `tokenizer.json`."""
        return self._codec.to_str()


class TextStream:
    """Decodes ids one at a time and holds back the bytes of a character that is not yet whole."""

    def __init__(self, token_bytes: Sequence[bytes]) -> None:
        self._bytes = token_bytes
        self._decoder = codecs.getincrementaldecoder("utf-8")(errors="replace")

    def push(self, token: int) -> str:
        """The text that this token completes."""
        return self._decoder.decode(self._bytes[token])

    def flush(self) -> str:
        """What is left at the end: U+FFFD where a character was cut off."""
        return self._decoder.decode(b"", final=True)


def _bytes(tokens: Iterable[str], where: str) -> list[bytes]:
    """The bytes that each token of a byte-level vocabulary stands for."""
    alphabet = _byte_of_character()
    try:
        return [bytes(alphabet[character] for character in token) for token in tokens]
    except KeyError as error:
        raise InvalidInput(f"{where}: tokens", error.args[0], "tokens in the alphabet of byte-level BPE") from error


def _byte_of_character() -> dict[str, int]:
    """Byte-level BPE writes each byte as a printable character: itself, or the next free one from U+0100 on."""
    printable = {*range(0x21, 0x7F), *range(0xA1, 0xAD), *range(0xAE, 0x100)}
    others = [byte for byte in range(256) if byte not in printable]
    return {chr(byte): byte for byte in printable} | {chr(256 + place): byte for place, byte in enumerate(others)}
