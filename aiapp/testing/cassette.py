"""Cassettes: a real model's answers in a file, told again without it.

Kept are our own requests and events, not HTTP: a cassette outlives every change of an SDK or of a wire. It is JSON that
is meant to be read, compared and, where need be, edited by hand. Secrets are taken out before anything is written, and
out of what is asked before it is compared: see `redaction`.

def test_the_capital() -> None:
    with Cassette("tests/cassettes/capital.json", "openai:NAME") as cassette:
        assert "Paris" in Client(provider=cassette).complete("What is the capital of France?").text

The first run asks the model, with your key, and records; every later one needs no key, SDK or network. To record
again, delete the file.
"""

from __future__ import annotations

import difflib
import json
import os
import threading
from collections.abc import AsyncGenerator, AsyncIterator, Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self

from aiapp.core import errors
from aiapp.core.errors import InvalidInput, ProviderError
from aiapp.core.events import Event
from aiapp.core.request import Request
from aiapp.core.serialisation import from_plain, to_plain
from aiapp.providers.protocol import Prepared, Provider
from aiapp.providers.registry import open_provider
from aiapp.testing.redaction import Redaction
from aiapp.testing.scripted import PreparedRequest, request_of

FORMAT = 1
_PLACEHOLDER = "no-key-is-needed-to-replay"
_ERROR_FIELDS = ("message", "provider", "model", "status", "request_id", "retry_after")


class NotRecorded(AssertionError):
    """The request is none of those that were recorded, or was asked more often than recorded.

    It is no `AiappError`: an application that catches those must not take it for a model's failure.
    """


@dataclass(slots=True)
class _Interaction:
    """One request and what came back, as plain values without secrets."""

    request: Any
    events: list[Any] = field(default_factory=list[Any])
    error: dict[str, Any] | None = None
    done: bool = False
    """Recorded to its end, or replayed."""

    @property
    def key(self) -> str:
        return json.dumps(self.request, sort_keys=True)


