"""The same runs in OpenTelemetry, by its names for generative AI; here printed, in earnest sent to your back end."""

from __future__ import annotations

import sys

from aiapp import Client, span, track
from aiapp.core.errors import MissingDependency
from aiapp.tracking.otel import OpenTelemetry

try:
    from opentelemetry.sdk.trace import TracerProvider
    from opentelemetry.sdk.trace.export import SimpleSpanProcessor
    from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

    memory, provider = InMemorySpanExporter(), TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(memory))  # in earnest: BatchSpanProcessor(OTLPSpanExporter())
    telemetry = OpenTelemetry(provider)  # without an argument: the process's own tracer provider
except (ModuleNotFoundError, MissingDependency):
    print("skipped: this needs python -m pip install 'aiapp[otel]' opentelemetry-sdk")
    sys.exit()

with track("greet", exporters=[telemetry]), span("host", kind="agent"):
    list(Client("local").stream("Hello! Who are you?"))

for told in memory.get_finished_spans():
    parent = "no span" if told.parent is None else f"{told.parent.span_id:016x}"
    print(f"{told.name}  (inside of {parent})")
    for name, value in sorted((told.attributes or {}).items()):
        if name.startswith("gen_ai."):
            print(f"  {name} =", value)
