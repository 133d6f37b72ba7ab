"""Spans as a tree: what happened inside of what."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from decimal import Decimal

from aiapp.core.usage import Usage
from aiapp.tracking.span import Span
from aiapp.tracking.wording import costing, count, money, seconds


@dataclass(frozen=True, slots=True)
class Node:
    """A span with what happened in it, in the order in which it began; calls and their cost are of it and all below."""

    span: Span
    children: tuple[Node, ...]
    calls: int
    cost: Decimal | None
    at_least: Decimal


def forest(spans: Iterable[Span]) -> tuple[Node, ...]:
    """The trees of some spans. One whose parent is not among them, as when that never ended, is a root."""
    ordered = sorted(spans, key=lambda span: span.started)
    known = {span.id for span in ordered}
    below = dict[str | None, list[Span]]()
    for span in ordered:
        below.setdefault(span.parent if span.parent in known else None, []).append(span)
    nodes = dict[str, Node]()
    # Children before their parents, without recursion: agents may nest deeper than Python's stack.
    waiting = [(span, False) for span in below.get(None, [])]
    while waiting:
        span, seen = waiting.pop()
        inside = below.get(span.id, [])
        if not seen:
            waiting += [(span, True), *((child, False) for child in inside)]
            continue
        nodes[span.id] = _node(span, [nodes[child.id] for child in inside])
    return tuple(nodes[span.id] for span in below.get(None, []))


def _node(span: Span, children: Sequence[Node]) -> Node:
    own = [span.cost] if span.asks_a_model else []
    costs = [*own, *(child.cost for child in children)]
    known = [cost for cost in costs if cost is not None]
    least = Decimal(0) if span.invoice is None else span.invoice.at_least
    return Node(
        span,
        tuple(children),
        len(own) + sum(child.calls for child in children),
        sum(known, Decimal(0)) if len(known) == len(costs) else None,
        sum((child.at_least for child in children), least),
    )


def walk(nodes: Sequence[Node]) -> Iterator[tuple[str, Node]]:
    """Every node from top to bottom, with the branches that are drawn before it."""
    waiting = [("", "", node) for node in reversed(nodes)]
    while waiting:
        branch, below, node = waiting.pop()
        yield branch, node
        for place, child in enumerate(reversed(node.children)):
            last = place == 0
            waiting.append((below + ("└─ " if last else "├─ "), below + ("   " if last else "│  "), child))


def drawn(spans: Iterable[Span]) -> Iterator[str]:
    """The trees as text, a line for each span."""
    for branch, node in walk(forest(spans)):
        yield f"{branch}{node.span.name}  {described(node)}"


def described(node: Node) -> str:
    """What a span took, in a few words."""
    span, words = node.span, [seconds(node.span.seconds)]
    if span.asks_a_model:
        if span.usage is not None and span.usage != Usage():
            words.append(f"{count(span.usage.input_tokens)} in, {count(span.usage.output_tokens)} out")
        if span.first_token is not None:
            words.append(f"first token {seconds(span.first_token)}")
        if len(span.attempts) > 1:
            words.append(f"{len(span.attempts)} attempts")
            words.extend(_charged_besides(span))
    elif node.calls:
        words.append(f"{node.calls} call{'' if node.calls == 1 else 's'}")
    if node.calls:
        words.append("cached" if span.cached else costing(node.cost, node.at_least))
    if span.error is not None:
        words.append(f"failed: {span.error}")
    elif span.finish not in (None, "stop", "tool_calls"):
        words.append(str(span.finish))
    return " · ".join(words)


def _charged_besides(span: Span) -> Iterator[str]:
    """What tries before the last one may have been charged, which is in no cost."""
    failed = [one.at_most for one in span.attempts[:-1] if one.error is not None]
    known = [amount for amount in failed if amount is not None]
    most = sum(known, Decimal(0))
    if len(known) < len(failed):
        yield "more, where failed ones were charged"
    elif most:
        yield f"up to {money(most)} more, where failed ones were charged"
