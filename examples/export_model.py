"""Take the bundled model elsewhere: a folder that Hugging Face `transformers` loads, with the chat template in it.

Where the extra `export` is installed, also one for transformers.js and onnxruntime: a graph with its key-value cache.
The commands for it: python -m aiapp.transformer.export hugging-face --to FOLDER, and the same with `onnx`
"""

import tempfile
from importlib.util import find_spec
from pathlib import Path

from aiapp.transformer import Transformer
from aiapp.transformer.export.hugging_face import export_hugging_face
from aiapp.transformer.export.onnx_folder import export_onnx
from aiapp.transformer.model import BUNDLED

with tempfile.TemporaryDirectory() as scratch:
    folder = Path(scratch) / "aiapp-small"
    export_hugging_face(BUNDLED, folder)
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:10,} bytes  {path.name}")

    if find_spec("onnx"):
        graph = Path(scratch) / "aiapp-small-onnx"
        export_onnx(BUNDLED, graph)
        for path in sorted(graph.rglob("*.onnx")):
            print(f"{path.stat().st_size:10,} bytes  {path.relative_to(graph)}")
    else:
        print("the graph for onnxruntime needs: pip install 'aiapp[export]'")

    # The same files are a model of this library again, now in float16.
    model = Transformer.load(folder)
    prompt = model.tokenizer.chat_ids([("user", "Hello")])
    print("".join(step.text for step in model.generate(prompt)))
