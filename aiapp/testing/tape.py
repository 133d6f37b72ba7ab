"""The file of a cassette: interactions as JSON that is meant to be read, and back.

What was asked is a request, texts to `embed`, or a request to `count`; what came are events, or one value. An
interaction that failed has the failure after them.
"""

from __future__ import annotations

import json
import os
from array import array
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from aiapp.core import errors
from aiapp.core.embeddings import Vectors
from aiapp.core.errors import InvalidInput, ProviderError
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.core.response import Change
from aiapp.core.serialisation import from_plain, to_plain
from aiapp.core.usage import Usage
from aiapp.providers.counting import Count

FORMAT = 1
_ERROR_FIELDS = ("message", "provider", "model", "status", "request_id", "retry_after", "retryable")
_DIGITS = 9
"""As many as tell two numbers of 32 bits apart."""


@dataclass(slots=True)
class Interaction:
    """Something asked and what came back, as plain values without secrets."""

    request: Any
    events: list[Any] = field(default_factory=list[Any])
    error: dict[str, Any] | None = None
    done: bool = False
    """Recorded to its end, or replayed."""

    @property
    def key(self) -> str:
        """The same for the same thing asked."""
        return json.dumps(self.request, sort_keys=True)


def plain_embed(texts: Sequence[str], dimensions: int | None) -> dict[str, Any]:
    """Texts whose vectors are asked for."""
    return {"kind": "embed", "texts": list(texts)} | ({} if dimensions is None else {"dimensions": dimensions})


def plain_vectors(vectors: Vectors) -> dict[str, Any]:
    """Vectors, in as few digits as hold them."""
    rows = [[float(f"{number:.{_DIGITS}g}") for number in vector] for vector in vectors.vectors]
    plain = {"kind": "vectors", "model": vectors.model, "usage": to_plain(vectors.usage), "vectors": rows}
    known = {} if vectors.request_id is None else {"request_id": vectors.request_id}
    changes = [asdict(change) for change in vectors.changes]
    return {**plain, **known, **({"changes": changes} if changes else {})}


def vectors_of(plain: dict[str, Any]) -> Vectors:
    """Vectors that were recorded."""
    rows = [array("f", row) for row in plain["vectors"]]
    changes = tuple(Change(**change) for change in plain.get("changes", ()))
    return Vectors(rows, str(plain["model"]), from_plain(Usage, plain["usage"]), plain.get("request_id"), changes)


def plain_count(count: Count) -> dict[str, Any]:
    """A count of tokens."""
    named = {"family": count.family, "tokens": count.tokens, "exact": count.exact, "source": count.source}
    return {"kind": "count", **named}


def count_of(plain: dict[str, Any]) -> Count:
    """A count that was recorded."""
    return Count(str(plain["family"]), int(plain["tokens"]), bool(plain["exact"]), str(plain["source"]))


def plain_error(error: ProviderError) -> dict[str, Any]:
    """A failure; one of a class that is not ours is kept as the nearest one that is."""
    kind = next(one.__name__ for one in type(error).__mro__ if vars(errors).get(one.__name__) is one)
    fields = {name: vars(error).get(name) for name in _ERROR_FIELDS}
    return {"kind": kind, **{name: value for name, value in fields.items() if value is not None}}


def error_of(plain: dict[str, Any]) -> ProviderError:
    """A failure that was recorded."""
    kind: Any = getattr(errors, str(plain.get("kind")), None)
    given = {name: plain[name] for name in _ERROR_FIELDS if name in plain}
    if not (isinstance(kind, type) and issubclass(kind, ProviderError)):
        raise InvalidInput("error.kind", plain.get("kind"), "the name of a ProviderError")
    return kind(**given)


def pretty(value: Any) -> str:
    """JSON to be read; escaped only where UTF-8 cannot hold it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if _encodable(text) else json.dumps(value, indent=2)


def write(path: Path, model: str, interactions: Sequence[Interaction]) -> None:
    """The whole file or none of it: what stops in between leaves the one that was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    beside.write_text(_file_text(model, interactions), encoding="utf-8", newline="\n")
    beside.replace(path)


def read(path: Path, model: str) -> list[Interaction]:
    """The interactions of a file that was recorded with this model."""
    try:
        plain: Any = json.loads(path.read_text(encoding="utf-8"))
        if plain["cassette"] != FORMAT:
            raise ValueError(f"its format is {plain['cassette']}; this version reads {FORMAT}")
        recorded, found = str(plain["model"]), [_interaction(one) for one in plain["interactions"]]
    except FileNotFoundError:
        raise InvalidInput("cassette", str(path), "a file that is there; mode `auto` or `record` makes it") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput("cassette", str(path), f"a file that a cassette has written ({error})") from None
    if recorded != model:
        raise InvalidInput("model", model, f"{recorded}, whose answers these are; delete {path} to record others")
    return found


def _interaction(plain: dict[str, Any]) -> Interaction:
    """Checked here, so that a mistake in a file is named before any test runs on it."""
    asked, events = plain["request"], plain["events"]
    match asked.get("kind"):
        case "embed":
            asked = plain_embed([str(text) for text in asked["texts"]], asked.get("dimensions"))
            events = [plain_vectors(vectors_of(one)) for one in events]
        case "count":
            asked = {"kind": "count", "request": to_plain(from_plain(Request, asked["request"]))}
            events = [plain_count(count_of(one)) for one in events]
        case _:
            asked = to_plain(from_plain(Request, asked))
            events = [to_plain(from_plain(Event, event)) for event in events]
    error = plain.get("error")
    if error is not None:
        error_of(error)
    elif asked["kind"] != "request" and len(events) != 1:
        raise ValueError(f"{asked['kind']} has {len(events)} answers, where it has one")
    return Interaction(asked, events, error)


def _line(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if _encodable(text) else json.dumps(value)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _rows(name: str, rows: Sequence[str], last: bool) -> Iterator[str]:
    yield f'      "{name}": ['
    yield from (f"        {row}{',' if place + 1 < len(rows) else ''}" for place, row in enumerate(rows))
    yield "      ]" if last else "      ],"


def _file_text(model: str, interactions: Sequence[Interaction]) -> str:
    """The file: requests spread out, an event a line."""
    lines = ["{", f'  "cassette": {FORMAT},', f'  "model": {_line(model)},', '  "interactions": [']
    for place, one in enumerate(interactions):
        lines.append("    {")
        request = pretty(one.request).split("\n")
        lines.append(f'      "request": {request[0]}')
        lines.extend(f"      {line}" for line in request[1:])
        lines[-1] += ","
        lines.extend(_rows("events", [_line(event) for event in one.events], last=one.error is None))
        if one.error is not None:
            lines.append(f'      "error": {_line(one.error)}')
        lines.append("    }," if place + 1 < len(interactions) else "    }")
    return "\n".join([*lines, "  ]", "}", ""])
