"""A script, a server or a fault that cannot work is refused where it is written, by name."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import pytest

from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.core.errors import InvalidInput, RateLimited, Unavailable
from aiapp.testing import ScriptedModel, WireServer, faults


@pytest.mark.parametrize(
    ("field", "make"),
    [
        ("script", lambda: WireServer(5)),  # type: ignore[arg-type]
        ("script", lambda: WireServer(None)),  # type: ignore[arg-type]
        ("script", lambda: WireServer(faults.Drip)),  # type: ignore[arg-type]
        ("script[1]", lambda: WireServer(["a", 5])),  # type: ignore[list-item]
        ("script[0]", lambda: WireServer([faults.Drip])),  # type: ignore[list-item]
        ("delay", lambda: WireServer("a", delay=-1)),
        ("delay", lambda: WireServer("a", delay=math.inf)),
        ("script", lambda: ScriptedModel(5)),  # type: ignore[arg-type]
        ("script", lambda: ScriptedModel(RateLimited)),  # type: ignore[arg-type]
        ("script[1]", lambda: ScriptedModel(["a", None])),  # type: ignore[list-item]
        ("status", lambda: faults.Status(0)),
        ("status", lambda: faults.Status("429")),  # type: ignore[arg-type]
        ("retry_after", lambda: faults.rate_limited([1])),  # type: ignore[arg-type]
        ("status", lambda: faults.Page(1000)),
        ("at", lambda: faults.Cut("a", at=-1)),
        ("at", lambda: faults.Truncated("a", at=-1)),
        ("at", lambda: faults.Stall("a", seconds=1, at=-1)),
        ("seconds", lambda: faults.Stall("a", seconds=-1)),
        ("size", lambda: faults.Drip("a", size=0)),
        ("seconds", lambda: faults.Drip("a", seconds=math.nan)),
        ("after", lambda: faults.StreamError("a", faults.Status(500), after=-1)),
    ],
)
def test_what_cannot_work_is_refused(field: str, make: Callable[[], Any]) -> None:
    with pytest.raises(InvalidInput) as caught:
        make()
    assert caught.value.field == field


def test_what_a_function_answers_is_checked_when_it_does() -> None:
    with pytest.raises(InvalidInput, match="answer: 5 cannot be used; accepted: a text, a Said, an exception"):
        Client(provider=ScriptedModel(lambda _: 5)).complete("hi")  # type: ignore[arg-type, return-value]
    with (
        WireServer(lambda _: 5) as server,  # type: ignore[arg-type, return-value]
        Client("openai:any", api_key="k", base_url=server.url, retry=Retry(attempts=1)) as client,
        pytest.raises(Unavailable, match="answer: 5 cannot be used; accepted: a text, Said, Vectors or a fault"),
    ):
        client.complete("hi")
