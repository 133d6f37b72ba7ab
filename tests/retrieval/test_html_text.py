"""Pages as people write them: nothing that a reader sees is lost."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp.retrieval.html_text import html_text
from aiapp.retrieval.splitting import units


def shown(page: str) -> list[str]:
    return [line for line in html_text(page).splitlines() if line]


@pytest.mark.parametrize(
    ("page", "lines"),
    [
        ("<html><head><title>T</title><body><p>Body.</p>", ["Body."]),
        ("<head><title>T</title><p>No body tag.", ["No body tag."]),
        ("<form><h1>Hi</h1><p>All of it.</p></form>", ["# Hi", "All of it."]),
        (
            "<table><tr><th>A<th>B<tr><td>1<td>2<tr><td>3<td>4</table><p>after",
            ["| A | B |", "| --- | --- |", "| 1 | 2 |", "| 3 | 4 |", "after"],
        ),
        (
            "<table><tr><td>outer <table><tr><td>inner</td></tr></table> tail</td></tr></table>",
            ["| outer |", "| inner |", "tail"],
        ),
        ("<ul><li><p>One.</p><li><div>Two.</div></ul>", ["- One.", "- Two."]),
        ("<h2><div>Title</div></h2>text", ["## Title", "text"]),
        ("<pre># restart\nsystemctl restart it</pre>", ["```", "# restart", "systemctl restart it", "```"]),
        ("<header>Menu</header><main><header><h1>Title</h1></header>Text.</main>", ["# Title", "Text."]),
        ("<nav>Menu<header>Logo</nav>Text.", ["Text."]),
        ("<p>Text.</nav></footer> More.", ["Text. More."]),
    ],
)
def test_pages_with_missing_and_misplaced_tags(page: str, lines: list[str]) -> None:
    assert shown(page) == lines


def test_rows_stay_together() -> None:
    page = "<table><tr><td>a</td></tr><tr><td>b</td></tr></table>"
    assert html_text(page) == "| a |\n| b |\n"


def test_preformatted_lines_can_be_quoted_one_by_one() -> None:
    text = html_text("<h1>Restart</h1><pre># first\nstop it\nstart it</pre><p>Done.</p>")
    assert [text[start:end] for start, end in units(text)] == ["# first", "stop it", "start it", "Done."]


tags = st.sampled_from("p div ul li table tr td th h2 pre main article br span".split())  # noqa: SIM905
pieces = st.one_of(tags.map("<{}>".format), tags.map("</{}>".format), st.just("word "))


@given(st.lists(pieces, max_size=30))
def test_no_word_is_lost_outside_a_table_row_without_cells(parts: list[str]) -> None:
    page = "".join(part for part in parts if part != "<tr>")
    assert html_text(page).split().count("word") == parts.count("word ")


@given(st.text(max_size=200))
def test_any_text_is_read_and_what_is_no_markup_is_kept(page: str) -> None:
    assert "word" in html_text(f"<p>word</p>{page}").split()
    plain = page.translate(str.maketrans("<>&", "   "))
    assert html_text(plain).split() == plain.split()
