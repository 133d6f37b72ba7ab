"""`aiapp prompts`: list, show, render, run, lint, test, diff and begin prompts; a verb a file."""
