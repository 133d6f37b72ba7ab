"""The dates of models, and names that no model has."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, timedelta

from aiapp.catalog.lifecycle import Lifecycle, lifecycle
from aiapp.doctor.findings import Finding
from aiapp.doctor.naming import meant
from aiapp.doctor.sightings import ModelSeen


def model_findings(seen: ModelSeen, today: date, within: timedelta) -> Iterator[Finding]:
    """What is wrong with a model's name on a day; one that leaves within a time from it is retiring."""
    if seen.offer is None:
        return
    life = lifecycle(seen.offer, today)
    if life is None:
        slip = meant(seen.offer) if seen.sure else None
        if slip is not None:
            yield Finding(seen.place, "AI103", f"no model is known as {seen.written}", f"did you mean {slip}?")
        return
    if life.retires is None or life.retires > today + within:
        return
    if life.retired(today):
        yield _finding(seen, "AI101", f"{seen.written} is not served since {life.retires}", life)
    else:
        days = (life.retires - today).days
        message = f"{seen.written} is served until {life.retires}, {days} {'day' if days == 1 else 'days'} from now"
        yield _finding(seen, "AI102", message, life)


def _finding(seen: ModelSeen, code: str, message: str, life: Lifecycle) -> Finding:
    return Finding(seen.place, code, message, _instead(life), f"{life.source}, {life.as_of}")


def _instead(life: Lifecycle) -> str:
    """What the provider names in its place, and what is served where that has gone too."""
    if life.successor is None:
        return "`aiapp models choose` ranks what is served"
    if life.alive_successor in (None, life.successor):
        gone = "" if life.alive_successor else ", which has gone too"
        return f"its provider names {life.successor} in its place{gone}"
    return f"its provider named {life.successor}, which has gone too; what follows that is {life.alive_successor}"
