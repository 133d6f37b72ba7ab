"""Failures over both wires: typed by code and status together; no key in any message."""

from __future__ import annotations

import asyncio
import socket
from typing import Any

import httpx2
import pytest

from aiapp.core import errors
from tests.providers.openai.wires import KEY, Handler, chat, complete, responses

AZURE_FILTER: dict[str, Any] = {
    "code": None,
    "message": "filtered",
    "innererror": {"code": "ResponsibleAIPolicyViolation", "content_filter_result": {}},
}
BODIES: list[Any] = [
    (400, {"code": "context_length_exceeded", "message": "m"}, errors.ContextOverflow),
    (400, {"code": 400, "type": "exceed_context_size_error", "message": "m"}, errors.ContextOverflow),
    (400, {"code": "content_filter", "message": "m"}, errors.ContentFiltered),
    (400, AZURE_FILTER, errors.ContentFiltered),
    (400, {"code": "invalid_prompt", "message": "m"}, errors.ContentFiltered),
    (400, {"code": "something", "message": "m"}, errors.BadRequest),
    (429, {"code": "insufficient_quota", "type": "insufficient_quota", "message": "m"}, errors.PermissionDenied),
    (429, {"code": "rate_limit_exceeded", "message": "m"}, errors.RateLimited),
    (402, {"message": "no balance"}, errors.PermissionDenied),
    (404, {"code": "model_not_found", "message": "m"}, errors.NotFound),
    (503, {"code": "server_overloaded", "message": "m"}, errors.Overloaded),
    (418, {"message": "m"}, errors.BadRequest),
    # Where status and code contradict each other, the status has the last word on whether to try again.
    (400, {"code": "server_error", "message": "m"}, errors.BadRequest),
    (401, {"code": "rate_limit_exceeded", "message": "m"}, errors.AuthenticationFailed),
    (404, {"code": None, "type": "server_error", "message": "m"}, errors.NotFound),
    (422, {"code": "server_overloaded", "message": "m"}, errors.BadRequest),
    (429, {"code": "server_error", "message": "m"}, errors.RateLimited),
    (429, {"code": "engine_overloaded", "message": "m"}, errors.Overloaded),
    (500, {"code": "context_length_exceeded", "message": "m"}, errors.ContextOverflow),
    (500, {"code": "server_error", "message": "m"}, errors.Unavailable),
    (599, {"message": "m"}, errors.Unavailable),
]


def failed(handler: Handler, opener: Any) -> errors.ProviderError:
    with pytest.raises(errors.ProviderError) as caught:
        asyncio.run(complete(opener(handler)))
    return caught.value


@pytest.mark.parametrize("opener", [responses, chat])
@pytest.mark.parametrize(("status", "body", "kind"), BODIES)
def test_codes_and_statuses_become_typed_errors(opener: Any, status: int, body: Any, kind: type[Exception]) -> None:
    headers = {"x-request-id": "req_1"}
    error = failed(lambda _: httpx2.Response(status, json={"error": body}, headers=headers), opener)
    assert type(error) is kind
    assert (error.status, error.request_id, error.message) == (status, "req_1", body["message"])
    assert error.provider in ("openai", "openai-chat")


@pytest.mark.parametrize("opener", [responses, chat])
@pytest.mark.parametrize(
    ("cause", "words"),
    [
        (ConnectionRefusedError(111, "Connect call failed"), "Connection error: Connect call failed, at"),
        (socket.gaierror(-2, "Name or service not known"), "Connection error: Name or service not known, at"),
        (ValueError("secret"), "Connection error, at"),
    ],
)
def test_a_connection_that_was_never_made_did_not_time_out(opener: Any, cause: Exception, words: str) -> None:
    def unreached(request: httpx2.Request) -> httpx2.Response:
        raise httpx2.ConnectTimeout("timed out", request=request) from cause

    error = failed(unreached, opener)
    assert type(error) is errors.ConnectionFailed
    assert words in str(error)
    assert "time" not in str(error)


def test_an_empty_account_is_not_tried_again() -> None:
    body = {"error": {"code": "insufficient_quota", "message": "pay"}}
    assert not failed(lambda _: httpx2.Response(429, json=body), responses).retryable


@pytest.mark.parametrize("opener", [responses, chat])
def test_a_key_that_the_server_repeats_is_struck_out(opener: Any) -> None:
    body = {"error": {"message": f"Incorrect API key provided: {KEY}", "code": "invalid_api_key"}}
    error = failed(lambda _: httpx2.Response(401, json=body), opener)
    assert isinstance(error, errors.AuthenticationFailed)
    assert KEY not in f"{error!r} {error} {error.__cause__!r} {error.message}"
    assert "[key]" in error.message


@pytest.mark.parametrize("opener", [responses, chat])
@pytest.mark.parametrize("content", [b"", b"<html>gateway</html>", b"[1]", b'"text"'])
def test_bodies_that_are_no_objects_are_errors_too(opener: Any, content: bytes) -> None:
    assert isinstance(failed(lambda _: httpx2.Response(502, content=content), opener), errors.Unavailable)
    assert isinstance(failed(lambda _: httpx2.Response(200, content=content), opener), errors.InvalidResponse)


def test_o14_a_long_wait_is_told_not_slept() -> None:
    error = failed(lambda _: httpx2.Response(429, json={}, headers={"retry-after": "3600"}), responses)
    assert (error.retryable, error.retry_after) == (True, 3600.0)
