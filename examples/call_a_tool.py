"""Tools: the bundled model says which one a request asks for, and with which arguments; it never runs them."""

from __future__ import annotations

import json

from aiapp import Client, Request, Tool, user

book_table = Tool(
    "book_table",
    "Book a table in a restaurant.",
    {
        "type": "object",
        "properties": {"people": {"type": "integer"}, "time": {"type": "string"}, "name": {"type": "string"}},
        "required": ["people", "time"],
    },
)
play_song = Tool("play_song", "Play a song.", {"type": "object", "properties": {"title": {"type": "string"}}})

client = Client("local")  # or Client("openai:NAME"), Client("anthropic:NAME")
for text in ("Please book a table for 4 people at 19:30.", "How many moons does Mars have?"):
    response = client.complete(Request((user(text),), tools=(book_table, play_song)))
    print(text)
    for call in response.tool_calls:
        print("  calls", call.name, json.loads(call.arguments))
    if not response.tool_calls:
        print("  answers", response.text)
