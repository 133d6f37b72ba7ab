"""Score retrieval and grounded answers over the handbook, with nothing but the public library.

    python examples/handbook/score.py --verbose          # the bundled model, offline, and a line for each miss
    python examples/handbook/score.py --model openai:NAME --json

The measures are strict: a hit or a quote counts only when it comes from the gold document, although near-duplicates
elsewhere may say the same. A model that answers by quotation quotes whole sentences, so its token F1 against a short
span stays well below 1 even when every quote is right.
"""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

from aiapp import Client, Index
from aiapp.evals.metrics import token_f1
from aiapp.retrieval.answer import Answer

HERE = Path(__file__).resolve().parent


@dataclass(frozen=True)
class Question:
    id: str
    question: str
    answer: str | None
    source: str | None
    answerable: bool


@dataclass(frozen=True)
class Result:
    """What became of one question; the first three are None where the documents hold no answer."""

    question: Question
    hit: bool | None
    quoted: bool | None
    f1: float | None
    answered: bool
    text: str

    @property
    def miss(self) -> str | None:
        """Why this question went wrong, or None."""
        if not self.question.answerable:
            return "answered, should refuse" if self.answered else None
        if not self.hit:
            return "gold span not in the top 5"
        if not self.answered:
            return "refused, should answer"
        return None if self.quoted else "quote lacks the gold span"


@dataclass(frozen=True)
class Score:
    questions: int
    hit_at_5: float
    quote_contains_gold: float
    answer_f1: float
    refusal_accuracy: float
    unanswerable_refused: float
    answerable_answered: float


def contains(source: str, text: str, question: Question) -> bool:
    """Whether `text` from `source` holds the gold span; white space counts as one blank, since lines are wrapped."""
    if question.answer is None or not f"/{Path(source).as_posix()}".endswith(f"/{question.source}"):
        return False
    return " ".join(question.answer.split()) in " ".join(text.split())


def judge(index: Index, client: Client, question: Question) -> Result:
    answer: Answer = index.ask(question.question, client)
    if question.answer is None:
        return Result(question, None, None, None, answer.supported, answer.text)
    hits = index.search(question.question, k=5)
    return Result(
        question,
        hit=any(contains(hit.chunk.source, hit.chunk.text, question) for hit in hits),
        quoted=answer.supported and any(contains(cited.source, cited.quote, question) for cited in answer.citations),
        f1=token_f1(answer.text, question.answer) if answer.supported else 0.0,
        answered=answer.supported,
        text=answer.text,
    )


def mean(values: list[float]) -> float:
    return sum(values) / len(values) if values else 0.0


def total(results: list[Result]) -> Score:
    return Score(
        questions=len(results),
        hit_at_5=mean([float(result.hit) for result in results if result.hit is not None]),
        quote_contains_gold=mean([float(result.quoted) for result in results if result.quoted is not None]),
        answer_f1=mean([result.f1 for result in results if result.f1 is not None]),
        refusal_accuracy=mean([float(result.answered == result.question.answerable) for result in results]),
        unanswerable_refused=mean([float(not r.answered) for r in results if not r.question.answerable]),
        answerable_answered=mean([float(r.answered) for r in results if r.question.answerable]),
    )


def main() -> None:
    parser = argparse.ArgumentParser(description="Score answers over the handbook.")
    parser.add_argument("--model", default="local", help="local, openai:NAME or anthropic:NAME")
    parser.add_argument("--questions", type=Path, default=HERE / "questions.json", metavar="FILE")
    parser.add_argument("--documents", type=Path, default=HERE, metavar="DIR")
    parser.add_argument("--json", action="store_true", help="print one JSON object")
    parser.add_argument("--verbose", action="store_true", help="print one line a miss")
    options = parser.parse_args()

    questions = [Question(**row) for row in json.loads(options.questions.read_text(encoding="utf-8"))]
    with TemporaryDirectory(ignore_cleanup_errors=True) as folder:
        index = Index.open(Path(folder) / "score.idx")
        index.add(options.documents)
        client = Client(options.model)
        results = [judge(index, client, question) for question in questions]

    score, missed = total(results), [result for result in results if result.miss is not None]
    misses = [{"id": r.question.id, "miss": r.miss, "answer": r.text} for r in missed]
    if options.json:
        print(json.dumps({"model": options.model, **asdict(score), "misses": misses}, indent=2, ensure_ascii=False))
        return
    for name, value in asdict(score).items():
        print(f"{name.replace('_', ' '):24}{value:>8{'d' if isinstance(value, int) else '.3f'}}")
    if options.verbose:
        for result in missed:
            print(f"{result.question.id}  {result.miss}: {result.question.question} -> {result.text!r}")


if __name__ == "__main__":
    main()
