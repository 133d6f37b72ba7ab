"""Find the sentence that is nearest to a question in meaning, and the one that answers it, with the bundled encoder.

python examples/find_by_meaning.py
"""

from aiapp.transformer import Encoder

SENTENCES = [
    "Either side may end the contract with two months' warning.",
    "Contracts are kept by the legal team for ten years.",
    "The canteen serves lunch from noon.",
]
QUESTION = "How long is my notice period if I want to quit?"

encoder = Encoder.load()
print(encoder.embed(SENTENCES).shape, encoder.name)

found = encoder.compare(QUESTION, SENTENCES)
for sentence, odds, cosine in zip(SENTENCES, found.support, found.cosine, strict=True):
    print(f"{odds:6.2f} log-odds of answering  {cosine:5.2f} cosine  {sentence}")
