"""Settings as far as a model can honour them. Pure; what nothing is known of is sent as it was asked for."""

from __future__ import annotations

from dataclasses import replace

from aiapp.catalog.abilities import Abilities
from aiapp.core.request import Only, Settings
from aiapp.core.response import Change


def within(settings: Settings, known: Abilities, changes: list[Change]) -> Settings:
    """The settings without what the model would refuse; each of these is listed in `changes`."""
    if settings.effort is not None and known.efforts is not None and settings.effort not in known.efforts:
        accepted = f"accepts {', '.join(known.efforts)}" if known.efforts else "does not reason"
        changes.append(Change("effort", f"the model {accepted}; dropped", lost=settings.effort != "none"))
        settings = replace(settings, effort=None)
    sampled = settings.temperature is not None or settings.top_p is not None
    reason = known.no_sampling(settings.effort) if sampled else None
    if reason is not None:
        for name in ("temperature", "top_p"):
            if getattr(settings, name) is not None:
                changes.append(Change(name, f"{reason}; dropped"))
        settings = replace(settings, temperature=None, top_p=None)
    if settings.stop and known.stop is False:
        changes.append(Change("stop", "the model takes no texts that end its answer; dropped"))
        settings = replace(settings, stop=())
    limit = known.output_tokens
    if settings.max_tokens is not None and limit is not None and settings.max_tokens > limit:
        changes.append(Change("max_tokens", f"the model gives at most {limit:,} tokens; that is sent"))
        settings = replace(settings, max_tokens=limit)
    forced = settings.tool_choice == "required" or isinstance(settings.tool_choice, Only)
    if forced and known.forced_tools is False:
        changes.append(Change("tool_choice", "the model cannot be made to call a tool; it may choose"))
        settings = replace(settings, tool_choice=None)
    return settings
