"""What `choose` answers with: candidates in order, and for each what it costs and how it stands to every need."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import Literal, TypeAlias

from aiapp.catalog.needs import Needs
from aiapp.catalog.offers import Offer
from aiapp.catalog.traffic import MonthlyCost

Verdict: TypeAlias = Literal["met", "missed", "unknown"]


@dataclass(frozen=True, slots=True)
class Measured:
    """How fast an offer was, as the user or a benchmark measured it: the catalogue itself knows no speeds."""

    first_token: float | None = None
    """Seconds until the first token, as a rule: the median."""
    tokens_per_second: float | None = None
    source: str = "measured"
    as_of: date | None = None
    first_token_p95: float | None = None
    """The same of the slow ones: only 5 % take longer."""


@dataclass(frozen=True, slots=True)
class Check:
    """One need against one offer. `found` and `margin` are None where nobody knows, and `verdict` is then unknown.

    `margin` is by how much the need is passed in `unit`, negative where it is missed; a yes or no has none.
    """

    need: str
    wanted: str
    found: str | None
    verdict: Verdict
    source: str
    as_of: date | None = None
    margin: Decimal | None = None
    unit: str = ""


@dataclass(frozen=True, slots=True)
class Candidate:
    """An offer with its monthly cost and its checks."""

    offer: Offer
    cost: MonthlyCost
    checks: tuple[Check, ...]

    @property
    def missed(self) -> tuple[Check, ...]:
        """The needs that it does not meet."""
        return tuple(check for check in self.checks if check.verdict == "missed")

    @property
    def unknown(self) -> tuple[Check, ...]:
        """The needs of which nobody knows whether it meets them."""
        return tuple(check for check in self.checks if check.verdict == "unknown")

    @property
    def fits(self) -> bool | None:
        """Whether it meets every need; None where it misses none, but something is unknown."""
        return False if self.missed else None if self.unknown else True


@dataclass(frozen=True, slots=True)
class Relaxation:
    """A need that keeps out candidates which miss nothing else, and the one of them that misses it by least.

    `lets_in` is how many they are, `known` how many of them are known to meet every other need.
    """

    need: str
    lets_in: int
    known: int
    nearest: Candidate

    @property
    def check(self) -> Check:
        """How the nearest candidate stands to the need."""
        return next(check for check in self.nearest.missed if check.need == self.need)


@dataclass(frozen=True, slots=True)
class Ranking:
    """Every offer, best first. `explanation` is the trade between the first few in plain words."""

    needs: Needs
    on: date
    candidates: tuple[Candidate, ...]
    relaxations: tuple[Relaxation, ...]
    explanation: tuple[str, ...]

    @property
    def fitting(self) -> tuple[Candidate, ...]:
        """Those that are known to meet every need."""
        return tuple(candidate for candidate in self.candidates if candidate.fits)

    @property
    def possible(self) -> tuple[Candidate, ...]:
        """Those that miss no need, though something about them is unknown."""
        return tuple(candidate for candidate in self.candidates if candidate.fits is None)

    @property
    def best(self) -> Candidate | None:
        """The first that is known to meet every need."""
        return next(iter(self.fitting), None)
