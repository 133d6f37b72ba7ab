"""The ledger: what was written is read again, by many at once, and nothing of it ever changes."""

from __future__ import annotations

import multiprocessing
import os
import sqlite3
import subprocess
import sys
import threading
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from aiapp import Client, Ledger, Retry, span, track
from aiapp.core.errors import AuthenticationFailed, InvalidInput
from aiapp.testing import ScriptedModel, WireServer, faults
from aiapp.tracking import ledger_file
from aiapp.tracking.entry import entry_of
from aiapp.tracking.span import Span
from tests.tracking.spans import START, call, spans

PROGRAM = """
import sys
from aiapp import Client, track
from aiapp.testing import ScriptedModel
client = Client(provider=ScriptedModel("Hello you"))
{body}
"""


def program(body: str, **env: str) -> None:
    """Run a program of its own, here and now."""
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM.format(body=body)],
        env={**os.environ, **env},
        capture_output=True,
        text=True,
        check=False,
    )
    assert (done.returncode, done.stderr) == (0, "")


@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(spans, max_size=5, unique_by=lambda span: span.id))
def test_what_is_written_is_read_again(tmp_path: Path, written: list[Span]) -> None:
    ledger = Ledger(tmp_path / f"{os.urandom(4).hex()}.db")
    ledger.make()
    for one in written:
        ledger.ended(one)
    assert {one.id: one for one in ledger.spans()} == {one.id: one for one in written}
    assert Counter(ledger.entries()) == Counter(entry_of(one) for one in written if one.asks_a_model)


def test_a_run_is_in_the_file_once_it_is_over(tmp_path: Path) -> None:
    path = tmp_path / "new" / "usage.db"
    client = Client(provider=ScriptedModel("Hello you"))
    with track("first", ledger=path) as t, span("step"):
        client.complete("hi")
    ledger = Ledger(path)
    assert ledger.spans() == list(t.spans)
    with track("second", ledger=ledger):
        client.complete("hi")
    assert [run.name for run in ledger.runs()] == ["second", "first"]
    assert [run.name for run in ledger.runs(1)] == ["second"]
    first = ledger.runs()[1]
    assert (first.totals.calls, first.roots) == (1, t.spans[:1])
    assert ledger.find(first.trace[:10]) == ledger.find(t.calls[0].id) == first.trace


