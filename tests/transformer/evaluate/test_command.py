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


def test_it_prints_its_scores(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    run(monkeypatch, "--count", "2")
    printed = capsys.readouterr().out.splitlines()
    assert "key-value lookup (2)" in printed[0]
    assert all(0 <= float(line.split()[0]) <= 1 for line in printed)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--model", "nowhere"), "config.json"),
        (("--count", "0"), "count"),
        (("--data", "nowhere"), "bfcl_v4"),
        (("--card", "card.md"), "data"),
        (("--card", "nowhere.md"), "nowhere.md"),
    ],
)
def test_what_is_wrong_is_one_line(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, arguments: tuple[str, ...], said: str
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("card.md").write_text(CARD)
    with pytest.raises(SystemExit, match=said) as stopped:
        run(monkeypatch, *arguments)
    assert "\n" not in str(stopped.value)


def test_a_table_is_put_between_its_marks(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(CARD)
    rewrite(card, "language model", [Score("copying", 0.5, 2000)])
    assert card.read_text().splitlines() == [
        "# Card",
        "",
        "<!-- language model -->",
        "| measured | score | examples |",
        "|---|---|---|",
        "| copying | 0.500 | 2,000 |",
        "<!-- /language model -->",
        "kept",
    ]


def test_a_card_without_the_marks_is_left_alone(tmp_path: Path) -> None:
    card = tmp_path / "card.md"
    card.write_text(CARD)
    with pytest.raises(InvalidInput, match="<!-- encoder -->"):
        rewrite(card, "encoder", [Score("a", 1.0, 1)])
    assert card.read_text() == CARD


def test_a_mean_counts_its_examples() -> None:
    assert mean("right", [True, False, True, True]) == Score("right", 0.75, 4)
    with pytest.raises(InvalidInput, match="none"):
        mean("none", [])
