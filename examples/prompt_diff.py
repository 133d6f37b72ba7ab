"""A prompt was changed: what each of its cases renders to now, and what that takes and costs. Nothing is sent."""

from __future__ import annotations

from aiapp import Prompt
from aiapp.evals.prompt_diff import diff

CASES = """---
tests:
  - {name: a lamp, input: {product: Lamp 3, tone: calm}}
  - {name: no tone, input: {product: Kettle, tone: ""}}
---
"""
before = Prompt(CASES + "Describe {{product}} in a {{tone}} way.", name="describe")
after = Prompt(
    CASES + "Describe {{product}}{{#if tone}} in a {{tone}} way{{/if}}. At most two sentences.", name="describe"
)

changes = diff(before, after, ["local", "openai:gpt-6-sol"])
print(changes.before[:12], "->", changes.after[:12])
for case in changes.cases:
    print(f"\n{case.case}")
    print("\n".join(case.lines[2:]) or "  renders the same")
print()
for one in changes.models:
    if one.before is not None and one.after is not None:
        about = "" if one.after.exact else "about "
        price = one.note if one.after.cost is None else f"${one.after.cost * 1000:.4f} a thousand calls"
        print(f"{one.model}: {about}{one.before.tokens:.1f} tokens before, {one.after.tokens:.1f} after; {price}")
