"""The index over real files: changes, crashes, search, and answers whose every quote is verbatim."""

from __future__ import annotations

import json
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest

from aiapp.client.client import Client
from aiapp.core.errors import AiappError, ContextOverflow, InvalidInput
from aiapp.core.formats import Choice
from aiapp.core.request import Request
from aiapp.retrieval.alignment import Alignment
from aiapp.retrieval.index import Index, default_index_path
from aiapp.retrieval.quotation import readings
from aiapp.retrieval.search import fuse
from aiapp.retrieval.store import IndexUnusable
from aiapp.testing import ScriptedModel
from aiapp.transformer.encoder import Encoder

LEAVE = "# Leave\n\nEvery new parent gets 120 days of parental leave.\n\nSick notes go to the office on day three.\n"
TRAVEL = "# Travel\n\nHotels cost at most 140 euros a night.\n\nTrains are booked by the travel desk.\n"


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    documents = tmp_path / "documents"
    documents.mkdir()
    (documents / "leave.md").write_text(LEAVE)
    (documents / "travel.md").write_text(TRAVEL)
    return documents


@pytest.fixture
def index(tmp_path: Path) -> Index:
    return Index.open(tmp_path / "test.idx")


def quoting(words: str) -> Client:
    """A model that ranks first the option that holds the words, and refuses where none does."""

    def choose(request: Request) -> str:
        assert isinstance(request.format, Choice)
        options = request.format.options
        return next((option for option in options if words in option), options[-1])

    return Client(provider=ScriptedModel(choose, ranks_choices=True))


def test_unchanged_documents_are_not_embedded_again(index: Index, folder: Path) -> None:
    first = index.add(folder)
    assert (first.added, first.unchanged) == (2, 0)
    assert first.embedded > 0
    again = index.add(folder)
    assert (again.added, again.changed, again.deleted, again.unchanged, again.embedded) == (0, 0, 0, 2, 0)


def test_changes_are_picked_up(index: Index, folder: Path) -> None:
    index.add(folder)
    (folder / "leave.md").write_text(LEAVE.replace("120", "130") + "\nMore.\n")
    (folder / "travel.md").unlink()
    (folder / "new.txt").write_text("The canteen opens at eleven.")
    report = index.add(folder)
    assert (report.added, report.changed, report.deleted) == (1, 1, 1)
    assert "130 days" in index.search("parental leave", 1)[0].chunk.text
    assert all("travel" not in hit.chunk.source for hit in index.search("hotels in euros", 9))


def test_a_touched_file_is_no_change(index: Index, folder: Path) -> None:
    index.add(folder)
    os.utime(folder / "leave.md", (1, 1))
    assert index.add(folder).embedded == 0


def test_a_plan_changes_nothing(index: Index, folder: Path) -> None:
    assert [path.name for path in index.plan(folder).added] == ["leave.md", "travel.md"]
    assert index.search("leave") == []


def test_an_interrupted_change_leaves_the_index_as_it_was(index: Index, folder: Path) -> None:
    index.add(folder)
    (folder / "leave.md").write_text("# Leave\n\nEverything is different now, says this longer text.\n")
    (folder / "more.md").write_text("# More\n\nMore.\n")

    def interrupt(done: int, total: int) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        index.add(folder, progress=interrupt)
    assert "120 days" in index.search("parental leave", 1)[0].chunk.text
    assert index.add(folder).changed == 1


