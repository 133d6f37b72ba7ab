"""Measuring: what a prompt or a model does on cases that say what a good answer is.

What tests need of a prompt file stands in `aiapp.prompts.cases`; here they are run, and told. `optimise/` looks for a
better prompt: it needs a client, budgets, examples and intervals, and nothing above stands on it.
"""
