"""`python -m aiapp.transformer.evaluate`: print the scores, and write them into a model card if one is named."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from pathlib import Path

from aiapp.core.errors import AiappError, InvalidInput
from aiapp.transformer.evaluate.card import checked, rewrite
from aiapp.transformer.evaluate.generated import generated_scores
from aiapp.transformer.evaluate.public import check_folder, public_scores
from aiapp.transformer.evaluate.scores import Score
from aiapp.transformer.model import Transformer

TABLE = "language model"


def main() -> None:
    """Read the command line and do as it says; what goes wrong is one line."""
    parser = argparse.ArgumentParser(prog="python -m aiapp.transformer.evaluate", description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="examples of each generated task (300)")
    parser.add_argument("--model", type=Path, help="a folder with another model's files")
    parser.add_argument("--data", type=Path, help="a folder with bfcl_v4/ or squadshifts/, to be scored on them, too")
    parser.add_argument("--card", type=Path, help="a model card whose table is rewritten; asks for --data")
    given = parser.parse_args()
    try:
        _check(given.data, given.card)
        found: list[Score] = []
        for score in _scores(Transformer.load(given.model), given.count, given.data):
            print(f"{score.value:.3f}  {score.name} ({score.count:,})", flush=True)
            found.append(score)
        if given.card is not None:
            rewrite(given.card, TABLE, found)
    except (AiappError, OSError) as error:
        sys.exit(f"aiapp.transformer.evaluate: {error}")


def _check(data: Path | None, card: Path | None) -> None:
    """What the scores will need, before the work."""
    if data is not None:
        check_folder(data)
    if card is not None:
        checked(card, TABLE)
        if data is None:
            raise InvalidInput("data", None, "the folder with the public sets: their rows are part of the card's table")


def _scores(model: Transformer, count: int, data: Path | None) -> Iterator[Score]:
    yield from generated_scores(model, count)
    if data is not None:
        yield from public_scores(model, data)


if __name__ == "__main__":
    main()
