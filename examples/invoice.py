"""What an answer cost, line by line: from a hosted model's own report, with the source and date of each price."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from aiapp.catalog.catalogue import catalogue
from aiapp.core.events import fold
from aiapp.core.usage import Usage
from aiapp.providers.anthropic.decode import decode
from aiapp.tracking.billing import bill

# An answer as Anthropic's API gives it: the conversation was compacted, which the API's own totals leave out; part of
# the prompt was cached, part written to the cache for an hour; it searched the web once, and ran in the US alone.
COMPACTION = {"type": "compaction", "input_tokens": 180_000, "output_tokens": 3_500}
ANSWER = {
    "type": "message",
    "input_tokens": 1_000,
    "cache_read_input_tokens": 20_000,
    "cache_creation_input_tokens": 2_000,
    "cache_creation": {"ephemeral_5m_input_tokens": 0, "ephemeral_1h_input_tokens": 2_000},
    "output_tokens": 800,
}
REPORT = {
    **ANSWER,
    "iterations": [COMPACTION, ANSWER],
    "server_tool_use": {"web_search_requests": 1},
    "service_tier": "standard",
    "inference_geo": "us",
}
PAYLOAD: dict[str, Any] = {"model": "claude-opus-5-5", "stop_reason": "end_turn", "content": [], "usage": REPORT}

NOON = datetime(2026, 11, 20, 12, tzinfo=UTC)

said = fold(decode(PAYLOAD, "claude-opus-5-5"))
invoice = bill(
    said.usage,
    "anthropic:claude-opus-5-5",
    catalogue().find,
    at=NOON,
    served=said.model,
    tier=said.tier,
    region=said.region,
)  # with a client: response.receipt.invoice

for line in invoice.lines:
    factor = "" if line.row is None or line.row.factor == 1 else f" x {line.row.factor} ({line.row.because})"
    what = f"{line.purpose:<11}{line.count:>8,} {line.item:<24}"
    print(f"{what} x ${line.rate} per {line.per:,}{factor} = ${line.amount}")
print(f"total ${invoice.total}")
for source, day in sorted({(line.row.source, line.row.as_of) for line in invoice.lines if line.row is not None}):
    print(f"prices of {day}: {source}")

# What is unknown is never 0: of a stream that was cut, the input is known and the output is not.
cut = bill(Usage(21_000, None, 20_000, 0), "anthropic:claude-opus-5-5", catalogue().find, at=NOON)
print(f"cut: total {cut.total}, at least ${cut.at_least}; {cut.unknown[0]}")
