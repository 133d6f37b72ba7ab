"""aiapp: applications on language models, with nothing hidden, exact money and time, and a model that runs offline.

Importing this package loads no SDK, no numpy and opens no socket: every name below is loaded on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from aiapp.catalog.choosing import choose
    from aiapp.catalog.needs import Needs
    from aiapp.client.attachments import afile, aimage, file, image
    from aiapp.client.budget import Budget
    from aiapp.client.cache import MemoryCache
    from aiapp.client.client import Client
    from aiapp.client.conversation import Conversation
    from aiapp.client.limits import Concurrency, RateLimit
    from aiapp.client.retry import Retry
    from aiapp.client.sqlite_cache import SqliteCache
    from aiapp.client.stream import Stream
    from aiapp.core.errors import AiappError
    from aiapp.core.formats import Choice, JsonSchema, Regex
    from aiapp.core.messages import Message, assistant, system, user
    from aiapp.core.parts import Citation, File, Image, Text, Thinking, ToolCall, ToolResult
    from aiapp.core.request import Request, Settings, Tool
    from aiapp.core.response import Receipt, Response
    from aiapp.core.schema import Schema
    from aiapp.prompts.fewshot.example import Example
    from aiapp.prompts.fewshot.few_shot import FewShot
    from aiapp.prompts.prompt import Prompt
    from aiapp.prompts.repository import PromptRepository
    from aiapp.retrieval.answer import Answer
    from aiapp.retrieval.index import Index
    from aiapp.tracking.ledger import Ledger
    from aiapp.tracking.scope import span
    from aiapp.tracking.tracker import track

_HOMES = {
    "AiappError": "core.errors",
    "Answer": "retrieval.answer",
    "Budget": "client.budget",
    "Choice": "core.formats",
    "Citation": "core.parts",
    "Client": "client.client",
    "Concurrency": "client.limits",
    "Conversation": "client.conversation",
    "Example": "prompts.fewshot.example",
    "FewShot": "prompts.fewshot.few_shot",
    "File": "core.parts",
    "Image": "core.parts",
    "Index": "retrieval.index",
    "JsonSchema": "core.formats",
    "Ledger": "tracking.ledger",
    "MemoryCache": "client.cache",
    "Message": "core.messages",
    "Needs": "catalog.needs",
    "Prompt": "prompts.prompt",
    "PromptRepository": "prompts.repository",
    "RateLimit": "client.limits",
    "Receipt": "core.response",
    "Regex": "core.formats",
    "Request": "core.request",
    "Response": "core.response",
    "Retry": "client.retry",
    "Schema": "core.schema",
    "Settings": "core.request",
    "SqliteCache": "client.sqlite_cache",
    "Stream": "client.stream",
    "Text": "core.parts",
    "Thinking": "core.parts",
    "Tool": "core.request",
    "ToolCall": "core.parts",
    "ToolResult": "core.parts",
    "afile": "client.attachments",
    "aimage": "client.attachments",
    "assistant": "core.messages",
    "choose": "catalog.choosing",
    "file": "client.attachments",
    "image": "client.attachments",
    "span": "tracking.scope",
    "system": "core.messages",
    "track": "tracking.tracker",
    "user": "core.messages",
}

__all__ = [
    "AiappError",
    "Answer",
    "Budget",
    "Choice",
    "Citation",
    "Client",
    "Concurrency",
    "Conversation",
    "Example",
    "FewShot",
    "File",
    "Image",
    "Index",
    "JsonSchema",
    "Ledger",
    "MemoryCache",
    "Message",
    "Needs",
    "Prompt",
    "PromptRepository",
    "RateLimit",
    "Receipt",
    "Regex",
    "Request",
    "Response",
    "Retry",
    "Schema",
    "Settings",
    "SqliteCache",
    "Stream",
    "Text",
    "Thinking",
    "Tool",
    "ToolCall",
    "ToolResult",
    "afile",
    "aimage",
    "assistant",
    "choose",
    "file",
    "image",
    "span",
    "system",
    "track",
    "user",
]

__version__ = "0.1.0"


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'aiapp' has no attribute {name!r}")
    value = getattr(import_module(f"aiapp.{_HOMES[name]}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return [*__all__, "__version__"]
