"""Keys of providers that stand in a text, by their forms. What is found is where, and whose; never what."""

from __future__ import annotations

import re
from collections.abc import Iterator

from aiapp.doctor.findings import Place
from aiapp.doctor.sightings import SecretSeen

_FORMS = {
    "anthropic": r"sk-ant-(?:api|admin)\d\d-[\w-]{80,}",
    "openrouter": r"sk-or-v1-[0-9a-f]{64}",
    "openai": r"sk-(?:proj|svcacct|admin)-[\w-]{40,}|sk-[A-Za-z0-9]{20}T3BlbkFJ[A-Za-z0-9]{20}",
    "google": r"AIza[\w-]{35}",
    "huggingface": r"hf_[A-Za-z]{34}",
    "groq": r"gsk_[A-Za-z0-9]{52}",
    "xai": r"xai-[A-Za-z0-9]{70,}",
}
_ANY = re.compile(r"(?<![\w-])(?:" + "|".join(f"(?P<{name}>{form})" for name, form in _FORMS.items()) + r")(?![\w-])")
_MADE_UP = re.compile(r"(?i)x{4,}|0{6,}|example|your|fake|dummy|placeholder|test|redacted|1234567")
_FEWEST_LETTERS = 16
"""A random key has at least so many different characters."""


def read_secrets(text: str, path: str) -> Iterator[SecretSeen]:
    """The keys in a text, without those that are plainly made up."""
    if not any(mark in text for mark in ("sk-", "AIza", "gsk_", "xai-", "hf_")):
        return
    for match in _ANY.finditer(text):
        key = match[0]
        if len(set(key)) < _FEWEST_LETTERS or _MADE_UP.search(key):
            continue
        begin = match.start()
        place = Place(path, text.count("\n", 0, begin) + 1, begin - text.rfind("\n", 0, begin))
        yield SecretSeen(str(match.lastgroup), place)
