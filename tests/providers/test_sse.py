"""Server-sent events, however the bytes are cut."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from aiapp.providers.sse import Splitter

DATA = st.text(st.characters(exclude_characters="\r\n", exclude_categories=["Cs"])).map(str.encode)
BREAKS = st.sampled_from([b"\n", b"\r\n"])


def split(body: bytes, cuts: Sequence[int]) -> list[bytes]:
    """The data of a body that comes in pieces."""
    splitter, found, start = Splitter(), list[bytes](), 0
    for cut in [*sorted(min(cut, len(body)) for cut in cuts), len(body)]:
        found.extend(splitter.feed(body[start:cut]))
        start = cut
    return found


@given(st.lists(DATA), BREAKS, st.lists(st.integers(0, 500)))
def test_every_event_arrives_whole_wherever_the_bytes_are_cut(data: list[bytes], end: bytes, cuts: list[int]) -> None:
    body = b"".join(b"event: x" + end + b"data: " + one + end + b": a comment" + end + end for one in data)
    assert split(body, cuts) == data


@given(st.lists(DATA, min_size=1), st.integers(0, 500))
def test_an_event_that_is_not_whole_is_left_out(data: list[bytes], keep: int) -> None:
    body = b"".join(b"data:" + b" " + one + b"\n\n" for one in data)
    whole = split(body[:keep], [])
    assert whole == data[: len(whole)]
    assert body[:keep].count(b"\n\n") >= len(whole)


def test_lines_of_data_are_joined_and_other_fields_passed_over() -> None:
    assert split(b"id: 7\nretry: 10\ndata: a\ndata:b\ndata:  c\n\n: ping\n\ndata: d\n\n", []) == [b"a\nb\n c", b"d"]
