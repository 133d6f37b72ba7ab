"""Many prompts at once: the bundled model writes them together, in the same words as one by one."""

from __future__ import annotations

from aiapp.transformer import Grammar, Sampling, Transformer

model = Transformer.load()
passage = "Passage:\nThe Blue Room seats 12 people. The Green Room seats 40 people and has a stage.\n\n"
questions = ("How many people fit in the Blue Room?", "How many people fit in the Green Room?")
prompts = [model.tokenizer.chat_ids([("user", f"{passage}Answer briefly: {question}")]) for question in questions]
for question, completion in zip(questions, model.generate_batch(prompts, Sampling(temperature=0)), strict=True):
    print(question, completion.text)

# Each prompt may have a grammar of its own: here a number, and one of two words.
grammars = [Grammar.regex("[0-9]{1,3}"), Grammar.choice(["yes", "no"])]
for completion in model.generate_batch(prompts, Sampling(temperature=0), grammar=grammars):
    print(completion.text, completion.finish)
