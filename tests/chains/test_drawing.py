"""The pictures of chains: whole, well-formed, and with every step in them."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aiapp import Client, Prompt
from aiapp.chains import (
    Chain,
    ask,
    cache,
    chain,
    each,
    extend,
    fallback,
    in_thread,
    loop,
    parallel,
    retry,
    route,
    step,
    tap,
)  # fmt: skip
from aiapp.core.errors import InvalidInput

NAMES = st.text(st.characters(exclude_characters=">", codec="utf-8", categories=["L", "N", "P", "S"]), min_size=1)
LEAVES: st.SearchStrategy[Chain[Any, Any]] = st.one_of(
    NAMES.map(lambda name: step(str, name=name)),
    NAMES.map(lambda name: ask(Client("local"), name=name)),
    st.just(chain(Prompt("Say {{word}}"))),
)


def composed(inner: st.SearchStrategy[Chain[Any, Any]]) -> st.SearchStrategy[Chain[Any, Any]]:
    some = st.lists(inner, min_size=2, max_size=3)
    return st.one_of(
        some.map(lambda steps: chain(steps[0], *steps[1:])),
        some.map(lambda steps: parallel(*steps)),
        st.dictionaries(NAMES, inner, min_size=1, max_size=3).map(lambda named: extend(**named)),
        st.dictionaries(NAMES, inner, min_size=1, max_size=3).map(lambda named: parallel(**named)),
        some.map(lambda steps: route(steps[0], dict(enumerate(steps)), otherwise=steps[-1])),
        some.map(lambda steps: fallback(*steps)),
        inner.map(each),
        inner.map(retry),
        inner.map(cache),
        inner.map(tap),
        inner.map(lambda one: loop(one, bool, at_most=3)),
    )


CHAINS = st.recursive(LEAVES, composed, max_leaves=8)


def leaves(pipeline: Chain[Any, Any]) -> list[str]:
    from aiapp.chains.plans import Plan, inner

    def below(plan: Plan) -> list[str]:
        return [name for _, one in inner(plan) for name in below(one)] or [plan.name]

    return below(pipeline.plan)


@given(CHAINS)
def test_a_picture_is_well_formed_and_has_every_step(pipeline: Chain[Any, Any]) -> None:
    root = ElementTree.fromstring(pipeline.draw().svg)
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert all(texts.count(name) >= leaves(pipeline).count(name) for name in leaves(pipeline))
    width, height = float(root.attrib["width"]), float(root.attrib["height"])
    for group in root.iter("{http://www.w3.org/2000/svg}g"):
        x, y = map(float, re.findall(r"-?\d[\d.e+-]*", group.attrib["transform"]))
        for rect in group.iter("{http://www.w3.org/2000/svg}rect"):
            assert 0 <= x <= x + float(rect.attrib["width"]) <= width
            assert 0 <= y <= y + float(rect.attrib["height"]) <= height


@given(CHAINS)
def test_a_diagram_joins_only_what_it_has(pipeline: Chain[Any, Any]) -> None:
    first, *lines = pipeline.draw().mermaid.splitlines()
    assert first == "flowchart TD"
    nodes = {match[1] for line in lines if (match := re.match(r"  (?:subgraph )?(s\d+)[\[\(\{/]", line))}
    arrows = [match for line in lines if (match := re.fullmatch(r'  (s\d+) -->(?:\|"[^"]*"\|)? (s\d+)', line))]
    assert len(arrows) == sum(" -->" in line.partition('"')[0] for line in lines)
    assert {name for arrow in arrows for name in arrow.groups()} <= nodes
    assert sum(line.startswith("  subgraph ") for line in lines) == lines.count("  end")


def test_the_diagram_of_a_small_chain() -> None:
    pipeline = chain(Prompt("Say {{word}}", name="say"), parallel(a=ask(Client("local"), name="m"), b=step(str)), len)
    assert pipeline.draw().mermaid == (
        "flowchart TD\n"
        '  s1[/"say"/]\n'
        '  s2{{"all at once"}}\n'
        "  s1 --> s2\n"
        '  s3(["m"])\n'
        '  s2 -->|"a"| s3\n'
        '  s4["str"]\n'
        '  s2 -->|"b"| s4\n'
        '  s5["len"]\n'
        "  s3 --> s5\n"
        "  s4 --> s5\n"
    )


def test_the_diagram_of_what_is_added() -> None:
    pipeline = chain(str.upper, extend(size=len), extend(a=str, b=repr))
    assert pipeline.draw().mermaid == (
        "flowchart TD\n"
        '  s1["upper"]\n'
        '  s2["len"]\n'
        '  s1 -->|"size"| s2\n'
        '  s3{{"add to it"}}\n'
        "  s2 --> s3\n"
        '  s4["str"]\n'
        '  s3 -->|"a"| s4\n'
        '  s5["repr"]\n'
        '  s3 -->|"b"| s5\n'
    )


def test_a_drawing_says_what_has_a_thread_of_its_own() -> None:
    drawing = chain(str.upper, in_thread(len)).draw()
    assert '  s2["len, in a thread"]\n' in drawing.mermaid
    assert ">len, in a thread</text>" in drawing.svg


def test_a_picture_is_saved(tmp_path: Path) -> None:
    drawing = chain(str.upper).draw()
    assert drawing.save(tmp_path / "a.svg").read_text() == drawing.svg == drawing._repr_svg_()  # pyright: ignore[reportPrivateUsage]
    assert drawing.save(tmp_path / "a.mmd").read_text() == drawing.mermaid
    with pytest.raises(InvalidInput, match=r"path: .*a\.png"):
        drawing.save(tmp_path / "a.png")
