"""The tasks of the bundled language model, made from templates: what it learns from, and what it is measured on.

Passages with questions, records, tool calls, texts to label, small talk; each generator draws from a given
`random.Random`, so that a seed gives the same examples everywhere. `unseen=True` draws words that training never uses,
questions in phrasings that it never uses, and half of the statements and requests likewise. Pure Python: no files from
outside, no torch, no model; sentences to fill passages with are the caller's. `train/` mixes these with real text,
`evaluate/` scores the model on them.
"""
