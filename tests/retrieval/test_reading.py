"""Files to documents to chunks to units: what is read, what is skipped, and that every span is verbatim."""

from __future__ import annotations

from itertools import pairwise
from pathlib import Path

import pytest
from fpdf import FPDF
from hypothesis import given
from hypothesis import strategies as st

from aiapp.core.errors import InvalidInput
from aiapp.retrieval.documents import Document, Skipped, line_of, page_of
from aiapp.retrieval.expectation import expected_answer, holds
from aiapp.retrieval.html_text import html_text
from aiapp.retrieval.loading import find_files, parse
from aiapp.retrieval.splitting import LONGEST_HEADING, TARGET, headings_within, split, units

MARKDOWN = """# Travel

Owner: Ada Byrd
Updated: 3 May 2026

Dr. Who, e.g. a guest, may stay two nights. Breakfast costs 12.50 euros! Is dinner paid?
No.

## Limits

| City | Per night |
|---|---|
| Bergen | 140 euros |
| Oslo | 180 euros |

- Keep receipts.
- Ask first, and
  ask in writing.

1. Book.
2. Travel.

**How long may I stay?**
Five days.
"""

lines = st.sampled_from(
    [
        "# Head",
        "## Deeper",
        "plain words here.",
        "More. And more? Yes!",
        "- item",
        "| a | b |",
        "|---|---|",
        "",
        "Key: value",
        "**Bold?**",
    ]
)
texts = st.lists(lines, max_size=40).map("\n".join) | st.text(max_size=400)


def quotable(text: str) -> list[str]:
    return [text[start:end] for start, end in units(text)]


def test_units_are_sentences_items_rows_and_fields() -> None:
    assert quotable(MARKDOWN) == [
        "Owner: Ada Byrd",
        "Updated: 3 May 2026",
        "Dr. Who, e.g. a guest, may stay two nights.",
        "Breakfast costs 12.50 euros!",
        "Is dinner paid?",
        "No.",
        "| Bergen | 140 euros |",
        "| Oslo | 180 euros |",
        "- Keep receipts.",
        "- Ask first, and\n  ask in writing.",
        "1. Book.",
        "2. Travel.",
        "Five days.",
    ]


def test_units_know_the_headings_above_them() -> None:
    headings = dict(zip(quotable(MARKDOWN), headings_within(MARKDOWN, units(MARKDOWN)), strict=True))
    assert headings["Owner: Ada Byrd"] == "Travel"
    assert headings["| Oslo | 180 euros |"] == "Travel > Limits > City | Per night"
    assert headings["- Keep receipts."] == "Travel > Limits"
    assert headings["Five days."] == "Travel > Limits > How long may I stay?"


@given(texts)
def test_chunks_are_slices_in_order_that_lose_no_unit(text: str) -> None:
    pieces = split(text, "title")
    assert all(0 <= piece.start < piece.end <= len(text) for piece in pieces)
    assert all(a.end <= b.start for a, b in pairwise(pieces))
    for start, end in units(text):
        if end - start <= TARGET:
            assert any(piece.start <= start and end <= piece.end for piece in pieces)


@given(texts)
def test_units_are_slices_in_order(text: str) -> None:
    spans = units(text)
    assert all(a[1] <= b[0] for a, b in pairwise(spans))
    assert all(text[start:end].strip() for start, end in spans)
    assert len(headings_within(text, spans)) == len(spans)


def test_a_long_document_is_cut_between_sections_and_sentences() -> None:
    text = "\n\n".join(f"## Part {n}\n\n" + f"Sentence {n} about things. " * 40 for n in range(5))
    pieces = split(text, "long")
    assert len(pieces) >= 5
    assert all(piece.end - piece.start <= TARGET for piece in pieces)
    assert all(text[piece.start : piece.end].rstrip().endswith(".") for piece in pieces)


def test_code_is_quoted_by_lines_and_holds_no_headings() -> None:
    text = (
        "# Restart\n\nRun this:\n\n```sh\n# as root\n  stop it && \\\nstart it\n```\n\n## After\n\nLook at the log.\n"
    )
    assert quotable(text) == ["Run this:", "# as root", "stop it && \\", "start it", "Look at the log."]
    assert headings_within(text, units(text))[-2:] == ["Restart", "Restart > After"]
    assert quotable("One.\n```\nTwo. Three.\n") == ["One.", "Two.", "Three."]


