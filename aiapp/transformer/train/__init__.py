"""Training the bundled models: data, networks, optimisers, schedules, evaluation, export.

The language model stands here, the sentence encoder in `encoder/`. Needs the extra `train` (torch) and text in a folder
of the user's choice; nothing outside this package imports it, and the runtime next door needs neither.
`python -m aiapp.transformer.train --help` lists the commands; `mixture.toml` declares what the language model learns
from, with sources and licences.
"""