class Cassette:
    """A provider that asks `model` and records, or replays what was recorded.

    `mode` is `replay` or `record`; `auto` replays where the file is there and records where it is not. Nothing is added
    to a file that is replayed: a request that it does not hold raises `NotRecorded`, which shows what differs from the
    nearest one. The same request is answered in the order of the recording, a failure among them as the same failure.
    An answer that was waited for can be streamed, and the reverse; a stream that was left early is told as far as it
    was read.

    `normalise` takes out of a request what differs from run to run, such as today's date, before it is kept or
    compared. One cassette has its file for itself.
    """

    def __init__(
        self,
        path: str | os.PathLike[str],
        model: str | Provider,
        *,
        mode: Literal["auto", "record", "replay"] = "auto",
        normalise: Callable[[Request], Request] | None = None,
        api_key: str | None = None,
        base_url: str | None = None,
    ) -> None:
        if mode not in ("auto", "record", "replay"):
            raise InvalidInput("mode", mode, "auto, record, replay")
        self.path = Path(path)
        self.recording = mode == "record" or (mode == "auto" and not self.path.exists())
        key = api_key if self.recording else api_key or _PLACEHOLDER
        opened = open_provider(model, api_key=key, base_url=base_url) if isinstance(model, str) else model
        self._provider, self._normalise = opened, normalise
        self._secrets = () if api_key is None else (api_key,)
        self._lock = threading.Lock()
        self._interactions = [] if self.recording else _read(self.path, self._full_name)

    @property
    def name(self) -> str:
        """The recorded provider's."""
        return self._provider.name

    @property
    def model(self) -> str:
        """The recorded model's."""
        return self._provider.model

    @property
    def free(self) -> bool:
        """As with the recorded provider: a replayed answer has the price that it had."""
        return self._provider.free

    @property
    def ranks_choices(self) -> bool:
        """As with the recorded provider."""
        return self._provider.ranks_choices

    def prepare(self, request: Request) -> Prepared:
        """The payload as the recorded provider has it today."""
        prepared = self._provider.prepare(request)
        return _Taped(
            prepared.payload, prepared.changes, most_tokens=prepared.most_tokens, request=request, inner=prepared
        )

    async def acomplete(self, prepared: Prepared) -> list[Event]:
        """The whole answer."""
        return [event async for event in self._play(prepared, streaming=False)]

    def astream(self, prepared: Prepared) -> AsyncIterator[Event]:
        """The answer as it comes; a recorded one comes at once."""
        return self._play(prepared, streaming=True)

    async def aclose(self) -> None:
        """Let go of the recorded provider's connections."""
        await self._provider.aclose()

    def assert_done(self) -> None:
        """Fail where a recording was not asked for."""
        left = [] if self.recording else [one for one in self._interactions if not one.done]
        shown = "\n".join(_pretty(one.request) for one in left[:3])
        assert not left, f"{len(left)} recordings of {self.path} were not asked for:\n{shown}"

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """What was recorded must have been asked for, unless the test has failed already."""
        if kind is None:
            self.assert_done()

    async def _play(self, prepared: Prepared, *, streaming: bool) -> AsyncGenerator[Event, None]:
        request = request_of(prepared)
        asked = to_plain(replace(self._normalise(request) if self._normalise else request, prompt=None))
        interaction = _Interaction(Redaction(self._secrets).value(asked))
        if self.recording:
            assert isinstance(prepared, _Taped)
            source = self._record(interaction, prepared.inner, streaming)
            try:
                async for event in source:
                    yield event
            finally:
                await source.aclose()
            return
        recorded = self._take(interaction)
        for plain in recorded.events:
            yield from_plain(Event, plain)
        if recorded.error is not None:
            raise _error_of(recorded.error)

    async def _record(
        self, interaction: _Interaction, prepared: Prepared, streaming: bool
    ) -> AsyncGenerator[Event, None]:
        """Ask the model; what came is kept however it ends, save where nothing came."""
        with self._lock:
            self._interactions.append(interaction)  # in the order of asking, whichever is answered first
        events: list[Event] = []
        try:
            if not streaming:
                events.extend(await self._provider.acomplete(prepared))
                for event in events:
                    yield event
                return
            stream = self._provider.astream(prepared)
            try:
                async for event in stream:
                    events.append(event)
                    yield event
            finally:
                close = getattr(stream, "aclose", None)
                if close is not None:
                    await close()
        except ProviderError as error:
            interaction.error = _plain_error(error)
            raise
        finally:
            self._keep(interaction, events)

    def _keep(self, interaction: _Interaction, events: Sequence[Event]) -> None:
        redaction = Redaction(self._secrets)
        with self._lock:
            if not events and interaction.error is None:
                self._interactions.remove(interaction)
                return
            interaction.events = redaction.events([to_plain(event) for event in events])
            interaction.error = redaction.value(interaction.error)
            interaction.done = True
            _write(self.path, self._full_name, [one for one in self._interactions if one.done])

    def _take(self, asked: _Interaction) -> _Interaction:
        key = asked.key
        with self._lock:
            same = [one for one in self._interactions if one.key == key]
            free = next((one for one in same if not one.done), None)
            if free is None:
                raise NotRecorded(self._why_not(asked, len(same)))
            free.done = True
            return free

    def _why_not(self, asked: _Interaction, times: int) -> str:
        again = f"To record it, delete {self.path} and run again with a key."
        if times:
            return f"{self.path} holds this request {times} times, and it was asked once more. {again}"
        if not self._interactions:
            return f"{self.path} holds no request. {again}"
        wanted = _pretty(asked.request).split("\n")
        shown = [_pretty(one.request).split("\n") for one in self._interactions]
        nearest = max(shown, key=lambda lines: difflib.SequenceMatcher(None, lines, wanted).ratio())
        difference = difflib.unified_diff(nearest, wanted, "the nearest recorded", "asked", n=2, lineterm="")
        return "\n".join([f"{self.path} holds no such request. {again}", *difference])

    @property
    def _full_name(self) -> str:
        return f"{self.name}:{self.model}"


