"""Whether a document says of itself that it is no longer in force."""

from __future__ import annotations

import re

from aiapp.retrieval.documents import Document

_OPENING = 600
"""Characters: such a notice stands at the top."""
_SAYS_SO = re.compile(
    r"\b(?:superseded|archived|obsolete|withdrawn|outdated|out of date|deprecated|(?:old|previous|former) version"
    r"|replaced (?:by|on)|no longer (?:in force|in use|valid|current|applies|apply|used))\b",
    re.IGNORECASE,
)
_NAMED_SO = re.compile(r"(?:^|[-_. ])(?:superseded|archived|obsolete|outdated|deprecated)(?:$|[-_. ])", re.IGNORECASE)


def is_superseded(document: Document) -> bool:
    """Whether the first lines or the name of a document call it out of force."""
    return _SAYS_SO.search(document.text[:_OPENING]) is not None or _NAMED_SO.search(document.path.stem) is not None
