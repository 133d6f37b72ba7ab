"""Middleware: your own code around each call, and gates: your own code around each try at sending."""

from __future__ import annotations

from dataclasses import replace

from aiapp import Client, Response, Retry, system
from aiapp.client.call import Call, Opened, Proceed
from aiapp.core.errors import Overloaded
from aiapp.testing import ScriptedModel


async def in_house_style(call: Call, proceed: Proceed) -> Opened:
    """Change what is asked: the rules of the house come first."""
    rules = system("Never promise a refund.")
    call.request = replace(call.request, messages=(rules, *call.request.messages))
    return await proceed(call)


async def audited(call: Call, proceed: Proceed) -> Opened:
    """See what came back, streamed or not, once it is whole."""

    def note(response: Response) -> None:
        print(f"  audit: {len(call.request.messages)} messages, {response.usage.output_tokens} tokens came back")

    call.on_response(note)
    return await proceed(call)


async def watched(call: Call, proceed: Proceed) -> Opened:
    """A gate stands further in: it is passed again with each retry, and with each fallback model."""
    print(f"  sending, try {len(call.attempts) + 1}")
    return await proceed(call)


busy = Overloaded("no capacity", provider="scripted", model="scripted", status=529)
model = ScriptedModel([busy, "Yes, it can be exchanged.", "You are welcome."])
client = Client(
    provider=model, middleware=[in_house_style, audited], gates=[watched], retry=Retry(first_wait=0.01)
)  # the first of `middleware` is the outermost

print("complete")
print(client.complete("Can this lamp be exchanged?").text)
print("stream")
for piece in client.stream("Thank you!").text():
    print(piece, end="", flush=True)
print("\nthe model was told first:", model.requests[-1].messages[0].text)
