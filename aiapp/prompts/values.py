"""The kinds of values that variables are made of."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, TypeGuard

from aiapp.core.messages import Message


def is_object(value: object) -> TypeGuard[Mapping[str, Any]]:
    """Whether a value has named fields."""
    return value.__class__ is dict or isinstance(value, Mapping)


def is_array(value: object) -> TypeGuard[Sequence[Any]]:
    """Whether a value is a list of others; a text is not."""
    return value.__class__ is list or (isinstance(value, Sequence) and not isinstance(value, str | bytes))


def is_messages(value: object) -> TypeGuard[Sequence[Message]]:
    """Whether a value is a list of messages."""
    return is_array(value) and all(isinstance(item, Message) for item in value)
