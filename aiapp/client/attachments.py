"""Images and files to show to a model: from a path, from bytes, or at a URL.

What it is, is read from its first bytes, never from its name alone. A URL is passed on for the provider to fetch; it
is fetched here only with `fetch=True`. `aimage` and `afile` do the same without holding up the event loop.
"""

from __future__ import annotations

import mimetypes
from pathlib import Path
from typing import TypeAlias
from urllib.parse import unquote, urlsplit

from aiapp.client.download import download
from aiapp.core.accepted import AT_LEAST_ONE, FLAG, NAME, SECONDS, instance
from aiapp.core.errors import InvalidInput
from aiapp.core.parts import File, Image
from aiapp.core.secrets import bare_url
from aiapp.sync import in_thread

Source: TypeAlias = str | Path | bytes
IMAGE_BYTES = 3_750_000
"""Base64 makes 5 MB of it, which is the smallest limit among the providers."""
FILE_BYTES = 20_000_000
_IMAGES = {
    b"\xff\xd8\xff": "image/jpeg",
    b"\x89PNG\r\n\x1a\n": "image/png",
    b"GIF87a": "image/gif",
    b"GIF89a": "image/gif",
}
_SOURCE = instance("a path, a URL or bytes", str, Path, bytes)
_ACCEPTED_IMAGES = "a JPEG, PNG, GIF or WebP image"
_TEXT_TYPES = ("text/", "application/json", "application/xml", "application/yaml")


def image(
    source: Source,
    *,
    max_bytes: int = IMAGE_BYTES,
    fetch: bool = False,
    allow_private: bool = False,
    timeout: float = 30.0,
) -> Image:
    """An image: JPEG, PNG, GIF or WebP, of at most `max_bytes` bytes.

    With `fetch`, a URL is downloaded here, within `timeout` seconds; one that leads to an address that is not public
    is refused unless `allow_private`.
    """
    _check_options(max_bytes, fetch, allow_private, timeout)
    url = _url(source)
    if url is not None and not fetch:
        guess = mimetypes.guess_type(urlsplit(url).path)[0] or ""
        return Image(guess if guess.startswith("image/") else "image/*", url=url)
    data = _data(source, url, max_bytes, allow_private, timeout)
    media_type = image_type(data)
    if media_type is None:
        raise InvalidInput("image", _shown(source), f"{_ACCEPTED_IMAGES}; this begins with {data[:12]!r}")
    return Image(media_type, data)


def file(
    source: Source,
    *,
    name: str | None = None,
    media_type: str | None = None,
    max_bytes: int = FILE_BYTES,
    fetch: bool = False,
    allow_private: bool = False,
    timeout: float = 30.0,
) -> File:
    """A document: PDF or UTF-8 text, or with `media_type` whatever the provider takes; the rest as for `image`."""
    _check_options(max_bytes, fetch, allow_private, timeout)
    for field, value in (("name", name), ("media_type", media_type)):
        if value is not None:
            NAME.check(field, value)
    url = _url(source)
    name = name or _name(source, url)
    guess = mimetypes.guess_type(name)[0]
    if url is not None and not fetch:
        return File(media_type or guess or "application/octet-stream", name, url=url)
    data = _data(source, url, max_bytes, allow_private, timeout)
    found = media_type or document_type(data, guess)
    if found is None:
        reason = "use image() for an image" if image_type(data) else "give its media_type to send it all the same"
        raise InvalidInput("file", _shown(source), f"a PDF or UTF-8 text; {reason}")
    return File(found, name, data)


aimage, afile = in_thread(image), in_thread(file)


def image_type(data: bytes) -> str | None:
    """The media type of an image that every provider takes, by its first bytes."""
    if data[:4] == b"RIFF" and data[8:12] == b"WEBP":
        return "image/webp"
    return next((media_type for start, media_type in _IMAGES.items() if data.startswith(start)), None)


def document_type(data: bytes, guess: str | None) -> str | None:
    """The media type of a PDF or a text; `guess`, which its name suggests, only says which kind of text."""
    if data.startswith(b"%PDF-"):
        return "application/pdf"
    try:
        text = data.decode()
    except UnicodeDecodeError:
        return None
    if "\0" in text or not text:
        return None
    return guess if guess is not None and guess.startswith(_TEXT_TYPES) else "text/plain"


def _check_options(max_bytes: int, fetch: bool, allow_private: bool, timeout: float) -> None:
    AT_LEAST_ONE.check("max_bytes", max_bytes)
    FLAG.check("fetch", fetch)
    FLAG.check("allow_private", allow_private)
    SECONDS.check("timeout", timeout)


def _url(source: Source) -> str | None:
    _SOURCE.check("source", source)
    if not isinstance(source, str) or "://" not in source:
        return None
    try:
        parts = urlsplit(source)
    except ValueError:  # brackets with no address between them
        parts = urlsplit("")
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise InvalidInput("url", bare_url(source), "an http or https URL; a path for a file of this machine")
    return source


def _data(source: Source, url: str | None, max_bytes: int, allow_private: bool, timeout: float) -> bytes:
    if url is not None:
        return download(url, max_bytes=max_bytes, timeout=timeout, allow_private=allow_private)
    if isinstance(source, bytes):
        data = source
    else:
        try:
            with Path(source).open("rb") as opened:
                data = opened.read(max_bytes + 1)
        except (OSError, ValueError) as error:
            reason = getattr(error, "strerror", None) or error
            raise InvalidInput("path", str(source), f"a file that can be read ({reason})") from None
    if len(data) > max_bytes:
        size = f"{len(data):,}" if isinstance(source, bytes) else "more"
        raise InvalidInput("source", _shown(source), f"at most {max_bytes:,} bytes, set by max_bytes; this has {size}")
    return data


def _name(source: Source, url: str | None) -> str:
    if isinstance(source, bytes):
        return "file"
    return Path(unquote(urlsplit(url).path)).name or "file" if url is not None else Path(source).name


def _shown(source: Source) -> str:
    if isinstance(source, bytes):
        return f"{len(source):,} bytes"
    return bare_url(source) if isinstance(source, str) and "://" in source else str(source)
