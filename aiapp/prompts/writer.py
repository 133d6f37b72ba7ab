"""The writer: what a template says, collected to messages and their parts.

Nothing is escaped, for nothing needs to be: what a value holds is text and is never read again. White space that the
template alone writes makes no message and no part; a value does, whatever it holds.
"""

from __future__ import annotations

from collections.abc import Sequence

from aiapp.core.messages import Message, Role
from aiapp.core.parts import File, Image, Part, Text

CACHE = "cache"
"""The section that ends what stays the same from call to call: the message it stands in is marked for the cache."""
OWN = "dotprompt"
"""The key of a part's metadata under which the section stands that it begins."""


class Writer:
    """The messages so far."""

    __slots__ = ("_cache", "_messages", "_metadata", "_parts", "_pieces", "_role", "_says", "history", "shows_history")

    def __init__(self, history: Sequence[Message] = ()) -> None:
        self.history, self.shows_history = history, False
        self._messages: list[Message] = []
        self._role: Role = "user"
        self._parts: list[Part] = []
        self._pieces: list[str] = []
        self._says = self._cache = False
        self._metadata: dict[str, dict[str, str]] | None = None

    def text(self, text: str, says: bool) -> None:
        """Text of the template; `says` is false where it is white space."""
        self._pieces.append(text)
        if says:
            self._says = True

    def value(self, text: str) -> None:
        """The text of a value."""
        self._pieces.append(text)
        self._says = True

    def media(self, part: Image | File) -> None:
        """An image or file, which ends the part of text before it."""
        self._end_part()
        self._parts.append(part)

    def section(self, name: str) -> None:
        """Begin a part of that name."""
        self._end_part()
        if name == CACHE:
            self._cache = True
        else:
            self._metadata = {OWN: {"purpose": name}}

    def role(self, role: Role) -> None:
        """End the message so far, and begin one of this role."""
        self._end_part()
        if self._parts:
            self._messages.append(Message(self._role, tuple(self._parts), self._cache))
            self._parts, self._cache = [], False
        self._role = role

    def past(self) -> None:
        """The earlier messages; what follows them is the assistant's."""
        self.role("assistant")
        self._messages.extend(self.history)
        self.shows_history = True

    def messages(self) -> tuple[Message, ...]:
        """All messages; earlier ones that the template did not place stand before a last message of the user."""
        self.role("user")
        messages = self._messages
        if self.history and not self.shows_history:
            place = len(messages) - 1 if messages and messages[-1].role == "user" else len(messages)
            messages[place:place] = self.history
        return tuple(messages)

    def _end_part(self) -> None:
        if self._says:
            text = "".join(self._pieces)
            self._parts.append(Text(text) if self._metadata is None else Text(text, self._metadata))
            self._metadata = None
        self._pieces, self._says = [], False
