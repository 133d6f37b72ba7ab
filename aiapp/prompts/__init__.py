"""Prompts as files: the Dotprompt format, compiled to functions from variables to requests.

A file is read (`front_matter`, `settings`, `tools`, `picoschema`), its template scanned, parsed and compiled
(`scanning`, `expressions`, `parsing`, `tree`, `template`, `writer`), and its variables checked (`usage`, `validation`).
`prompt` puts these together, `repository` finds files and their `history`, `cases` and `lint` say what a file promises
and breaks.

A value never becomes structure: templates build messages part by part, so whatever a variable holds comes back as the
same text in the same part. The prompt files themselves lie in the repository's `prompts/` and ship in the wheel.
"""
