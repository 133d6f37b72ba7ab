"""A ledger: an append-only SQLite file of spans, which any number of threads and processes may share."""

from __future__ import annotations

import json
import warnings
from collections.abc import Sequence
from contextlib import closing
from dataclasses import dataclass
from datetime import UTC, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

from aiapp.core.errors import InvalidInput
from aiapp.core.usage import Usage
from aiapp.tracking.entry import Entry, entry_of, prompt_of
from aiapp.tracking.exporter import Exporter
from aiapp.tracking.ledger_file import explained, flush, opened, put
from aiapp.tracking.span import CALLS, Span
from aiapp.tracking.totals import Totals, totals
from aiapp.tracking.tree import forest

_ENTRY = """
SELECT kind, started, seconds, first_token, model, prompt, prompt_name, step, tags, input_tokens, output_tokens,
    cached_tokens, cache_write_tokens, reasoning_tokens, cost, at_least, unknown, error, cached
FROM spans WHERE kind IN (?, ?) AND started >= ? ORDER BY started
"""
_RUNS = """
SELECT trace FROM spans GROUP BY trace ORDER BY min(started) DESC, trace LIMIT ?
"""


@dataclass(frozen=True, slots=True)
class Run:
    """One run in a ledger: all spans of a trace."""

    trace: str
    spans: tuple[Span, ...]
    """In the order in which they began; at least one."""

    @property
    def name(self) -> str:
        """What the run is called where it is shown."""
        return self.spans[0].name

    @property
    def started(self) -> datetime:
        """When it began."""
        return self.spans[0].started

    @property
    def roots(self) -> tuple[Span, ...]:
        """Those that stand inside of no other, in the order in which they began."""
        return tuple(node.span for node in forest(self.spans))

    @property
    def seconds(self) -> float:
        """From the first beginning to the last end."""
        return max((span.started - self.started).total_seconds() + span.seconds for span in self.spans)

    @property
    def totals(self) -> Totals:
        """What all calls of the run took."""
        return totals(entry_of(span) for span in self.spans if span.asks_a_model)


class Ledger(Exporter):
    """Spans in a file, each written once and never changed; made on first use.

    Writing is done by a thread of its own, so that nobody who asks a model waits for a disk: `flush` waits until what
    ended is in the file, as the end of a `track()` and of the program do. What cannot be written (a full disk) is lost
    with a `RuntimeWarning`. The file holds no secret, and what was asked and answered only where that was asked for.
    The columns of its one table, `spans`, are meant for your own SQL; `json` is the whole span.
    """

    def __init__(self, path: str | Path) -> None:
        if not str(path):
            raise InvalidInput("ledger", path, "the path of a file")
        self.path = Path(path).absolute()

    def __eq__(self, other: object) -> bool:
        return isinstance(other, Ledger) and other.path == self.path

    def __hash__(self) -> int:
        return hash(self.path)

    def make(self) -> None:
        """Make the file where there is none, or say at once why it cannot be used."""
        with explained(self.path):
            self.path.parent.mkdir(parents=True, exist_ok=True)
            opened(self.path).close()

    def ended(self, span: Span, began: Any = None) -> None:
        """Take a span to be written."""
        put(self.path, _row(span))

    def flush(self) -> None:
        """Wait until what ended is in the file."""
        lost = flush(self.path)
        if lost:
            problem = f"{len(lost)} spans could not be kept in {self.path}: {lost[0]}"
            warnings.warn(problem, RuntimeWarning, stacklevel=2)

    def entries(self, since: datetime | None = None) -> list[Entry]:
        """All calls, oldest first, as far as reports need them; much quicker than `spans`."""
        after = "" if since is None else _moment(since)
        return [_entry(row) for row in self._read(_ENTRY, (*CALLS, after))]

    def spans(self, trace: str | None = None) -> list[Span]:
        """All spans, or those of one run, in the order in which they began."""
        where = "" if trace is None else "WHERE trace = ?"
        rows = self._read(f"SELECT json FROM spans {where} ORDER BY started", () if trace is None else (trace,))
        return [Span.from_json(text) for (text,) in rows]

    def runs(self, limit: int = 20) -> list[Run]:
        """The last runs, newest first."""
        return [self.run(trace) for (trace,) in self._read(_RUNS, (limit,))]

    def run(self, trace: str) -> Run:
        """One run, by its whole id; `find` knows it by a part."""
        spans = tuple(self.spans(trace))
        if not spans:
            raise InvalidInput("trace", trace, "the id of a run in this ledger")
        return Run(trace, spans)

    def find(self, id: str) -> str:
        """The trace that an id, or the beginning of one, of a run or a span in it means."""
        pattern = id.replace("\\", "\\\\").replace("%", "\\%").replace("_", "\\_") + "%"
        query = "SELECT DISTINCT trace FROM spans WHERE trace LIKE ? ESCAPE '\\' OR id LIKE ? ESCAPE '\\' LIMIT 2"
        found = [trace for (trace,) in self._read(query, (pattern, pattern))] if id else []
        if len(found) != 1:
            accepted = "more of the id: it fits several runs" if found else "the id of a run in this ledger"
            raise InvalidInput("id", id, accepted)
        return str(found[0])

    def _read(self, query: str, values: Sequence[Any]) -> list[Any]:
        self.flush()
        if not self.path.is_file():
            raise InvalidInput("ledger", str(self.path), "a file that `track(ledger=...)` or AIAPP_LEDGER has made")
        with explained(self.path), closing(opened(self.path)) as connection:
            return connection.execute(query, values).fetchall()


def _row(span: Span) -> tuple[Any, ...]:
    entry = entry_of(span)
    usage = entry.usage
    row: tuple[Any, ...] = (
        span.id,
        span.trace,
        span.parent,
        span.kind,
        span.name,
        _moment(span.started),
        span.seconds,
        span.first_token,
        span.model,
        span.served,
        span.prompt,
        span.prompt_name,
        json.dumps(span.step),
        json.dumps(span.tags),
        usage.input_tokens,
        usage.output_tokens,
        usage.cached_tokens,
        usage.cache_write_tokens,
        usage.reasoning_tokens,
        None if entry.cost is None else str(entry.cost),
        str(entry.at_least),
        json.dumps(entry.unknown),
        span.error,
        int(span.cached),
        span.to_json(),
    )
    return tuple(_text(value) if isinstance(value, str) else value for value in row)


def _text(text: str) -> str:
    """Half a character, which SQLite does not take, spelt out; `json` has it as it is."""
    return text.encode("utf-8", "backslashreplace").decode()


def _entry(row: Sequence[Any]) -> Entry:
    kind, started, seconds, first_token, model, prompt, name, step, tags, *rest = row
    *counts, cost, at_least, unknown, error, cached = rest
    return Entry(
        kind=kind,
        started=datetime.fromisoformat(started),
        seconds=seconds,
        first_token=first_token,
        model=model or "",
        prompt=prompt_of(prompt, name),
        step=tuple(json.loads(step)),
        tags=tuple(json.loads(tags)),
        usage=Usage(*counts),
        cost=None if cost is None else Decimal(cost),
        at_least=Decimal(at_least),
        unknown=tuple(json.loads(unknown)),
        failed=error is not None,
        cached=bool(cached),
    )


def _moment(moment: datetime) -> str:
    """A time as text whose order is that of the times."""
    return moment.astimezone(UTC).isoformat(timespec="microseconds")
