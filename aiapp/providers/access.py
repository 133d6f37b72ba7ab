"""Keys and addresses as users give them, checked when a provider is made; what may be a secret is never shown."""

from __future__ import annotations

import os
import re
from collections.abc import Iterable
from urllib.parse import urlsplit

from aiapp.core.errors import InvalidInput
from aiapp.core.secrets import REDACTED, bare_url

STRUCK_OUT = "[key]"
SHORTEST_KEY = 8
"""What is shorter is a word as others are, and no key."""
_NO_HEADER = re.compile(r"[^\x20-\x7e]")
_NO_ADDRESS = re.compile(r"[\x00-\x20\x7f]")
_ADDRESS = "an http or https URL with a host, such as http://localhost:8000/v1"


def given_key(given: str | None, variable: str = "") -> str:
    """The key that is given, else that of the environment, without white space around it; empty where there is none."""
    for field, value in _sources("api_key", given, variable):
        key = value.strip()
        if (found := _NO_HEADER.search(key)) is not None:
            reason = f"this has U+{ord(found[0]):04X} at {found.start()}"
            raise InvalidInput(field, REDACTED, f"a key of printable ASCII characters; {reason}")
        if key:
            return key
    return ""


def given_address(given: str | None, variable: str = "") -> str:
    """The base URL that is given, else that of the environment; empty where there is none."""
    for field, value in _sources("base_url", given, variable):
        address = value.strip()
        if address:
            return _checked(field, address)
    return ""


def host_of(address: str) -> str:
    """Host and port of an address, as an error may name them."""
    return urlsplit(address).netloc.rpartition("@")[2]


def without_keys(text: str, keys: Iterable[str]) -> str:
    """A text in which keys may be repeated, without them: it goes to logs."""
    for key in keys:
        if len(key) >= SHORTEST_KEY:
            text = _without_its_beginning(text.replace(key, STRUCK_OUT), key)
    return text


def _without_its_beginning(text: str, key: str) -> str:
    """A text that was shortened may end amid a key."""
    head = text.removesuffix("...")
    cut = next((n for n in range(len(key) - 1, SHORTEST_KEY - 1, -1) if head.endswith(key[:n])), 0)
    return f"{head[:-cut]}{STRUCK_OUT}{text[len(head) :]}" if cut else text


def tells(error: BaseException, key: str) -> bool:
    """Whether an exception, or one that it came of, shows the key, as it is or as Python writes it."""
    at: BaseException | None = error
    while at is not None and key:
        if any(form in f"{at} {at!r}" for form in (key, repr(key)[1:-1])):
            return True
        at = at.__cause__ or at.__context__
    return False


def _checked(field: str, address: str) -> str:
    try:
        parts = urlsplit(address)
        known = parts.scheme in ("http", "https") and bool(parts.hostname) and parts.port != 0
    except ValueError:
        raise InvalidInput(field, bare_url(address), _ADDRESS) from None
    if not known or _NO_ADDRESS.search(address):
        raise InvalidInput(field, bare_url(address), _ADDRESS)
    if "@" in parts.netloc:
        raise InvalidInput(field, bare_url(address), "a URL without user and password; a key is given as api_key")
    return address


def _sources(field: str, given: object, variable: str) -> list[tuple[str, str]]:
    """What may be taken, in order, each with the name that an error gives it."""
    if not isinstance(given, str | None):
        raise InvalidInput(field, type(given), "a text")
    found = os.environ.get(variable, "") if variable else ""
    return [(field, given or ""), (variable, found)]
