"""What a model accepts, from the tables in `abilities/`: one file a provider, one section a family of models.

A section is found by the longest of its prefixes that the model's name begins with. What no section says is None: then
the request is sent as it was asked for, and the provider has the last word.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, fields
from functools import cache, lru_cache
from importlib.resources import files
from typing import Any


@dataclass(frozen=True, slots=True)
class Abilities:
    """What a model accepts; None where nobody wrote it down.

    `sampling` is temperature and top_p (of a model that reasons: while its effort is `none`), `stop` texts that end an
    answer, `efforts` the reasoning efforts by name, `default_effort` the one where none is asked for,
    `without_thinking` the provider's own word for no reasoning where `none` is one of them, `cache_marks` a prompt
    cache with marks and a lifetime, `forced_tools` a tool choice that is `required` or names a tool, `json_schema` a
    schema for the answer, `prefill` a conversation that ends with the assistant, `images` and `files` input of these
    kinds, `output_tokens` the most that an answer may have, `context` the most tokens of request and answer together.
    """

    sampling: bool | None = None
    stop: bool | None = None
    efforts: tuple[str, ...] | None = None
    default_effort: str | None = None
    without_thinking: str | None = None
    cache_marks: bool | None = None
    forced_tools: bool | None = None
    json_schema: bool | None = None
    prefill: bool | None = None
    images: bool | None = None
    files: bool | None = None
    output_tokens: int | None = None
    context: int | None = None

    def no_sampling(self, effort: str | None) -> str | None:
        """Why temperature and top_p would be refused at an effort; None where they would not, as far as is known."""
        if self.sampling is False:
            return "the model takes no sampling settings"
        if self.sampling and self.efforts and (effort or self.default_effort) != "none":
            return "the model takes it only with effort 'none'"
        return None


UNKNOWN = Abilities()


@lru_cache(maxsize=256)
def abilities(provider: str, model: str) -> Abilities:
    """What is known of a model of a provider."""
    table = _table(provider)
    found = max((prefix for prefix in table if model.startswith(prefix)), key=len, default=None)
    return UNKNOWN if found is None else table[found]


@cache
def _table(provider: str) -> dict[str, Abilities]:
    """The abilities by prefix of a model's name."""
    file = files("aiapp.catalog") / "abilities" / f"{provider}.toml"
    if not file.is_file():
        return {}
    table: dict[str, Abilities] = {}
    for section in tomllib.loads(file.read_text(encoding="utf-8")).values():
        table.update(dict.fromkeys(section["models"], _facts(section)))
    return table


def _facts(section: Mapping[str, Any]) -> Abilities:
    facts: dict[str, Any] = {field.name: section[field.name] for field in fields(Abilities) if field.name in section}
    if "efforts" in facts:
        facts["efforts"] = tuple(facts["efforts"])
    return Abilities(**facts)
