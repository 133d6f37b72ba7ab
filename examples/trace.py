"""A ledger: runs that stay in a file, and one of them as a tree with what was said.

With AIAPP_LEDGER=usage.db every call of a program goes there, without a line of code.
"""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

from aiapp import Client, Ledger, span, track

client = Client("local")  # or Client("openai:NAME")
with tempfile.TemporaryDirectory() as folder:
    ledger = Ledger(Path(folder) / "usage.db")
    for question in ("How many people does the hall seat?", "Which floor is it on?"):
        with track("answer", ledger=ledger, content=True), span("look up", kind="tool") as step:
            passage = "The hall is on the second floor and seats 40 people."
            step.record(input={"question": question}, output=passage)
            client.complete(f"Passage:\n{passage}\n\nQuestion: {question}")

    # The same on the command line: aiapp trace usage.db last, aiapp usage usage.db --html usage.html
    aiapp = [sys.executable, "-c", "from aiapp.cli.main import main; main()"]
    for words in (["trace", "usage.db"], ["trace", "usage.db", "last"], ["usage", "usage.db", "--by", "step"]):
        print("$ aiapp", *words)
        print(subprocess.run([*aiapp, *words], cwd=folder, capture_output=True, text=True, check=True).stdout)

    for entry in ledger.entries():  # and in Python
        print(entry.model, entry.step, entry.usage.output_tokens, entry.cost)
