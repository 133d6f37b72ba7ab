"""The response cache: what is kept, for whom, how long, and where."""

from __future__ import annotations

import asyncio
import sqlite3
import subprocess
import sys
import threading
from collections.abc import AsyncIterator, Callable
from contextlib import closing
from dataclasses import replace
from decimal import Decimal
from pathlib import Path
from typing import Annotated, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import AfterValidator

from aiapp.client.cache import Cache, MemoryCache, cache_key
from aiapp.client.call import Call, Opened, Proceed
from aiapp.client.client import Client
from aiapp.client.retry import Retry
from aiapp.client.sqlite_cache import SqliteCache
from aiapp.core.errors import AnswerInvalid, InvalidInput, NotFound, RateLimited
from aiapp.core.events import Event, Finish, FinishReason, PartEnd, Started, TextDelta, ToolCallDelta, ToolCallStart
from aiapp.core.messages import Message, user
from aiapp.core.parts import Text, Thinking
from aiapp.core.request import Request, Settings, Tool
from aiapp.core.response import Response
from aiapp.core.schema import Schema
from aiapp.providers.protocol import Prepared, address_of
from aiapp.providers.registry import open_provider
from aiapp.testing import ScriptedModel, WireServer
from aiapp.testing.scripted import Script

Make = Callable[[Path], Cache]
KINDS: list[Make] = [lambda _: MemoryCache(), lambda folder: SqliteCache(folder / "answers.db")]
both = pytest.mark.parametrize("make", KINDS, ids=["memory", "sqlite"])


def kept(key: str) -> tuple[Event, ...]:
    return (TextDelta(key), Finish("stop", "stop"))


@both
def test_a_request_is_answered_once(make: Make, tmp_path: Path) -> None:
    model = ScriptedModel(["Paris"], free=False)
    client = Client(provider=model, cache=make(tmp_path))
    first, second = client.complete("Capital of France?"), client.complete("Capital of France?")
    assert (first.parts, first.usage, first.finish) == (second.parts, second.usage, second.finish)
    assert [first.receipt.cached, second.receipt.cached] == [False, True]
    assert [len(first.receipt.attempts), len(second.receipt.attempts)] == [1, 0]
    assert first.receipt.cost is None
    assert second.receipt.cost == Decimal(0)
    assert {line.source for line in second.receipt.invoice.lines} == {"answered from the cache"}
    assert second.receipt.payload["messages"] == first.receipt.payload["messages"]


@both
def test_a_call_fills_a_stream_and_a_stream_a_call(make: Make, tmp_path: Path) -> None:
    model = ScriptedModel(["one two three", "four"])
    client = Client(provider=model, cache=make(tmp_path))
    client.complete("a")
    stream = client.stream("a")
    assert "".join(stream.text()) == "one two three"
    assert stream.response.receipt.cached
    assert stream.response.receipt.timing.first_token is not None
    assert "".join(client.stream("b").text()) == "four"
    assert client.complete("b").receipt.cached
    model.assert_done()


@both
def test_opaque_metadata_and_tool_calls_come_back(make: Make, tmp_path: Path) -> None:
    said: tuple[Event, ...] = (
        Started("m", "id"),
        PartEnd({"openai": {"encrypted": "xyz"}}),
        ToolCallStart(0, "c1", "look"),
        ToolCallDelta(0, "{}"),
        PartEnd({"openai": {"id": "fc"}}, 0),
        Finish("tool_calls", "tool_calls"),
    )
    client = Client(provider=ScriptedModel([said]), cache=make(tmp_path))
    client.complete("a")
    again = client.complete("a")
    assert again.receipt.cached
    assert [part.metadata for part in again.parts] == [{"openai": {"encrypted": "xyz"}}, {"openai": {"id": "fc"}}]


@pytest.mark.parametrize("reason", ["length", "refusal", "content_filter", "pause", "unknown", None])
def test_only_whole_answers_are_kept(reason: FinishReason | None) -> None:
    begun: tuple[Event, ...] = (Started("m"), TextDelta("x"))
    said = begun if reason is None else (*begun, Finish(reason, "r"))
    model = ScriptedModel(said)
    client = Client(provider=model, cache=MemoryCache())
    assert not client.complete("a").receipt.cached
    assert not client.complete("a").receipt.cached


