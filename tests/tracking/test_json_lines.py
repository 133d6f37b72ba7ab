"""Spans as JSON Lines."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from aiapp import Client, track
from aiapp.core.errors import InvalidInput
from aiapp.testing import ScriptedModel
from aiapp.tracking.json_lines import JsonLines
from tests.tracking.spans import call


def test_each_span_is_a_line(tmp_path: Path) -> None:
    lines = JsonLines(tmp_path / "spans.jsonl")
    client = Client(provider=ScriptedModel("Hello\nyou"))
    with track(exporters=[lines]):
        client.complete("hi")
    with track(exporters=[lines], content=True) as t:
        client.complete("hi")
    assert lines.path.read_text().count("\n") == 4
    assert [*lines.spans()][2:] == [*reversed(t.spans)]


def test_threads_never_mix_their_lines(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    written = [call(prompt="x" * 5000) for _ in range(200)]
    with ThreadPoolExecutor(4) as pool:
        for one in written:
            pool.submit(JsonLines(path).ended, one)
    assert {one.id for one in JsonLines(path).spans()} == {one.id for one in written}


def test_wrong_input_is_named(tmp_path: Path) -> None:
    path = tmp_path / "spans.jsonl"
    with pytest.raises(InvalidInput, match="a file of spans"):
        list(JsonLines(path).spans())
    path.write_text(call().to_json() + "\n" + '{"id": 1}\n')
    with pytest.raises(InvalidInput, match=r"spans\.jsonl:2 span\.trace"):
        list(JsonLines(path).spans())


def test_what_is_no_exporter_or_no_path_is_refused_by_name(tmp_path: Path) -> None:
    for given in (JsonLines(tmp_path / "spans.jsonl"), str(tmp_path / "spans.jsonl"), None):
        with pytest.raises(InvalidInput, match=r"exporters: .* several values of the class `Exporter`"):
            track(exporters=given)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
    with pytest.raises(InvalidInput, match="path: 5 cannot be used; accepted: a path"):
        JsonLines(5)  # type: ignore[arg-type]  # pyright: ignore[reportArgumentType]
