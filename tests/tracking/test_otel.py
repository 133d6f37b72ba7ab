"""Spans in OpenTelemetry: its names, its nesting, and every token once."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Generator
from pathlib import Path
from typing import Any

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import ReadableSpan, TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.semconv._incubating.attributes import gen_ai_attributes

from aiapp import Client, MemoryCache, Request, Retry, Settings, ToolCall, span, system, track, user
from aiapp.core.errors import ProviderError, RateLimited
from aiapp.testing import Said, ScriptedModel, WireServer
from aiapp.tracking.genai import NAMES, OURS
from aiapp.tracking.otel import OpenTelemetry
from tests.client.test_measure import Embedder


class Telemetry:
    """A tracer provider, and what it was told."""

    def __init__(self) -> None:
        self.memory, self.provider = InMemorySpanExporter(), TracerProvider()
        self.provider.add_span_processor(SimpleSpanProcessor(self.memory))
        self.exporter = OpenTelemetry(self.provider)

    @property
    def spans(self) -> list[ReadableSpan]:
        return sorted(self.memory.get_finished_spans(), key=lambda one: one.start_time or 0)

    def named(self, name: str) -> ReadableSpan:
        (found,) = [one for one in self.spans if one.name == name]
        return found


@pytest.fixture
def telemetry() -> Generator[Telemetry]:
    made = Telemetry()
    yield made
    made.provider.shutdown()


def attributes(one: ReadableSpan) -> dict[str, Any]:
    return dict(one.attributes or {})


def parent(one: ReadableSpan) -> int | None:
    return None if one.parent is None else one.parent.span_id


def test_every_name_is_one_of_the_conventions() -> None:
    known = {value for value in vars(gen_ai_attributes).values() if isinstance(value, str)}
    deprecated = {"gen_ai.system", "gen_ai.prompt", "gen_ai.completion"}
    assert {name for name in NAMES if name.startswith("gen_ai.")} <= known - deprecated
    assert {*NAMES} - known == {"error.type"}
    assert all(name.startswith("aiapp.") for name in OURS)


def test_a_call_has_the_conventions_attributes(telemetry: Telemetry) -> None:
    request = Request((user("hi"),), settings=Settings(temperature=0.5, max_tokens=100, stop=("END",)))
    with (
        WireServer(Said("Hello")) as server,
        Client("openai:any", api_key="k", base_url=server.url) as client,
        track(exporters=[telemetry.exporter], tags=["demo"]) as t,
    ):
        list(client.stream(request))
    (call,) = t.calls
    told = telemetry.named("chat any")
    assert told.kind is trace.SpanKind.CLIENT
    expected = {
        "gen_ai.operation.name": "chat",
        "gen_ai.provider.name": "openai",
        "gen_ai.request.model": "any",
        "gen_ai.request.max_tokens": 100,
        "gen_ai.request.stop_sequences": ("END",),
        "gen_ai.response.model": "any",
        "gen_ai.response.finish_reasons": ("stop",),
        "gen_ai.response.time_to_first_chunk": call.first_token,
        "gen_ai.usage.input_tokens": 20,
        "gen_ai.usage.output_tokens": 5,
        "gen_ai.usage.cache_read.input_tokens": 0,
        "aiapp.tags": ("demo",),
        "aiapp.id": call.id,
        "aiapp.attempts": 1,
    }
    found = attributes(told)
    assert {name: found.get(name) for name in expected} == expected
    assert not [name for name in found if "messages" in name]
    assert told.start_time is not None
    assert told.end_time is not None
    assert (told.end_time - told.start_time) / 1e9 == pytest.approx(call.seconds, abs=1e-5)


def test_a_cost_is_told_and_one_that_is_not_known_is_not_zero(telemetry: Telemetry) -> None:
    with track(exporters=[telemetry.exporter]):
        Client(provider=ScriptedModel("x")).complete("hi")
        Client(provider=ScriptedModel("x", free=False)).complete("hi")
    free, unknown = (attributes(one) for one in telemetry.spans[1:])
    assert free["aiapp.cost.usd"] == 0.0
    assert "aiapp.cost.usd" not in unknown
    assert unknown["aiapp.cost.unknown"] == ("no price is known for scripted",)


def test_ours_and_others_nest_in_one_another(telemetry: Telemetry) -> None:
    tracer = telemetry.provider.get_tracer("the user's own")
    with tracer.start_as_current_span("request") as request:
        with track("a run", exporters=[telemetry.exporter]), span("plan", kind="agent"):
            with tracer.start_as_current_span("query"):
                Client(provider=ScriptedModel("x")).complete("hi")
            list(Client(provider=ScriptedModel("x")).stream("hi"))
        assert trace.get_current_span() is request
    outer, run, plan, query = (
        telemetry.named(name) for name in ("request", "invoke_workflow a run", "invoke_agent plan", "query")
    )
    first, second = (one for one in telemetry.spans if one.name == "chat scripted")
    ids = [one.context.span_id for one in (outer, run, plan, query) if one.context is not None]
    assert [parent(one) for one in (run, plan, query, first, second)] == [ids[0], ids[1], ids[2], ids[3], ids[2]]


def test_every_token_is_counted_once(telemetry: Telemetry) -> None:
    """A sum over all spans is what was used: none stands on what is around a call, nor on an answer from the cache."""
    client = Client(provider=ScriptedModel("a b c"), cache=MemoryCache())
    with track(exporters=[telemetry.exporter]) as outer, track(exporters=[telemetry.exporter]), span("s", kind="agent"):
        client.complete("one two")
        client.complete("one two")
        Client(provider=Embedder()).embed(["a b c d"])
    told = [attributes(one) for one in telemetry.spans]
    assert sum(one.get("gen_ai.usage.input_tokens", 0) for one in told) == outer.usage.input_tokens == 6
    assert sum(one.get("gen_ai.usage.output_tokens", 0) for one in told) == outer.usage.output_tokens == 3
    assert [one["gen_ai.operation.name"] for one in told if "gen_ai.usage.input_tokens" in one] == [
        "chat",
        "embeddings",
    ]


def test_the_anthropic_sdk_tells_nothing_beside() -> None:
    """It does so by itself wherever the process has a tracer provider; as that is for ever, in a process of its own."""
    program = [sys.executable, "-m", "tests.tracking.anthropic_telemetry"]
    done = subprocess.run(program, cwd=Path(__file__).parents[2], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert json.loads(done.stdout) == {"ours": ["chat any", "invoke_workflow run"], "with the SDK's own": 1}


def test_content_is_told_where_it_is_asked_for(telemetry: Telemetry) -> None:
    said = Said("Let me look.", tool_calls=(ToolCall("call_1", "look_up", '{"key": "x"}'),))
    with track(exporters=[telemetry.exporter], content=True):
        with span("look_up", kind="tool") as step:
            step.record(input={"key": "x"}, output="found")
        Client(provider=ScriptedModel(said)).complete([system("Be brief."), user("hi")])
    found = attributes(telemetry.named("chat scripted"))
    assert json.loads(found["gen_ai.input.messages"]) == [
        {"role": "system", "parts": [{"type": "text", "content": "Be brief."}]},
        {"role": "user", "parts": [{"type": "text", "content": "hi"}]},
    ]
    (answer,) = json.loads(found["gen_ai.output.messages"])
    assert [part["type"] for part in answer["parts"]] == ["text", "tool_call"]
    assert answer["finish_reason"] == "tool_calls"
    tool = attributes(telemetry.named("execute_tool look_up"))
    assert (tool["gen_ai.tool.call.arguments"], tool["gen_ai.tool.call.result"]) == ('{"key": "x"}', '"found"')


def test_failures_are_told_without_keys(telemetry: Telemetry, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SOME_API_KEY", "an-unusual-key")
    error = RateLimited("slow down, an-unusual-key", provider="scripted", model="scripted", status=429)
    client = Client(provider=ScriptedModel(error), retry=Retry(attempts=1))
    with pytest.raises(ProviderError), track(exporters=[telemetry.exporter]), span("read an-unusual-key"):
        client.complete("hi")
    assert [one.status.status_code for one in telemetry.spans] == [trace.StatusCode.ERROR] * 3
    assert attributes(telemetry.named("chat scripted"))["error.type"] == "RateLimited"
    assert telemetry.named("read [redacted]").status.description == "scripted:scripted [429]: slow down, [redacted]"
    assert "an-unusual-key" not in "".join(one.to_json() for one in telemetry.spans)


def test_without_the_api_it_says_how_to_get_it(tmp_path: Path) -> None:
    (tmp_path / "opentelemetry.py").write_text("raise ModuleNotFoundError('no opentelemetry', name='opentelemetry')")
    program = f"import sys; sys.path.insert(0, {str(tmp_path)!r}); import aiapp.tracking.otel as o; o.OpenTelemetry()"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert "python -m pip install 'aiapp[otel]'" in done.stderr.splitlines()[-1]
