"""Prompts as files: the Dotprompt format, compiled to functions from variables to messages.

A value never becomes structure: templates build messages part by part, so whatever a variable holds comes back as the
same text in the same part. The prompt files themselves lie in the repository's `prompts/` and ship in the wheel.
"""
