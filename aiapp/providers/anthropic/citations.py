"""Citations as the Messages API makes them, and as it takes its own back."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from aiapp.core.parts import Citation
from aiapp.providers.anthropic import NAME
from aiapp.providers.reading import as_count, as_text

_ANSWERED_ONLY = "file_id"
"""The API puts it into its citations and refuses it in those that it is sent."""


def decode_citation(raw: Mapping[str, Any]) -> Citation:
    """One of the API's citations; of a kind unknown here, what every kind has."""
    places = ("start_char_index", "end_char_index", "start_page_number")
    start, end, page = (as_count(raw.get(place)) for place in places)
    return Citation(_source(raw), start, end, as_text(raw.get("cited_text")), page=page, metadata={NAME: dict(raw)})


def cited_again(raw: Iterable[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Citations of an earlier answer as the API takes them back."""
    return [{name: value for name, value in one.items() if name != _ANSWERED_ONLY} for one in raw]


def _source(raw: Mapping[str, Any]) -> str:
    """What was cited: a search result's own name, a page's address, a document's title, or its place among them."""
    for name in ("source", "url", "document_title", "title"):
        if raw.get(name):
            return str(raw[name])
    return f"document {raw['document_index']}" if "document_index" in raw else ""
