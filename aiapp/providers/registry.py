"""From a model's name to its provider."""

from __future__ import annotations

from aiapp.core.errors import UnknownModel
from aiapp.providers.protocol import Provider


def open_provider(
    model: str,
    *,
    api_key: str | None = None,
    base_url: str | None = None,
    timeout: float = 600.0,
    offline: bool = False,
) -> Provider:
    """The provider behind a name. No SDK is loaded; a missing key is an error at once.

    An `offline` one prepares requests and is never asked: it needs neither an SDK nor an address.
    """
    vendor, _, name = model.partition(":")
    if model == "local":
        from aiapp.providers.local.provider import LocalProvider

        return LocalProvider()
    if vendor == "openai" and name:
        from aiapp.providers.openai.provider import OpenAIProvider

        return OpenAIProvider(name, api_key=api_key, base_url=base_url, timeout=timeout)
    if vendor == "anthropic" and name:
        from aiapp.providers.anthropic.provider import AnthropicProvider

        return AnthropicProvider(name, api_key=api_key, base_url=base_url, timeout=timeout)
    if vendor == "litellm" and name:
        from aiapp.providers.litellm.provider import LiteLLMProvider

        return LiteLLMProvider(name, api_key=api_key, base_url=base_url, timeout=timeout, offline=offline)
    from aiapp.providers.openai.vendors import vendors

    row = vendors().get(vendor)
    if row is None or not name:
        forms = [f"{one}:NAME" for one in ("openai", "anthropic", *vendors())]
        raise UnknownModel(model, ", ".join(["local", *forms, "litellm:PROVIDER/MODEL"]))
    from aiapp.providers.openai.chat.provider import ChatProvider

    address = row.address(base_url, needed=False) if offline else base_url
    return ChatProvider(row, name, api_key=api_key, base_url=address, timeout=timeout)
