"""What each vendor's API answers, from one value: a wire a file, pure functions alone.

`Said` becomes the whole JSON answer (`wire.whole`) or the events of the same answer (`wire.events`). The shapes are
those of the vendors' current APIs; the SDKs' own types check them in the tests. No HTTP here, and no fault.
"""

from aiapp.testing.wires import chat, embeddings, messages, responses
from aiapp.testing.wires.said import Said, Vectors, weave
from aiapp.testing.wires.wire import Wire

RESPONSES, CHAT, MESSAGES, EMBEDDINGS = responses.WIRE, chat.WIRE, messages.WIRE, embeddings.WIRE
WIRES = (RESPONSES, CHAT, MESSAGES, EMBEDDINGS)

__all__ = ["CHAT", "EMBEDDINGS", "MESSAGES", "RESPONSES", "WIRES", "Said", "Vectors", "Wire", "weave"]