@pytest.mark.parametrize(
    "text",
    [
        "word " * 4000,
        "x" * 20_000,
        "# " + "long " * 2000 + "\n\nText.",
        "# Head\n" * 2000 + "Text.",
        "```\n" + "run it\n" * 3000 + "```\n",
        "| " + "cell " * 3000 + "|\n",
        "- " + "item " * 3000,
    ],
)
def test_no_chunk_is_much_longer_than_its_target(text: str) -> None:
    pieces = split(text, "title")
    assert max(piece.end - piece.start for piece in pieces) <= TARGET + LONGEST_HEADING
    assert max(len(piece.heading) for piece in pieces) <= LONGEST_HEADING
    assert sum(len(text[piece.start : piece.end].split()) for piece in pieces) >= len(text.split()) // 2 or "#" in text


def test_html_shows_what_a_reader_sees() -> None:
    page = (
        "<html><head><title>t</title><style>p{}</style></head><body><nav>Menu</nav><h1>Links &amp; more</h1>"
        "<p>First <b>bold</b>\n text.</p><script>evil()</script><table><tr><th>Plan</th><th>Links</th></tr>"
        "<tr><td>Team</td><td><p>3</p></td></tr></table><ul><li>One</li><li>Two</li></ul><footer>Legal</footer>"
    )
    assert [line for line in html_text(page).splitlines() if line] == [
        "# Links & more",
        "First bold text.",
        "| Plan | Links |",
        "| --- | --- |",
        "| Team | 3 |",
        "- One",
        "- Two",
    ]


def test_files_are_found_and_the_rest_is_named(tmp_path: Path) -> None:
    (tmp_path / "a.md").write_text("# A\n\nText.")
    (tmp_path / "sub").mkdir()
    (tmp_path / "sub" / "b.TXT").write_text("Text.")
    (tmp_path / ".hidden.md").write_text("no")
    (tmp_path / ".git").mkdir()
    (tmp_path / ".git" / "c.md").write_text("no")
    (tmp_path / "photo.png").write_bytes(b"\x89PNG")
    (tmp_path / "empty.md").write_text("")
    files, skipped = find_files([tmp_path, tmp_path / "a.md"])
    assert [file.name for file in files] == ["a.md", "b.TXT"]
    assert {Path(skip.path).name: skip.reason.split(" ")[0] for skip in skipped} == {
        "photo.png": "not",
        "empty.md": "empty",
        ".hidden.md": "hidden",
        ".git": "hidden",
    }
    with pytest.raises(InvalidInput, match="existing file or folder"):
        find_files([tmp_path / "nowhere"])


@pytest.mark.parametrize(
    "data",
    ["Café naïve".encode(), "\ufeffCafé naïve".encode(), "Café naïve".encode("utf-16"), "Café naïve".encode("cp1252")],
)
def test_text_is_read_in_the_encodings_that_people_have(data: bytes) -> None:
    document = parse(Path("a.txt"), data)
    assert isinstance(document, Document)
    assert document.text == "Café naïve"


@pytest.mark.parametrize(
    ("name", "data", "reason"),
    [("a.txt", b"ab\0cd", "binary"), ("a.md", b"  \n ", "no text"), ("a.pdf", b"%PDF-nonsense", "not a readable PDF")],
)
def test_what_cannot_be_read_says_why(name: str, data: bytes, reason: str) -> None:
    skipped = parse(Path(name), data)
    assert isinstance(skipped, Skipped)
    assert reason in skipped.reason


def test_a_pdf_keeps_its_pages() -> None:
    pdf = FPDF()
    pdf.set_font("helvetica", size=12)
    for words in ("The first page.", "The second page holds 42."):
        pdf.add_page()
        pdf.cell(text=words)
    document = parse(Path("two.pdf"), bytes(pdf.output()))
    assert isinstance(document, Document)
    assert page_of(document.pages, document.text.index("first")) == 1
    assert page_of(document.pages, document.text.index("42")) == 2


def test_lines_count_from_one() -> None:
    assert [line_of("a\nb\nc", offset) for offset in (0, 2, 4)] == [1, 2, 3]
    assert page_of((), 3) is None


@pytest.mark.parametrize(
    ("question", "answer", "other"),
    [
        ("How many days of leave do I get?", "You get 12 days.", "You get leave."),
        ("What does it cost?", "It is $5.", "It is blue."),
        ("Who approves it?", "The finance director does.", "It is approved."),
        ("When does it open?", "At 8:30.", "It opens."),
        ("What is the phone number?", "Call 0117 555 0160.", "Call us."),
    ],
)
def test_questions_expect_a_kind_of_answer(question: str, answer: str, other: str) -> None:
    expected = expected_answer(question)
    assert expected is not None
    assert holds(answer, expected)
    assert not holds(other, expected)
