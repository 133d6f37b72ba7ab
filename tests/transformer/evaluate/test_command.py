"""`python -m aiapp.transformer.evaluate` and the tables of a model card."""

from __future__ import annotations

from pathlib import Path

import pytest

from aiapp.core.errors import InvalidInput
from aiapp.transformer.evaluate.__main__ import main
from aiapp.transformer.evaluate.card import rewrite
from aiapp.transformer.evaluate.scores import Score, mean

CARD = "# Card\n\n<!-- language model -->\nold\n<!-- /language model -->\nkept\n"


def run(monkeypatch: pytest.MonkeyPatch, *arguments: str) -> None:
    monkeypatch.setattr("sys.argv", ["evaluate", *arguments])
    main()


def test_it_prints_its_scores_and_rewrites_the_card(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    card = tmp_path / "card.md"
    card.write_text(CARD)
    run(monkeypatch, "--count", "2", "--card", str(card))
    printed = capsys.readouterr().out.splitlines()
    lines = card.read_text().splitlines()
    assert lines[:3] == ["# Card", "", "<!-- language model -->"]
    assert lines[-2:] == ["<!-- /language model -->", "kept"]
    assert len(lines) == 5 + 2 + len(printed)
    assert "key-value lookup" in printed[0]


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "nowhere"), "config.json"),
        (("--count", "0"), "count"),
        (("--count", "1", "--data", "x"), "bfcl_v4"),
    ],
)
def test_what_is_wrong_is_one_line(monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str) -> None:
    with pytest.raises(SystemExit, match=said) as stopped:
        run(monkeypatch, *arguments)
    assert "\n" not in str(stopped.value)


def test_a_card_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(CARD)
    with pytest.raises(InvalidInput, match="<!-- encoder -->"):
        rewrite(card, "encoder", [Score("a", 1.0, 1)])
    assert card.read_text() == CARD


def test_a_mean_counts_its_examples() -> None:
    assert mean("right", [True, False, True, True]) == Score("right", 0.75, 4)
    assert mean("none", []) == Score("none", 0.0, 0)
