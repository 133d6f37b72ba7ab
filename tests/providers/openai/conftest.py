"""No vendor's key or address comes from the user's environment."""

from __future__ import annotations

import pytest

from aiapp.providers.openai.vendors import vendors


@pytest.fixture(autouse=True)
def no_keys(monkeypatch: pytest.MonkeyPatch) -> None:
    for vendor in vendors().values():
        for name in (vendor.key, vendor.base_url_variable):
            if name:
                monkeypatch.delenv(name, raising=False)
