"""A conversation of many turns, which can be stored and gone on with."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, TypeAlias, TypeVar, cast, overload

from aiapp.client.client import Client
from aiapp.client.stream import Stream
from aiapp.client.structured import REASKS
from aiapp.core.accepted import instance, several
from aiapp.core.messages import Message, user
from aiapp.core.parts import Part
from aiapp.core.request import Request, Settings, Tool
from aiapp.core.response import Response
from aiapp.core.schema import Schema
from aiapp.core.serialisation import from_json, to_json
from aiapp.sync import run

Said: TypeAlias = str | Part | Message | Iterable[Part]
T = TypeVar("T")
_CLIENT = instance('a client, such as Client() or Client("openai:NAME")', Client)


class Conversation:
    """Keeps what was said, and says it all again with each turn, opaque metadata included.

    A turn is kept once its answer is whole: a call that fails, or a stream that is not read to its end, leaves the
    conversation as it was. What tools returned is said as a message: `say(tool(ToolResult(...)))`.
    """

    def __init__(
        self,
        client: Client,
        messages: Sequence[Message] = (),
        *,
        tools: Sequence[Tool] = (),
        settings: Settings | None = None,
    ) -> None:
        _CLIENT.check("client", client)
        self.client = client
        said = several("messages", messages, "several messages; for one, a list of one")
        offered = several("tools", tools, "several tools; for one, a list of one")
        self._said = Request(said, offered, settings=Settings() if settings is None else settings)

    @property
    def messages(self) -> tuple[Message, ...]:
        """All that was said so far."""
        return self._said.messages

    def add(self, *messages: Message) -> None:
        """Add turns without asking the model."""
        said = self._said
        self._said = Request((*said.messages, *messages), said.tools, settings=said.settings)

    @overload
    async def asay(self, content: Said) -> Response: ...
    @overload
    async def asay(self, content: Said, *, output: type[T] | Schema[T], reasks: int = REASKS) -> Response[T]: ...
    async def asay(
        self, content: Said, *, output: type[Any] | Schema[Any] | None = None, reasks: int | None = None
    ) -> Response[Any]:
        """Say something, and wait for the answer; `output` and `reasks` as in `Client.acomplete`."""
        message, ask = _message(content), cast("Any", self.client.acomplete)
        response: Response[Any] = await ask(self._with(message), output=output, reasks=reasks)
        self._keep(message, response)
        return response

    @overload
    def say(self, content: Said) -> Response: ...
    @overload
    def say(self, content: Said, *, output: type[T] | Schema[T], reasks: int = REASKS) -> Response[T]: ...
    def say(self, content: Said, **how: Any) -> Response[Any]:
        """The blocking twin of `asay`."""
        return run(self.asay(content, **how))

    @overload
    def stream(self, content: Said) -> Stream: ...
    @overload
    def stream(self, content: Said, *, output: type[T] | Schema[T]) -> Stream[T]: ...
    def stream(self, content: Said, *, output: type[Any] | Schema[Any] | None = None) -> Stream[Any]:
        """Say something, and read the answer as it comes, with `async for` or `for`."""
        message = _message(content)
        request = self._with(message)
        stream: Stream[Any] = (
            self.client.stream(request) if output is None else self.client.stream(request, output=output)
        )
        stream.on_response(lambda response: self._keep(message, response))
        return stream

    astream = stream
    """The same: a stream serves both worlds."""

    def to_json(self) -> str:
        """The conversation as JSON text: messages, tools and settings; the client is no part of it."""
        return to_json(self._said)

    @classmethod
    def from_json(cls, client: Client, text: str | bytes) -> Conversation:
        """The conversation that a text holds, to be gone on with."""
        said = from_json(Request, text)
        return cls(client, said.messages, tools=said.tools, settings=said.settings)

    def _with(self, message: Message) -> Request:
        said = self._said
        return Request((*said.messages, message), said.tools, settings=said.settings)

    def _keep(self, message: Message, response: Response[Any]) -> None:
        if response.finish is not None:
            self.add(message, response.message)


def _message(content: Said) -> Message:
    return content if isinstance(content, Message) else user(content)
