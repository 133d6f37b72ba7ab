"""The client: one interface to any model, with its policies, and a receipt for every answer."""

from __future__ import annotations

from collections.abc import AsyncGenerator, AsyncIterator, Iterable, Sequence
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

from aiapp.client.batch import CONCURRENCY, Progress, batched, many
from aiapp.client.budget import Budget, budgets_here
from aiapp.client.cache import Cache, Cached
from aiapp.client.call import Call, Opened, Policy, Proceed, around, close_stream
from aiapp.client.explanation import Explanation, explain
from aiapp.client.failure import tell
from aiapp.client.fallback import open_first
from aiapp.client.given import check_options, policies, providers_of
from aiapp.client.limits import Concurrency, RateLimit
from aiapp.client.measure import count, embed
from aiapp.client.receipt import response_of
from aiapp.client.recording import record
from aiapp.client.retry import Retry
from aiapp.client.route import Route
from aiapp.client.spending import Spending
from aiapp.client.stream import Stream
from aiapp.client.structured import REASKS, answer_of, check_reasks, structured
from aiapp.core.embeddings import Embeddings
from aiapp.core.errors import AiappError, InvalidInput, OverBudget
from aiapp.core.events import Event, Fold, TextDelta, ThinkingDelta, ToolCallStart, fold
from aiapp.core.formats import JsonSchema
from aiapp.core.request import Asked, Request, Settings
from aiapp.core.response import Response
from aiapp.core.schema import Schema
from aiapp.providers.counting import Count
from aiapp.providers.protocol import Provider, address_of
from aiapp.sync import run, sync
from aiapp.tracking.scope import Scope, here

if TYPE_CHECKING:
    from aiapp.client.forecast import Forecast
    from aiapp.tracking.ledger import Ledger
    from aiapp.tracking.span import Span

T = TypeVar("T")
_OUTPUT = (TextDelta, ThinkingDelta, ToolCallStart)


