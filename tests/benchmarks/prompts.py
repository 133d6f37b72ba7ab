"""What rendering and listing prompts takes, beside dotpromptz (where it is installed) and Jinja.

Run as `python tests/benchmarks/prompts.py`. Each figure is the median of many runs of one process's CPU time.
"""

from __future__ import annotations

import asyncio
import importlib
import statistics
import tempfile
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jinja2
from rich.console import Console
from rich.table import Table

from aiapp.prompts.prompt import Prompt
from aiapp.prompts.repository import PromptRepository

HEAD = """---
input:
  schema:
    tone: string
    language: string
    n: integer
    text: string
    examples(array):
      input: string
      output: string
---
"""
BODY = """{{role "system"}}
Label the text in a {{tone}} way, in {{language}}, with {{n}} words at most.
{{#each examples}}
{{role "user"}}{{input}}
{{role "model"}}{{output}}
{{/each}}
{{role "user"}}{{text}}
"""
JINJA = """system
Label the text in a {{tone}} way, in {{language}}, with {{n}} words at most.
{% for example in examples %}
user {{example.input}}
model {{example.output}}
{% endfor %}
user {{text}}
"""
VARIABLES: dict[str, Any] = {
    "tone": "friendly",
    "language": "English",
    "n": 5,
    "text": "The room was cold, and the food was late. " * 5,
    "examples": [{"input": f"The {thing} was good.", "output": "praise"} for thing in "abcde"],
}


def timed(run: Callable[[], object], times: int = 2_000, batch: int = 20) -> float:
    """The median seconds of CPU for one run."""
    taken: list[float] = []
    for _ in range(times // batch):
        begun = time.process_time()
        for _ in range(batch):
            run()
        taken.append((time.process_time() - begun) / batch)
    return statistics.median(taken)


def dotpromptz() -> Callable[[], object] | None:
    """A render by Google's own library; None where it is not installed."""
    try:
        library, kinds = importlib.import_module("dotpromptz.dotprompt"), importlib.import_module("dotpromptz.typing")
    except ImportError:
        return None
    loop = asyncio.new_event_loop()
    compiled: Any = loop.run_until_complete(library.Dotprompt().compile(HEAD + BODY))
    return lambda: loop.run_until_complete(compiled(kinds.DataArgument(input=VARIABLES)))


def listing(folder: Path, count: int) -> float:
    """The seconds to name and describe so many files."""
    for number in range(count):
        file = folder / f"team{number % 10}" / f"prompt{number}.prompt"
        file.parent.mkdir(exist_ok=True)
        file.write_text(f"---\ndescription: The prompt of number {number}.\n{HEAD[4:]}{BODY}", encoding="utf-8")
    begun = time.perf_counter()
    described = [(file.full_name, file.description) for file in PromptRepository(folder, packaged=False)]
    taken = time.perf_counter() - begun
    assert len(described) == count
    assert all(text for _, text in described)
    return taken


def main() -> None:
    """Measure, and print the table."""
    prompt, jinja = Prompt(HEAD + BODY), jinja2.Environment(autoescape=True).from_string(JINJA)
    assert len(prompt.render(**VARIABLES).messages) == 12
    theirs = dotpromptz()
    table = Table("five variables, five examples: a request of twelve messages", "median CPU time")
    table.add_row("aiapp: compile", f"{timed(lambda: Prompt(HEAD + BODY), 200) * 1e6:,.0f} us")
    table.add_row("aiapp: render, variables checked", f"{timed(lambda: prompt.render(**VARIABLES)) * 1e6:,.0f} us")
    table.add_row("dotpromptz: render", "not installed" if theirs is None else f"{timed(theirs, 400) * 1e6:,.0f} us")
    table.add_row("Jinja: one text, nothing checked", f"{timed(lambda: jinja.render(**VARIABLES)) * 1e6:,.0f} us")
    with tempfile.TemporaryDirectory() as folder:
        table.add_row("aiapp: list 1,000 files with descriptions", f"{listing(Path(folder), 1_000) * 1e3:,.0f} ms")
    Console(width=100).print(table)


if __name__ == "__main__":
    main()
