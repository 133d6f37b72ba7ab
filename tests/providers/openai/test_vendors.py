"""The rows of vendors: each opens by its name, tells what it lacks, and is free only on the user's own machine."""

from __future__ import annotations

import subprocess
import sys

import pytest

from aiapp.core.errors import InvalidInput, MissingKey, UnknownModel
from aiapp.providers.openai.chat.provider import ChatProvider
from aiapp.providers.openai.vendors import is_loopback, vendors
from aiapp.providers.protocol import Counts, Embeds
from aiapp.providers.registry import open_provider

NAMES = (
    "openai-chat", "ollama", "vllm", "llamacpp", "openrouter", "groq", "together", "deepseek", "mistral", "xai",
    "azure", "compatible",
)  # fmt: skip


def test_the_rows_are_these_and_each_has_its_source() -> None:
    assert set(vendors()) == set(NAMES)
    for vendor in vendors().values():
        assert vendor.source
        assert vendor.title
        assert not vendor.base_url.endswith("/")


@pytest.mark.parametrize("name", NAMES)
def test_each_opens_by_its_name(name: str) -> None:
    provider = open_provider(f"{name}:some/model:8b", api_key="k", base_url="https://somewhere/v1")
    assert isinstance(provider, ChatProvider)
    assert isinstance(provider, Embeds)
    assert isinstance(provider, Counts)
    assert (provider.name, provider.model, provider.free) == (name, "some/model:8b", False)


@pytest.mark.parametrize("name", [name for name in NAMES if vendors()[name].key and vendors()[name].key_needed])
def test_a_missing_key_is_named_at_once(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", "https://r.openai.azure.com/")
    with pytest.raises(MissingKey, match=vendors()[name].key):
        open_provider(f"{name}:x")
    monkeypatch.setenv(vendors()[name].key, "k")
    assert open_provider(f"{name}:x").name == name


@pytest.mark.parametrize("name", ["ollama", "vllm", "llamacpp"])
def test_servers_of_ones_own_are_free_on_loopback_alone(name: str) -> None:
    assert open_provider(f"{name}:x").free
    assert open_provider(f"{name}:x", base_url="http://127.0.0.1:9/v1").free
    assert not open_provider(f"{name}:x", base_url="http://gpu.company:8000/v1").free
    assert not open_provider("ollama:gpt-oss:120b-cloud").free


@pytest.mark.parametrize(
    ("address", "expected"),
    [
        ("http://localhost:1/v1", True),
        ("http://[::1]:1/v1", True),
        ("http://127.9.9.9/v1", True),
        ("http://10.0.0.1/v1", False),
        ("https://localhost.evil.com/v1", False),
        ("", False),
    ],
)
def test_loopback(address: str, expected: bool) -> None:
    assert is_loopback(address) == expected


def test_azure_takes_the_address_of_a_resource(monkeypatch: pytest.MonkeyPatch) -> None:
    azure = vendors()["azure"]
    with pytest.raises(InvalidInput, match="AZURE_OPENAI_ENDPOINT"):
        open_provider("azure:deployment", api_key="k")
    for given in ("https://r.openai.azure.com/", "https://r.openai.azure.com/openai/v1/"):
        monkeypatch.setenv("AZURE_OPENAI_ENDPOINT", given)
        assert azure.address(None) == "https://r.openai.azure.com/openai/v1"
    assert azure.address("https://mine/v1") == "https://mine/v1"


def test_a_compatible_server_needs_an_address_and_no_key() -> None:
    with pytest.raises(InvalidInput, match="base_url"):
        open_provider("compatible:x")
    assert not open_provider("compatible:x", base_url="http://localhost:1/v1").free


def test_an_unknown_vendor_is_told_which_there_are() -> None:
    for name in ("nobody:x", "groq:", "groq"):
        with pytest.raises(UnknownModel) as caught:
            open_provider(name)
        assert all(f"{vendor}:NAME" in str(caught.value) for vendor in ("openai", "anthropic", *NAMES))


def test_opening_a_vendor_loads_no_sdk() -> None:
    program = (
        "import sys; from aiapp import Client; Client('ollama:a'); Client('groq:b', api_key='k');"
        "print([name for name in ('openai', 'httpx2', 'numpy', 'pydantic') if name in sys.modules])"
    )
    shown = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout
    assert shown.strip() == "[]"
