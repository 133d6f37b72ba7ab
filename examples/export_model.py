"""Take the bundled model elsewhere: a folder that Hugging Face `transformers` loads, with the chat template in it.

The command for it: python -m aiapp.transformer.export hugging-face --to FOLDER
"""

import tempfile
from pathlib import Path

from aiapp.transformer import Transformer
from aiapp.transformer.export.hugging_face import export_hugging_face
from aiapp.transformer.model import BUNDLED

with tempfile.TemporaryDirectory() as scratch:
    folder = Path(scratch) / "aiapp-small"
    export_hugging_face(BUNDLED, folder)
    for path in sorted(folder.iterdir()):
        print(f"{path.stat().st_size:10,} bytes  {path.name}")

    # The same files are a model of this library again, now in float16.
    model = Transformer.load(folder)
    prompt = model.tokenizer.chat_ids([("user", "Hello")])
    print("".join(step.text for step in model.generate(prompt)))
