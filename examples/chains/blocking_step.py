"""A step that blocks, such as a database without async: in a thread it does not hold up the others.

A function is called on the event loop, which is what it should be for one that only computes. One that waits keeps
everything else waiting; `PYTHONASYNCIODEBUG=1` has each such step named in the log.
"""

from __future__ import annotations

import time

from aiapp.chains import Step, chain, each, in_thread

STOCK = {"kettle": 12, "lamp": 0, "toaster": 7, "fan": 3}


def look_up(product: str) -> str:
    """What a database answers after a while, in a call that blocks."""
    time.sleep(0.2)
    return f"{product}: {STOCK[product]} in stock"


def timed(label: str, step: Step[str, str]) -> None:
    """All products through a step, four at a time."""
    began = time.perf_counter()
    found = each(step, concurrency=4).run(list(STOCK))
    print(f"{label:<12}{time.perf_counter() - began:.1f} s  {', '.join(found)}")


timed("on the loop", look_up)
timed("in threads", in_thread(look_up))
print(f"\n{chain(str.strip, in_thread(look_up)).draw().mermaid}")
