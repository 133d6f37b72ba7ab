"""The fault deck: what a vendor can do to a call, from a server on this machine, and what a client makes of it."""

from __future__ import annotations

from aiapp import Client, Retry
from aiapp.core.errors import ProviderError
from aiapp.testing import Said, WireServer, faults
from aiapp.testing.wires import MESSAGES

SAID = Said("Paris is the capital of France, and has been for a long time.")

policy = Retry(attempts=4, first_wait=0.05)
with WireServer([faults.rate_limited(retry_after=0.2), faults.overloaded(), faults.Cut(SAID, at=200), SAID]) as server:
    with Client("anthropic:some-model", api_key="k", base_url=server.url, retry=policy) as client:
        print("one call on a bad day")
        for attempt in client.complete("What is the capital of France?").receipt.attempts:
            waited = f", then {attempt.wait:.2f} s of waiting" if attempt.wait else ""
            print(f"  {attempt.status or '---'} {attempt.error or 'answered'}{waited}")
    server.assert_done()
    server.assert_closed()

print("\neach card of the deck, asked for once as a stream")
for name, fault in {**faults.deck(MESSAGES, SAID), "cut in the text": faults.Cut(SAID, at=900)}.items():
    with (
        WireServer(fault) as server,
        Client("anthropic:some-model", api_key="k", base_url=server.url, retry=Retry(attempts=1)) as client,
    ):
        text, stream = "", client.stream("What is the capital of France?")
        try:
            for piece in stream.text():
                text += piece
        except ProviderError as error:
            shown = f", after {len(text)} characters, so never tried again" if text else ""
            came = f"{type(error).__name__}{', worth another try' if error.retryable and not text else shown}"
        else:
            finish = stream.response.finish
            came = f"{len(text)} characters, then {'no end' if finish is None else finish.reason}"
    print(f"  {name:33} {came}")
