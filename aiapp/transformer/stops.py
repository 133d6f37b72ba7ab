"""Stop strings in text that arrives in pieces."""

from __future__ import annotations

from collections.abc import Collection

from aiapp.core.errors import InvalidInput


class StopStrings:
    """Passes text on, up to the first stop string; holds back an end that may yet become one."""

    def __init__(self, stops: Collection[str]) -> None:
        if isinstance(stops, str) or not all(stops):
            raise InvalidInput("stop", stops, "a collection of texts that are not empty")
        self._stops = tuple(stops)
        self._held = ""

    def push(self, text: str) -> tuple[str, str | None]:
        """What is certain to stand before every stop string, and the stop string if one was completed."""
        self._held += text
        found = [(place, stop) for stop in self._stops if (place := self._held.find(stop)) >= 0]
        if found:
            place, stop = min(found)
            return self._held[:place], stop
        certain = len(self._held) - max((self._overlap(stop) for stop in self._stops), default=0)
        released, self._held = self._held[:certain], self._held[certain:]
        return released, None

    def flush(self) -> str:
        """What was held back, once no more text comes."""
        released, self._held = self._held, ""
        return released

    def _overlap(self, stop: str) -> int:
        """How long an end of the held text is that starts this stop string."""
        lengths = range(min(len(stop) - 1, len(self._held)), 0, -1)
        return next((length for length in lengths if self._held.endswith(stop[:length])), 0)
