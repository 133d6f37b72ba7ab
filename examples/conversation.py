"""A conversation: every turn says all that was said before, and it can be stored and gone on with."""

from __future__ import annotations

from aiapp import Client, Conversation, system
from aiapp.testing import ScriptedModel

client = Client(
    provider=ScriptedModel(["Hello Ann.", "Your name is Ann.", "You are welcome."])
)  # or Client("openai:NAME")

conversation = Conversation(client, [system("Be brief.")])
print(conversation.say("Hello, I am Ann.").text)
for piece in conversation.stream("What is my name?").text():
    print(piece, end="", flush=True)
print()

stored = conversation.to_json()
again = Conversation.from_json(client, stored)
print(again.say("Thanks!").text)
print(f"{len(again.messages)} messages, {len(stored)} characters stored before the last turn")