def test_failures_and_streams_that_break_off_are_not_kept() -> None:
    class Broken(ScriptedModel):
        async def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
            yield TextDelta("x")
            raise RateLimited("cut", provider="p", model="m")

    cache = MemoryCache()
    with pytest.raises(RateLimited):
        list(Client(provider=Broken("x"), cache=cache).stream("a").text())
    with pytest.raises(NotFound):
        Client(provider=ScriptedModel(NotFound("no", provider="p", model="m")), cache=cache).complete("a")

    async def leave() -> None:
        stream = Client(provider=ScriptedModel("a long answer"), cache=cache).stream("a")
        async for _ in stream:
            break
        await stream.aclose()

    asyncio.run(leave())
    assert len(cache) == 0


def test_what_a_fallback_answers_is_not_kept_for_the_first_model() -> None:
    cache = MemoryCache()
    first = ScriptedModel([NotFound("gone", provider="p", model="m"), "mine"])
    client = Client(provider=first, fallback=[ScriptedModel("the other's")], cache=cache)
    assert client.complete("a").text == "the other's"
    assert client.complete("a").text == "mine"
    assert client.complete("a").receipt.cached


def test_middleware_stands_outside_the_cache() -> None:
    seen: list[bool] = []

    async def watch(call: Call, proceed: Proceed) -> Opened:
        opened = await proceed(call)
        seen.append(call.cached)
        return opened

    client = Client(provider=ScriptedModel("x"), cache=MemoryCache(), middleware=[watch])
    client.complete("a")
    client.complete("a")
    assert seen == [False, True]


BASE = Request((user("hi"),))


@pytest.mark.parametrize(
    "other",
    [
        Request((user("ho"),)),
        Request((user("hi"),), tools=(Tool("t", "", {}),)),
        Request((user("hi"),), settings=Settings(temperature=0.0)),
        Request((user("hi"),), settings=Settings(extra={"a": 1})),
        Request((Message("assistant", (Text("hi"),)),)),
        Request((Message("user", (Thinking("hi"),)),)),
        Request((Message("user", (Text("hi", {"openai": 1}),)),)),
    ],
)
def test_whatever_is_sent_is_part_of_the_key(other: Request) -> None:
    model = ScriptedModel("x")
    assert cache_key(other, model) != cache_key(BASE, model)
    assert cache_key(BASE, model, "https://elsewhere") != cache_key(BASE, model)
    assert cache_key(replace(BASE, prompt="abc"), model) == cache_key(BASE, model)


@pytest.mark.parametrize(
    ("model", "variable"),
    [
        ("openai:m", "OPENAI_BASE_URL"),
        ("openai-chat:m", "OPENAI_BASE_URL"),
        ("azure:m", "AZURE_OPENAI_ENDPOINT"),
        ("anthropic:m", "ANTHROPIC_BASE_URL"),
    ],
)
@pytest.mark.parametrize("how", ["environment", "argument", "provider"])
def test_two_servers_are_never_mixed(model: str, variable: str, how: str, monkeypatch: pytest.MonkeyPatch) -> None:
    cache, said = MemoryCache(), list[str]()
    for vendor in ("OPENAI", "AZURE_OPENAI", "ANTHROPIC"):
        monkeypatch.setenv(f"{vendor}_API_KEY", "k")
    with WireServer("one") as first, WireServer("two") as second:
        for server in (first, second, first):
            address = f"{server.url}/v1"
            if how == "environment":
                monkeypatch.setenv(variable, address)
                client = Client(model, cache=cache)
            elif how == "argument":
                client = Client(model, base_url=address, cache=cache)
            else:
                client = Client(provider=open_provider(model, base_url=address), cache=cache)
            monkeypatch.delenv(variable, raising=False)  # what was read when the client was made, stays
            with client:
                said.append(client.complete("hello").text)
        assert (said, len(first.requests), len(second.requests)) == (["one", "two", "one"], 1, 1)


