"""A program with a tracer provider for all of it: what ours tells of a call, and what the SDK tells by itself."""

from __future__ import annotations

import json

from anthropic import Anthropic
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from aiapp import Client, track
from aiapp.testing import Said, WireServer
from aiapp.tracking.otel import OpenTelemetry

memory, provider = InMemorySpanExporter(), TracerProvider()
provider.add_span_processor(SimpleSpanProcessor(memory))
trace.set_tracer_provider(provider)
with WireServer(Said("Hello")) as server:
    with Client("anthropic:any", api_key="k", base_url=server.url) as client, track(exporters=[OpenTelemetry()]):
        client.complete("hi")
    ours = sorted(span.name for span in memory.get_finished_spans())
    memory.clear()
    sdk = Anthropic(api_key="k", base_url=server.url)
    sdk.messages.create(model="any", max_tokens=9, messages=[{"role": "user", "content": "hi"}])
    print(json.dumps({"ours": ours, "with the SDK's own": len(memory.get_finished_spans())}))
