"""Files as people have them: linked, damaged, closed to us, changed while they are read."""

from __future__ import annotations

import os
import random
from pathlib import Path

import pytest
from fpdf import FPDF

from aiapp.retrieval import index as index_module
from aiapp.retrieval.documents import Document, Skipped
from aiapp.retrieval.index import Index
from aiapp.retrieval.loading import find_files, load, parse
from aiapp.retrieval.splitting import units


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "a.md").write_text("The canteen opens at eleven.")
    return documents


def reasons(folder: Path) -> dict[str, str]:
    return {Path(skip.path).name: skip.reason for skip in find_files([folder])[1]}


def test_a_link_that_leads_nowhere_is_named(folder: Path) -> None:
    (folder / "gone.md").symlink_to(folder / "nothing.md")
    assert "unreadable" in reasons(folder)["gone.md"]


def test_a_pipe_is_not_waited_for(folder: Path) -> None:
    os.mkfifo(folder / "pipe.md")
    assert reasons(folder) == {"pipe.md": "not a regular file"}


def test_a_linked_file_is_read_once_and_stays_unchanged(tmp_path: Path, folder: Path) -> None:
    outside = tmp_path / "outside.md"
    outside.write_text("The garden closes at nine.")
    (folder / "linked.md").symlink_to(outside)
    (folder / "z.md").symlink_to(folder / "a.md")
    (folder / "loop").symlink_to(folder, target_is_directory=True)
    with Index.open(tmp_path / "i.idx") as index:
        report = index.add(folder)
        assert report.added == 2
        assert [skip.reason.split(" /")[0] for skip in report.skipped] == ["the same file as"]
        assert (index.add(folder).embedded, index.stats().documents) == (0, 2)
        assert index.search("garden", 1)[0].chunk.source.endswith("documents/linked.md")
        (folder / "linked.md").unlink()
        assert index.add(folder).deleted == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="nothing is closed to root")
def test_what_is_closed_to_us_is_named(folder: Path) -> None:
    (folder / "closed").mkdir()
    (folder / "closed").chmod(0)
    assert reasons(folder) == {"closed": "unreadable: Permission denied"}


def test_a_change_while_a_file_is_read_is_seen_the_next_time(
    tmp_path: Path, folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def parse_slowly(path: Path, data: bytes) -> Document | Skipped:
        path.write_text("The canteen opens at twelve!")
        return parse(path, data)

    with Index.open(tmp_path / "i.idx") as index:
        with monkeypatch.context() as patch:
            patch.setattr(index_module, "parse", parse_slowly)
            index.add(folder)
        assert index.add(folder).changed == 1
        assert "twelve" in index.document(str(folder / "a.md")).text


def test_a_known_file_that_vanishes_into_a_folder_is_forgotten(tmp_path: Path, folder: Path) -> None:
    (folder / "b.md").write_text("The garden closes at nine.")
    with Index.open(tmp_path / "i.idx") as index:
        index.add(folder)
        (folder / "b.md").unlink()
        (folder / "b.md").mkdir()
        assert (index.add(folder).deleted, index.stats().documents) == (1, 1)


def test_an_index_in_the_folder_that_it_indexes_is_not_spoken_of(folder: Path) -> None:
    with Index.open(folder / "own.idx") as index:
        index.add(folder)
        assert index.add(folder).skipped == ()
    assert sorted(file.name for file in folder.iterdir()) == ["a.md", "own.idx"]


@pytest.mark.parametrize("end", ["\n", "\r\n", "\r"])
def test_line_ends_of_every_system_are_alike(end: str) -> None:
    table = end.join(["| City | Night |", "|---|---|", "| Oslo | 180 |", ""])
    document = parse(Path("a.md"), table.encode())
    assert isinstance(document, Document)
    assert [document.text[start:stop] for start, stop in units(document.text)] == ["| Oslo | 180 |"]


@pytest.mark.parametrize("data", [b"word " * 2000 + b"\0", "a\0b".encode("utf-16")])
def test_null_characters_are_binary_wherever_they_stand(data: bytes) -> None:
    assert parse(Path("a.txt"), data) == Skipped("a.txt", "binary")


def test_a_file_that_is_not_there_is_skipped(folder: Path) -> None:
    assert load(folder / "no.md") == Skipped(str(folder / "no.md"), "unreadable: No such file or directory")
    assert isinstance(load(folder / "a.md"), Document)


def test_a_damaged_pdf_is_read_or_skipped() -> None:
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    pdf.add_page()
    pdf.cell(text="The first page.")
    whole = bytes(pdf.output())
    chance = random.Random(7)
    for _ in range(150):
        data = bytearray(whole)
        for _ in range(chance.choice([1, 5, 20])):
            place = chance.randrange(len(data))
            data[place : place + chance.randrange(1, 20)] = whole[chance.randrange(len(whole)) :][: chance.randrange(9)]
        found = parse(Path("a.pdf"), bytes(data))
        assert isinstance(found, Document) or found.reason


def test_a_locked_pdf_says_so() -> None:
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    pdf.add_page()
    pdf.cell(text="secret")
    pdf.set_encryption("owner", "user")
    found = parse(Path("a.pdf"), bytes(pdf.output()))
    assert isinstance(found, Skipped)
    assert "decrypted" in found.reason
