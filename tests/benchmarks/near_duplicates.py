"""Where near duplicates begin: `python tests/benchmarks/near_duplicates.py --data FOLDER`.

The folder holds, as they were published, `banking77/` (Casanueva et al. 2020), `clinc150/` (Larson et al. 2019, those
in scope), `stsb_en/` (STS benchmark, development part: Cer et al. 2017) and `gptcache/` (mock pairs of Zilliz).

Three questions, for each threshold of the likeness that `FewShot.check` goes by. *Missed*: texts of all four sets are
copied with one small edit of each kind, drawn by the seed, and a copy below the threshold is a miss. *False*: of all
pairs of texts with different labels (banking77, clinc150), those that are taken for near duplicates; and of pairs that
people scored from 2 to 4 of 5, mostly minimal contrasts such as a man and a woman who do the same, the share. *Found of
paraphrases*: pairs that people scored 5 of 5, and the rewordings of gptcache, the share; these say the same in other
words, which is not what the check looks for.
"""

from __future__ import annotations

import argparse
import csv
import gzip
import io
import json
import random
import time
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path

from aiapp.prompts.fewshot.duplicates import duplicates, likeness

THRESHOLDS = (0.6, 0.65, 0.7, 0.75, 0.8)
DRAWN = 4_000
"""The most texts of a set: all pairs of them are looked at."""
SHORT, LONG = 40, 80
"""Characters: a shingle is a larger part of a short text."""
Texts = list[str]
Pairs = list[tuple[str, str]]
Edit = Callable[[str, random.Random], str]


def typo(text: str, draw: random.Random) -> str:
    """Two letters that trade places."""
    place = draw.randrange(max(1, len(text) - 1))
    return text[:place] + text[place : place + 2][::-1] + text[place + 2 :]


def word_left_out(text: str, draw: random.Random) -> str:
    """One word fewer."""
    words = text.split()
    del words[draw.randrange(len(words))]
    return " ".join(words)


def word_added(text: str, draw: random.Random) -> str:
    """A word more, where people add one."""
    return draw.choice(("Please, ", "Hi, ", "So ")) + text


def word_replaced(text: str, draw: random.Random) -> str:
    """One word replaced by another that is about as long."""
    words = text.split()
    words[draw.randrange(len(words))] = draw.choice(("quickly", "house", "their", "green", "seven", "number"))
    return " ".join(words)


def other_end(text: str, draw: random.Random) -> str:
    """Another sign at the end, and another case."""
    return text.rstrip(".?! ").upper() + draw.choice(("?", "!", "...", ""))


EDITS: tuple[Edit, ...] = (other_end, typo, word_left_out, word_added, word_replaced)


def main() -> None:
    """Print one table for each question."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    began = time.process_time()
    draw = random.Random(given.seed)
    sets = {"banking77": banking(given.data), "clinc150": clinc(given.data)}
    labelled = {name: draw.sample(rows, min(DRAWN, len(rows))) for name, rows in sets.items()}
    scored, reworded = sts(given.data), mock(given.data)
    texts = [text for rows in labelled.values() for text, _ in rows]
    texts += [text for one, other, _ in scored for text in (one, other)] + [one for one, _ in reworded]
    print_missed([text for text in texts if len(text.split()) > 2], draw)
    print_false(labelled, [(one, other) for one, other, score in scored if 2 <= score <= 4])
    print_shares("found of paraphrases", {
        "scored 5 of 5 (STS)": [(one, other) for one, other, score in scored if score == 5],
        "reworded (gptcache)": reworded,
    })  # fmt: skip
    print(f"\n{time.process_time() - began:.0f} s of CPU time; seed {given.seed}")


def print_missed(texts: Texts, draw: random.Random) -> None:
    """What a threshold misses of small edits, by the length of the text."""
    sizes = {
        f"under {SHORT} characters": [text for text in texts if len(text) < SHORT],
        f"{SHORT} to {LONG}": [text for text in texts if SHORT <= len(text) <= LONG],
        f"over {LONG}": [text for text in texts if len(text) > LONG],
    }
    for edit in EDITS:
        rows = {size: [(text, edit(text, draw)) for text in some] for size, some in sizes.items()}
        print_shares(f"missed: {edit.__name__.replace('_', ' ')}", rows, missed=True)


def print_false(labelled: dict[str, list[tuple[str, str]]], contrasts: Pairs) -> None:
    """What a threshold takes for near duplicates that is none."""
    for name, rows in labelled.items():
        texts, labels = [text for text, _ in rows], [label for _, label in rows]
        found = [pair for pair in duplicates(texts, THRESHOLDS[0]) if labels[pair.one] != labels[pair.other]]
        same = sum(labels.count(label) ** 2 for label in set(labels))
        pairs = (len(labels) ** 2 - same) // 2
        counts = [sum(pair.similarity >= least for pair in found) for least in THRESHOLDS]
        show(f"false: {name}, pairs of different labels", f"of {pairs:,}", [f"{count:,}" for count in counts])
    print_shares("false: minimal contrasts", {"scored 2 to 4 of 5 (STS)": contrasts})


def print_shares(title: str, rows: dict[str, Pairs], *, missed: bool = False) -> None:
    """The share of pairs on one side of each threshold."""
    for name, pairs in rows.items():
        near = [likeness(one, other) for one, other in pairs]
        shares = [sum((each < least) == missed for each in near) / len(near) for least in THRESHOLDS]
        show(title, f"{name}, {len(pairs):,}", [f"{share:.3f}" for share in shares])


def show(title: str, about: str, cells: Sequence[str]) -> None:
    """One row."""
    if not SHOWN:
        print(f"{'':<46}{'':<32}" + "".join(f"{least:>9}" for least in THRESHOLDS))
    SHOWN.append(title)
    print(f"{title:<46}{about:<32}" + "".join(f"{cell:>9}" for cell in cells), flush=True)


SHOWN: Texts = []


def banking(folder: Path) -> list[tuple[str, str]]:
    """Questions to a bank, 77 labels."""
    rows = csv.DictReader(io.StringIO(gzip.decompress((folder / "banking77" / "train.csv.gz").read_bytes()).decode()))
    return [(row["text"], row["category"]) for row in rows]


def clinc(folder: Path) -> list[tuple[str, str]]:
    """Requests to an assistant, 150 labels, all parts."""
    data = json.loads(gzip.decompress((folder / "clinc150" / "data_small.json.gz").read_bytes()))
    parts: Iterable[list[list[str]]] = (data[part] for part in ("train", "val", "test"))
    return [(text, label) for part in parts for text, label in part]


def sts(folder: Path) -> list[tuple[str, str, float]]:
    """Sentences in pairs, with how alike people found them, 0 to 5."""
    with (folder / "stsb_en" / "stsb-en-dev.csv").open(encoding="utf-8", newline="") as file:
        return [(one, other, float(score)) for one, other, score in csv.reader(file)]


def mock(folder: Path) -> Pairs:
    """Sentences and their rewordings."""
    data = json.loads((folder / "gptcache" / "mock_data.json").read_text(encoding="utf-8"))
    return [(one["origin"], one["similar"]) for one in data]


if __name__ == "__main__":
    main()
