"""Spans to OpenTelemetry, through its API alone: which SDK and which back end there is, your program decides."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from aiapp.core.errors import MissingDependency
from aiapp.tracking.exporter import Exporter, Opening
from aiapp.tracking.genai import attributes, name_of
from aiapp.tracking.span import Span

if TYPE_CHECKING:
    from opentelemetry.trace import TracerProvider

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


class OpenTelemetry(Exporter):
    """Tells each span to the tracer provider that is given, else to the process's own.

    A `span()` is OpenTelemetry's current span while it runs, so that what others trace inside of it stands there, and
    ours stand inside of theirs. What was asked and answered is told only where `track(content=True)` asks for it.

    The vendors' spans do not count the same tokens again: the Anthropic SDK's own are switched off in `Client`, the
    other SDKs have none, and what patches an SDK's typed methods does not see calls that go beneath them.
    """

    def __init__(self, tracer_provider: TracerProvider | None = None) -> None:
        try:
            from opentelemetry import trace
        except ModuleNotFoundError:
            raise MissingDependency("opentelemetry-api", "otel") from None
        from aiapp import __version__

        self._tracer = trace.get_tracer("aiapp", __version__, tracer_provider)

    def began(self, opening: Opening) -> Any:
        """A `span()` begins there too, and becomes the current one; of a call only the place is kept."""
        from opentelemetry import context, trace

        if not opening.block:
            return context.get_current()
        live = self._tracer.start_span(
            name_of(opening.name, opening.kind), start_time=_nanoseconds(opening.started), kind=trace.SpanKind.INTERNAL
        )
        return live, context.attach(trace.set_span_in_context(live))

    def ended(self, span: Span, began: Any) -> None:
        """A call is told as a whole; a `span()` gets what is known of it now."""
        from opentelemetry import context, trace

        if span.asks_a_model:
            live = self._tracer.start_span(
                name_of(span.name, span.kind),
                context=began,
                kind=trace.SpanKind.CLIENT,
                start_time=_nanoseconds(span.started),
                attributes=attributes(span),
            )
        else:
            live, token = began
            context.detach(token)
            live.update_name(name_of(span.name, span.kind))  # now without secrets
            live.set_attributes(attributes(span))
        if span.error is not None:
            live.set_status(trace.Status(trace.StatusCode.ERROR, span.message))
        live.end(_nanoseconds(span.started + timedelta(seconds=span.seconds)))


def _nanoseconds(moment: datetime) -> int:
    return (moment - _EPOCH) // timedelta(microseconds=1) * 1000
