"""A first chain: a prompt, a model and a function, one after the other; run, streamed, explained and drawn."""

from __future__ import annotations

from pathlib import Path
from tempfile import mkdtemp

from aiapp import Client, Prompt
from aiapp.chains import ask

TERMS = "The Nimbus kettle has a warranty of 24 months. The Corvo lamp has a warranty of 36 months."
prompt = Prompt("Passage:\n{{terms}}\n\nAnswer briefly: {{question}}", name="terms and question")


def months(answer: str) -> int:
    """The number in an answer such as `36 months`."""
    return int(answer.split()[0])


warranty = prompt | ask(Client(), name="answer") | months  # the type checker knows that it gives an int
asked = {"terms": TERMS, "question": "How long is the warranty on the Corvo lamp?"}

print("run:", warranty.run(asked))
print("stream: ", end="")
for text in warranty.stream(asked).text():
    print(text, end="", flush=True)
print("\nmany:", warranty.batch([asked, {"terms": TERMS, "question": "Who founded Rome?"}]))

print("\nexplain: what would be sent, before anything is\n")
print(warranty.explain(asked))

picture = warranty.draw().save(Path(mkdtemp()) / "warranty.svg")
print(f"\ndraw: {picture}, or as Mermaid\n\n{warranty.draw().mermaid}")
