"""`python -m aiapp.transformer.train fit | export`."""

from __future__ import annotations

import argparse
from pathlib import Path

from aiapp.transformer.train.export import export
from aiapp.transformer.train.loop import Plan, Trainer


def main() -> None:
    """Read the command line and do as it says."""
    parser = argparse.ArgumentParser(prog="python -m aiapp.transformer.train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fit = commands.add_parser("fit", help="train from scratch, or on from the last checkpoint")
    fit.add_argument("--data", type=Path, required=True, help="the folder with the files that mixture.toml names")
    fit.add_argument("--out", type=Path, required=True, help="where checkpoints and the log go")
    fit.add_argument("--minutes", type=float, required=True, help="wall-clock budget")
    fit.add_argument("--threads", type=int, default=1)
    fit.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    fit.add_argument("--matrices", type=float, default=0.005, help="learning rate of Muon")
    fit.add_argument("--evaluate-every", type=float, default=5.0, help="minutes")
    fit.add_argument("--resume", action="store_true")
    out = commands.add_parser("export", help="write a checkpoint as the files that the runtime loads")
    out.add_argument("run", type=Path, help="the folder that `fit` wrote")
    out.add_argument("--to", type=Path, required=True)
    given = parser.parse_args()
    if given.command == "export":
        export(given.run, given.to)
        return
    plan = Plan(
        given.data, given.out, given.minutes, given.threads, given.device,
        matrices=given.matrices, evaluate_every=given.evaluate_every,
    )  # fmt: skip
    Trainer(plan, resume=given.resume).fit()


if __name__ == "__main__":
    main()
