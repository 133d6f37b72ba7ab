"""Findings, and the rules that make them. Codes are stable: a rule that goes leaves its code unused.

A line that ends with `# aiapp: ignore[AI101]` has no such finding; `[AI1, AI402]` names several, or their beginnings.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, TypeAlias

Severity: TypeAlias = Literal["error", "warning", "note"]
SEVERITIES: tuple[Severity, ...] = ("error", "warning", "note")
"""The worst first. A note alone does not make `aiapp doctor` fail."""


@dataclass(frozen=True, slots=True)
class Rule:
    """What findings of a code have in common."""

    code: str
    name: str
    severity: Severity
    summary: str


_RULES = (
    Rule("AI101", "retired-model", "error", "a model that is not served any more"),
    Rule("AI102", "retiring-model", "warning", "a model whose last day is near"),
    Rule("AI103", "misspelt-model", "error", "a name that no model has, one slip away from one that is known"),
    Rule("AI201", "sampling", "error", "temperature, top_p or top_k to a model that rejects them"),
    Rule("AI202", "forced-tool", "error", "a forced tool choice to a model that rejects it"),
    Rule("AI203", "prefill", "error", "a conversation that ends with the assistant, to a model that rejects it"),
    Rule("AI204", "effort", "error", "a reasoning effort that the model does not have"),
    Rule("AI205", "output-limit", "error", "a limit of tokens above what the model answers with"),
    Rule("AI206", "renamed-parameter", "error", "a parameter that goes by another name with this model"),
    Rule("AI207", "thinking", "error", "a thinking mode or budget that the API rejects"),
    Rule("AI208", "must-stream", "error", "an answer so long that the SDK refuses to wait for it without a stream"),
    Rule("AI301", "schema-limit", "error", "a schema over a limit of the provider"),
    Rule("AI302", "schema-form", "error", "a schema with what the provider cannot enforce"),
    Rule("AI401", "volatile-prefix", "warning", "text that changes with every call ahead of a cache breakpoint"),
    Rule("AI501", "key-not-set", "note", "a provider whose key is in no variable here"),
    Rule("AI502", "key-in-file", "error", "a provider's key that is written in a file"),
    Rule("AI601", "unfit-packages", "error", "requirements that no set of releases meets, or that fail together"),
    Rule("AI602", "unsafe-release", "error", "a release that was tampered with"),
    Rule("AI603", "blind-tests", "warning", "a test tool that does not see the SDK's requests"),
    Rule("AI604", "unfit-installed", "error", "installed packages that do not fit together"),
    Rule("AI901", "unreadable", "note", "a file that could not be read as what it is"),
)
RULES: dict[str, Rule] = {rule.code: rule for rule in _RULES}


@dataclass(frozen=True, slots=True, order=True)
class Place:
    """Where something stands: lines and columns count from 1; `cell` is a notebook's, and then `line` is in it."""

    path: str
    line: int = 1
    column: int = 1
    cell: int = 0

    def __str__(self) -> str:
        cell = f"cell {self.cell}:" if self.cell else ""
        return f"{self.path}:{cell}{self.line}:{self.column}"


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong, where, what to do about it, and how it is known."""

    place: Place
    code: str
    message: str
    fix: str = ""
    source: str = ""
    lowered: Severity | None = None
    """Where it is less certain here than as a rule."""

    @property
    def severity(self) -> Severity:
        """The rule's, unless this finding is less certain."""
        return self.lowered or RULES[self.code].severity

    def __str__(self) -> str:
        fix = f"; {self.fix}" if self.fix else ""
        return f"{self.place}: {self.code} {self.message}{fix}"
