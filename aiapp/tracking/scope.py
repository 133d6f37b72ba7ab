"""What is being tracked here: a context variable that every call looks at, and the spans that open in it.

Nobody tracks unless `track()` is entered or the environment variable `AIAPP_LEDGER` names a file. The variable is
carried by `await`, by new tasks, by `asyncio.to_thread` and by aiapp's blocking calls; a plain thread or a
`ThreadPoolExecutor` starts without it, unless it runs its work by `contextvars.copy_context().run`.
"""

from __future__ import annotations

import os
import time
from collections.abc import Iterable, Mapping
from contextlib import suppress
from contextvars import ContextVar, Token
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from types import TracebackType
from typing import Any, Protocol, Self

from aiapp.core.errors import InvalidInput
from aiapp.core.serialisation import to_plain
from aiapp.tracking.exporter import Exporter, Opening, told
from aiapp.tracking.span import CALLS, Span

LEDGER = "AIAPP_LEDGER"
"""Names the file of a ledger that takes every call of the process, whether or not anybody tracks."""
LEDGER_CONTENT = "AIAPP_LEDGER_CONTENT"
"""Where it is `1`, that ledger takes what was asked and answered, too."""
RUN = "run"


class Collector(Protocol):
    """Something that keeps spans in memory."""

    def collect(self, span: Span) -> None:
        """Keep a span."""
        ...


@dataclass(frozen=True, slots=True)
class Scope:
    """Who is told of what happens here, and what it stands inside of; `trace` is None before the first span.

    The exporters and collectors are given with whether they take content.
    """

    exporters: Mapping[Exporter, bool]
    collectors: tuple[tuple[Collector, bool], ...] = ()
    trace: str | None = None
    parent: str | None = None
    step: tuple[str, ...] = ()
    tags: tuple[str, ...] = ()

    @property
    def content(self) -> bool:
        """Whether anybody takes what is asked and answered."""
        return any(self.exporters.values()) or any(content for _, content in self.collectors)

    def open(self, name: str, kind: str, *, block: bool = False) -> OpenSpan:
        """Begin a span."""
        return OpenSpan(self, name, kind, block)

    def inside(self, opening: Opening) -> Scope:
        """The scope inside of a span."""
        step = self.step if opening.kind == RUN else (*self.step, opening.name)
        return replace(self, trace=opening.trace, parent=opening.id, step=step)


_here: ContextVar[Scope | None] = ContextVar("aiapp_tracking", default=None)


def here() -> Scope | None:
    """The scope of the running code; None where nobody tracks."""
    scope = _here.get()
    if scope is None and (path := os.environ.get(LEDGER)):
        return _everywhere(path, os.environ.get(LEDGER_CONTENT) == "1")
    return scope


@cache
def _everywhere(path: str, content: bool) -> Scope:
    """The scope of a process whose ledger the environment names."""
    from aiapp.tracking.ledger import Ledger

    ledger = Ledger(path)
    ledger.make()
    return Scope({ledger: content})


class OpenSpan:
    """A span that has begun; `end` says what became of it, once."""

    __slots__ = ("_began", "_clock", "content", "opening", "scope")

    def __init__(self, scope: Scope, name: str, kind: str, block: bool) -> None:
        self.scope, self.content = scope, scope.content
        self.opening = Opening(
            id=os.urandom(8).hex(),
            trace=scope.trace or os.urandom(16).hex(),
            parent=scope.parent,
            name=name,
            kind=kind,
            started=datetime.now(UTC),
            block=block,
        )
        self._clock = time.perf_counter()
        self._began: list[Any] = [_begun(exporter, self.opening) for exporter in scope.exporters]

    def end(self, error: BaseException | None = None, *, name: str | None = None, **known: Any) -> None:
        """Give the span to everybody who tracks here; `seconds` are counted unless they are known.

        `name` is a better one than it had at its beginning, such as that of the model which answered in the end.
        """
        opening, scope = self.opening, self.scope
        known.setdefault("seconds", time.perf_counter() - self._clock)
        span = Span(
            id=opening.id,
            trace=opening.trace,
            name=name or opening.name,
            kind=opening.kind,
            started=opening.started,
            parent=opening.parent,
            step=scope.step if opening.kind in (RUN, *CALLS) else (*scope.step, opening.name),
            tags=scope.tags,
            error=None if error is None else type(error).__name__,
            message=None if error is None else str(error),
            **known,
        ).redacted()
        bare = span.without_content
        for collector, content in scope.collectors:
            collector.collect(span if content else bare)
        for (exporter, content), began in zip(scope.exporters.items(), self._began, strict=True):
            try:
                exporter.ended(span if content else bare, began)
            except Exception as problem:
                told(exporter, problem)


