"""Keys: which providers are used and have none here, and which stand in a file. Never a value."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from aiapp.doctor.findings import Finding
from aiapp.doctor.sightings import KeyNeeded, SecretSeen


def key_findings(needed: Iterable[KeyNeeded], variables: frozenset[str]) -> Iterator[Finding]:
    """One finding for each variable that is not set, where it is first needed."""
    first: dict[str, KeyNeeded] = {}
    for one in needed:
        if one.variable not in variables:
            first.setdefault(one.variable, one)
    for one in first.values():
        what = f"{one.provider} is used, and {one.variable} is neither in the environment nor in a .env file"
        yield Finding(one.place, "AI501", what, f"set {one.variable} where this runs")


def secret_finding(seen: SecretSeen) -> Finding:
    """A key in a file."""
    what = f"a key for {seen.provider} stands in the file"
    return Finding(seen.place, "AI502", what, "revoke it, and read it from the environment or a secret store")
