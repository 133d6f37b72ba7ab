"""A cited answer over documents, and an honest refusal."""

from __future__ import annotations

import tempfile
from pathlib import Path

from aiapp import Citation, Client, Index

HANDBOOK = Path(__file__).parent / "handbook"


def place(citation: Citation) -> str:
    """Where a quote stands, and how it begins."""
    return f"{citation.source}:{citation.line} {citation.quote[:60]!r}"


with tempfile.TemporaryDirectory() as folder, Index.open(Path(folder) / "handbook.idx") as index:
    report = index.add(HANDBOOK)
    print(f"{report.added} documents, {report.embedded} passages")
    for question in ("How many days of parental leave do I get?", "Which volcano is the highest in Iceland?"):
        answer = index.ask(question, Client("local"))
        print(f"\n{question}\n{answer.text}")
        for citation in answer.citations:
            print(f"  {place(citation)}")
        print(f"  ${answer.receipt.cost}, {answer.receipt.timing.total * 1000:.0f} ms")
