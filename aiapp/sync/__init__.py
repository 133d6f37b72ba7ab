"""Blocking twins of async methods, over one background event loop.

All I/O in aiapp is written once, in async methods. `complete = sync(acomplete)` makes the blocking twin: it carries
the caller's context variables, works inside a running loop (a notebook), and on Ctrl-C cancels the work and waits
until it has cleaned up before it raises. `background` holds the loop and says who runs it, `blocking` and `iterating`
make the twins, `per_loop` keeps what belongs to one loop. Nothing here knows of models or messages.
"""

from aiapp.sync.blocking import in_thread, run, sync
from aiapp.sync.iterating import Readers, iterate
from aiapp.sync.per_loop import PerLoop

__all__ = ["PerLoop", "Readers", "in_thread", "iterate", "run", "sync"]
