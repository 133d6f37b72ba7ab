"""Totals as a table that prints well: plain text, no library needed."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass

from aiapp.tracking.totals import Totals
from aiapp.tracking.wording import NOT_MEASURED, cost_of, count, seconds

TOTAL = "total"
COLUMNS = ("calls", "failed", "cached", "input", "output", "cost", "p50", "p95", "first token", "tokens/s")
_ASCII_END = 0x2E80  # from here on a character may be two columns wide


@dataclass(frozen=True, slots=True)
class Table:
    """Rows of texts under their `header`; the first column is a name, the others are figures."""

    header: tuple[str, ...]
    rows: tuple[tuple[str, ...], ...]

    def __str__(self) -> str:
        return "\n".join(self.lines())

    def lines(self) -> Iterator[str]:
        """The header, a rule, and a line for each row, columns aligned."""
        widths = [max(map(_width, column)) for column in zip(self.header, *self.rows, strict=True)]
        yield _line(self.header, widths)
        yield "  ".join("-" * width for width in widths).rstrip()
        for row in self.rows:
            yield _line(row, widths)


def table_of(name: str, groups: Mapping[str, Totals], total: Totals) -> Table:
    """A row for each group, and one for all of them; a column that says nothing of any of them is left out."""
    rows = [(group, *_figures(found)) for group, found in groups.items()]
    if len(rows) != 1:
        rows.append((TOTAL, *_figures(total)))
    kept = [place for place in range(len(COLUMNS)) if any(row[place + 1] not in ("0", NOT_MEASURED) for row in rows)]
    kept = sorted({*kept, COLUMNS.index("calls"), COLUMNS.index("cost")})
    header = (name, *(COLUMNS[place] for place in kept))
    return Table(header, tuple((row[0], *(row[place + 1] for place in kept)) for row in rows))


def _figures(found: Totals) -> Iterable[str]:
    usage, least = found.usage, found.usage_at_least
    yield f"{found.calls:,}"
    yield f"{found.failed:,}"
    yield f"{found.cached:,}"
    yield count(usage.input_tokens, least.input_tokens or 0)
    yield count(usage.output_tokens, least.output_tokens or 0)
    yield cost_of(found)
    yield seconds(found.seconds.p50)
    yield seconds(found.seconds.p95)
    yield seconds(found.first_token.p50)
    yield NOT_MEASURED if found.tokens_per_second is None else f"{found.tokens_per_second:,.0f}"


def _line(row: Sequence[str], widths: Sequence[int]) -> str:
    name, *figures = row
    cells = [name + " " * (widths[0] - _width(name))]
    cells += [figure.rjust(width) for figure, width in zip(figures, widths[1:], strict=True)]
    return "  ".join(cells).rstrip()


def _width(text: str) -> int:
    """Columns on a terminal."""
    if all(ord(character) < _ASCII_END for character in text):
        return len(text)
    from unicodedata import east_asian_width

    return sum(2 if east_asian_width(character) in "WF" else 1 for character in text)
