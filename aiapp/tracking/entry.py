"""What a report needs to know of a call: a row of a ledger, or a span without its content."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal

from aiapp.core.usage import Usage
from aiapp.tracking.span import Span


@dataclass(frozen=True, slots=True)
class Entry:
    """One call of a model. `cost` is None where unknown, for the reasons `unknown`; `at_least` is always known."""

    kind: str
    started: datetime
    seconds: float
    first_token: float | None
    model: str
    prompt: str | None
    """The prompt that it came from, by name and the beginning of its hash."""
    step: tuple[str, ...]
    tags: tuple[str, ...]
    usage: Usage
    cost: Decimal | None
    at_least: Decimal
    unknown: tuple[str, ...]
    failed: bool
    cached: bool

    @property
    def writing(self) -> float | None:
        """Seconds in which the answer was written: those after the first token, or all where it was not streamed."""
        if self.kind != "call" or self.cached or self.failed:
            return None
        return self.seconds if self.first_token is None else self.seconds - self.first_token


def prompt_of(digest: str | None, name: str | None) -> str | None:
    """A prompt as a report shows it: two versions of one name are told apart."""
    return digest if digest is None or name is None else f"{name} {digest[:8]}"


def entry_of(span: Span) -> Entry:
    """What a report needs to know of a span that is a call."""
    invoice = span.invoice
    return Entry(
        kind=span.kind,
        started=span.started,
        seconds=span.seconds,
        first_token=span.first_token,
        model=span.model or "",
        prompt=prompt_of(span.prompt, span.prompt_name),
        step=span.step,
        tags=span.tags,
        usage=span.usage or Usage(),
        cost=span.cost,
        at_least=Decimal(0) if invoice is None else invoice.at_least,
        unknown=() if invoice is None else invoice.unknown,
        failed=span.error is not None,
        cached=span.cached,
    )
