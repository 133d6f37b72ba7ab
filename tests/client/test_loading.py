"""A provider that must load its SDK before it prepares a request."""

from __future__ import annotations

import pytest

from aiapp.client.client import Client
from aiapp.core.errors import NotFound
from aiapp.core.request import Request
from aiapp.providers.protocol import Prepared
from aiapp.testing import ScriptedModel


class Loading(ScriptedModel):
    """Keeps the order in which it is used."""

    def __init__(self) -> None:
        super().__init__("fine")
        self.order: list[str] = []

    async def aload(self) -> None:
        self.order.append("load")

    def prepare(self, request: Request) -> Prepared:
        self.order.append("prepare")
        return super().prepare(request)


@pytest.mark.parametrize("streaming", [False, True])
@pytest.mark.parametrize("first", [None, ScriptedModel(NotFound("no", provider="scripted", model="scripted"))])
def test_it_is_loaded_first(first: ScriptedModel | None, streaming: bool) -> None:
    model = Loading()
    client = Client(provider=model) if first is None else Client(provider=first, fallback=[model])
    text = "".join(client.stream("hi").text()) if streaming else client.complete("hi").text
    assert text == "fine"
    assert model.order[:2] == ["load", "prepare"]
