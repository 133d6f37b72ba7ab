"""The language model in the files of other runtimes: Hugging Face transformers, and ONNX for onnxruntime and browsers.

`python -m aiapp.transformer.export {hugging-face,onnx} --to DIR` writes a new folder, whole or not at all. What all of
them read beside the weights is in `settings.py` and `chat_template.jinja`; the graph is built in `graph.py` and needs
the extra `export`. The bundled runtime loads `weights/` as it is and needs nothing of this.
"""
