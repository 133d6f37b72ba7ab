"""Settings that a model rejects, by the table of its abilities."""

from __future__ import annotations

from collections.abc import Iterator

from aiapp.catalog.abilities import UNKNOWN, Abilities, abilities
from aiapp.catalog.shelves import plain_name
from aiapp.doctor.checks.versions import certainly
from aiapp.doctor.findings import Finding, Severity
from aiapp.doctor.sightings import ModelSeen, Setting, Surroundings
from aiapp.providers.openai.vendors import vendors

_ABILITIES = "aiapp/catalog/abilities"
_NEW_API = "https://platform.claude.com/docs/en/api/versioning; anthropic 2.11"
LEAST_BUDGET = 1_024
LONGEST_WAIT = 21_333
"""The most tokens that anthropic's SDK waits for without a stream: 600 seconds, at 128,000 tokens an hour."""


def setting_findings(seen: ModelSeen, around: Surroundings) -> Iterator[Finding]:
    """The settings beside a model that it, or the way to it, rejects."""
    if seen.offer is None:
        return
    for setting in seen.settings:
        found = _refusal(seen, setting, around)
        if found is not None:
            code, message, fix, source = found
            yield Finding(setting.place, code, message, fix, source, _lowered(seen))


def abilities_of(offer: str) -> Abilities:
    """What is known of the model that an offer's name means."""
    provider, _, name = plain_name(offer).partition(":")
    row = vendors().get(provider)
    return abilities((row.table if row is not None else "") or provider, name) if provider != "litellm" else UNKNOWN


def _lowered(seen: ModelSeen) -> Severity | None:
    """aiapp drops what is refused and says so; what becomes of a file of settings is not told."""
    return "warning" if seen.wire in ("aiapp", "none", "litellm") else None


def _refusal(seen: ModelSeen, setting: Setting, around: Surroundings) -> tuple[str, str, str, str] | None:
    """The code, what is wrong, what to do and how it is known."""
    known = abilities_of(seen.offer or "")
    model, value, spelt = seen.written, setting.value, setting.spelt
    match setting.name:
        case "temperature" | "top_p" | "top_k":
            return _sampling(seen, setting, known, around)
        case "tool_choice" if known.forced_tools is False:
            return "AI202", f"{model} rejects a forced tool choice", "leave the choice to it (auto)", _ABILITIES
        case "prefill" if known.prefill is False:
            fix = "end with the user, and ask for a format (output_config.format)"
            return "AI203", f"{model} rejects a conversation that ends with the assistant", fix, _ABILITIES
        case "effort" if known.efforts is not None and isinstance(value, str) and value not in known.efforts:
            fix = f"it has {', '.join(known.efforts)}" if known.efforts else "it does not reason; leave it out"
            return "AI204", f"{model} has no effort {value!r}", fix, _ABILITIES
        case "thinking" if value == "disabled" and known.efforts is not None:
            if "none" not in known.efforts:
                return "AI207", f"{model} cannot be told not to think", "ask for effort 'low'", _ABILITIES
            if known.without_thinking not in (None, "disabled"):
                fix = f"say {known.without_thinking!r}"
                return "AI207", f"{model} does not take thinking 'disabled'", fix, _ABILITIES
        case "budget" if isinstance(value, int) and value < LEAST_BUDGET:
            return (
                "AI207",
                f"a thinking budget of {value:,} is too small",
                f"at least {LEAST_BUDGET:,}",
                "anthropic 2.11",
            )
        case "budget" if isinstance(value, int) and value >= (limit := _value(seen, "max_tokens") or value + 1):
            fix = "give max_tokens room for the answer too"
            return "AI207", f"a thinking budget of {value:,} is not below max_tokens, {limit:,}", fix, "anthropic 2.11"
        case "max_tokens":
            return _limit(seen, spelt, value, known)
        case _:
            pass
    return None


def _sampling(
    seen: ModelSeen, setting: Setting, known: Abilities, around: Surroundings
) -> tuple[str, str, str, str] | None:
    effort = _word(seen, "effort")
    if plain_name(seen.offer or "").startswith("anthropic:"):
        if seen.wire in ("litellm", "none") or certainly("anthropic", "<1", around):
            return None  # sent by somebody else, or as an API version before 2026-10-21, which took it
        what = f"the Messages API takes no {setting.spelt} since version 2026-10-21"
        return "AI201", what, "leave it out, and steer by the prompt", _NEW_API
    told = known.sampling is False or effort is not None or known.default_effort is not None
    reason = known.no_sampling(effort) if told and setting.name != "top_k" else None
    if reason is None:
        return None
    fix = "leave it out" if known.sampling is False else "leave it out, or ask for effort 'none'"
    return "AI201", f"{seen.written} rejects {setting.spelt}: {reason}", fix, _ABILITIES


def _limit(seen: ModelSeen, spelt: str, value: object, known: Abilities) -> tuple[str, str, str, str] | None:
    if seen.wire == "responses" and spelt != "max_output_tokens":
        return "AI206", f"the Responses API has no {spelt}", "call it max_output_tokens", "openai 3.52"
    if seen.wire == "chat" and spelt == "max_tokens" and known.efforts and (seen.offer or "").startswith("openai:"):
        return (
            "AI206",
            f"{seen.written} reasons, and rejects max_tokens",
            "call it max_completion_tokens",
            "openai 3.52",
        )
    if not isinstance(value, int):
        return None
    if known.output_tokens is not None and value > known.output_tokens:
        what = f"{seen.written} answers with at most {known.output_tokens:,} tokens; {spelt} is {value:,}"
        return "AI205", what, f"ask for {known.output_tokens:,} or less", _ABILITIES
    if seen.streamed is False and value > LONGEST_WAIT:
        what = f"anthropic's SDK refuses to wait for {value:,} tokens without a stream (above {LONGEST_WAIT:,})"
        return "AI208", what, "use messages.stream, or give the client a timeout", "anthropic 2.11"
    return None


def _value(seen: ModelSeen, name: str) -> int | None:
    return next((one.value for one in seen.settings if one.name == name and isinstance(one.value, int)), None)


def _word(seen: ModelSeen, name: str) -> str | None:
    return next((one.value for one in seen.settings if one.name == name and isinstance(one.value, str)), None)
