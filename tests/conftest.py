"""Every test runs without a network, without keys and with its own cache folder."""

from __future__ import annotations

from collections.abc import Generator
from pathlib import Path

import pytest
from hypothesis import settings

from aiapp.testing import block_network

settings.register_profile("aiapp", deadline=None, max_examples=50)
settings.load_profile("aiapp")


@pytest.fixture(autouse=True)
def sealed(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Generator[None]:
    """No network, no keys, no user's cache."""
    for name in ("OPENAI_API_KEY", "ANTHROPIC_API_KEY", "AIAPP_MODEL", "AIAPP_LEDGER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    with block_network():
        yield
