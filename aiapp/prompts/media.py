"""Media: from what a variable holds to an image or file of a message."""

from __future__ import annotations

import base64
import binascii
import mimetypes
from urllib.parse import unquote_to_bytes, urlsplit

from aiapp.core.errors import InvalidInput
from aiapp.core.parts import File, Image
from aiapp.core.secrets import bare_url

_ACCEPTED = "an http, https, gs or data URL, or an Image or File"
_UNKNOWN = "application/octet-stream"


def media_part(url: object, content_type: object, where: str) -> Image | File:
    """The part for `{{media url=... contentType=...}}`: an image, or a file of any other type.

    A type that is not given is taken from a `data:` URL, or from the ending of the URL's path.
    """
    if isinstance(url, Image | File):
        return url
    if not isinstance(url, str) or not (content_type is None or isinstance(content_type, str)):
        shown = bare_url(url) if isinstance(url, str) else url
        raise InvalidInput(f"{where}: media", shown, f"{_ACCEPTED}, and a media type that is a text")
    if url.startswith("data:"):
        kind, data = _data(url, where)
        return _part(content_type or kind, "file", data, None)
    try:
        split = urlsplit(url)
    except ValueError:  # such as brackets around what is no IPv6 address
        raise InvalidInput(f"{where}: media", bare_url(url), _ACCEPTED) from None
    if split.scheme not in ("http", "https", "gs") or not split.netloc:
        raise InvalidInput(f"{where}: media", bare_url(url), _ACCEPTED)
    name = split.path.rpartition("/")[2]
    return _part(content_type or mimetypes.guess_type(name)[0] or _UNKNOWN, name or "file", None, url)


def _part(kind: str, name: str, data: bytes | None, url: str | None) -> Image | File:
    return Image(kind, data, url) if kind.startswith("image/") else File(kind, name, data, url)


def _data(url: str, where: str) -> tuple[str, bytes]:
    head, _, body = url.removeprefix("data:").partition(",")
    kind, *flags = head.split(";")
    try:
        data = base64.b64decode(body, validate=True) if "base64" in flags else unquote_to_bytes(body)
    except (binascii.Error, ValueError):
        raise InvalidInput(f"{where}: media", url, "a data URL whose base64 is whole") from None
    return kind or "text/plain", data
