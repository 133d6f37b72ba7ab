"""Vendors and servers that speak OpenAI's Chat Completions, as rows of data: where they are, and how they differ."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib.resources import files
from ipaddress import ip_address
from typing import Literal
from urllib.parse import urlsplit

from aiapp.core.errors import InvalidInput, MissingKey
from aiapp.providers.access import given_address, given_key

NOWHERE = "http://nowhere.invalid"
"""No name ends so (RFC 6761)."""


@dataclass(frozen=True, slots=True)
class Vendor:
    """One row. `table` names its file of abilities, `key` the variable that holds the key, and `base_path` what is put
    behind an address that the user's variable gives.

    `schemas` is how an answer is made to fit one: `native` (response_format), as the arguments of a `tool`, or as any
    JSON `object` with the schema in the instructions; `strict_rules` means that a native one must follow OpenAI's
    rules, and `tool_rules` that tools are named, and calls answered, by OpenAI's. `stops` is the most texts that
    may end an answer, 0 where no limit is known. `top_k`, `seed`, `effort` are the fields' names there, empty where
    there is none. `echo` is the field in which reasoning goes back. `reasoning_outside`: the output tokens that it
    reports leave reasoning out. `truncates`: a prompt that is longer than its context is cut without a word.
    """

    name: str
    title: str
    source: str
    as_of: date
    base_url: str = ""
    base_url_variable: str = ""
    base_path: str = ""
    key: str = ""
    key_needed: bool = True
    own_machine: bool = False
    of_openai: bool = False
    table: str = ""
    system: Literal["system", "developer"] = "system"
    limit: Literal["max_tokens", "max_completion_tokens"] = "max_tokens"
    schemas: Literal["native", "tool", "object"] = "native"
    strict_rules: bool = False
    strict_tools: bool = False
    tool_rules: bool = False
    guided: bool = False
    tool_choice: bool = True
    required: str = "required"
    parallel_tools: bool = True
    call_id_length: int = 0
    stream_usage: bool = True
    stops: int = 0
    top_k: str = ""
    seed: str = "seed"
    effort: str = "reasoning_effort"
    service_tiers: bool = False
    marks: bool = False
    images: bool = True
    files: bool = False
    echo: Literal["", "reasoning_content", "reasoning_details"] = ""
    reasoning_outside: bool = False
    truncates: bool = False
    vectors: Literal["float", "base64"] = "float"

    def address(self, base_url: str | None, *, needed: bool = True) -> str | None:
        """Where it is; None for OpenAI's own, which is known where its SDK is.

        Where nobody says it and none is `needed`, it is one that leads nowhere.
        """
        address = given_address(base_url)
        if address or self.of_openai:
            return address or None
        if given := given_address(None, self.base_url_variable):
            path = given.rstrip("/")
            return path if path.endswith(self.base_path) else path + self.base_path
        if self.base_url:
            return self.base_url
        if not needed:
            return NOWHERE
        where = f", or {self.base_url_variable} in the environment" if self.base_url_variable else ""
        raise InvalidInput("base_url", base_url, f"the address of the server, such as http://localhost:8000/v1{where}")

    def secret(self, api_key: str | None) -> str:
        """The key; empty where none is needed and none is there."""
        found = given_key(api_key, self.key)
        if not found and self.key and self.key_needed:
            raise MissingKey(self.name, self.key)
        return found


@cache
def vendors() -> dict[str, Vendor]:
    """The rows by name."""
    text = (files("aiapp.providers.openai") / "vendors.toml").read_text(encoding="utf-8")
    return {name: Vendor(name=name, **row) for name, row in tomllib.loads(text).items()}


def is_loopback(address: str) -> bool:
    """Whether an address is of this very machine."""
    host = urlsplit(address).hostname or ""
    try:
        return host == "localhost" or host.endswith(".localhost") or ip_address(host).is_loopback
    except ValueError:
        return False
