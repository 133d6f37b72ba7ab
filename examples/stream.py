"""Read an answer as it comes; the receipt is there at the end."""

from __future__ import annotations

from aiapp import Client

stream = Client("local").stream("Who are you?")
for piece in stream.text():
    print(piece, end="", flush=True)

timing = stream.response.receipt.timing
print(f"\nfirst token after {(timing.first_token or 0) * 1000:.0f} ms, all after {timing.total * 1000:.0f} ms")
