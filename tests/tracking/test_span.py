"""Spans as JSON, and without secrets."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given

from aiapp.core.errors import InvalidInput
from aiapp.tracking.span import Span
from tests.tracking.spans import call, spans

PLAIN: dict[str, Any] = call().to_plain()


@given(spans)
def test_a_span_comes_back_as_it_was(span: Span) -> None:
    text = span.to_json()
    assert Span.from_json(text) == span
    assert "\n" not in text


@pytest.mark.parametrize(
    ("change", "named"),
    [
        ({"seconds": "1"}, "span.seconds"),
        ({"seconds": float("nan")}, "span.seconds"),
        ({"started": "2026-11-20T08:30:00"}, "span.started"),
        ({"started": 5}, "span.started"),
        ({"tags": ["a", 1]}, r"span.tags\[1\]"),
        ({"usage": {"kind": "usage", "input_tokens": "many"}}, "span.usage.input_tokens"),
        ({"invoice": {"kind": "invoice", "lines": [{"kind": "line"}]}}, r"span.invoice.lines\[0\].item"),
        ({"surprise": 1}, "span.surprise"),
    ],
)
def test_what_does_not_fit_is_named(change: dict[str, Any], named: str) -> None:
    with pytest.raises(InvalidInput, match=named):
        Span.from_plain({**PLAIN, **change})


def test_what_every_span_has_may_not_be_missing() -> None:
    with pytest.raises(InvalidInput, match=r"span\.trace"):
        Span.from_plain({name: value for name, value in PLAIN.items() if name != "trace"})
    for wrong in ("", "[]", "null", "{"):
        with pytest.raises(InvalidInput, match="span"):
            Span.from_json(wrong)


def test_no_secret_is_left_in_any_field(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "an-unusual-key")
    key = "an-unusual-key and sk-abcdefgh12345678"
    span = call(
        name=key,
        step=(key,),
        tags=(key,),
        error="AuthenticationFailed",
        message=f"refused: {key}",
        input={"messages": [key]},
        output=[key],
        settings={"extra": {"api_key": "short"}},
    ).redacted()
    text = json.dumps(span.to_plain())
    assert "an-unusual-key" not in text
    assert "sk-abcdefgh" not in text
    assert "short" not in text
    assert span.message == "refused: [redacted] and [redacted]"
