"""Few-shot prompting: typed examples, chosen by a builder, under a budget, in an order, as turns or as a block.

    few_shot = FewShot(examples, k=4, builder=Nearest(client))
    prompt.render(history=few_shot.turns(text), text=text)     # or examples=few_shot.block(text)

A builder is a value with `choose`; embedders, teachers and metrics are given as objects or functions, so that nothing
here knows a client or a model. `FewShot.check` finds what is wrong with examples, `FewShot.ablate` which of them earn
their tokens, `bootstrap` makes examples of a teacher's answers.
"""

from aiapp.prompts.fewshot.bm25 import BM25
from aiapp.prompts.fewshot.bootstrap import Traces, abootstrap, bootstrap
from aiapp.prompts.fewshot.builders import Balanced, Builder, Fixed, Random
from aiapp.prompts.fewshot.example import Example
from aiapp.prompts.fewshot.few_shot import FewShot
from aiapp.prompts.fewshot.nearest import Diverse, Nearest
from aiapp.prompts.fewshot.selection import Selection

__all__ = [
    "BM25",
    "Balanced",
    "Builder",
    "Diverse",
    "Example",
    "FewShot",
    "Fixed",
    "Nearest",
    "Random",
    "Selection",
    "Traces",
    "abootstrap",
    "bootstrap",
]