def test_a_vendors_own_address_is_the_key_that_it_was() -> None:
    for model in ("openai:m", "anthropic:m", "groq:m", "ollama:m"):
        assert address_of(open_provider(model, api_key="k")) is None
    assert address_of(open_provider("groq:m", api_key="k", base_url="https://api.groq.com/openai/v1")) is None
    assert address_of(ScriptedModel("x")) is None
    usual = cache_key(BASE, open_provider("openai:m", api_key="k"), [None, False])
    assert usual == "ccc2284572dae3f0f7b728cb5af96b718d956892348075e08bdb7c595c9f2d6a"


def test_a_strict_client_does_not_take_what_another_kept() -> None:
    cache, model = MemoryCache(), ScriptedModel(["lax", "strict"])
    assert Client(provider=model, cache=cache).complete("a").text == "lax"
    assert Client(provider=model, cache=cache, strict=True).complete("a").text == "strict"


@given(st.lists(st.tuples(st.sampled_from("abcdef"), st.booleans())), st.integers(1, 4))
def test_the_least_recently_used_makes_room(steps: list[tuple[str, bool]], most: int) -> None:
    cache, recent = MemoryCache(most), list[str]()
    for key, write in steps:
        if write:
            cache.put(key, kept(key))
        assert (cache.get(key) is not None) == (write or key in recent[-most:])
        if write or key in recent[-most:]:
            recent = [one for one in recent if one != key] + [key]
        assert len(cache) <= most


def test_old_answers_are_not_given(tmp_path: Path) -> None:
    now = 1000.0
    with SqliteCache(tmp_path / "a.db", max_age=60, clock=lambda: now) as cache:
        cache.put("old", kept("old"))
        now += 59
        assert cache.get("old") == kept("old")
        now += 1
        assert cache.get("old") is None
        cache.put("new", kept("new"))
        assert len(cache) == 1


def test_answers_outlive_the_process_and_no_prompt_or_key_is_written(tmp_path: Path) -> None:
    path = tmp_path / "deep" / "answers.db"
    request = Request((user("my secret question"),), settings=Settings(extra={"token": "sk-secret"}))
    with SqliteCache(path) as cache:
        Client(provider=ScriptedModel("the answer"), cache=cache).complete(request)
    with SqliteCache(path) as cache:
        assert Client(provider=ScriptedModel([]), cache=cache).complete(request).text == "the answer"
        cache.close()
        assert len(cache) == 1
    written = b"".join(file.read_bytes() for file in path.parent.iterdir())
    assert b"text_delta" in written
    assert b"secret" not in written


@pytest.mark.parametrize("content", [b"not a database at all, whatever it says", b"SQLite format 3\0" + b"\xff" * 4096])
def test_a_file_of_something_else_is_named(content: bytes, tmp_path: Path) -> None:
    path = tmp_path / "notes.db"
    path.write_bytes(content)
    with pytest.raises(InvalidInput, match=r"notes\.db"):
        SqliteCache(path)
    assert path.read_bytes() == content


def test_a_database_of_something_else_is_left_alone(tmp_path: Path) -> None:
    path = tmp_path / "shop.db"
    with closing(sqlite3.connect(path)) as other:
        other.execute("CREATE TABLE orders (id INTEGER)")
        other.commit()
    with pytest.raises(InvalidInput, match=r"shop\.db.*something else"):
        SqliteCache(path)
    with pytest.raises(InvalidInput, match="folder"):
        SqliteCache(path / "inside.db")


