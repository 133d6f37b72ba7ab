"""Money and time: the invoice of a call, line by line from a price list, a stopwatch, and what was done with both.

`with track() as t:` collects every call in scope, and `with span("retrieve"):` says what they stand inside of. Nothing
is written anywhere unless you ask: `track(ledger="usage.db")`, `track(exporters=[...])` with `JsonLines` and
`OpenTelemetry` from this package, or the environment variable `AIAPP_LEDGER`, which names a ledger for every call of a
program, the verbs of the command line included. What was asked and answered is left out unless `track(content=True)` or
`AIAPP_LEDGER_CONTENT=1` asks for it, and no secret is ever kept. `aiapp usage` and `aiapp trace` read a ledger.

Nothing here knows a provider by name or talks to one, and nothing knows the client: it is given counts, prices and
receipts. The client opens a span with `scope.here()` and ends it with what the receipt says.
"""
