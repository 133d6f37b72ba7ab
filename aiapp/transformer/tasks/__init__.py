"""The tasks of the bundled language model, made from templates: what it learns from, and what it is measured on.

Passages with questions, records, tool calls, texts to label, small talk; each generator draws from a given
`random.Random`, so that a seed gives the same examples everywhere. `unseen=True` draws words and phrasings that
training never uses. Pure Python: no text from outside, no torch, no model. `train/` mixes these with real text,
`evaluate/` scores the model on them.
"""
