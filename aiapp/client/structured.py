"""Structured answers: a value of the type that was asked for, with what does not fit sent back to the model."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING, Any, TypeVar

from aiapp.core.accepted import AT_LEAST_ZERO
from aiapp.core.errors import AiappError, AnswerInvalid, InvalidInput
from aiapp.core.request import Request
from aiapp.core.response import Receipt, Response, total_receipt
from aiapp.core.schema import Misfit, Schema
from aiapp.tracking.stopwatch import Stopwatch

if TYPE_CHECKING:
    from aiapp.prompts.prompt import Prompt

T = TypeVar("T")
REASKS = 1
"""How often an answer that does not fit is sent back, unless said otherwise."""
_UNFINISHED = {
    "length": "it was cut off at the limit of tokens",
    "refusal": "the model refused",
    "content_filter": "the provider's content filter stopped it",
    "tool_calls": "the model asked for tools",
    "pause": "the provider paused it",
}


def check_reasks(output: object, reasks: int | None) -> int:
    """How often an answer of a type is asked for again; what is no number of times is refused."""
    if reasks is None:
        return REASKS
    if output is None:
        raise InvalidInput("reasks", reasks, "None without `output`: only an answer of a type can fail to fit")
    AT_LEAST_ZERO.check("reasks", reasks)
    return reasks


async def structured(
    ask: Callable[[Request], Awaitable[Response]], request: Request, schema: Schema[T], reasks: int
) -> Response[T]:
    """Ask until the answer is a value of the type; every attempt is on the receipt, also that of an error."""
    stopwatch, receipts = Stopwatch(), list[Receipt]()
    while True:
        try:
            response = await ask(request)
        except AiappError as error:
            if receipts:
                last = () if error.receipt is None else (error.receipt,)
                error.receipt = total_receipt((*receipts, *last), stopwatch.timing())
            raise
        receipts.append(response.receipt)
        if len(receipts) > 1:
            receipt = total_receipt(receipts, stopwatch.timing())
            response = replace(response, usage=receipt.usage, receipt=receipt)
        try:
            return answer_of(response, schema)
        except AnswerInvalid as error:
            if len(receipts) > reasks or _unfinished(response):
                raise
            complaint = _complaint().render(problem=error.reason).messages
            request = replace(request, messages=(*request.messages, response.message, *complaint))


def answer_of(response: Response[Any], schema: Schema[T]) -> Response[T]:
    """The response with its value; why an answer ended is looked at before it is read."""
    reason = _unfinished(response)
    if reason is not None:
        raise AnswerInvalid(reason, response)
    value = schema.read(response.text)
    if isinstance(value, Misfit):
        raise AnswerInvalid(value.reason, response)
    return replace(response, output=value)


def _unfinished(response: Response[Any]) -> str | None:
    if response.finish is None:
        return "it broke off"
    return _UNFINISHED.get(response.finish.reason)


@cache
def _complaint() -> Prompt:
    from aiapp.prompts.prompt import Prompt  # most answers need none

    return Prompt.load("repair-answer")
