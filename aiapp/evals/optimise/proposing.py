"""Proposing: another model reads what went wrong, and writes other instructions (reflective mutation, as in GEPA)."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from aiapp.core.errors import InvalidInput
from aiapp.core.request import Request
from aiapp.evals.optimise.candidate import Candidate, Question
from aiapp.evals.optimise.examiner import Mark
from aiapp.prompts.fewshot.example import text_of
from aiapp.prompts.front_matter import split
from aiapp.prompts.prompt import Prompt
from aiapp.prompts.rewriting import instructions_of, tags_of
from aiapp.prompts.validation import compile_schema, problems

LONGEST = 2_000
"""Characters of a question or an answer that are shown; the rest is left out."""


@dataclass(frozen=True, slots=True)
class Seen:
    """A question with what came of it."""

    question: Question
    mark: Mark


def proposal_request(parent: Candidate, seen: Sequence[Seen], tried: Sequence[tuple[str, float]]) -> Request:
    """What a model is asked, by the prompt `propose-instructions`."""
    old = instructions_of(parent.prompt) or ""
    return Prompt.load("propose-instructions").request(
        {
            "template": split(parent.prompt.source, parent.prompt.name).template,
            "instructions": old,
            "tags": list(tags_of(old)),
            "cases": [_shown(parent.prompt, one) for one in seen],
            "tried": [{"instructions": text, "score": round(score, 3)} for text, score in tried],
        }
    )


def proposed(answer: str) -> tuple[str, str]:
    """The diagnosis and the instructions of an answer."""
    schema = Prompt.load("propose-instructions").output_schema or {}
    try:
        found: Any = json.loads(answer)
    except (ValueError, RecursionError) as error:
        raise InvalidInput("proposal", answer, f"JSON ({error})") from None
    if wrong := problems(compile_schema(schema), found, "proposal"):
        raise InvalidInput("proposal", answer, "; ".join(wrong))
    return " ".join(found["diagnosis"].split()), found["instructions"].strip()


def _shown(prompt: Prompt, seen: Seen) -> Mapping[str, Any]:
    question, mark = seen.question, seen.mark
    asked = prompt.request(question.variables).messages[-1].text
    return {
        "asked": asked[:LONGEST],
        "answered": (mark.outcome.answer or "")[:LONGEST],
        "expected": text_of(question.expected)[:LONGEST],
        "score": round(mark.score or 0.0, 3),
        "feedback": mark.feedback[:LONGEST],
    }
