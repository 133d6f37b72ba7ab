"""The index file among several processes, and when things go wrong with it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from aiapp.retrieval import store as store_module
from aiapp.retrieval.index import Index
from aiapp.retrieval.store import IndexUnusable, Stats


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "leave.md").write_text("# Leave\n\nEvery new parent gets 120 days of parental leave.\n")
    return documents


def test_others_read_the_last_state_while_one_writes(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "shared.idx"
    with Index.open(path) as writer:
        writer.add(folder)
        (folder / "more.md").write_text("# More\n\nMore about parental leave.\n")
        seen: list[Stats] = []

        def look(done: int, total: int) -> None:
            with Index.open(path) as reader:
                seen.append(reader.stats())

        writer.add(folder, progress=look)
        assert seen == [Stats(1, 1)]
        assert writer.stats() == Stats(2, 2)


def test_a_second_writer_is_told_to_wait(tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(store_module, "BUSY_SECONDS", 0.1)
    path = tmp_path / "shared.idx"
    with Index.open(path) as first, Index.open(path) as second:

        def interfere(done: int, total: int) -> None:
            second.add(folder)

        with pytest.raises(IndexUnusable, match="another process is writing"):
            first.add(folder, progress=interfere)
        assert second.add(folder).added == 1


def test_many_processes_may_make_it_at_once(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "new.idx"
    program = "import sys; from aiapp import Index; Index.open(sys.argv[1]).add(sys.argv[2])"
    command = [sys.executable, "-c", program, str(path), str(folder)]
    processes = [subprocess.Popen(command) for _ in range(4)]
    assert [process.wait(30) for process in processes] == [0, 0, 0, 0]
    with Index.open(path) as index:
        assert index.stats() == Stats(1, 1)


def test_what_is_read_inside_a_snapshot_is_of_one_state(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "shared.idx"
    with Index.open(path) as reader, Index.open(path) as writer:
        writer.add(folder)
        with reader._store.snapshot():  # pyright: ignore[reportPrivateUsage]
            (hit,) = reader.search("parental leave")
            (folder / "leave.md").write_text("# Leave\n\nEverything is said in another way and at more length.\n")
            assert writer.add(folder).changed == 1
            document = reader.document(hit.chunk.source)
            assert document.text[hit.chunk.start : hit.chunk.end] == hit.chunk.text
        assert "another way" in reader.document(hit.chunk.source).text


def test_more_hits_can_be_asked_for_than_are_searched_by_default(tmp_path: Path) -> None:
    for number in range(45):
        (tmp_path / f"{number}.md").write_text(f"# Part {number}\n\nParental leave, part {number}.")
    with Index.open(tmp_path / "many.idx") as index:
        index.add(tmp_path)
        assert len(index.search("parental leave", 45)) == 45


def test_a_place_that_cannot_hold_an_index_is_named(tmp_path: Path, folder: Path) -> None:
    with pytest.raises(IndexUnusable, match="its folder cannot be made"):
        Index.open(folder / "leave.md" / "x" / "a.idx")


def test_a_damaged_index_says_what_to_do(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "damaged.idx"
    with Index.open(path) as index:
        for number in range(50):
            (folder / f"{number}.md").write_text(f"# {number}\n\n" + f"Parental leave in part {number}. " * 40)
        index.add(folder)
    data = bytearray(path.read_bytes())
    data[8192:] = b"\xa5" * (len(data) - 8192)
    path.write_bytes(data)
    with pytest.raises(IndexUnusable, match="remove the file"), Index.open(path) as index:
        index.search("parental leave")