@dataclass(frozen=True, slots=True)
class _Taped(PreparedRequest):
    """What is sent is what the recorded provider itself has prepared."""

    inner: Prepared = field(kw_only=True)


def _plain_error(error: ProviderError) -> dict[str, Any]:
    """A failure; one of a class that is not ours is kept as the nearest one that is."""
    kind = next(one.__name__ for one in type(error).__mro__ if vars(errors).get(one.__name__) is one)
    fields = {name: getattr(error, name) for name in _ERROR_FIELDS}
    return {"kind": kind, **{name: value for name, value in fields.items() if value is not None}}


def _error_of(plain: dict[str, Any]) -> ProviderError:
    kind: Any = getattr(errors, str(plain.get("kind")), None)
    given = {name: plain[name] for name in _ERROR_FIELDS if name in plain}
    if not (isinstance(kind, type) and issubclass(kind, ProviderError)):
        raise InvalidInput("error.kind", plain.get("kind"), "the name of a ProviderError")
    return kind(**given)


def _pretty(value: Any) -> str:
    """JSON to be read; escaped only where UTF-8 cannot hold it."""
    text = json.dumps(value, indent=2, ensure_ascii=False)
    return text if _encodable(text) else json.dumps(value, indent=2)


def _line(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if _encodable(text) else json.dumps(value)


def _encodable(text: str) -> bool:
    try:
        text.encode()
    except UnicodeEncodeError:
        return False
    return True


def _rows(name: str, rows: Sequence[str], last: bool) -> Iterator[str]:
    yield f'      "{name}": ['
    yield from (f"        {row}{',' if place + 1 < len(rows) else ''}" for place, row in enumerate(rows))
    yield "      ]" if last else "      ],"


def _file_text(model: str, interactions: Sequence[_Interaction]) -> str:
    """The file: requests spread out, an event a line."""
    lines = ["{", f'  "cassette": {FORMAT},', f'  "model": {_line(model)},', '  "interactions": [']
    for place, one in enumerate(interactions):
        lines.append("    {")
        request = _pretty(one.request).split("\n")
        lines.append(f'      "request": {request[0]}')
        lines.extend(f"      {line}" for line in request[1:])
        lines[-1] += ","
        lines.extend(_rows("events", [_line(event) for event in one.events], last=one.error is None))
        if one.error is not None:
            lines.append(f'      "error": {_line(one.error)}')
        lines.append("    }," if place + 1 < len(interactions) else "    }")
    return "\n".join([*lines, "  ]", "}", ""])


def _write(path: Path, model: str, interactions: Sequence[_Interaction]) -> None:
    """The whole file or none of it: what stops in between leaves the one that was there."""
    path.parent.mkdir(parents=True, exist_ok=True)
    beside = path.with_name(f".{path.name}.{os.getpid()}.tmp")
    beside.write_text(_file_text(model, interactions), encoding="utf-8", newline="\n")
    beside.replace(path)


def _read(path: Path, model: str) -> list[_Interaction]:
    try:
        plain: Any = json.loads(path.read_text(encoding="utf-8"))
        if plain["cassette"] != FORMAT:
            raise ValueError(f"its format is {plain['cassette']}; this version reads {FORMAT}")
        recorded, found = str(plain["model"]), [_interaction(one) for one in plain["interactions"]]
    except FileNotFoundError:
        raise InvalidInput("cassette", str(path), "a file that is there; mode `auto` or `record` makes it") from None
    except (ValueError, KeyError, TypeError) as error:
        raise InvalidInput("cassette", str(path), f"a file that a cassette has written ({error})") from None
    if recorded != model:
        raise InvalidInput("model", model, f"{recorded}, whose answers these are; delete {path} to record others")
    return found


def _interaction(plain: dict[str, Any]) -> _Interaction:
    """Checked here, so that a mistake in a file is named before any test runs on it."""
    request = to_plain(from_plain(Request, plain["request"]))
    events = [to_plain(from_plain(Event, event)) for event in plain["events"]]
    error = plain.get("error")
    if error is not None:
        _error_of(error)
    return _Interaction(request, events, error)
