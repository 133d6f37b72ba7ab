"""Images and files of which a user says more to one provider than their bytes or their URL. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from aiapp.core.accepted import instance
from aiapp.core.parts import File, Image
from aiapp.providers.payload import url_of

NOT_HERE = "it has no bytes and no URL, and no metadata that names it for this provider"
_OWN = instance('a mapping of keys of the block that it is sent as, such as {"file_id": "file-1"}', Mapping)
_CHATS_PLACES = ("url", "file_id", "file_data")


def own_of(part: Image | File, provider: str) -> Mapping[str, Any]:
    """What is said of it to this provider."""
    own: Mapping[str, Any] = part.metadata.get(provider, {})
    _OWN.check(f"{part.kind}.metadata.{provider}", own)
    return own


def has_place(part: Image | File) -> bool:
    """Whether it is more than something that some provider has already."""
    return part.data is not None or part.url is not None


def chat_place(part: Image | File) -> dict[str, Any] | None:
    """Its bytes or its URL in the words of Chat Completions; None where it has neither."""
    if not has_place(part):
        return None
    return {"url": url_of(part)} if isinstance(part, Image) else {"filename": part.name, "file_data": url_of(part)}


def chat_block(part: Image | File, where: Mapping[str, Any] | None, provider: str) -> dict[str, Any] | None:
    """The block of Chat Completions for what is at `where`, or at the provider already; None for neither."""
    own, name = own_of(part, provider), "image_url" if isinstance(part, Image) else "file"
    said: Any = own.get(name, {})
    _OWN.check(f"{part.kind}.metadata.{provider}.{name}", said)
    if not any(place in said for place in _CHATS_PLACES):
        if where is None:
            return None
        said = {**where, **said}
    return {"type": name, **own, name: said}
