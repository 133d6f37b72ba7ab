"""Answering in the model's own words: quotes first, checked against the sources, then the answer."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from aiapp.core.request import Request
from aiapp.prompts.prompt import Prompt
from aiapp.retrieval.documents import Hit
from aiapp.retrieval.quotation import Quote

_QUOTE = re.compile(r"^\s*QUOTE\s*\[(\d+)\]\s*:\s*(.+?)\s*$", re.MULTILINE)
_ANSWER = re.compile(r"^\s*ANSWER:[ \t]*", re.MULTILINE)


def grounded_request(question: str, hits: Sequence[Hit]) -> Request:
    """One request with all passages, numbered from 1."""
    passages = [
        {"number": number, "source": hit.chunk.heading or hit.chunk.source, "text": hit.chunk.text}
        for number, hit in enumerate(hits, 1)
    ]
    return Prompt.load("grounded-answer").request({"question": question, "passages": passages})


def checked_quotes(answer: str, hits: Sequence[Hit]) -> tuple[Quote, ...]:
    """The quotes of an answer that stand word for word in the passage that they name; white space may differ."""
    found: dict[tuple[int, str], Quote] = {}
    for number, words in _QUOTE.findall(answer):
        if not 1 <= int(number) <= len(hits):
            continue
        chunk = hits[int(number) - 1].chunk
        pattern = r"\s+".join(re.escape(word) for word in words.strip('"“”').split())
        match = re.search(pattern, chunk.text) if pattern else None
        if match is not None:
            found[int(number), match.group()] = Quote(chunk, match.start(), match.end())
    return tuple(found.values())


def answer_text(answer: str) -> str:
    """What follows `ANSWER:`; empty where the model refused."""
    match = _ANSWER.search(answer)
    return answer[match.end() :].strip() if match else ""


class AnswerStream:
    """Shows the text after `ANSWER:` as it comes, once the quotes before it have been checked and any has held."""

    def __init__(self, hits: Sequence[Hit], show: Callable[[str], None]) -> None:
        self._hits, self._show = hits, show
        self._seen, self._shown = "", 0
        self._open = self._leading = False

    def write(self, text: str) -> None:
        """Take in more of the model's text."""
        self._seen += text
        if not self._open:
            match = _ANSWER.search(self._seen)
            if match is None or not checked_quotes(self._seen[: match.start()], self._hits):
                return
            self._open, self._shown = True, match.end()
            self._leading = True
        new = self._seen[self._shown :].lstrip() if self._leading else self._seen[self._shown :]
        self._shown = len(self._seen)
        if new:
            self._leading = False
            self._show(new)
