"""A wire as a row of data: where it is asked, and how it says an answer and a failure."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, TypeAlias

from aiapp.testing.wires.said import Said

Json: TypeAlias = dict[str, Any]


class Events(Protocol):
    """The events of a streamed answer; `interleaved` mixes those of parallel tool calls."""

    def __call__(self, said: Said, *, interleaved: bool = False) -> list[Json]:
        """The events, in the order in which they are sent."""
        ...


class Failure(Protocol):
    """A failure in the vendor's own words; `message` and `code` are its usual ones where they are None."""

    def __call__(self, status: int, message: str | None = None, code: str | None = None) -> Json:
        """The JSON body."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Wire:
    """One API of one vendor.

    `named` events carry their type as the SSE event name; `terminator` closes a stream that went well. `noise` is what
    a client must pass over: events of types that it does not know.
    """

    name: str
    path: str
    request_id_header: str
    whole: Callable[[Said], Json]
    events: Events
    failure: Failure
    failure_event: Callable[[Json, int], Json]
    named: bool = True
    terminator: bytes = b""
    noise: tuple[Json, ...] = ()
