"""The response of a call: its completion, with the receipt."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from aiapp.catalog.catalogue import catalogue
from aiapp.catalog.prices import STANDARD
from aiapp.client.call import Call
from aiapp.client.route import full_name
from aiapp.core.events import Completion
from aiapp.core.invoice import Invoice
from aiapp.core.parts import File, Image, Part, ToolResult
from aiapp.core.request import Request
from aiapp.core.response import Change, Receipt, Response
from aiapp.core.secrets import without_secrets
from aiapp.core.usage import Usage
from aiapp.providers.payload import tools_in
from aiapp.providers.protocol import AsksForStreams, Prepared, Provider
from aiapp.providers.tiers import served_tier
from aiapp.tracking.billing import CACHED, OWN_MACHINE, bill, nothing_due


def shown(payload: Mapping[str, Any], request: Request) -> Mapping[str, Any]:
    """A payload as a receipt may show it: what a user adds by `extra` may hold a key, and a URL may, too."""
    if any(_by_url(part) for message in request.messages for part in message.parts):
        payload = without_secrets(payload, by_name=False)
    extra = request.settings.extra
    return {**payload, **_added(payload, extra)} if extra else payload


def _added(payload: Mapping[str, Any], extra: Mapping[str, Any]) -> dict[str, Any]:
    """What a user adds, without its secrets; beside the tools among it, the request's own stand as they are."""
    theirs = tools_in(extra)
    named = {name: payload[name] for name in extra if name in payload and not (theirs and name == "tools")}
    added: dict[str, Any] = without_secrets(named)
    if theirs:
        added["tools"] = [without_secrets(tool) if tool in theirs else tool for tool in payload["tools"]]
    return added


def _sent(prepared: Prepared, call: Call) -> Mapping[str, Any]:
    """The payload as it goes out: a stream is asked for in it."""
    provider = call.provider
    if call.streaming and isinstance(provider, AsksForStreams):
        return provider.streaming(prepared.payload)
    return prepared.payload


def _by_url(part: Part) -> bool:
    """Whether an image or a file is given by its URL, which what a provider is told of it may hold, too."""
    match part:
        case Image() | File():
            return part.url is not None or bool(part.metadata)
        case ToolResult():
            return any(map(_by_url, part.attachments))
        case _:
            return False


def response_of(completion: Completion, call: Call) -> Response:
    """The completion of a call, with its receipt; one that broke off has a bill, too."""
    provider = call.provider
    prepared = call.prepared or provider.prepare(call.request)
    receipt = Receipt(
        model=full_name(provider),
        usage=completion.usage,
        invoice=invoice_of(
            call, completion.usage, completion.model, tier=_tier(completion, prepared), region=completion.region
        ),
        timing=call.stopwatch.timing(),
        attempts=tuple(call.attempts),
        changes=(*prepared.changes, *(Change(one.field, one.reason, one.lost) for one in completion.altered)),
        payload=shown(_sent(prepared, call), call.request),
        request_id=completion.request_id,
        served=completion.model,
        tier=completion.tier,
        region=completion.region,
        prompt=call.request.prompt,
        prompt_name=call.request.prompt_name,
        cached=call.cached,
    )
    return Response(
        model=completion.model,
        parts=completion.parts,
        finish=completion.finish,
        usage=completion.usage,
        id=completion.id,
        request_id=completion.request_id,
        tier=completion.tier,
        region=completion.region,
        alternatives=completion.alternatives,
        altered=completion.altered,
        receipt=receipt,
        output=None,
    )


def invoice_of(
    call: Call, usage: Usage, served: str, *, tier: str | None = STANDARD, region: str | None = None
) -> Invoice:
    """What a call cost, at the prices of the day on which it began; `served` is the model that the provider names."""
    began = datetime.now(UTC) - timedelta(seconds=call.stopwatch.elapsed)
    return priced(call.provider, usage, began, served=served, tier=tier, region=region, cached=call.cached)


def priced(
    provider: Provider,
    usage: Usage,
    at: datetime,
    *,
    served: str = "",
    tier: str | None = STANDARD,
    region: str | None = None,
    cached: bool = False,
) -> Invoice:
    """What so many tokens cost of a provider's model."""
    if cached:
        return nothing_due(usage, CACHED)
    if provider.free:
        return nothing_due(usage, OWN_MACHINE)
    return bill(usage, full_name(provider), catalogue().find, at=at, served=served, tier=tier, region=region)


def _tier(completion: Completion, prepared: Prepared) -> str | None:
    """The tier that served; None where another than the standard one was asked for, and the answer says nothing."""
    asked = served_tier(prepared.payload.get("service_tier"))
    return completion.tier or (STANDARD if asked in (None, STANDARD) else None)