def _begun(exporter: Exporter, opening: Opening) -> Any:
    try:
        return exporter.began(opening)
    except Exception as problem:
        told(exporter, problem)


class Block:
    """A `with` that is a span, for `with` and `async with` alike. Nothing happens where nobody tracks."""

    def __init__(self, name: str, kind: str, tags: tuple[str, ...]) -> None:
        self.name, self.kind, self.tags = name, kind, tags
        self._open: OpenSpan | None = None
        self._token: Token[Scope | None] | None = None
        self._content: dict[str, Any] = {}

    def record(self, **content: Any) -> None:
        """What the step was given and what it made, as `input` and `output`; kept where content is asked for.

        Both are plain JSON values, or values that `aiapp.core.serialisation` writes.
        """
        if strange := sorted(content.keys() - {"input", "output"}):
            raise InvalidInput("record", strange[0], "input, output")
        if self._open is not None and self._open.content:
            self._content |= {name: to_plain(value) for name, value in content.items()}

    def __enter__(self) -> Self:
        if self._open is not None:
            raise RuntimeError(f"the span {self.name!r} was entered already; make one for each `with`")
        scope = self.scope()
        if scope is not None:
            if self.tags:
                scope = replace(scope, tags=(*scope.tags, *(tag for tag in self.tags if tag not in scope.tags)))
            self._open = scope.open(self.name, self.kind, block=True)
            self._token = _here.set(scope.inside(self._open.opening))
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._open is None or self._token is None:
            return
        # A generator that holds this may be closed in another context than it ran in: there, nothing is to be undone.
        with suppress(ValueError):
            _here.reset(self._token)
        self._open.end(error, **self._content)

    async def __aenter__(self) -> Self:
        return self.__enter__()

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.__exit__(kind, error, trace)

    def scope(self) -> Scope | None:
        """The scope that the span opens in; None where nobody tracks."""
        return here()


def span(name: str, *, kind: str = "step", tags: Iterable[str] = ()) -> Block:
    """A step of a run, as `with span("retrieve"):` or `async with`: calls inside of it are counted to it.

    `kind` is `step`, `tool`, `agent` or another word of yours; `tags` are added to those of what stands around it.
    """
    if kind in (RUN, *CALLS):
        raise InvalidInput("kind", kind, f"a word of yours; {RUN} is `track()`'s, {', '.join(CALLS)} are `Client`'s")
    return Block(word_of("name", name), word_of("kind", kind), tags_of(tags))


def word_of(field: str, word: object) -> str:
    """A name that is one."""
    if not isinstance(word, str) or not word:
        raise InvalidInput(field, word, "a text of at least one character")
    return word


def tags_of(tags: Iterable[str]) -> tuple[str, ...]:
    """Tags as a tuple, each once."""
    given: tuple[Any, ...] = () if isinstance(tags, str) else tuple(tags)
    if isinstance(tags, str) or not all(isinstance(tag, str) and tag for tag in given):
        raise InvalidInput("tags", tags, 'several texts, such as ["search", "customer:42"]')
    return tuple(dict.fromkeys(given))
