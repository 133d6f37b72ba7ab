"""Exporters: each span where you want it, as a line of JSON or in a class of yours; secrets and content stay out."""

from __future__ import annotations

import json
import tempfile
from pathlib import Path
from typing import Any

from aiapp import Client, span, track
from aiapp.tracking.exporter import Exporter
from aiapp.tracking.json_lines import JsonLines
from aiapp.tracking.span import Span


class Slow(Exporter):
    """Tells of calls that took too long."""

    def ended(self, span: Span, began: Any) -> None:
        """A span is over: a run, a step or a call."""
        if span.asks_a_model:
            print(f"  {span.model} took {span.seconds * 1000:.0f} ms in {span.name!r}")


with tempfile.TemporaryDirectory() as folder:
    lines = JsonLines(Path(folder) / "spans.jsonl")
    with track("greet", exporters=[lines, Slow()]), span("host", kind="agent"):
        Client("local").complete("Hello! Who are you?")
        Client("local").embed(["Hello!"])

    for line in lines.path.read_text(encoding="utf-8").splitlines():
        told = json.loads(line)
        print({name: told[name] for name in ("name", "kind", "model", "parent") if told.get(name)})
    (call, *_) = (one for one in lines.spans() if one.asks_a_model)  # read back as they were
    print(
        f"cost ${call.invoice.total if call.invoice else None}, what was said is left out:",
        call.to_json().count("Hello"),
    )
