"""Timeouts: how long a try may take to answer, and how long a stream may say nothing; here of a slow server."""

from __future__ import annotations

from aiapp import Client
from aiapp.core.errors import TimedOut
from aiapp.testing import Said, WireServer
from aiapp.testing.faults import Drip, Stall

LETTER = Said("Dear Ann, your lamp is on its way. It left us on Monday, in two boxes. " * 3)
slow = WireServer(
    [
        Stall(LETTER, seconds=5),
        LETTER,
        Drip(LETTER, size=1000, seconds=0.1),  # 1,000 bytes every 0.1 seconds: over a second in all, never silent
        Stall(LETTER, seconds=5, at=4000),  # 4,000 bytes, then nothing for 5 seconds
    ]
)
with slow, Client("openai:some-model", api_key="k", base_url=slow.url, timeout=0.5) as client:  # 600 without it
    print("a whole answer must be there in time; one that is not is asked for again")
    for attempt in client.complete("Write to Ann.").receipt.attempts:
        print(f"  {attempt.error or 'answered'} after {attempt.seconds:.1f} s")

    print("a stream may take any time, as long as it goes on speaking")
    stream = client.stream("Write to Ann.")
    letter = "".join(stream.text())
    timing = stream.response.receipt.timing
    print(f"  {len(letter)} characters in {timing.total:.1f} s, the first after {timing.first_token or 0:.1f} s")

    print("one that falls silent is given up, and not begun again, since some of it was shown")
    try:
        for piece in client.stream("Write to Ann.").text():
            print(piece, end="")
    except TimedOut as error:
        print(f"...\n  {error}")
slow.assert_done()
