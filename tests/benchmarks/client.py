"""What a call costs through aiapp, against the same call through the vendor's own SDK: CPU time of this process.

Run it as `python tests/benchmarks/client.py`. A server in a process of its own speaks the vendor's wire; both sides
talk to it in turns, so that a busy machine slows both, and each figure is the median of many rounds: of the times, and
of the ratio of the two that ran side by side. `--only WORD` runs the rows whose name holds the word.
"""

from __future__ import annotations

import argparse
import asyncio
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Generator
from contextlib import contextmanager
from dataclasses import dataclass, field
from statistics import median
from typing import Any

import anthropic
import openai

from aiapp import Client, Message, Request, Retry, Tool, ToolCall, ToolResult, assistant, system, user
from aiapp.testing import Received, Said, WireServer

MODEL = "gpt-test"
ROUNDS = 27
WORDS = "word " * 50
CHUNKS = 200
IN_FLIGHT, MANY = 200, 2000
LATENCY = 0.05
"""Seconds that the server waits before it answers, where many calls are in flight."""


@dataclass(slots=True)
class Row:
    """One measurement: the vendor's SDK and aiapp at the same work; each call of them does the work `count` times."""

    name: str
    count: int
    sdk: Callable[[], None]
    ours: Callable[[], None]
    limit: float
    clock: Callable[[], float] = time.process_time
    every: int = 1
    """In which of the rounds it takes part: one that takes seconds need not be in all."""
    times: tuple[list[float], list[float]] = field(default_factory=lambda: ([], []))

    def measure(self) -> None:
        """One round of each, in turns."""
        for work, times in zip((self.sdk, self.ours), self.times, strict=True):
            began = self.clock()
            work()
            times.append((self.clock() - began) / self.count)

    def line(self) -> str:
        """The row of the table."""
        sdk, ours = map(median, self.times)
        ratio = median(mine / theirs for theirs, mine in zip(*self.times, strict=True))
        if self.clock is time.perf_counter:
            shown = f"{1 / sdk:,.0f} calls/s | {1 / ours:,.0f} calls/s | {1 / ratio:.2f} | at least {self.limit}"
        elif self.clock is of_children:
            shown = f"{sdk:.2f} s | {ours:.2f} s | {ratio:.2f} | at most {self.limit}"
        else:
            shown = f"{sdk * 1e6:,.0f} us | {ours * 1e6:,.0f} us | {ratio:.2f} | at most {self.limit}"
        return f"| {self.name} | {shown} |"


def answer(received: Received) -> Said:
    """What the server says: many chunks, a tool call where there are tools, or fifty words."""
    body: Any = received.body
    if body.get("tools"):
        return Said(tool_calls=(ToolCall("call_11", "look_up", '{"key": "shelf 11"}'),))
    return Said("word " * CHUNKS if body.get("stream") else WORDS, piece=5)


