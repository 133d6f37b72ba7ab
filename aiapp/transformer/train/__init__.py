"""Training the bundled model: data, network, optimiser, schedule, export.

Needs the extra `train` (torch) and text in a folder of the user's choice; nothing outside this package imports it, and
the runtime next door needs neither. `python -m aiapp.transformer.train --help` lists the commands; `mixture.toml`
declares what the model learns from, with sources and licences.
"""
