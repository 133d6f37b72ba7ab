"""What is said to a model where its wire has no form for something.

Each such text is a prompt file, as all that aiapp says to a model of itself, so that users can read and override it.
"""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from aiapp.prompts.prompt import Prompt


def said(name: str, **variables: str) -> str:
    """The text of a prompt of one message."""
    (message,) = _loaded(name).render(**variables).messages
    return message.text


@cache
def _loaded(name: str) -> Prompt:
    from aiapp.prompts.prompt import Prompt  # most calls need none

    return Prompt.load(name)
