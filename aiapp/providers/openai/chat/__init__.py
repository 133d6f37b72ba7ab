"""OpenAI's older wire, Chat Completions, which most other vendors and servers speak too."""
