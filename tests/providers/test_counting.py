"""Token counts by family: exact only where they are, and never by a download."""

from __future__ import annotations

import hashlib
import sys
from pathlib import Path

import pytest

from aiapp.providers.counting import count_by_family
from aiapp.providers.openai import tokens
from aiapp.providers.openai.tokens import Encoding, count_tokens
from aiapp.testing import block_network
from aiapp.transformer.model import Transformer

FILE = b"the ranks of an encoding"
MADE = Encoding("made", "made models", hashlib.sha256(FILE).hexdigest())
FAKE = """
class Encoding:
    def encode_ordinary(self, text):
        return text.split()
def get_encoding(name):
    assert name == "made"
    return Encoding()
"""


@pytest.fixture
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A cache folder of tiktoken, and a tiktoken that counts words."""
    (tmp_path / "sdk").mkdir()
    (tmp_path / "sdk" / "tiktoken.py").write_text(FAKE)
    monkeypatch.setattr(sys, "path", [str(tmp_path / "sdk"), *sys.path])
    monkeypatch.delitem(sys.modules, "tiktoken", raising=False)
    folder = tmp_path / "tiktoken"
    folder.mkdir()
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(folder))
    return folder


def place(folder: Path, data: bytes) -> None:
    address = "https://openaipublic.blob.core.windows.net/encodings/made.tiktoken"
    (folder / hashlib.sha1(address.encode()).hexdigest()).write_bytes(data)


def test_the_cached_encoding_counts_exactly(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(cache, FILE)
    assert count_tokens(MADE, "four words of text") == 4
    monkeypatch.setattr(tokens, "ENCODINGS", (MADE,))
    bundled, openai, anthropic = count_by_family("four words of text")
    assert (openai.family, openai.tokens, openai.exact) == ("OpenAI made models", 4, True)
    assert (bundled.exact, anthropic.exact) == (True, False)


def test_without_a_whole_cached_file_nothing_is_counted(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    assert count_tokens(MADE, "text") is None
    place(cache, FILE[:-1])
    assert count_tokens(MADE, "text") is None
    place(cache, FILE)
    assert count_tokens(MADE, "text") == 1
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", "")  # tiktoken would download every time
    assert count_tokens(MADE, "text") is None
    monkeypatch.delenv("TIKTOKEN_CACHE_DIR")
    monkeypatch.setenv("DATA_GYM_CACHE_DIR", str(cache))
    assert count_tokens(MADE, "text") == 1


def test_without_tiktoken_the_count_is_an_estimate_that_says_so(cache: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    place(cache, FILE)
    monkeypatch.setitem(sys.modules, "tiktoken", None)
    monkeypatch.setattr(tokens, "ENCODINGS", (MADE,))
    assert count_tokens(MADE, "text") is None
    _, openai, anthropic = count_by_family("nine char")
    assert (openai.tokens, openai.exact, anthropic.tokens, anthropic.exact) == (3, False, 3, False)
    assert openai.source.startswith("estimate: characters / 4")
    assert anthropic.source.startswith("estimate: characters / 4")


def test_counting_opens_no_connection(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("TIKTOKEN_CACHE_DIR", str(tmp_path / "empty"))
    with block_network(allow_loopback=False):
        counts = count_by_family("Parental leave lasts 16 weeks.")
    assert counts[0].tokens == Transformer.load().count_tokens("Parental leave lasts 16 weeks.")
    assert [count.exact for count in counts] == [True] + [False] * (len(counts) - 1)
