"""Few-shot builders: which examples each of them chooses for a query, and answers of a teacher made into examples."""

from __future__ import annotations

from aiapp import Client, Example, FewShot
from aiapp.prompts.fewshot import BM25, Balanced, Builder, Diverse, Fixed, Nearest, Random, bootstrap
from aiapp.testing import ScriptedModel

EXAMPLES = [
    Example("I was charged twice this month", "billing"),
    Example("I was charged two times", "billing"),
    Example("Where can I find my invoice", "billing"),
    Example("I forgot my password", "login"),
    Example("My account is locked", "login"),
    Example("My parcel has not arrived yet", "delivery"),
]
asked = "Why was I charged two times this month?"
encoder = Client("local")
builders: dict[str, Builder] = {
    "fixed": Fixed(),
    "random": Random(seed=1),
    "balanced": Balanced(),
    "nearest in words": BM25(),
    "nearest in meaning": Nearest(encoder),
    "near, and unlike": Diverse(encoder),
}
print(f"{asked!r}, three examples, the best one last:")
for name, builder in builders.items():
    chosen = FewShot(EXAMPLES, k=3, builder=builder).select(asked)
    print(f"  {name:19} {[example.input_text for example in chosen.examples]}")

teacher = Client(provider=ScriptedModel(["billing", "Log in.", "login", "delivery"]))  # in earnest a larger model
traces = bootstrap(EXAMPLES[2:], teacher, lambda example, output: output == example.output, calls=4)
print(f"\nof a teacher's answers, {traces}")
