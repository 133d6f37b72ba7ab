"""What a prompt file says of itself is checked: by lint, by its tests without a model, and by its tests with one."""

from __future__ import annotations

from aiapp import Client, Prompt
from aiapp.evals.prompt_models import lint_for
from aiapp.evals.prompt_tests import run_cases
from aiapp.prompts.lint import lint

PROMPT = """---
model: local
config: {seed: 1, topK: 5}
input:
  schema: {product: string, tone: string}
tests:
  - name: the name is kept
    input: {product: Lamp 3, tone: calm}
    answer: {contains: Lamp 3, excludes: PWNED}
    reply: The Lamp 3 gives a warm light.
    rejected: It gives a warm light.
---
{{role "system"}}Describe products in a {{tone}} way.
{{role "user"}}{{product}}
"""

prompt = Prompt(PROMPT, name="describe")
for finding in (*lint(prompt), *lint_for(prompt, "openai:gpt-6-sol")):
    print(finding)

for title, client in (("without a model", None), ("with the bundled one", Client("local"))):
    for result in run_cases(prompt, client):
        print(f"\n{title}: {'passed' if result.passed else 'failed'}")
        for check in result.checks:
            print(f"  {check.name}: {check.passed} {check.detail}".rstrip())
