"""How many threads a matrix product is shared among: a setting of the process, made when a bundled model is loaded.

Every BLAS with threads of its own keeps one such number for all callers, so there is none for a model or a call:
changed around each call, it would change under the calls of other threads. The default is 1. The matrices are small,
and on a busy machine the threads of one product wait for each other far longer than they compute.
"""

from __future__ import annotations

import os
import threading
from typing import Any

import threadpoolctl

from aiapp.core.errors import InvalidInput

VARIABLE = "AIAPP_THREADS"
DEFAULT = 1
_OF_THE_BLAS = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "BLIS_NUM_THREADS")

_lock = threading.RLock()
_settled = False


def set_threads(count: int) -> None:
    """Share every matrix product of this process among `count` threads, those of other libraries too.

    It holds from now on, whatever the environment says. It does nothing while another thread is inside a block of
    `threadpoolctl`, nor to a BLAS without such a setting, as on macOS; `thread_count` says what holds.
    """
    global _settled
    if count < 1:
        raise InvalidInput("threads", count, "a whole number of at least 1")
    with _lock:
        _settled = True
        for library in _libraries():
            library.set_num_threads(count)
        # What sets the number of OpenBLAS owns it, and the calls of other threads do nothing until it is let go.
        threadpoolctl.OpenBLASController.clear_controlling_thread()  # pyright: ignore[reportUnknownMemberType]


def thread_count() -> int | None:
    """How many threads share a matrix product; None where the BLAS does not say."""
    return max((int(library.num_threads) for library in _libraries()), default=None)


def settle_threads() -> None:
    """What happens when a model is loaded: the first time, unless `set_threads` was called, the environment decides.

    `AIAPP_THREADS` is the number, or 0 to leave it to the BLAS. Without it the variables of the BLAS hold, such as
    `OMP_NUM_THREADS`, and without those 1.
    """
    global _settled
    with _lock:
        if _settled:
            return
        said = os.environ.get(VARIABLE) or None
        if said is not None and not (said.isascii() and said.isdigit()):
            raise InvalidInput(VARIABLE, said, "a whole number; 0 leaves it to the BLAS")
        left = said is None and any(os.environ.get(name) for name in _OF_THE_BLAS)
        count = 0 if left else DEFAULT if said is None else int(said)
        if count:
            set_threads(count)
        _settled = True


def _libraries() -> list[Any]:
    """The controllers of each BLAS that the process has loaded."""
    found: Any = threadpoolctl.ThreadpoolController()
    return [controller for controller in found.lib_controllers if controller.user_api == "blas"]
