"""Learning curves: the log of a run as a picture."""

from __future__ import annotations

import json
from pathlib import Path


def draw_curves(run: Path) -> Path:
    """Draw every measure of `log.jsonl` over the minutes of training; returns the picture's path."""
    import matplotlib as mpl

    mpl.use("Agg")
    from matplotlib import pyplot as plt

    rows = [json.loads(line) for line in (run / "log.jsonl").read_text(encoding="utf-8").splitlines()]
    names = [name for name in rows[-1] if name not in ("minutes", "steps", "tokens")]
    figure, (above, below) = plt.subplots(2, 1, sharex=True, figsize=(9, 9), layout="constrained")
    for name in names:
        known = [row for row in rows if name in row]
        axes = above if name == "loss" else below
        axes.plot([row["minutes"] for row in known], [row[name] for row in known], marker=".", label=name)
    above.set_ylabel("training loss (nats)")
    below.set_ylabel("held-out scores")
    below.set_xlabel("minutes of training")
    for axes in (above, below):
        axes.grid(alpha=0.3)
        if axes.lines:
            axes.legend(fontsize="small")
    path = run / "curves.png"
    figure.savefig(path, dpi=110)
    plt.close(figure)
    return path