def test_a_killed_process_leaves_the_index_as_it_was(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "killed.idx"
    with Index.open(path) as index:
        index.add(folder)
    for number in range(30):
        (folder / f"{number}.md").write_text(f"# {number}\n\nText of {number}.\n")
    program = (
        "import sys, time; from aiapp import Index\n"
        "def wait(done, total):\n    print(done, flush=True); time.sleep(0.05)\n"
        "Index.open(sys.argv[1]).add(sys.argv[2], progress=wait)"
    )
    process = subprocess.Popen([sys.executable, "-c", program, str(path), str(folder)], stdout=subprocess.PIPE)
    assert process.stdout is not None
    with process.stdout:
        process.stdout.readline()
        process.send_signal(signal.SIGKILL)
        process.wait(10)
    with Index.open(path) as index:
        assert all(not Path(hit.chunk.source).stem.isdigit() for hit in index.search("text", 50))
        assert index.add(folder).added == 30


def test_readers_never_see_half_a_change(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "shared.idx"
    with Index.open(path) as writer, Index.open(path) as reader:
        writer.add(folder)
        assert reader.search("parental leave", 1)[0].chunk.source.endswith("leave.md")


class Other:
    """Another embedder."""

    name, dimensions = "other", 3

    def embed(self, texts: Sequence[str]) -> npt.NDArray[np.float32]:
        return np.ones((len(texts), 3), np.float32)


def test_what_is_no_index_of_ours_is_refused(tmp_path: Path, folder: Path) -> None:
    text = tmp_path / "text.idx"
    text.write_text("just a text " * 100)
    foreign = tmp_path / "foreign.idx"
    connection = sqlite3.connect(foreign)
    connection.execute("CREATE TABLE songs (name TEXT)")
    connection.close()
    for path, reason in ((text, "not a database"), (foreign, "something else")):
        with pytest.raises(IndexUnusable, match=reason):
            Index.open(path)
    Index.open(tmp_path / "ours.idx").close()
    with pytest.raises(IndexUnusable, match="embedder encoder-256"):
        Index.open(tmp_path / "ours.idx", embedder=Other())
    with pytest.raises(InvalidInput, match="not of a folder"):
        Index.open(folder)


def test_wrong_input_is_named_and_changes_nothing(index: Index, folder: Path, tmp_path: Path) -> None:
    index.add(folder)
    empty = tmp_path / "empty"
    empty.mkdir()
    (empty / "photo.png").write_bytes(b"x")
    cases: list[tuple[type[AiappError], str, tuple[object, ...]]] = [
        (InvalidInput, "existing", (tmp_path / "no",)),
        (InvalidInput, r"photo\.png", (empty,)),
        (InvalidInput, "at least one", ()),
    ]
    for error, words, paths in cases:
        with pytest.raises(error, match=words):
            index.add(*paths)  # type: ignore[arg-type]
    for question, k in (("  ", 5), ("?!", 5), ("leave", 0)):
        with pytest.raises(InvalidInput):
            index.search(question, k)
    assert len(index.search("leave", 9)) == 2


def test_search_finds_words_forms_and_kin(index: Index, folder: Path) -> None:
    index.add(folder)
    for question, name in (
        ("booking a train", "travel"),
        ("illness of a father", "leave"),
        ("price of a hotel", "travel"),
    ):
        assert Path(index.search(question, 1)[0].chunk.source).stem == name


def test_alignment_rewards_what_is_said() -> None:
    alignment = Alignment("How much do hotels cost?", Encoder.load())
    said, half, nothing, empty = (
        alignment.weighted(alignment.strengths(text))
        for text in ("Hotels cost at most 140 euros.", "A hotel is near.", "Sick notes.", "")
    )
    assert said == pytest.approx(1)
    assert said > half > nothing == empty == 0


def test_fusion_prefers_what_stands_high_in_both() -> None:
    assert fuse([[1, 2, 3], [2, 4, 1]])[:2] == [2, 1]
    assert sorted(fuse([[1], [2], []])) == [1, 2]


def test_a_quoted_answer_is_verbatim(index: Index, folder: Path) -> None:
    index.add(folder)
    answer = index.ask("How many days of parental leave do I get?", quoting("120 days"))
    assert answer.supported
    assert answer.text == "Every new parent gets 120 days of parental leave."
    (citation,) = answer.citations
    document = index.document(citation.source)
    assert document.text[citation.start : citation.end] == citation.quote == answer.text
    assert (Path(citation.source).name, citation.line) == ("leave.md", 3)
    assert answer.receipt.cost == 0
    assert [name for name, _ in answer.receipt.timing.stages] == ["search", "model", "judge", "check"]
    plain = json.loads(json.dumps(answer.to_dict()))
    assert plain["citations"][0]["quote"] == answer.text
    assert plain["receipt"]["cost"] == "0"


def test_what_two_documents_say_alike_is_cited_from_both_and_said_once(index: Index, folder: Path) -> None:
    (folder / "copy.md").write_text(LEAVE)
    index.add(folder)
    answer = index.ask("How many days of parental leave do I get?", quoting("120 days"))
    assert answer.text == "Every new parent gets 120 days of parental leave."
    assert sorted(Path(cited.source).stem for cited in answer.citations) == ["copy", "leave"]


def test_a_question_in_a_document_is_no_answer(index: Index, tmp_path: Path) -> None:
    file = tmp_path / "faq.md"
    file.write_text("# Leave\n\nHow many days of leave do parents get? It depends on their contract.\n")
    index.add(file)
    answer = index.ask("How many days of leave do parents get?", quoting("It depends"))
    assert answer.text == "It depends on their contract."


def test_a_question_about_something_else_is_refused(index: Index, folder: Path) -> None:
    index.add(folder)
    answer = index.ask("Which volcano erupted in Iceland?", quoting("nothing that is there"))
    assert (answer.supported, answer.citations, answer.text) == (False, (), "Not in the documents.")


def test_an_empty_index_refuses(index: Index) -> None:
    assert not index.ask("Anything?", quoting("x")).supported


def test_a_passage_that_the_model_cannot_hold_is_left_out(index: Index, folder: Path) -> None:
    index.add(folder)

    def choose(request: Request) -> str | Exception:
        assert isinstance(request.format, Choice)
        if any("Hotels" in option for option in request.format.options):
            return ContextOverflow("too long", provider="scripted", model="scripted")
        return request.format.options[0]

    client = Client(provider=ScriptedModel(choose, ranks_choices=True))
    answer = index.ask("How many days of parental leave do I get?", client)
    assert answer.supported
    assert [str(change) for change in answer.receipt.changes] == ["passages: one was not read: too long"]
    (folder / "leave.md").unlink()
    index.add(folder)
    with pytest.raises(ContextOverflow):
        index.ask("What do hotels cost?", client)


def test_a_written_answer_is_shown_after_its_quotes_held(index: Index, folder: Path) -> None:
    index.add(folder)
    said = (
        'QUOTE [1]: Every new parent  gets 120 days of parental leave.\nQUOTE [1]: "made up"\nANSWER: You get 120 days.'
    )
    shown: list[str] = []
    answer = index.ask("How many days of parental leave?", Client(provider=ScriptedModel(said)), on_text=shown.append)
    assert answer.text == "".join(shown) == "You get 120 days."
    assert [citation.quote for citation in answer.citations] == ["Every new parent gets 120 days of parental leave."]


@pytest.mark.parametrize(
    "said",
    [
        "NOT IN THE DOCUMENTS",
        "ANSWER: 120 days, trust me.",
        "QUOTE [7]: gets 120 days\nANSWER: 120.",
        "",
        "QUOTE [1]: Every new parent gets 120 days",
    ],
)
def test_a_written_answer_without_a_true_quote_is_not_shown(index: Index, folder: Path, said: str) -> None:
    index.add(folder)
    shown: list[str] = []
    answer = index.ask("How many days of leave?", Client(provider=ScriptedModel(said)), on_text=shown.append)
    assert (answer.supported, shown, answer.text) == (False, [], "Not in the documents.")


def test_the_default_place_depends_on_the_roots_alone(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    assert default_index_path(["a", "b"]) == default_index_path(["b", "a"]) != default_index_path(["a"])
    assert default_index_path(["a"]).is_relative_to(tmp_path)


def test_adding_twice_at_once_waits(tmp_path: Path, folder: Path) -> None:
    path = tmp_path / "busy.idx"
    program = "import sys; from aiapp import Index; print(Index.open(sys.argv[1]).add(sys.argv[2]).embedded)"
    both = [subprocess.Popen([sys.executable, "-c", program, str(path), str(folder)]) for _ in range(2)]
    deadline = time.monotonic() + 30
    assert [process.wait(max(1.0, deadline - time.monotonic())) for process in both] == [0, 0]


def test_a_document_that_says_the_refusal_itself_is_not_quoted_for_it(index: Index, tmp_path: Path) -> None:
    file = tmp_path / "odd.md"
    file.write_text("# Odd\n\nNot in the documents. Volcanoes are in the documents.\n")
    index.add(file)
    question = "Are volcanoes not in the documents?"
    quotes = [r.units[place].text for r in readings(question, index.search(question)) for place in r.places]
    assert quotes == ["Volcanoes are in the documents."]
