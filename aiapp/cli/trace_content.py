"""What a span was given and what it made, as texts to show; nothing where that was not recorded."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from aiapp.tracking.span import Span


def said(span: Span) -> Iterator[tuple[str, str]]:
    """Who said what: the messages of a call and its answer, or the input and output of anything else."""
    if span.kind != "call":
        for name, value in (("input", span.input), ("output", span.output)):
            if value is not None:
                yield name, value if isinstance(value, str) else json.dumps(value, indent=2, ensure_ascii=False)
        return
    if span.input is not None:
        for message in span.input.get("messages", ()):
            yield message["role"], "\n".join(map(_shown, message["parts"]))
    if span.output is not None:
        yield "answer", "\n".join(map(_shown, span.output))


def _shown(part: Mapping[str, Any]) -> str:
    match part["kind"]:
        case "text":
            return str(part["text"])
        case "thinking":
            return f"(thinking) {part['text']}"
        case "tool_call":
            return f"{part['name']}({part['arguments']})"
        case "tool_result":
            return str(part["content"])
        case "citation":
            return f"“{part['quote']}” {part['source']}"
        case kind:
            return f"({kind} {part.get('name') or part.get('url') or part.get('media_type', '')})"
