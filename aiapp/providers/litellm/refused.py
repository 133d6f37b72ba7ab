"""What is refused before litellm is asked: files that it would download, and arguments that the client sets. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from aiapp.core.errors import InvalidInput
from aiapp.core.secrets import bare_url, without_secrets
from aiapp.providers.litellm.vendor import vendor_of

PASSES_ON = frozenset(
    {
        "azure",
        "azure_ai",
        "fireworks_ai",
        "groq",
        "hosted_vllm",
        "litellm_proxy",
        "mistral",
        "openai",
        "openrouter",
        "perplexity",
        "together_ai",
        "xai",
    }
)
"""Providers to whom litellm hands the URL of an image; for others it may download the image itself, or leave it out."""
_OF_THE_CLIENT = {
    "api_key": "api_key",
    "api_base": "base_url",
    "base_url": "base_url",
    "timeout": "timeout",
    "num_retries": "retry",
    "max_retries": "retry",
    "fallbacks": "fallback",
    "context_window_fallback_dict": "fallback",
}
"""Arguments of litellm's that would undo what the client does, or do it unseen, with the client's own for them."""
_PLACES = ("url", "uri", "file_id", "fileid", "data")
"""How the names end under which litellm looks for the place of a file."""


def refuse_arguments(extra: Mapping[str, Any]) -> None:
    """What the client sets is not set beside it."""
    for name in extra:
        if name in _OF_THE_CLIENT:
            shown = without_secrets({name: extra[name]})[name]
            raise InvalidInput(f"extra.{name}", shown, f"no such key; use Client({_OF_THE_CLIENT[name]}=...)")


def refuse_downloads(payload: Mapping[str, Any]) -> None:
    """Nothing is fetched on this machine unless a user asks for it, by litellm no more than by us.

    What is looked at is what will be sent, with what a user adds to it.
    """
    provider = str(payload.get("custom_llm_provider") or vendor_of(str(payload["model"])))
    for message in _objects(payload["messages"]):
        for block in _objects(message.get("content")):
            kind = str(block.get("type")).removesuffix("_url")
            for url in _urls(block):
                if not _handed_on(kind, url, provider):
                    reason = f"for {provider or payload['model']}, litellm would download it itself or leave it out"
                    call = "image" if kind == "image" else "file"
                    raise InvalidInput(f"messages.{kind}", bare_url(url), f"{call}(url, fetch=True); {reason}")


def _handed_on(kind: str, url: str, provider: str) -> bool:
    if provider == "anthropic":
        return kind == "image" and url.startswith("https://")
    return provider in PASSES_ON and kind != "file"


def _urls(value: Any, name: str = "") -> Iterator[str]:
    """The URLs from which a part of a message could be downloaded, at any depth of it."""
    if isinstance(value, str):
        remote = "http://" in value or "https://" in value
        if remote and not value.startswith("data:") and name.lower().endswith(_PLACES):
            yield value
    elif isinstance(value, Mapping):
        inner: Mapping[str, Any] = value  # pyright: ignore[reportUnknownVariableType]
        for key, one in inner.items() if inner.get("type") != "text" else ():
            yield from _urls(one, key)
    elif isinstance(value, list | tuple):
        items: list[Any] | tuple[Any, ...] = value  # pyright: ignore[reportUnknownVariableType]
        for one in items:
            yield from _urls(one, name)


def _objects(value: Any) -> list[Mapping[str, Any]]:
    """The objects in a list; none of anything else."""
    items: list[Any] | tuple[Any, ...] = value if isinstance(value, list | tuple) else ()  # pyright: ignore[reportUnknownVariableType]
    return [one for one in items if isinstance(one, Mapping)]
