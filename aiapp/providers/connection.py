"""A vendor's SDK, open on one event loop, and the requests that it has made there."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Generic, TypeVar

if TYPE_CHECKING:
    import httpx2

Sdk = TypeVar("Sdk")
_OF_ONE_REQUEST = {b"content-length", b"idempotency-key", b"x-stainless-retry-count"}


@dataclass(slots=True)
class Connection(Generic[Sdk]):
    """The SDK with the HTTP client that it was given.

    An SDK spends a third of a call's time on putting together the same address and headers again. So it makes the first
    request of each kind, and later ones are that request with another body: keys, addresses, headers and connections
    stay the SDK's own.
    """

    sdk: Sdk
    http: httpx2.AsyncClient
    is_ours: bool = True
    """Whether the HTTP client is not one that the user gave."""
    _made: dict[tuple[str, bool], _Made] = field(default_factory=dict["tuple[str, bool]", "_Made"], repr=False)

    async def send(
        self, path: str, body: bytes, *, streaming: bool, first: Callable[[], Awaitable[httpx2.Response]]
    ) -> httpx2.Response:
        """POST a body; `first` sends it through the SDK, which raises its own errors. Later, a failure is an answer."""
        made = self._made.get((path, streaming))
        if made is None:
            response = await first()
            asked = response.history[0].request if response.history else response.request  # before any redirection
            self._made[path, streaming] = _kept(asked)
            return response
        return await self.http.send(made.again(body), stream=streaming)

    async def aclose(self) -> None:
        """Close the HTTP client, if it is ours."""
        if self.is_ours:
            await self.http.aclose()


@dataclass(frozen=True, slots=True)
class _Made:
    """A request that the SDK made, without its body and what belongs to it. It holds the key, and shows none."""

    url: httpx2.URL = field(repr=False)
    headers: httpx2.Headers = field(repr=False)
    timeout: Any = field(repr=False)

    def again(self, body: bytes) -> httpx2.Request:
        import httpx2

        # As a stream it is not looked at for headers to add, which takes as long as all the rest; and they are ASCII.
        headers = httpx2.Headers(self.headers)
        headers["Content-Length"], headers.encoding = str(len(body)), self.headers.encoding
        request = httpx2.Request("POST", self.url, stream=httpx2.ByteStream(body), extensions={"timeout": self.timeout})
        request.headers = headers
        request.read()
        return request


def _kept(request: httpx2.Request) -> _Made:
    import httpx2

    kept = [(name, value) for name, value in request.headers.raw if name.lower() not in _OF_ONE_REQUEST]
    return _Made(request.url, httpx2.Headers(kept), request.extensions.get("timeout", {}))
