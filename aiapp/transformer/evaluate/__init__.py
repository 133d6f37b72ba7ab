"""What the bundled language model can do, measured: `python -m aiapp.transformer.evaluate`.

`made.py` scores it on generated tasks (`../tasks/`, with words and phrasings that training never uses), `real.py` on
public data in a folder of the user's choice. Everything runs through the runtime as an application would use it; torch
is not needed. Nothing outside this package imports it, save the command that rewrites the model card.
"""
