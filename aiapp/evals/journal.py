"""Answers in a file, so that a run that was stopped goes on where it was, and no answer is paid for twice."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from aiapp.core.errors import InvalidInput
from aiapp.evals.comparison import Outcome
from aiapp.tracking.span import Span


class Journal:
    """A JSON Lines file, an answer a line, added as they come. Scores are not kept, and failures not given again."""

    def __init__(self, path: Path) -> None:
        self._path, self._kept = path, dict[tuple[str, str, str], Outcome]()
        if not path.exists():
            return
        *lines, last = path.read_text(encoding="utf-8").split("\n")
        if last:  # a line that a stopped run did not finish
            path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8")
        for number, line in enumerate(lines, 1):
            self._read(f"{path}:{number}", line)

    def kept(self, model: str, case: str, asked: str) -> Outcome | None:
        """The answer that a model gave in a case to the same request; `asked` is a fingerprint of it."""
        return self._kept.get((model, case, asked))

    def add(self, model: str, asked: str, outcome: Outcome) -> None:
        """Keep an answer, or why there is none."""
        row = {
            "model": model,
            "case": outcome.case,
            "asked": asked,
            "answer": outcome.answer,
            "error": outcome.error,
            "spans": [span.to_plain() for span in outcome.spans],
        }
        with self._path.open("a", encoding="utf-8") as file:
            file.write(json.dumps(row, ensure_ascii=False) + "\n")

    def _read(self, where: str, line: str) -> None:
        try:
            row: Any = json.loads(line)
            key = (row["model"], row["case"], row["asked"])
            spans = tuple(Span.from_plain(span) for span in row["spans"])
            found = Outcome(row["case"], 0.0, row["answer"], row["error"], spans)
        except (ValueError, KeyError, TypeError, InvalidInput) as error:
            raise InvalidInput("results", where, f"a line that aiapp wrote of an answer ({error})") from None
        if found.error is None:
            self._kept[key] = found
