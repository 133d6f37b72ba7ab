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
    from aiapp.client.limits import RateLimit
    from aiapp.client.retry import Retry
    from aiapp.client.sqlite_cache import SqliteCache
    from aiapp.core.errors import AiappError
    from aiapp.core.formats import Choice, JsonSchema, Regex
    from aiapp.core.messages import Message, assistant, system, user
    from aiapp.core.parts import Citation, File, Image, Text, Thinking, ToolCall, ToolResult
    from aiapp.core.request import Request, Settings, Tool
    from aiapp.core.response import Response
    from aiapp.prompts.fewshot.example import Example
    from aiapp.prompts.fewshot.few_shot import FewShot
    from aiapp.prompts.prompt import Prompt
    from aiapp.prompts.repository import PromptRepository
    from aiapp.retrieval.index import Index
    from aiapp.tracking.ledger import Ledger
    from aiapp.tracking.scope import span
    from aiapp.tracking.tracker import track

_HOMES = {
    "AiappError": "core.errors",
    "Budget": "client.budget",
    "Choice": "core.formats",
    "Citation": "core.parts",
    "Client": "client.client",
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
    "Regex": "core.formats",
    "Request": "core.request",
    "Response": "core.response",
    "Retry": "client.retry",
    "Settings": "core.request",
    "SqliteCache": "client.sqlite_cache",
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
    "Budget",
    "Choice",
    "Citation",
    "Client",
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
    "Regex",
    "Request",
    "Response",
    "Retry",
    "Settings",
    "SqliteCache",
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
