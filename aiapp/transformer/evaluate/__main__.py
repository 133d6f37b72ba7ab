"""`python -m aiapp.transformer.evaluate`: print the scores, and write them into a model card if one is named."""

from __future__ import annotations

import argparse
import sys
from pathlib import Path

from aiapp.core.errors import AiappError
from aiapp.transformer.evaluate.made import made_scores
from aiapp.transformer.evaluate.real import real_scores
from aiapp.transformer.evaluate.scores import Score, markdown
from aiapp.transformer.model import Transformer


def main() -> None:
    """Read the command line and do as it says; what goes wrong is one line."""
    parser = argparse.ArgumentParser(prog="python -m aiapp.transformer.evaluate", description=__doc__)
    parser.add_argument("--count", type=int, default=300, help="examples of each generated task")
    parser.add_argument("--model", type=Path, help="a folder with another model's files")
    parser.add_argument("--data", type=Path, help="a folder with the public sets that real.py names")
    parser.add_argument("--card", type=Path, help="a model card whose table is rewritten")
    given = parser.parse_args()
    try:
        _measure(given)
    except (AiappError, OSError) as error:
        sys.exit(f"aiapp.transformer.evaluate: {error}")


def _measure(given: argparse.Namespace) -> None:
    model = Transformer.load(given.model)
    scores: list[Score] = []
    for score in made_scores(model, given.count):
        print(f"{score.value:.3f}  {score.name} ({score.count:,})", flush=True)
        scores.append(score)
    if given.data is not None:
        for score in real_scores(model, given.data):
            print(f"{score.value:.3f}  {score.name} ({score.count:,})", flush=True)
            scores.append(score)
    if given.card is not None:
        from aiapp.transformer.train.card import rewrite

        rewrite(given.card, "language model", markdown(scores))


main()
