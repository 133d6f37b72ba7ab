"""The language model in the files of other runtimes: Hugging Face transformers.

`python -m aiapp.transformer.export hugging-face --to DIR` writes a new folder, whole or not at all. What is read beside
the weights is in `settings.py` and `chat_template.jinja`. The bundled runtime loads `weights/` as it is and needs
nothing of this.
"""
