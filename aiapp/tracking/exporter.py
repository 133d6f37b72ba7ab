"""Where spans go: an exporter is told of each one."""

from __future__ import annotations

import warnings
from abc import ABC, abstractmethod
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from aiapp.tracking.span import Span


@dataclass(frozen=True, slots=True)
class Opening:
    """What is known of a span when it begins. A `block` is a `with`, and stands around what happens in it."""

    id: str
    trace: str
    parent: str | None
    name: str
    kind: str
    started: datetime
    block: bool


class Exporter(ABC):
    """Takes spans as they end, one at a time, from any thread. Whatever it raises becomes a `RuntimeWarning`.

    Nothing that it is given holds a secret, nor content unless that was asked for.
    """

    def began(self, opening: Opening) -> Any:  # noqa: B027 - few need it
        """A span begins; what this returns is given back at its end. A call that was never sent has none."""

    @abstractmethod
    def ended(self, span: Span, began: Any) -> None:
        """A span has ended."""

    def flush(self) -> None:  # noqa: B027 - few need it
        """See to it that what ended is kept; called at the end of each `track()`."""


def told(exporter: Exporter, problem: Exception) -> None:
    """Say that an exporter failed: an answer that was paid for is not lost to it."""
    warnings.warn(f"{type(exporter).__name__} could not take a span: {problem!r}", RuntimeWarning, stacklevel=3)
