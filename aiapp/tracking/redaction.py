"""Secrets taken out of plain JSON values: what is recorded may be read by all who read a repository.

Taken out are the values of environment variables that end in `_API_KEY`, `_TOKEN` or `_SECRET`, what looks like a key
(`sk-...`, `Bearer ...`), what opens a URL (`https://user:password@...`, `?token=...`), and whatever stands under a name
such as `api_key`, or among headers, in what is opaque. A secret is found in any text, in the bytes of a file, and where
a stream has cut it into deltas.
"""

from __future__ import annotations

import base64
import os
import re
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from typing import Any, cast

from aiapp.core.secrets import REDACTED, Span, apart, names_a_secret, names_headers, struck_out, url_secrets

SHORTEST = 8
"""Shorter values of the environment are words as others are, and no secrets."""
_VARIABLES = ("_API_KEY", "_TOKEN", "_SECRET")
_KEYS = (
    r"\b(?:sk|gsk|xai|hf)[-_](?:(?=[\w-]*\d)[\w-]{8,}|[\w-]{20,})",
    r"\bAIza[\w-]{30,}",
    r"(?<=\bBearer )(?:(?=[^\s\"']*\d)[\w.~+/=-]{8,}|[\w.~+/=-]{20,})",
)
_OPAQUE = ("extra", "metadata", "raw")
_DELTAS = {"text_delta": "text", "thinking_delta": "text", "tool_call_delta": "arguments"}


class Redaction:
    """Takes secrets out: those of the environment as it is now, and those that are given."""

    def __init__(self, secrets: Iterable[str] = ()) -> None:
        found = [os.environ.get(name, "").strip() for name in os.environ if name.upper().endswith(_VARIABLES)]
        kept = {one for one in (*secrets, *found) if len(one) >= SHORTEST and one not in REDACTED}
        self._pattern = _pattern(tuple(sorted(kept, key=lambda one: (-len(one), one))))

    def text(self, text: str) -> str:
        """The text without secrets."""
        return struck_out(text, self._spans(text))

    def value(self, value: Any, *, opaque: bool = False) -> Any:
        """A plain JSON value without secrets; in an `opaque` one the names of its keys count too."""
        if isinstance(value, str):
            return self.text(value)
        if isinstance(value, Mapping):
            return self._object(cast(Mapping[str, Any], value), opaque)
        if not issubclass(type(value), list | tuple):
            return value
        return [self.value(item, opaque=opaque) for item in value]

    def events(self, events: Sequence[Any]) -> list[Any]:
        """The events of an answer without secrets, as plain values; their number and order stay."""
        cleaned: list[Any] = [self.value(event) for event in events]
        channels: dict[tuple[str, Any], list[int]] = {}
        for place, event in enumerate(events):
            if event["kind"] in _DELTAS:
                channels.setdefault((event["kind"], event.get("index")), []).append(place)
        for (kind, _), places in channels.items():
            name = _DELTAS[kind]
            for place, text in zip(places, self._joined([events[one][name] for one in places]), strict=True):
                cleaned[place] = {**events[place], name: text}
        return cleaned

    def _spans(self, text: str) -> list[Span]:
        return apart([*(found.span() for found in self._pattern.finditer(text)), *url_secrets(text)])

    def _object(self, value: Mapping[str, Any], opaque: bool) -> dict[str, Any]:
        cleaned: dict[str, Any] = {}
        for name, one in value.items():
            if opaque and one is not None and names_a_secret(name):
                cleaned[self.text(name)] = REDACTED
            elif opaque and isinstance(one, Mapping) and names_headers(name):
                cleaned[self.text(name)] = dict.fromkeys(map(self.text, cast(Mapping[str, Any], one)), REDACTED)
            else:
                cleaned[self.text(name)] = self.value(one, opaque=opaque or name in _OPAQUE)
        if not opaque and value.get("kind") in ("file", "image") and value.get("data"):
            cleaned["data"] = self._base64(value["data"])
        return cleaned

    def _base64(self, data: str) -> str:
        content = base64.b64decode(data)
        try:
            text, encoding = content.decode(), "utf-8"
        except UnicodeDecodeError:
            text, encoding = content.decode("latin-1"), "latin-1"
        cleaned = self.text(text)
        return data if cleaned == text else base64.b64encode(cleaned.encode(encoding)).decode("ascii")

    def _joined(self, pieces: list[str]) -> list[str]:
        """The pieces of one text, each without what of it is part of a secret; the mark stands where one begins."""
        spans = self._spans("".join(pieces))
        cleaned: list[str] = []
        start = 0
        for piece in pieces:
            end, kept, at = start + len(piece), "", start
            for begin, stop in spans:
                if begin < end and stop > start:
                    kept += piece[at - start : max(begin, at) - start] + (REDACTED if begin >= start else "")
                    at = min(stop, end)
            cleaned.append(kept + piece[at - start :])
            start = end
        return cleaned


@lru_cache(maxsize=16)
def _pattern(secrets: tuple[str, ...]) -> re.Pattern[str]:
    return re.compile("|".join((*map(re.escape, secrets), *_KEYS)))
