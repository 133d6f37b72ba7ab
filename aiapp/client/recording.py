"""The span of a call, for whoever tracks: one for each request that was sent."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import AbstractContextManager, nullcontext
from dataclasses import replace
from types import TracebackType
from typing import Any

from aiapp.client.call import Call
from aiapp.client.failure import NOTHING_SAID, receipt_of_failure
from aiapp.client.route import full_name
from aiapp.core.events import Completion
from aiapp.core.response import Receipt, Response
from aiapp.core.serialisation import to_plain
from aiapp.tracking.scope import Scope

CLOSED = "closed"
"""The `finish` of a stream whose reader closed it."""


class Recording:
    """Ends the span of a call: with its receipt, or with what is known where there is none."""

    __slots__ = ("_call", "_done", "_open", "_so_far")

    def __init__(self, call: Call, scope: Scope, kind: str, so_far: Callable[[], Completion]) -> None:
        self._call, self._so_far, self._done = call, so_far, False
        self._open = scope.open(full_name(call.provider), kind)
        call.on_response(self.answered)

    def answered(self, response: Response[Any]) -> None:
        """The answer is whole, or all that will come of it."""
        finish = None if response.finish is None else response.finish.reason
        output = [to_plain(part) for part in response.parts] if self._open.content else None
        self.settled(response.receipt, finish=finish, output=output, response_id=response.id)

    def settled(self, receipt: Receipt, error: BaseException | None = None, **known: Any) -> None:
        """The call has its receipt, or as much of one as there is."""
        self._done = True
        request = self._call.request
        settings = to_plain(request.settings)
        del settings["kind"]
        self._open.end(
            error,
            name=receipt.model,
            seconds=receipt.timing.total,
            first_token=receipt.timing.first_token,
            model=receipt.model,
            served=receipt.served or None,
            tier=receipt.tier,
            prompt=receipt.prompt,
            prompt_name=receipt.prompt_name,
            settings=settings,
            usage=replace(receipt.usage, raw={}),
            invoice=receipt.invoice,
            attempts=receipt.attempts,
            cached=receipt.cached,
            request_id=receipt.request_id,
            input=to_plain(request) if self._open.content else None,
            **known,
        )

    def __enter__(self) -> Recording:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is None or self._done or not self._call.sent:
            return
        said, closed = self._so_far(), isinstance(error, GeneratorExit)
        self.settled(
            receipt_of_failure(self._call, error, said),
            None if closed else error,
            finish=CLOSED if closed else None,
            output=[to_plain(part) for part in said.parts] if self._open.content and said.parts else None,
            response_id=said.id,
        )


_NOBODY: AbstractContextManager[None] = nullcontext()


def record(
    call: Call, scope: Scope | None, *, kind: str = "call", so_far: Callable[[], Completion] = lambda: NOTHING_SAID
) -> AbstractContextManager[Recording | None]:
    """Record a call where somebody tracks; `so_far` is what was said where it breaks off."""
    return _NOBODY if scope is None else Recording(call, scope, kind, so_far)