@contextmanager
def server(delay: float) -> Generator[str]:
    """The URL of a server in a process of its own."""
    command = [sys.executable, __file__, "--serve", str(delay)]
    with subprocess.Popen(command, stdout=subprocess.PIPE, stdin=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


def serve(delay: float) -> None:
    """Serve until the standard input ends."""
    with WireServer(answer, delay=delay, record=False) as running:
        print(running.url, flush=True)
        sys.stdin.read()


PARAMETERS = {"type": "object", "properties": {"key": {"type": "string"}}, "required": ["key"]}
TOOL = Tool("look_up", "Look up a value by its key.", PARAMETERS)
ASKED = "Say fifty words."


def long_run() -> tuple[Message, ...]:
    """An agent's conversation before its eleventh turn: instructions, a request, ten calls and their results."""
    messages = [system("You keep the shelves."), user("Read me all the shelves.")]
    for turn in range(10):
        messages.append(assistant(ToolCall(f"call_{turn}", "look_up", f'{{"key": "shelf {turn}"}}')))
        messages.append(Message("tool", (ToolResult(f"call_{turn}", f"shelf {turn} holds {turn} books"),)))
    return tuple(messages)


def repeated(work: Callable[[], object], count: int) -> Callable[[], None]:
    """Do it so many times."""

    def rounds() -> None:
        for _ in range(count):
            work()

    return rounds


def on(loop: asyncio.AbstractEventLoop, work: Callable[[], Awaitable[object]], count: int) -> Callable[[], None]:
    """Do it so many times on the loop, one after the other."""

    async def rounds() -> None:
        for _ in range(count):
            await work()

    return lambda: loop.run_until_complete(rounds())


def at_once(loop: asyncio.AbstractEventLoop, work: Callable[[], Awaitable[object]], count: int) -> Callable[[], None]:
    """Do it so many times on the loop, with `IN_FLIGHT` at a time."""

    async def rounds() -> None:
        room = asyncio.Semaphore(IN_FLIGHT)

        async def one() -> None:
            async with room:
                await work()

        await asyncio.gather(*(one() for _ in range(count)))

    return lambda: loop.run_until_complete(rounds())


def read(stream: Any) -> None:
    """Read a stream to its end."""
    for _ in stream:
        pass


async def aread(stream: Any) -> None:
    """Read a stream to its end."""
    async for _ in stream:
        pass


def responses(url: str, loop: asyncio.AbstractEventLoop) -> list[Row]:
    """OpenAI's Responses API."""
    sdk: Any = openai.OpenAI(api_key="k", base_url=url, max_retries=0)
    asdk: Any = openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=0)
    ours = Client(f"openai:{MODEL}", api_key="k", base_url=url)
    request = Request(long_run(), (TOOL,))
    turn = {name: value for name, value in ours.explain(request).payload.items() if name in ("input", "tools")}
    return [
        Row(
            "OpenAI Responses: call",
            100,
            repeated(lambda: sdk.responses.create(model=MODEL, input=ASKED), 100),
            repeated(lambda: ours.complete(ASKED), 100),
            0.55,
        ),
        Row(
            "OpenAI Responses: async call",
            100,
            on(loop, lambda: asdk.responses.create(model=MODEL, input=ASKED), 100),
            on(loop, lambda: ours.acomplete(ASKED), 100),
            0.55,
        ),
        Row(
            "OpenAI Responses: streamed chunk",
            CHUNKS * 5,
            repeated(lambda: read(sdk.responses.create(model=MODEL, input=ASKED, stream=True)), 5),
            repeated(lambda: read(ours.stream(ASKED)), 5),
            0.35,
        ),
        Row(
            "OpenAI Responses: an agent's 11th turn",
            20,
            repeated(lambda: sdk.responses.create(model=MODEL, **turn), 20),
            repeated(lambda: ours.complete(request), 20),
            0.3,
        ),
    ]


def chat(url: str, loop: asyncio.AbstractEventLoop) -> list[Row]:
    """OpenAI's Chat Completions."""
    sdk: Any = openai.OpenAI(api_key="k", base_url=url, max_retries=0)
    asdk: Any = openai.AsyncOpenAI(api_key="k", base_url=url, max_retries=0)
    ours = Client(f"compatible:{MODEL}", api_key="k", base_url=url)
    request = Request(long_run(), (TOOL,))
    turn = {name: value for name, value in ours.explain(request).payload.items() if name in ("messages", "tools")}
    said: Any = {"model": MODEL, "messages": [{"role": "user", "content": ASKED}]}
    return [
        Row(
            "Chat Completions: call",
            100,
            repeated(lambda: sdk.chat.completions.create(**said), 100),
            repeated(lambda: ours.complete(ASKED), 100),
            0.55,
        ),
        Row(
            "Chat Completions: async call",
            100,
            on(loop, lambda: asdk.chat.completions.create(**said), 100),
            on(loop, lambda: ours.acomplete(ASKED), 100),
            0.55,
        ),
        Row(
            "Chat Completions: streamed chunk",
            CHUNKS * 5,
            repeated(lambda: read(sdk.chat.completions.create(**said, stream=True)), 5),
            repeated(lambda: read(ours.stream(ASKED)), 5),
            0.35,
        ),
        Row(
            "Chat Completions: an agent's 11th turn",
            20,
            repeated(lambda: sdk.chat.completions.create(model=MODEL, **turn), 20),
            repeated(lambda: ours.complete(request), 20),
            0.3,
        ),
    ]


