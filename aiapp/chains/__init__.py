"""Composition of steps: a step is anything that takes one value and gives one, and so is a chain of them.

    summarise = Prompt("Summarise: {{text}}") | ask(Client()) | str.strip
    summarise.run("a long story")

`chain`, `parallel`, `extend`, `route`, `each`, `loop`, `retry`, `fallback`, `cache` and `tap` put steps together; what
they make runs, streams, takes batches, explains itself and draws itself. Where a chain is tracked, each step is a span.

A chain is data (`plans`); running it (`running`), explaining it (`explanation`) and drawing it (`drawing`) are each one
match over that data. Nothing here knows a provider; models are reached through `Client` alone.
"""

from aiapp.chains.chain import Chain, Step
from aiapp.chains.composing import chain
from aiapp.chains.running import StepBegan, StepEnded, StepSaid
from aiapp.chains.steps import ask, cache, each, extend, fallback, in_thread, loop, parallel, retry, route, step, tap
from aiapp.chains.stream import ChainStream

__all__ = [
    "Chain",
    "ChainStream",
    "Step",
    "StepBegan",
    "StepEnded",
    "StepSaid",
    "ask",
    "cache",
    "chain",
    "each",
    "extend",
    "fallback",
    "in_thread",
    "loop",
    "parallel",
    "retry",
    "route",
    "step",
    "tap",
]
