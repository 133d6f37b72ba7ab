"""Text that changes with every call, ahead of a cache breakpoint: a prefix that is never the same is never read again.

The clock, random numbers and fresh ids are volatile, and so is a name that is made of them, or that says so (`now`,
`request_id`). Any other variable may well be the long document that the cache is for.
"""

from __future__ import annotations

import ast
from collections.abc import Iterator

from aiapp.doctor.reading.literals import Source, dotted
from aiapp.doctor.sightings import VolatileSeen, Wire

_CALLS = {
    "datetime.now", "datetime.utcnow", "datetime.today", "date.today", "time.time", "time.time_ns", "time.ctime",
    "time.strftime", "time.localtime", "time.gmtime", "time.monotonic", "uuid.uuid1", "uuid.uuid4", "uuid.uuid7",
    "os.urandom", "timezone.now", "arrow.now", "arrow.utcnow", "pendulum.now", "Timestamp.now",
}  # fmt: skip
_BARE = {"uuid1", "uuid4", "uuid7", "token_hex", "token_urlsafe", "token_bytes"}
_MODULES = ("random.", "secrets.", "np.random.", "numpy.random.")
_NAMES = {
    "now", "today", "timestamp", "current_time", "current_date", "current_datetime", "todays_date", "date_today",
    "request_id", "trace_id", "nonce", "run_id", "session_id", "correlation_id",
}  # fmt: skip
_MARK = "cache_control"
_IMPLICIT = ("prompt_cache_key", "prompt_cache_options", "prompt_cache_retention")


def volatile_prefixes(call: ast.Call, wire: Wire, source: Source) -> Iterator[VolatileSeen]:
    """What is volatile ahead of the last breakpoint of a call, in the order in which the wire takes it."""
    if not source.mentions("cache"):
        return
    given = {word.arg: word.value for word in call.keywords if word.arg}
    if wire in ("messages", "litellm", "chat"):
        yield from _before(list(_blocks(given, source)), source)
    if wire in ("responses", "chat") and any(name in given for name in _IMPLICIT):
        named = next(name for name in _IMPLICIT if name in given)
        head = given.get("instructions") or _system_text(given.get("messages") or given.get("input"), source)
        if head is not None:
            yield from _seen(head, named, source)


def volatile_cached_request(call: ast.Call, source: Source) -> Iterator[VolatileSeen]:
    """The same in `aiapp.Request`: its settings ask for the cache, and a system turn is volatile."""
    given = {word.arg: word.value for word in call.keywords if word.arg}
    if not call.args or not _asks_for_cache(given.get("settings"), source):
        return
    for turn in source.items(call.args[0]):
        if isinstance(turn, ast.Call) and dotted(turn.func).rpartition(".")[2] == "system":
            for part in turn.args:
                yield from _seen(part, "Settings(cache=...)", source)


def _asks_for_cache(node: ast.expr | None, source: Source) -> bool:
    made = None if node is None else source.resolved(node)
    if not isinstance(made, ast.Call) or dotted(made.func).rpartition(".")[2] != "Settings":
        return False
    return any(word.arg == "cache" and source.value(word.value) in ("short", "long") for word in made.keywords)


def _blocks(given: dict[str, ast.expr], source: Source) -> Iterator[ast.expr]:
    """The parts of a request as the cache sees them: tools, system, then the messages' contents."""
    for name in ("tools", "system"):
        node = given.get(name)
        if node is not None:
            yield from source.items(node) or [node]
    for turn in source.items(given.get("messages")):
        content = source.entries(turn).get("content")
        if content is not None:
            yield from source.items(content) or [content]


def _before(blocks: list[ast.expr], source: Source) -> Iterator[VolatileSeen]:
    marked = [number for number, block in enumerate(blocks) if _MARK in source.entries(block)]
    for block in blocks[: marked[-1] + 1] if marked else []:
        entries = source.entries(block)
        texts = [value for name, value in entries.items() if name != _MARK] if entries else [block]
        for text in texts:
            yield from _seen(text, _MARK, source)


def _system_text(node: ast.expr | None, source: Source) -> ast.expr | None:
    """What the first message says, where it is the system's."""
    turns = source.items(node)
    entries = source.entries(turns[0]) if turns else {}
    role = source.value(entries.get("role"))
    return entries.get("content") if role in ("system", "developer") else None


def _seen(node: ast.expr, mark: str, source: Source) -> Iterator[VolatileSeen]:
    what = _volatile(node, source)
    if what is not None:
        yield VolatileSeen(what, source.place(node), mark)


def _volatile(node: ast.AST, source: Source, depth: int = 0) -> str | None:
    """The first thing in an expression that changes with every call, as it is spelt."""
    for part in ast.walk(node):
        if isinstance(part, ast.Call) and (spelt := _volatile_call(part)) is not None:
            return f"{spelt}()"
        if isinstance(part, ast.Name) and isinstance(part.ctx, ast.Load):
            made = source.names.get(part.id)
            if made is not None and depth < 3:
                if (found := _volatile(made, source, depth + 1)) is not None:
                    return found if found.endswith(part.id) else f"{part.id} = {found}"
            elif part.id in _NAMES and made is None:
                return part.id
    return None


def _volatile_call(call: ast.Call) -> str | None:
    name = dotted(call.func)
    last = ".".join(name.split(".")[-2:])
    if last in _CALLS or name in _BARE or name.startswith(_MODULES):
        return name
    return None
