"""Server-sent events: from the bytes of a stream to the data of each event, as the WHATWG standard splits them."""

from __future__ import annotations

from collections.abc import Iterator


class Splitter:
    """Takes bytes as they come, cut anywhere, and gives the data of every event that is whole.

    Only `data` is given: each wire that is read here names the kind of an event inside its data too. `done` is whether
    the stream said `[DONE]`; nothing after that counts.
    """

    def __init__(self) -> None:
        self.done = False
        self._rest = b""
        self._data: list[bytes] = []

    def feed(self, chunk: bytes) -> Iterator[bytes]:
        """The data of the events that end in this chunk."""
        *lines, self._rest = (self._rest + chunk).split(b"\n")
        for line in lines:
            if line.endswith(b"\r"):
                line = line[:-1]
            if line.startswith(b"data:"):
                self._data.append(line[6:] if line.startswith(b"data: ") else line[5:])
            elif not line and self._data:
                data, self._data = self._data[0] if len(self._data) == 1 else b"\n".join(self._data), []
                self.done = data == b"[DONE]"
                if self.done:
                    return
                yield data
