"""A background loop of each test's own, run in both ways."""

from __future__ import annotations

import signal
from collections.abc import Generator

import pytest

from aiapp.sync.background import background, end


@pytest.fixture(autouse=True)
def heeded() -> Generator[None]:
    """Ctrl-C, as a terminal gives it: what a script runs in the background is begun deaf to it."""
    usual = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, usual)


@pytest.fixture(params=["the caller runs the loop", "its thread does"])
def runner(request: pytest.FixtureRequest) -> Generator[str]:
    """Who runs a new loop when the test begins; what is left open on it is closed when it ends."""
    end()
    if request.param == "its thread does":
        background().loop()
    yield request.param
    end()


@pytest.fixture
def idle() -> Generator[None]:
    """A new loop that nobody runs yet."""
    end()
    yield
    end()
