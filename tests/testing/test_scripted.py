"""A provider that follows a script."""

from __future__ import annotations

import pytest

from aiapp.client.client import Client
from aiapp.testing import ScriptedModel


def test_a_script_is_followed_and_checked_for_leftovers() -> None:
    model = ScriptedModel(["one", "two", "three"])
    client = Client(provider=model)
    assert [client.complete("a").text, client.complete("b").text] == ["one", "two"]
    assert [request.messages[0].text for request in model.requests] == ["a", "b"]
    with pytest.raises(AssertionError, match="1 answers"):
        model.assert_done()
    client.complete("c")
    model.assert_done()
    with pytest.raises(AssertionError, match="no answer for request 4"):
        client.complete("d")


def test_a_script_may_be_a_function_or_a_failure() -> None:
    assert Client(provider=ScriptedModel(lambda request: request.messages[0].text[::-1])).complete("abc").text == "cba"
    with pytest.raises(LookupError):
        Client(provider=ScriptedModel(LookupError("x"))).complete("abc")