class Client:
    """Asks a model. `model` is `local` or `PROVIDER:NAME`; without one, `AIAPP_MODEL`, else `local`.

    The key is read from the provider's usual environment variable unless `api_key` is given. Nothing is loaded or
    connected before the first call. A ready `provider` may be given in place of a model name.

    `timeout` is how long one try may take to answer, and how long a stream may say nothing, in seconds. `fallback`
    models are asked in order where the one before cannot answer; one that cannot take the request is passed over.
    `strict` refuses what a model cannot honour, where a warning on the response is the rule.

    Around each call, from the outside in: `middleware`, the first outermost; the `cache`; the fallback; `retry`; and
    before each try at sending, the `budget` and those of the code around, `gates`, the first outermost, `concurrency`
    and `rate_limit`. A limit that is given to several clients is one limit for all of them.
    """

    def __init__(
        self,
        model: str | None = None,
        *,
        provider: Provider | None = None,
        settings: Settings | None = None,
        retry: Retry | None = None,
        timeout: float = 600.0,
        fallback: str | Sequence[str | Provider] = (),
        cache: Cache | None = None,
        budget: Budget | None = None,
        middleware: Sequence[Policy] = (),
        concurrency: int | Concurrency | None = None,
        rate_limit: RateLimit | None = None,
        gates: Sequence[Policy] = (),
        strict: bool = False,
        api_key: str | None = None,
        base_url: str | None = None,
    ) -> None:
        check_options(
            model=model,
            provider=provider,
            settings=settings,
            retry=retry,
            timeout=timeout,
            cache=cache,
            budget=budget,
            concurrency=concurrency,
            rate_limit=rate_limit,
            strict=strict,
            base_url=base_url,
        )
        middleware, gates = policies("middleware", middleware), policies("gates", gates)
        providers = providers_of(model, provider, fallback, api_key=api_key, base_url=base_url, timeout=timeout)
        limits = (Concurrency(concurrency) if isinstance(concurrency, int) else concurrency, rate_limit)
        gates = [Spending(strict), *gates, *(limit for limit in limits if limit is not None)]
        retry = Retry() if retry is None else retry
        self._routes = tuple(Route(one, retry, timeout, strict=strict, gates=gates) for one in providers)
        self._settings, self._budget = Settings() if settings is None else settings, budget
        self._open: Proceed = self._routes[0].open if len(providers) == 1 else self._first_to_answer
        self._cached = None if cache is None else Cached(cache, [address_of(providers[0]), strict])
        if self._cached is not None:
            self._open = around(self._cached, self._open)
        for policy in reversed(middleware):
            self._open = around(policy, self._open)

    @property
    def model(self) -> str:
        """The model as `Client` takes it, such as `openai:NAME`."""
        return self._routes[0].model

    @property
    def ranks_choices(self) -> bool:
        """Whether a `Choice` comes back with the log-probability of every option."""
        return self._routes[0].provider.ranks_choices

    def explain(self, request: Asked, *, output: type[Any] | Schema[Any] | None = None) -> Explanation:
        """The receipt of a call that is not made: what would be sent to whom, in which order, and what it would cost.

        It is that of `complete`; the payload of a stream asks for one besides. Nothing is sent, and `middleware` is not
        asked. What a call would raise before anything is sent is raised here, save that a strict client says `refused`,
        and a budget `over_budget`.
        """
        asked = self._request(request, None if output is None else Schema.of(output))
        kept = None if self._cached is None else self._cached.kept(asked, self._routes[0].provider)
        return explain(self._routes, asked, kept, budgets_here(self._budget))

    def forecast(
        self,
        requests: Iterable[Asked],
        *,
        output: type[Any] | Schema[Any] | None = None,
        answer_tokens: int | None = None,
        history: Ledger | Iterable[Span] | None = None,
        concurrency: int = CONCURRENCY,
    ) -> Forecast:
        """What a batch of requests will take in money and time: low, expected and high. Nothing is sent.

        How long answers are, and how long they take, is read from `history`, from calls of the same prompt where there
        are any; `answer_tokens` is what you expect them to be. The high figure in money is a bound.
        """
        from aiapp.client.forecast import Planned, forecast  # ledgers and statistics are needed only here

        schema, planned = None if output is None else Schema.of(output), list[Planned]()
        for one in many(requests):
            request = self._request(one, schema)
            planned.append(Planned(request, self.explain(request)))
        return forecast(
            self._routes,
            planned,
            reasks=0 if schema is None else REASKS,
            answer_tokens=answer_tokens,
            history=history,
            concurrency=concurrency,
        )

    @overload
    async def acomplete(self, request: Asked) -> Response: ...
    @overload
    async def acomplete(self, request: Asked, *, output: type[T] | Schema[T], reasks: int = REASKS) -> Response[T]: ...
    async def acomplete(
        self, request: Asked, *, output: type[Any] | Schema[Any] | None = None, reasks: int | None = None
    ) -> Response[Any]:
        """Ask, and wait for the whole answer.

        With `output` the answer is a value of that type: a pydantic model, dataclass, TypedDict, enum, union, list or
        primitive. An answer that does not fit is sent back with what is wrong, up to `reasks` times; then
        `AnswerInvalid` is raised. All attempts are on the receipt.
        """
        reasks = check_reasks(output, reasks)
        if output is None:
            return await self._whole(self._request(request))
        schema = Schema.of(output)
        return await structured(self._whole, self._request(request, schema), schema, reasks)

    @overload
    def complete(self, request: Asked) -> Response: ...
    @overload
    def complete(self, request: Asked, *, output: type[T] | Schema[T], reasks: int = REASKS) -> Response[T]: ...
    def complete(
        self, request: Asked, *, output: type[Any] | Schema[Any] | None = None, reasks: int | None = None
    ) -> Response[Any]:
        """The blocking twin of `acomplete`."""
        ask: Any = self.acomplete
        return run(ask(request, output=output, reasks=reasks))

    async def __call__(self, request: Asked, /) -> Response:
        """As `acomplete`: a client is a step of a chain."""
        return await self.acomplete(request)

    @overload
    def stream(self, request: Asked) -> Stream: ...
    @overload
    def stream(self, request: Asked, *, output: type[T] | Schema[T]) -> Stream[T]: ...
    def stream(self, request: Asked, *, output: type[Any] | Schema[Any] | None = None) -> Stream[Any]:
        """Ask, and read the answer as it comes. The stream serves `async for` and `for` alike.

        With `output`, `Stream.partials` is the value as far as it is known, and the response holds the whole one;
        nothing is asked again once it was shown.
        """
        schema = None if output is None else Schema.of(output)
        return Stream(self._events(self._request(request, schema), schema, here(), budgets_here(self._budget)), schema)

    astream = stream
    """The same: a stream serves both worlds."""

    @overload
    async def abatch(
        self, requests: Iterable[Asked], *, concurrency: int = CONCURRENCY, on_progress: Progress | None = None
    ) -> list[Response | AiappError]: ...
    @overload
    async def abatch(
        self,
        requests: Iterable[Asked],
        *,
        output: type[T] | Schema[T],
        reasks: int = REASKS,
        concurrency: int = CONCURRENCY,
        on_progress: Progress | None = None,
    ) -> list[Response[T] | AiappError]: ...
    async def abatch(
        self,
        requests: Iterable[Asked],
        *,
        output: type[Any] | Schema[Any] | None = None,
        reasks: int | None = None,
        concurrency: int = CONCURRENCY,
        on_progress: Progress | None = None,
    ) -> list[Any]:
        """Ask many things, `concurrency` at a time; the responses in their order, with failures in their places.

        A request is taken from the iterable when its turn comes. `on_progress(done, total)` is called after each, on
        the event loop; `total` is None where the iterable has no length. An error that is no `AiappError` is a fault
        of the program, not of one call: it ends the batch as `BatchFailed`, which holds what was done. `output` and
        `reasks` are as in `acomplete`.
        """
        check_reasks(output, reasks)
        ask = partial(cast("Any", self.acomplete), output=output, reasks=reasks)
        return await batched(ask, many(requests), concurrency, on_progress)

    @overload
    def batch(
        self, requests: Iterable[Asked], *, concurrency: int = CONCURRENCY, on_progress: Progress | None = None
    ) -> list[Response | AiappError]: ...
    @overload
    def batch(
        self,
        requests: Iterable[Asked],
        *,
        output: type[T] | Schema[T],
        reasks: int = REASKS,
        concurrency: int = CONCURRENCY,
        on_progress: Progress | None = None,
    ) -> list[Response[T] | AiappError]: ...
    def batch(self, requests: Iterable[Asked], **how: Any) -> list[Any]:
        """The blocking twin of `abatch`."""
        return run(self.abatch(requests, **how))

    async def aembed(self, texts: Sequence[str], *, dimensions: int | None = None) -> Embeddings:
        """One vector for each text, in order, with a receipt; `dimensions` asks for shorter ones where the model can.

        The first model alone is asked, since vectors of two models cannot be compared.
        """
        return await embed(self._routes[0], texts, dimensions, budgets_here(self._budget))

    embed = sync(aembed)

    async def acount_tokens(self, request: Asked) -> Count:
        """How many tokens a request takes: as the provider counts them, or as near as this machine can tell."""
        return await count(self._routes[0], self._request(request))

    count_tokens = sync(acount_tokens)

    async def aclose(self) -> None:
        """Let go of connections."""
        for route in self._routes:
            await route.provider.aclose()

    close = sync(aclose)

    async def __aenter__(self) -> Client:
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.aclose()

    def __enter__(self) -> Client:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    async def _first_to_answer(self, call: Call) -> Opened:
        return await open_first(self._routes, call)

    def _request(self, asked: Asked, schema: Schema[Any] | None = None) -> Request:
        request = Request.of(asked)
        if schema is not None:
            request = replace(request, format=_form(request, schema))
        settings = request.settings.over(self._settings)
        return request if settings is request.settings else replace(request, settings=settings)

    async def _whole(self, request: Request) -> Response:
        call = Call(request, self._routes[0].provider, budgets=budgets_here(self._budget))
        with record(call, here()):
            try:
                opened = await self._open(call)
                events = list(opened.first)
                if opened.rest is not None:
                    events.extend([event async for event in opened.rest])
                response = response_of(fold(events), call)
                call.answered(response)
                return response
            except AiappError as error:
                tell(error, call)
                raise
            finally:
                call.close()

    async def _events(
        self, request: Request, schema: Schema[Any] | None, scope: Scope | None, budgets: tuple[Budget, ...]
    ) -> AsyncGenerator[Event | Response[Any], None]:
        call, folding = Call(request, self._routes[0].provider, streaming=True, budgets=budgets), Fold()
        rest: AsyncIterator[Event] | None = None
        with record(call, scope, so_far=folding.completion):
            try:
                opened = await self._open(call)
                for event in opened.first:
                    if isinstance(event, _OUTPUT):
                        call.stopwatch.first_token()
                    folding.add(event)
                    yield event
                if opened.rest is not None:
                    rest = opened.rest  # from here on there is something to close: what was not begun needs no end
                    async for event in rest:
                        if isinstance(event, _OUTPUT):
                            call.stopwatch.first_token()
                        folding.add(event)
                        yield event
                response = response_of(folding.completion(), call)
                call.answered(response)
                yield response if schema is None else answer_of(response, schema)
            except AiappError as error:
                tell(error, call, folding.completion())
                if isinstance(error, OverBudget):
                    error.said = None if rest is None else folding.completion()
                raise
            finally:
                await close_stream(rest)
                await call.aclose()


def _form(request: Request, schema: Schema[Any]) -> JsonSchema:
    """The form of a type; a request that has one of its own must mean the same."""
    own, form = request.format, schema.format()
    if own is not None and not (isinstance(own, JsonSchema) and own.schema == form.schema):
        accepted = "a type of the format that the request has; or leave out one of the two"
        raise InvalidInput("output", schema.type, accepted)
    return form
