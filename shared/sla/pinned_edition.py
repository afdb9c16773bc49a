"""[pure] The edition that a case pins, with what its cases need of it, and how it is read back from a store.

Cases refer to it by the first bytes of its digest (`short_of`). What a service saves is read for as long as a case of
it is open, whatever files and packages are installed by then.
"""

import hashlib
import zlib
from collections.abc import Mapping
from typing import Protocol

from shared.business_time.calendar import BusinessCalendar
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import MILESTONES, Environment, Impact, Milestone, Plan, Priority, Workaround
from shared.policy.chain import Chain
from shared.policy.model import Edition, PlanPolicy
from shared.policy.priority import priority_rule
from shared.policy.promises import promised
from shared.policy.published_edition import UnusableEdition, read_document
from shared.sla.clock import CasePolicy, Terms
from shared.sla.errors import InputRefused

STORE = "editions"
KEY_PREFIX = b"e"  # + the first bytes of the digest, which is how cases refer to it
_SHORT = 5

_NOT_PROMISED = MilestoneTerms(target_seconds=None, reason="not_promised")


class PinnedEdition:
    """One edition with what its cases need of it, worked out at the first question."""

    def __init__(self, sha256: str, edition: Edition) -> None:
        self.sha256 = sha256
        self.edition = edition
        # Cases keep positions in these: they belong to the edition and stay as they are, whatever later versions know.
        self.calendar_names = tuple(sorted(edition.calendars))
        self.plan_names: tuple[Plan, ...] = tuple(sorted(edition.plans))
        self.priority_names: tuple[Priority, ...] = tuple(sorted(edition.priorities))
        self.chain = Chain(edition.escalation_levels)
        self._calendars: dict[str, BusinessCalendar] = {}
        self._policies: dict[tuple[Plan, Priority, bool, bool, str], CasePolicy] = {}

    def policy(self, plan: Plan, priority: Priority, calendar: str, *, staffed: bool, automated: bool) -> CasePolicy:
        """What a case of this kind is promised, and who is called when it is at risk."""
        key = (plan, priority, staffed, automated, calendar)
        known = self._policies.get(key)
        if known is None:
            terms = promised(self.edition, plan, priority, staffed=staffed)
            known = self._policies[key] = CasePolicy(terms, self.calendar(calendar), self.chain, automated)
        return known

    def calendar(self, name: str) -> BusinessCalendar:
        """The calendar of that name."""
        known = self._calendars.get(name)
        if known is None:
            known = self._calendars[name] = BusinessCalendar.from_config(self.edition.calendars[name])
        return known

    def priority(self, impact: Impact, workaround: Workaround, environment: Environment) -> Priority:
        """The priority of a case with these words. Raises InputRefused where no rule of it decides."""
        try:
            return priority_rule(self.edition, impact, workaround, environment).priority
        except KeyError:
            raise InputRefused(
                "unknown_word",
                f"edition {self.edition.edition} has no priority for impact {impact}, workaround {workaround}, "
                f"environment {environment}: migrate the case to one that does, then replay this dead letter",
            ) from None

    def plan(self, name: Plan) -> PlanPolicy:
        """What a plan brings. Raises InputRefused if the edition does not have it."""
        known = self.edition.plans.get(name)
        if known is None:
            raise InputRefused(
                "unknown_word",
                f"edition {self.edition.edition} has no plan {name!r}: migrate the case to one that has it, "
                "then replay this dead letter",
            )
        return known

    def terms_for(self, plan: Plan, priority: Priority, *, staffed: bool) -> Terms:
        """The terms of every milestone: those that this priority is not promised end. Raises InputRefused."""
        self.plan(plan)
        terms: dict[Milestone, MilestoneTerms] = dict.fromkeys(MILESTONES, _NOT_PROMISED)
        terms.update(promised(self.edition, plan, priority, staffed=staffed))
        return terms


class Editions(Protocol):
    """Where the clocks of a case find the editions that count for it."""

    @property
    def configured(self) -> str:
        """The names of the editions that are configured here, for messages."""

    def of(self, short: bytes) -> PinnedEdition:
        """The edition that a case refers to by `short`."""

    def find(self, name: str, sha256: str) -> PinnedEdition | None:
        """The edition that a case is to migrate to, kept for it from now on; None if nobody here has it."""


class KnownEditions:
    """`Editions` that are at hand, by how cases refer to them."""

    def __init__(self, known: Mapping[bytes, PinnedEdition]) -> None:
        self._known = known

    @property
    def configured(self) -> str:
        """Their names."""
        return ", ".join(sorted(pinned.edition.edition for pinned in self._known.values()))

    def of(self, short: bytes) -> PinnedEdition:
        """The edition that a case refers to by `short`. Raises KeyError."""
        return self._known[short]

    def find(self, name: str, sha256: str) -> PinnedEdition | None:
        """The edition with that digest, if it is at hand."""
        found = self._known.get(short_of(sha256))
        return found if found is not None and found.sha256 == sha256 else None


def short_of(sha256: str) -> bytes:
    """How a case refers to the edition of that digest."""
    return bytes.fromhex(sha256)[:_SHORT]


def read_saved(saved: bytes, short: bytes) -> PinnedEdition:
    """The edition that the store has for `short`. Raises UnusableEdition if it is damaged, of another digest, or of a
    version that this one cannot read.
    """
    try:
        document = zlib.decompress(saved)
    except zlib.error as error:
        raise UnusableEdition(f"the edition saved under {short.hex()} is damaged: {error}") from None
    sha256 = hashlib.sha256(document).hexdigest()
    if short_of(sha256) != short:
        raise UnusableEdition(f"the edition saved under {short.hex()} has the SHA-256 {sha256}")
    return PinnedEdition(sha256, read_document(document, sha256))
