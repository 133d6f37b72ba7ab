"""`with track() as t:` collects every call in scope, and adds them up."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Mapping
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from types import TracebackType
from typing import Any

from aiapp.core.accepted import several
from aiapp.core.errors import InvalidInput
from aiapp.core.invoice import Invoice, total_invoice
from aiapp.core.usage import Usage
from aiapp.tracking.entry import entry_of
from aiapp.tracking.exporter import Exporter, told
from aiapp.tracking.ledger import Ledger
from aiapp.tracking.scope import RUN, Block, Scope, here, tags_of, word_of
from aiapp.tracking.span import Span
from aiapp.tracking.table import Table, table_of
from aiapp.tracking.totals import By, Totals, grouped, totals
from aiapp.tracking.tree import drawn


class Tracker(Block):
    """What was tracked. It may be read while the block runs, and takes what ends later, such as a stream read late."""

    def __init__(self, name: str, content: bool, tags: tuple[str, ...], exporters: tuple[Exporter, ...]) -> None:
        super().__init__(name, RUN, tags)
        self._wants_content, self._exporters = content, exporters
        self._spans: list[Span] = []
        self._lock = threading.Lock()

    @property
    def spans(self) -> tuple[Span, ...]:
        """Everything that ended, in the order in which it began."""
        with self._lock:
            return tuple(sorted(self._spans, key=lambda span: span.started))

    @property
    def calls(self) -> tuple[Span, ...]:
        """The spans that asked a model: the others cost nothing."""
        return tuple(span for span in self.spans if span.asks_a_model)

    @property
    def totals(self) -> Totals:
        """What all calls took."""
        return totals(map(entry_of, self.calls))

    @property
    def usage(self) -> Usage:
        """The tokens of all calls; a count that any of them does not know is None."""
        return self.totals.usage

    @property
    def invoice(self) -> Invoice:
        """The lines of all invoices: `total` is None where any is unknown, `at_least` is known."""
        return total_invoice(span.invoice for span in self.calls if span.invoice is not None)

    @property
    def cost(self) -> Decimal | None:
        """US dollars; None where unknown."""
        return self.totals.cost

    def by(self, group: By) -> Mapping[str, Totals]:
        """The totals by `model`, `prompt`, `tag`, `step` or `day` (of UTC)."""
        return grouped(map(entry_of, self.calls), group)

    def table(self, by: By = "model") -> Table:
        """The same as a table to print."""
        return table_of(by, self.by(by), self.totals)

    def tree(self) -> str:
        """What happened in what, with costs and times, a line each."""
        return "\n".join(drawn(self.spans))

    def collect(self, span: Span) -> None:
        """Keep a span."""
        with self._lock:
            self._spans.append(span)

    def scope(self) -> Scope:
        """The scope of the block: whoever tracks around it is told, too, and no exporter twice."""
        around = here() or Scope({})
        exporters = dict(around.exporters)
        for exporter in self._exporters:
            exporters[exporter] = exporters.get(exporter, False) or self._wants_content
        collectors = (*around.collectors, (self, self._wants_content))
        return replace(around, exporters=exporters, collectors=collectors)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        super().__exit__(kind, error, trace)
        for exporter in self._exporters:
            try:
                exporter.flush()
            except Exception as problem:
                told(exporter, problem)


_EXPORTERS = "several values of the class `Exporter`"


def track(
    name: str = "run",
    *,
    content: bool = False,
    tags: Iterable[str] = (),
    ledger: Ledger | str | Path | None = None,
    exporters: Iterable[Exporter] = (),
) -> Tracker:
    """Collect every call in scope, with `with` or `async with`: a run, which `name` names where it is shown.

    What is asked and answered is left out unless `content` is true. Nothing is written anywhere but to `ledger` and
    `exporters`. Runs nest: the outer one collects what the inner one does, under its own rule for content.
    """
    ledgers = () if ledger is None else (ledger if isinstance(ledger, Ledger) else Ledger(ledger),)
    for one in ledgers:
        one.make()
    given: tuple[Any, ...] = (*ledgers, *several("exporters", exporters, _EXPORTERS))
    for one in given:
        if not isinstance(one, Exporter):
            raise InvalidInput("exporters", one, _EXPORTERS)
    return Tracker(word_of("name", name), content, tags_of(tags), given)