def test_two_ledgers_of_one_file_are_one(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    with track(ledger=path), track(ledger=Ledger(path)):
        Client(provider=ScriptedModel("x")).complete("hi")
    assert [one.kind for one in Ledger(path).spans()] == ["run", "run", "call"]


def test_entries_since(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "usage.db")
    for hours in range(5):
        ledger.ended(call(after=hours * 3600.0))
    assert len(ledger.entries(START + timedelta(hours=3))) == 2


def test_several_processes_write_at_once(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    body = f"""
with track(ledger={str(path)!r}):
    for _ in range(50):
        client.complete("hi")
"""
    threads = [threading.Thread(target=program, args=(body,)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    ledger = Ledger(path)
    assert len(ledger.entries()) == 200
    assert [len(run.spans) for run in ledger.runs()] == [51] * 4


def test_threads_write_at_once(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "usage.db")

    def write() -> None:
        for _ in range(100):
            ledger.ended(call())

    threads = [threading.Thread(target=write) for _ in range(5)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(ledger.spans()) == 500


def test_the_environment_names_a_ledger_for_every_call(tmp_path: Path) -> None:
    path = tmp_path / "usage.db"
    program('client.complete("a private word")', AIAPP_LEDGER=str(path))
    program('client.complete("a known word")', AIAPP_LEDGER=str(path), AIAPP_LEDGER_CONTENT="1")
    first, second = Ledger(path).spans()
    assert (first.kind, first.parent, first.input) == ("call", None, None)
    assert first.trace != second.trace
    assert second.input["messages"][0]["parts"][0]["text"] == "a known word"
    assert b"private" not in path.read_bytes()


def test_a_run_in_the_ledger_of_the_environment_is_written_there_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "usage.db"
    monkeypatch.setenv("AIAPP_LEDGER", str(path))
    with track(ledger=path) as t:
        Client(provider=ScriptedModel("x")).complete("hi")
    assert Ledger(path).spans() == list(t.spans)


def _child(path: str) -> None:
    Ledger(path).ended(call())


def test_a_forked_process_writes_its_own_and_loses_nothing(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "usage.db")
    ledger.ended(call())
    ledger.flush()
    for method in ("fork", "spawn"):
        if method in multiprocessing.get_all_start_methods():
            context: Any = multiprocessing.get_context(method)
            child = context.Process(target=_child, args=(str(ledger.path),))
            child.start()
            child.join(60)
            assert child.exitcode == 0
    assert len(ledger.spans()) == 1 + len({"fork", "spawn"} & {*multiprocessing.get_all_start_methods()})


def test_a_writer_lets_go_when_it_is_idle(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(ledger_file, "IDLE_SECONDS", 0.01)
    ledger = Ledger(tmp_path / "usage.db")
    for number in range(3):
        ledger.ended(call())
        for thread in threading.enumerate():
            if thread.name == "aiapp-ledger":
                thread.join(10)
        assert len(ledger.spans()) == number + 1


def test_nothing_in_a_ledger_can_be_changed(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "usage.db")
    one = call()
    ledger.ended(one)
    ledger.ended(one)
    assert ledger.spans() == [one]
    with closing(sqlite3.connect(ledger.path)) as connection:
        for statement in ("DELETE FROM spans", "UPDATE spans SET cost = '0'"):
            with pytest.raises(sqlite3.IntegrityError, match="append-only"):
                connection.execute(statement)
    assert ledger.spans() == [one]


def test_the_columns_are_for_your_own_sql(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "usage.db")
    ledger.ended(call("0.5"))
    ledger.ended(call(None))
    ledger.flush()
    with closing(sqlite3.connect(ledger.path)) as connection:
        rows = connection.execute("SELECT model, cost, at_least, input_tokens, json_extract(json, '$.kind') FROM spans")
        assert sorted(map(str, rows)) == [
            "('openai:any', '0.5', '0.5', 10, 'call')",
            "('openai:any', None, '0', 10, 'call')",
        ]


def _text(path: Path) -> None:
    path.write_text("no database " * 100)


def _other(path: Path) -> None:
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("CREATE TABLE answers (key TEXT)")


def _newer(path: Path) -> None:
    Ledger(path).make()
    with closing(sqlite3.connect(path)) as connection:
        connection.execute("PRAGMA user_version = 99")


@pytest.mark.parametrize("spoil", [_text, _other, _newer, Path.mkdir])
def test_what_is_no_ledger_is_refused_before_anything_is_sent(tmp_path: Path, spoil: Callable[[Path], None]) -> None:
    path = tmp_path / "usage.db"
    spoil(path)
    with pytest.raises(InvalidInput, match=r"^ledger: .*usage\.db"):
        track(ledger=path)
    with pytest.raises(InvalidInput, match=r"^ledger: "):
        Ledger(path).entries()


def test_wrong_input_is_named(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(InvalidInput, match="ledger"):
        track(ledger=tmp_path / "file" / "usage.db")
    with pytest.raises(InvalidInput, match="ledger"):
        Ledger("")
    with pytest.raises(InvalidInput, match=r"ledger: .*a file that"):
        Ledger(tmp_path / "nowhere.db").spans()
    assert not (tmp_path / "nowhere.db").exists()
    ledger = Ledger(tmp_path / "usage.db")
    for number in range(2):
        ledger.ended(call(id=f"abc{number}"))
    for id, accepted in {"": "the id of a run", "xyz%": "the id of a run", "abc": "more of the id"}.items():
        with pytest.raises(InvalidInput, match=accepted):
            ledger.find(id)
    with pytest.raises(InvalidInput, match="trace"):
        ledger.run("nothing")


def test_half_a_character_is_written_too(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "usage.db")
    one = call(name="half \ud83d", output="half \ud83d")
    ledger.ended(one)
    assert ledger.spans() == [one]


def test_what_cannot_be_written_is_said(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "usage.db")
    ledger.make()
    with closing(sqlite3.connect(ledger.path)) as connection:
        connection.execute(
            "CREATE TRIGGER full BEFORE INSERT ON spans BEGIN SELECT RAISE(ABORT, 'the disk is full'); END"
        )
    with pytest.warns(RuntimeWarning, match="1 spans could not be kept in .*disk is full"), track(ledger=ledger) as t:
        pass
    assert len(t.spans) == 1


def test_no_key_reaches_the_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENAI_API_KEY", "an-unusual-key-of-mine")
    echoed = faults.Status(401, "Incorrect API key provided: an-unusual-key-of-mine, sk-proj-abcdefgh12345678")
    ledger = Ledger(tmp_path / "usage.db")
    with (
        WireServer(echoed) as server,
        Client("openai:any", base_url=server.url, retry=Retry(attempts=1)) as client,
        track(content=True, ledger=ledger) as t,
        pytest.raises(AuthenticationFailed),
    ):
        client.complete("is an-unusual-key-of-mine a good key?")
    assert t.calls[0].message is not None
    data = b"".join(path.read_bytes() for path in tmp_path.glob("usage.db*"))
    for secret in (b"an-unusual-key-of-mine", b"sk-proj-abcdefgh"):
        assert secret not in data
        assert secret not in t.calls[0].to_json().encode()
    assert b"[redacted]" in data
