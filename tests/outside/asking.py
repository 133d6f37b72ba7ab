"""A request in each of the two ways in which it can be made."""

from __future__ import annotations

import pytest

from aiapp.client.client import Client
from aiapp.core.request import Asked
from aiapp.core.response import Response

EACH_MODE = pytest.mark.parametrize("stream", [False, True], ids=["whole", "stream"])


def asked(client: Client, request: Asked, stream: bool) -> Response:
    """The answer, waited for or read as it comes."""
    if not stream:
        return client.complete(request)
    streaming = client.stream(request)
    for _ in streaming:
        pass
    return streaming.response
