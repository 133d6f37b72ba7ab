"""Server-sent events: from the bytes of a stream to the data of each event, as the WHATWG standard splits them."""

from __future__ import annotations

from collections.abc import AsyncIterator, Iterator


class Splitter:
    """Takes bytes as they come, cut anywhere, and gives the data of every event that is whole.

    Only `data` is given: each wire that is read here names the kind of an event inside its data too.
    """

    def __init__(self) -> None:
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
                yield self._data[0] if len(self._data) == 1 else b"\n".join(self._data)
                self._data = []


async def events(chunks: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The data of each event of a stream of bytes, until it ends or says `[DONE]`; what is not whole is left out."""
    splitter = Splitter()
    async for chunk in chunks:
        for data in splitter.feed(chunk):
            if data == b"[DONE]":
                return
            yield data
