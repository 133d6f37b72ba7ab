"""How the packaged catalogue is made: from what installed packages carry, and from our own tables beside this file.

litellm's price file is read from disk, without importing litellm; genai-prices fills what it leaves out and dates what
changed. The tables: `vendors.toml` says what is taken from whom, `models.toml` holds the models with their weights,
`scores.toml` what benchmarks say of them, `facts.toml` what neither package knows, `disagreements.toml` where the two
differ. Building is pure: the same packages and tables give the same files to the byte.
"""