def test_a_damaged_answer_is_named(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with SqliteCache(path) as cache:
        cache.put("k", kept("k"))
        with closing(sqlite3.connect(path)) as other:
            other.execute("UPDATE answers SET events = '[{}]'")
            other.commit()
        with pytest.raises(InvalidInput, match=r"a\.db.*damaged answer"):
            cache.get("k")


def test_an_answer_that_cannot_be_kept_is_still_given(tmp_path: Path) -> None:
    path = tmp_path / "a.db"
    with SqliteCache(path) as cache:
        with closing(sqlite3.connect(path)) as other:
            other.execute("DROP TABLE answers")
            other.commit()
        with pytest.warns(RuntimeWarning, match=r"a\.db"):
            cache.put("k", kept("k"))


def test_many_threads_share_a_file(tmp_path: Path) -> None:
    with SqliteCache(tmp_path / "a.db") as cache:
        wrong: list[str] = []

        def work(thread: int) -> None:
            for number in range(25):
                cache.put(f"{thread}-{number}", kept(f"{thread}-{number}"))
                if cache.get(f"{thread}-{number}") != kept(f"{thread}-{number}"):
                    wrong.append(f"{thread}-{number}")

        threads = [threading.Thread(target=work, args=(thread,)) for thread in range(8)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        assert (wrong, len(cache)) == ([], 200)


def test_many_processes_share_a_file(tmp_path: Path) -> None:
    program = (
        "import sys\n"
        "from aiapp.client.sqlite_cache import SqliteCache\n"
        "from aiapp.core.events import TextDelta\n"
        "with SqliteCache(sys.argv[1]) as cache:\n"
        "    for number in range(20):\n"
        "        cache.put(f'{sys.argv[2]}-{number}', (TextDelta('x'),))\n"
    )
    path = tmp_path / "a.db"
    running = [
        subprocess.Popen([sys.executable, "-W", "error", "-c", program, str(path), str(number)], stderr=subprocess.PIPE)
        for number in range(6)
    ]
    assert [process.communicate()[1].decode() for process in running] == [""] * 6
    with SqliteCache(path) as cache:
        assert len(cache) == 120


def test_nonsense_is_refused(tmp_path: Path) -> None:
    with pytest.raises(InvalidInput, match="max_entries"):
        MemoryCache(0)
    for age in (0, -1, float("nan")):
        with pytest.raises(InvalidInput, match="max_age"):
            SqliteCache(tmp_path / "a.db", max_age=age)


def test_a_thousand_calls_at_once_through_a_file(tmp_path: Path) -> None:
    model = ScriptedModel(lambda request: f"answer to {request.messages[0].text}")
    with SqliteCache(tmp_path / "a.db") as cache:
        client = Client(provider=model, cache=cache, retry=Retry(attempts=1))

        async def ask() -> list[str]:
            responses = await asyncio.gather(*(client.acomplete(str(number % 100)) for number in range(1000)))
            return [response.text for response in responses]

        assert asyncio.run(ask()) == [f"answer to {number % 100}" for number in range(1000)]
        assert (len(cache), len(model.requests)) == (100, 100)


# The same, asked again before the answer is there.


class Slow(ScriptedModel):
    """Answers when it is let."""

    def __init__(self, script: Script) -> None:
        super().__init__(script)
        self.let = asyncio.Event()
        self.asked = 0

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        self.asked += 1
        await self.let.wait()
        return await super().acomplete(prepared)


async def asked_at_once(model: Slow, client: Client, count: int) -> list[asyncio.Task[Response]]:
    """So many calls under way, as far as they get by themselves."""
    tasks = [asyncio.create_task(client.acomplete("the same")) for _ in range(count)]
    for _ in range(50):
        await asyncio.sleep(0)
    return tasks


@both
def test_what_is_asked_many_times_at_once_is_asked_once(make: Make, tmp_path: Path) -> None:
    async def work() -> None:
        model = Slow("one answer")
        client = Client(provider=model, cache=make(tmp_path))
        tasks = await asked_at_once(model, client, 20)
        assert model.asked == 1
        model.let.set()
        first, *others = await asyncio.gather(*tasks)
        assert model.asked == 1
        assert [first.receipt.cached, *{other.receipt.cached for other in others}] == [False, True]
        assert {other.text for other in others} == {"one answer"}
        assert {name for name, _ in others[0].receipt.timing.stages} == {"queue"}

    asyncio.run(work())


@pytest.mark.parametrize(
    "script",
    [RateLimited("no", provider="s", model="s"), (TextDelta("x"), Finish("length", "max"))],
    ids=["failed", "cut"],
)
def test_who_waited_for_nothing_that_was_kept_asks_for_itself(script: Script) -> None:
    async def work() -> None:
        model = Slow(script)
        client = Client(provider=model, cache=MemoryCache(), retry=Retry(attempts=1))
        tasks = await asked_at_once(model, client, 5)
        model.let.set()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        assert model.asked == 5
        assert not any(isinstance(result, Response) and result.receipt.cached for result in results)

    asyncio.run(work())


def test_a_call_that_is_cancelled_takes_none_of_those_with_it_that_wait_for_it() -> None:
    async def work() -> None:
        model = Slow("one answer")
        client = Client(provider=model, cache=MemoryCache())
        first, second, third = await asked_at_once(model, client, 3)
        second.cancel()  # one that waits
        await asyncio.wait([second])
        first.cancel()  # the one that asks
        await asyncio.wait([first])
        model.let.set()
        assert (await third).text == "one answer"
        assert (first.cancelled(), second.cancelled(), model.asked) == (True, True, 2)
        assert (await client.acomplete("the same")).receipt.cached

    asyncio.run(work())


def test_two_streams_of_the_same_do_not_wait_for_each_other() -> None:
    """Nor does a call for a stream: they may be read by turns, in one task."""

    async def work() -> None:
        client = Client(provider=ScriptedModel("one answer in pieces"), cache=MemoryCache())
        first, second = aiter(client.stream("the same")), aiter(client.stream("the same"))
        for _ in range(2):
            await anext(first)
            await anext(second)
        assert (await client.acomplete("the same")).text == "one answer in pieces"
        for stream in (first, second):
            async for _ in stream:
                pass

    asyncio.run(asyncio.wait_for(work(), 10))


def test_each_loop_waits_for_its_own() -> None:
    """A client that is used on two loops at once: nothing of one may be waited for on the other."""
    model = ScriptedModel("one answer")
    client = Client(provider=model, cache=MemoryCache())
    threads = [threading.Thread(target=lambda: asyncio.run(client.acomplete("the same"))) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(10)
    assert not any(thread.is_alive() for thread in threads)
    assert 1 <= len(model.requests) <= 8


# What holds no value of the type that is asked for.


@both
def test_an_answer_that_holds_no_value_is_not_kept(make: Make, tmp_path: Path) -> None:
    model = ScriptedModel(["not json", "still", '{"value": 3}'])
    client = Client(provider=model, cache=make(tmp_path))
    with pytest.raises(AnswerInvalid):
        client.complete("x", output=int)
    assert client.complete("x", output=int).output == 3
    assert client.complete("x", output=int).receipt.cached
    model.assert_done()


def test_a_stream_that_holds_no_value_is_not_kept() -> None:
    model = ScriptedModel(["not json", '{"value": 3}'])
    client = Client(provider=model, cache=MemoryCache())
    with pytest.raises(AnswerInvalid):
        list(client.stream("x", output=int))
    for cached in (False, True):
        stream = client.stream("x", output=int)
        list(stream)
        assert (stream.response.output, stream.response.receipt.cached) == (3, cached)


def test_what_a_validator_refuses_is_neither_kept_nor_given() -> None:
    """The schema is the same; only the validator tells the two answers apart."""
    least = 0

    def large_enough(value: int) -> int:
        if value < least:
            raise ValueError("too small")
        return value

    kind: Any = Annotated[int, AfterValidator(large_enough)]
    model = ScriptedModel(['{"value": 3}', '{"value": 7}'])
    client = Client(provider=model, cache=MemoryCache())
    assert client.complete("x", output=kind).output == 3
    least = 5
    assert not client.explain("x", output=kind).cached
    assert client.complete("x", output=kind).output == 7
    assert client.explain("x", output=kind).cached
    model.assert_done()


def test_a_call_for_a_tool_on_the_way_to_a_value_is_kept() -> None:
    said: tuple[Event, ...] = (
        ToolCallStart(0, "c", "look"),
        ToolCallDelta(0, "{}"),
        Finish("tool_calls", "tool_calls"),
    )
    client = Client(provider=ScriptedModel([said]), cache=MemoryCache())
    asked = Request((user("x"),), tools=(Tool("look", "", {}),), format=Schema(int).format())
    assert [client.complete(asked).receipt.cached for _ in range(2)] == [False, True]
