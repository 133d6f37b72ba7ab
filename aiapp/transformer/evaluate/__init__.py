"""What the bundled language model can do, measured: `python -m aiapp.transformer.evaluate`.

`generated.py` scores it on the tasks of `../tasks/`, with words that training never uses, `public.py` on public data in
a folder of the user's choice. Everything runs through the runtime as an application would use it; torch is not needed.
Nothing outside this package imports it, save training, whose encoder has a table in the same model card.
"""
