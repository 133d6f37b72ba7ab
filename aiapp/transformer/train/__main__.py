"""`python -m aiapp.transformer.train fit | export | evaluate`, and the same of the encoder: `fit-encoder` and so on."""

from __future__ import annotations

import argparse
import math
import sys
from pathlib import Path

from aiapp.core.errors import AiappError, InvalidInput
from aiapp.transformer.evaluate.card import rewrite, table
from aiapp.transformer.train.curves import draw_curves

_DATA = "the folder with the files that mixture.toml names"


def main() -> None:
    """Read the command line and do as it says; what goes wrong is one line."""
    try:
        _do(_parser().parse_args())
    except (AiappError, OSError) as error:
        sys.exit(f"aiapp.transformer.train: {error}")


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m aiapp.transformer.train", description=__doc__)
    commands = parser.add_subparsers(dest="command", required=True)
    fit = commands.add_parser("fit", help="train the language model from scratch, or on from the last checkpoint")
    fit_encoder = commands.add_parser("fit-encoder", help="train the sentence encoder, likewise")
    for command in (fit, fit_encoder):
        command.add_argument("--data", type=_folder, required=True, help=_DATA)
        command.add_argument("--out", type=Path, required=True, help="where checkpoints and the log go")
        command.add_argument(
            "--minutes", type=_positive, required=command is fit_encoder, help="budget of this sitting"
        )
        command.add_argument(
            "--schedule",
            type=_positive,
            help="minutes of all sittings together, or tokens where no minutes are given; the learning rate falls",
        )
        command.add_argument("--threads", type=_whole, default=1)
        command.add_argument("--evaluate-every", type=_positive, default=5.0, help="minutes")
        command.add_argument("--resume", action="store_true")
    fit.add_argument("--device", choices=["cpu", "cuda"], default="cpu")
    fit.add_argument("--tokens", type=_positive, help="budget of this sitting, beside the minutes or in their place")
    fit.add_argument("--matrices", type=_positive, default=0.005, help="learning rate of Muon")
    fit_encoder.add_argument("--matrices", type=_positive, default=0.006, help="learning rate of Muon")
    fit_encoder.add_argument(
        "--teacher", type=_folder, required=True, help="a folder that sentence-transformers loads; it tells directions"
    )
    for name, files in (("export", "the language model"), ("export-encoder", "the sentence encoder")):
        command = commands.add_parser(name, help=f"write a checkpoint of {files} as the files that the runtime loads")
        several = "; of several, the mean of their states" if name == "export" else ""
        command.add_argument(
            "run", type=_folder, nargs="+" if several else None, help=f"the folder that training wrote{several}"
        )
        command.add_argument("--to", type=Path, required=True)
        if several:
            command.add_argument("--last", action="store_true", help="the last state of each, not the best")
            command.add_argument("--exact", action="store_true", help="float32: what int8 costs can then be measured")
    evaluate_encoder = commands.add_parser("evaluate-encoder", help="held-out scores of the bundled encoder")
    evaluate_encoder.add_argument("--data", type=_folder, required=True, help=_DATA)
    evaluate_encoder.add_argument("--card", type=Path, help="a model card whose table is rewritten with them")
    return parser


def _whole(text: str) -> int:
    if not text.isdecimal() or int(text) < 1:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be used; accepted: a whole number of at least 1")
    return int(text)


def _positive(text: str) -> float:
    try:
        value = float(text)
    except ValueError:
        value = 0.0
    if not 0 < value < math.inf:
        raise argparse.ArgumentTypeError(f"{text!r} cannot be used; accepted: a number above 0")
    return value


def _folder(text: str) -> Path:
    if not Path(text).is_dir():
        raise argparse.ArgumentTypeError(f"{text!r} cannot be used; accepted: an existing folder")
    return Path(text)


def _do(given: argparse.Namespace) -> None:
    """Each command loads what it needs alone."""
    if given.command == "export":
        from aiapp.transformer.train.export import export

        export(given.run, given.to, last=given.last, exact=given.exact)
    elif given.command == "export-encoder":
        from aiapp.transformer.train.encoder.export import export_encoder

        export_encoder(given.run, given.to)
    elif given.command == "fit":
        from aiapp.transformer.train.loop import Plan, Trainer

        if given.minutes is None and given.tokens is None:
            raise InvalidInput("budget", None, "--minutes, --tokens or both")
        plan = Plan(
            given.data, given.out, given.minutes or math.inf, given.tokens or math.inf, given.schedule, given.threads,
            given.device, matrices=given.matrices, evaluate_every=given.evaluate_every,
        )  # fmt: skip
        Trainer(plan, resume=given.resume).fit()
        draw_curves(given.out)
    elif given.command == "evaluate-encoder":
        from aiapp.transformer.train.encoder.evaluation import evaluate_encoder

        scores = evaluate_encoder(given.data)
        print(table(scores))
        if given.card is not None:
            rewrite(given.card, "encoder", scores)
    else:
        from aiapp.transformer.train.encoder.loop import EncoderPlan, EncoderTrainer
        from aiapp.transformer.train.encoder.teacher import SentenceTransformerTeacher

        encoder_plan = EncoderPlan(
            given.data, given.out, given.minutes, given.schedule, threads=given.threads,
            matrices=given.matrices, evaluate_every=given.evaluate_every,
        )  # fmt: skip
        teacher = SentenceTransformerTeacher(given.teacher, given.threads)
        EncoderTrainer(encoder_plan, teacher, resume=given.resume).fit()
        draw_curves(given.out)


if __name__ == "__main__":
    main()
