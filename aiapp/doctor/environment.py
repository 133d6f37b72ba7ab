"""What is installed here, and which variables are set: the edge to the machine. Names of variables only, no values."""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from importlib.metadata import Distribution, distributions

from aiapp.doctor.checks.packages import packages_named

_ON_MODELS = {
    "openai", "anthropic", "litellm", "langchain", "langchain-core", "langchain-openai", "langchain-anthropic",
    "llama-index", "llama-index-core", "instructor", "dspy", "haystack-ai", "pydantic-ai", "pydantic-ai-slim",
    "openai-agents", "smolagents", "transformers", "sentence-transformers", "huggingface-hub", "tokenizers", "chromadb",
    "mcp", "aiapp",
}  # fmt: skip
"""Packages for applications on models, whose needs are checked."""


def installed_packages() -> dict[str, Distribution]:
    """The packages on models that are installed beside this Python, by name."""
    wanted = _ON_MODELS | packages_named()
    found: dict[str, Distribution] = {}
    for one in distributions():
        name = str(one.metadata["Name"] or "").lower().replace("_", "-").replace(".", "-")
        if name in wanted:
            found.setdefault(name, one)
    return found


def unmet_needs(installed: Mapping[str, Distribution]) -> Iterator[tuple[str, str, str, str | None]]:
    """What installed packages ask for and do not find: package, its version, what it asks for, what is there."""
    from importlib.metadata import PackageNotFoundError, version

    from packaging.requirements import InvalidRequirement, Requirement

    for name, one in installed.items():
        for asked in one.requires or ():
            try:
                need = Requirement(asked)
            except InvalidRequirement:
                continue
            if need.marker is not None and not need.marker.evaluate({"extra": ""}):
                continue
            try:
                found = version(need.name)
            except PackageNotFoundError:
                found = None
            if found is None or not need.specifier.contains(found, prereleases=True):
                yield name, one.version, f"{need.name}{need.specifier}", found


def variables() -> frozenset[str]:
    """The names of the variables of the environment that have a value."""
    return frozenset(name for name, value in os.environ.items() if value)
