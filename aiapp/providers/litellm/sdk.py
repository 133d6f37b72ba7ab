"""litellm, with its globals in hand: the one place where it is imported and set."""

from __future__ import annotations

import asyncio
import inspect
import logging
import os
import warnings
from collections.abc import Coroutine, Mapping
from contextlib import suppress
from functools import cache, lru_cache
from importlib import import_module
from importlib.util import find_spec
from typing import Any, ClassVar
from weakref import WeakKeyDictionary

from aiapp.core.errors import MissingDependency

_LOGGERS = ("LiteLLM", "LiteLLM Router", "LiteLLM Proxy")
_CHATTER = (
    r"Items? .* using the `ReadOnly` qualifier",
    r"Accessing the 'model_\w*fields' attribute on the instance is deprecated",
)
_WORKER = "litellm.litellm_core_utils.logging_worker"
_SETTINGS = {
    "drop_params": False,  # what a model does not take is listed before it is sent, not lost in silence
    "user_url_validation": True,
    "modify_params": False,
    "num_retries": 0,
    "telemetry": False,
    "suppress_debug_info": True,
    "set_verbose": False,
    "disable_hf_tokenizer_download": True,
    "disable_aiohttp_transport": True,  # its sessions are never closed
    "cache": None,
}
_CALLBACKS = (
    "callbacks",
    "input_callback",
    "success_callback",
    "failure_callback",
    "_async_success_callback",
    "_async_failure_callback",
)


def is_installed() -> bool:
    """Whether litellm is there; loads nothing."""
    return find_spec("litellm") is not None


def require() -> None:
    """Say at once that litellm is missing; loads nothing."""
    if not is_installed():
        raise MissingDependency("litellm", "litellm")


def load() -> Any:
    """litellm, imported without the network, silent, and with no retries, callbacks or cache of its own.

    Its settings belong to the whole process: whoever uses litellm beside this library sets them again afterwards.
    """
    require()
    # It warns during calls, of its own classes. A filter that is there is not added twice; one that was taken away is
    # put back.
    for message in _CHATTER:
        warnings.filterwarnings("ignore", message=message)
    return _tamed()


def is_loaded() -> bool:
    """Whether `load` has done its work before, and takes no time now."""
    return _tamed.cache_info().currsize > 0


@cache
def _tamed() -> Any:
    os.environ["LITELLM_LOCAL_MODEL_COST_MAP"] = "True"  # else the import fetches a file of prices
    os.environ["LITELLM_LOCAL_ANTHROPIC_BETA_HEADERS"] = "True"  # else a call fetches a file of header names
    os.environ["MAX_IMAGE_URL_DOWNLOAD_SIZE_MB"] = "0"  # it downloads no image
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        litellm: Any = import_module("litellm")
    for name, value in _SETTINGS.items():
        setattr(litellm, name, value)
    for name in _CALLBACKS:
        setattr(litellm, name, [])
    with suppress(ImportError):  # not every release has it
        worker: Any = import_module(_WORKER).GLOBAL_LOGGING_WORKER
        worker.ensure_initialized_and_enqueue = _drop
    for name in _LOGGERS:
        logger = logging.getLogger(name)
        logger.handlers[:] = [logging.NullHandler()]
        logger.propagate = False
    return litellm


@lru_cache(maxsize=256)
def taken(model: str) -> frozenset[str] | None:
    """The arguments of Chat Completions that a model takes; None where litellm does not know."""
    names: list[str] | None = load().get_supported_openai_params(model=model)
    return None if names is None else frozenset(names)


def rewritten(model: str, arguments: Mapping[str, Any]) -> Mapping[str, Any] | None:
    """The arguments as litellm writes them for the model's provider; nothing is sent.

    None where litellm cannot tell. What it would refuse to send raises its own `UnsupportedParamsError`.
    """
    litellm = load()
    try:
        name, provider, *_ = litellm.get_llm_provider(model)
        made: Mapping[str, Any] = import_module("litellm.utils").get_optional_params(
            model=name, custom_llm_provider=provider, **arguments
        )
    except Exception as error:
        if is_refusal(error):
            raise
        return None
    return made


def refuses(model: str, arguments: Mapping[str, Any]) -> bool:
    """Whether litellm would refuse to send the arguments, by their values."""
    try:
        rewritten(model, arguments)
    except Exception as error:
        if is_refusal(error):
            return True
        raise
    return False


def is_refusal(error: Exception) -> bool:
    """Whether litellm says that a model does not take an argument."""
    return type(error).__name__ == "UnsupportedParamsError"


class Connections:
    """A share in the connections that litellm keeps for the running loop; they are closed with the last share."""

    _shares: ClassVar[WeakKeyDictionary[asyncio.AbstractEventLoop, int]] = WeakKeyDictionary()

    def __init__(self) -> None:
        loop = asyncio.get_running_loop()
        self._shares[loop] = self._shares.get(loop, 0) + 1

    async def aclose(self) -> None:
        """Give the share back."""
        loop = asyncio.get_running_loop()
        self._shares[loop] -= 1
        if self._shares[loop]:
            return
        kept: dict[str, Any] = load().in_memory_llm_clients_cache.cache_dict
        for key in [key for key in kept if key.endswith(f"-{id(loop)}")]:
            closed = kept.pop(key).close()
            if inspect.isawaitable(closed):
                await closed


def _drop(async_coroutine: Coroutine[Any, Any, None]) -> None:
    """In place of its queue of callbacks, whose task outlives the loop: there are no callbacks."""
    async_coroutine.close()
