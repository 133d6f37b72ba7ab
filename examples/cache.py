"""A response cache: the same request is answered once, at no cost from then on, and streamed all the same."""

from __future__ import annotations

import tempfile
from pathlib import Path

from aiapp import Client, SqliteCache

with tempfile.TemporaryDirectory() as folder, SqliteCache(Path(folder) / "answers.db", max_age=3600) as cache:
    client = Client("local", cache=cache)  # or MemoryCache(), which lives as long as the process
    question = "Passage:\nThe blue lamp costs 55 euros.\n\nQuestion: What does the blue lamp cost?"
    for _ in range(2):
        receipt = client.complete(question).receipt
        print(f"cached {receipt.cached}, ${receipt.cost}, {receipt.timing.total * 1000:.1f} ms")
    for piece in client.stream(question).text():
        print(piece, end="", flush=True)
    print(f"\n{len(cache)} answer is kept")