def messages(url: str, loop: asyncio.AbstractEventLoop) -> list[Row]:
    """Anthropic's Messages; no limit was set for it."""
    sdk: Any = anthropic.Anthropic(api_key="k", base_url=url, max_retries=0)
    asdk: Any = anthropic.AsyncAnthropic(api_key="k", base_url=url, max_retries=0)
    ours = Client("anthropic:claude-test", api_key="k", base_url=url)
    said: Any = {"model": "claude-test", "max_tokens": 100, "messages": [{"role": "user", "content": ASKED}]}
    return [
        Row(
            "Anthropic Messages: call",
            100,
            repeated(lambda: sdk.messages.create(**said), 100),
            repeated(lambda: ours.complete(ASKED), 100),
            1.0,
        ),
        Row(
            "Anthropic Messages: async call",
            100,
            on(loop, lambda: asdk.messages.create(**said), 100),
            on(loop, lambda: ours.acomplete(ASKED), 100),
            1.0,
        ),
        Row(
            "Anthropic Messages: streamed chunk",
            CHUNKS * 5,
            repeated(lambda: read(sdk.messages.create(**said, stream=True)), 5),
            repeated(lambda: read(ours.stream(ASKED)), 5),
            1.0,
        ),
    ]


def many(url: str, loop: asyncio.AbstractEventLoop) -> list[Row]:
    """Many calls at once, to a server that takes its time."""
    asdk: Any = openai.AsyncOpenAI(
        api_key="k", base_url=url, max_retries=0, timeout=120.0
    )  # a busy machine is slow to connect
    ours = Client(f"openai:{MODEL}", api_key="k", base_url=url, retry=Retry(attempts=1))
    return [
        Row(
            f"{MANY:,} calls, {IN_FLIGHT} in flight",
            MANY,
            at_once(loop, lambda: asdk.responses.create(model=MODEL, input=ASKED), MANY),
            at_once(loop, lambda: ours.acomplete(ASKED), MANY),
            2.0,
            clock=time.perf_counter,
            every=3,
        )
    ]


FIRST_SDK = """import openai
sdk = openai.OpenAI(api_key="k", base_url="{url}", max_retries=0)
sdk.responses.create(model="gpt-test", input="Hello")
"""
FIRST_OURS = """from aiapp import Client
Client("openai:gpt-test", api_key="k", base_url="{url}").complete("Hello")
"""


def first(url: str) -> list[Row]:
    """A new process: import, and a first answer; CPU time of that process."""
    sdk, ours = in_process(FIRST_SDK, url), in_process(FIRST_OURS, url)
    return [Row("import, and a first answer", 1, sdk, ours, 1.2, clock=of_children, every=3)]


def of_children() -> float:
    """The CPU seconds of processes that have ended."""
    spent = os.times()
    return spent.children_user + spent.children_system


def in_process(program: str, url: str) -> Callable[[], None]:
    """Run a program in a new process."""

    def run() -> None:
        subprocess.run([sys.executable, "-c", program.format(url=url)], check=True)

    return run


def main() -> None:
    """Print the table."""
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--serve", type=float)
    options.add_argument("--only", default="")
    chosen = options.parse_args()
    if chosen.serve is not None:
        serve(chosen.serve)
        return
    loop = asyncio.new_event_loop()
    with server(0.0) as url, server(LATENCY) as slow:
        rows = [*responses(url, loop), *chat(url, loop), *messages(url, loop), *many(slow, loop), *first(url)]
        rows = [row for row in rows if chosen.only.lower() in row.name.lower()]
        for row in rows:
            row.sdk()
            row.ours()
        for number in range(ROUNDS):
            for row in rows:
                if number % row.every == 0:
                    row.measure()
    print("| | vendor's SDK | aiapp | ratio | bar |\n|---|---|---|---|---|")
    print("\n".join(row.line() for row in rows))
    loop.run_until_complete(loop.shutdown_asyncgens())
    loop.close()


if __name__ == "__main__":
    main()
