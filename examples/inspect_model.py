"""Look inside the bundled model: how surprised it is by a text, which option it prefers, what it puts in a gap.

python examples/inspect_model.py
"""

import math

from aiapp.transformer import Transformer, choose, fill, inspect, perplexity

model = Transformer.load()

for text in ("The team can help you with the design.", "Design the with you help can team the."):
    print(f"perplexity {perplexity(model, text):8.0f}  {text}")

options = [" website.", " volcano.", " of the and."]
for option, score in zip(options, choose(model, "The agency has a new", options, normalise=True), strict=True):
    print(f"{score:6.2f} a byte  The agency has a new{option}")

for word, logprob in fill(model, "Please contact the [MASK] for help.", 3):
    print(f"{math.exp(logprob):6.1%}  {word}")

found = inspect(model, [model.tokenizer.bos, *model.tokenizer.encode("Please contact the team")], layer=2, head=1)
for read, row in zip(found.tokens, found.attention, strict=True):
    most = int(row.argmax())
    print(f"{read.text!r:12} looks most at {found.tokens[most].text!r:12} ({row[most]:.0%})")
