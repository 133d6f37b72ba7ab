"""What a guide shows is what its commands print."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.guides import GUIDES, rewritten


@pytest.mark.parametrize("guide", GUIDES, ids=[path.stem for path in GUIDES])
def test_a_guide_shows_what_its_commands_print(guide: Path) -> None:
    """`python tests/guides.py` writes it anew, after a look at what changed."""
    text = guide.read_text(encoding="utf-8")
    assert rewritten(text) == text


def test_the_guide_answers_its_five_questions_with_commands() -> None:
    (guide,) = (path for path in GUIDES if path.name == "which_model.md")
    text = guide.read_text(encoding="utf-8")
    sections = text.split("\n## ")[1:]
    assert [section.split("\n")[0] for section in sections[:5]] == [
        "1. Open or closed?",
        "2. What will it cost?",
        "3. How fast is it?",
        "4. How good is it?",
        "5. How much must it read?",
    ]
    assert all("```console\n$ aiapp models " in section for section in sections[:5])
