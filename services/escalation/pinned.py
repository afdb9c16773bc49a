"""[pure] The edition that a case pins, kept beside the cases: open cases survive a change of files or of packages.

The first case that pins an edition saves the resolved document in store "editions", under the first bytes of its
digest; from then on the saved one counts. A configured edition is asked only for what has not been saved.
"""

import hashlib
import zlib
from typing import Protocol

from pydantic import ValidationError

from services.escalation.clock_state import CasePolicy, Terms
from shared.business_time.calendar import BusinessCalendar
from shared.contracts.terms import MilestoneTerms
from shared.contracts.vocabulary import MILESTONES, Environment, Impact, Milestone, Plan, Priority, Workaround
from shared.kafka.overlay import Overlay
from shared.kafka.processor import PoisonRecord, TaskMustStop
from shared.policy.chain import Chain
from shared.policy.digest import edition_from_json, edition_to_json
from shared.policy.model import Edition, PlanPolicy
from shared.policy.priority import priority_rule
from shared.policy.promises import promised

STORE = "editions"
_KEY = b"e"  # + the first bytes of the digest, which is how cases refer to it
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
        """The priority that follows from what is said of a case. Raises PoisonRecord where no rule of it decides."""
        try:
            return priority_rule(self.edition, impact, workaround, environment).priority
        except KeyError:
            raise PoisonRecord(
                "unknown_word",
                f"edition {self.edition.edition} has no priority for impact {impact}, workaround {workaround}, "
                f"environment {environment}: migrate the case to one that does, then replay this dead letter",
            ) from None

    def plan(self, name: Plan) -> PlanPolicy:
        """What a plan brings. Raises PoisonRecord if the edition does not have it."""
        known = self.edition.plans.get(name)
        if known is None:
            raise PoisonRecord(
                "unknown_word",
                f"edition {self.edition.edition} has no plan {name!r}: migrate the case to one that has it, "
                "then replay this dead letter",
            )
        return known

    def terms_for(self, plan: Plan, priority: Priority, *, staffed: bool) -> Terms:
        """The terms of every milestone: those that this priority is not promised end. Raises PoisonRecord."""
        self.plan(plan)
        terms: dict[Milestone, MilestoneTerms] = dict.fromkeys(MILESTONES, _NOT_PROMISED)
        terms.update(promised(self.edition, plan, priority, staffed=staffed))
        return terms


class Shelf(Protocol):
    """Editions by their digest. `EditionLibrary` is one."""

    @property
    def editions(self) -> tuple[Edition, ...]:
        """All of them."""

    def by_digest(self, sha256: str) -> Edition | None:
        """The edition with that digest, if it is one of these."""


class PinnedEditions:
    """The editions that cases pin. One for a process: its tasks share what was worked out."""

    def __init__(self, library: Shelf) -> None:
        self._library = library
        self._known: dict[bytes, PinnedEdition] = {}

    def pin(self, overlay: Overlay, name: str, sha256: str) -> bytes:
        """Make sure that the edition is saved; returns how a case refers to it.

        Raises TaskMustStop if it is neither saved nor configured: without it no deadline of the case is known.
        """
        short = short_of(sha256)
        if overlay.get(STORE, _KEY + short) is None:
            edition = self._library.by_digest(sha256)
            if edition is None:
                raise TaskMustStop(
                    f"a case pins edition {name} (policy_sha256 {sha256}), which is neither saved nor configured here "
                    f"({self.configured}): add the file that the router decides by to FRONTLINE_POLICIES"
                )
            overlay.put(STORE, _KEY + short, zlib.compress(edition_to_json(edition)))
        if self.of(overlay, short).sha256 != sha256:
            raise TaskMustStop(
                f"editions {sha256} and {self.of(overlay, short).sha256} begin alike: one must be edited"
            )
        return short

    def knows(self, overlay: Overlay, sha256: str) -> bool:
        """Whether `pin` would find the edition."""
        return overlay.get(STORE, _KEY + short_of(sha256)) is not None or self._library.by_digest(sha256) is not None

    @property
    def configured(self) -> str:
        """The names of the editions that are configured here, for messages."""
        return ", ".join(edition.edition for edition in self._library.editions)

    def of(self, overlay: Overlay, short: bytes) -> PinnedEdition:
        """The edition that a case refers to. Raises TaskMustStop if it was not saved, or cannot be read."""
        known = self._known.get(short)
        if known is None:
            saved = overlay.get(STORE, _KEY + short)
            if saved is None:
                raise TaskMustStop(
                    f"store {STORE} has no edition {short.hex()}…, though a case pins it: restore the topic "
                    "escalation-editions-changelog"
                )
            known = self._known[short] = read_saved(saved)
        return known


def short_of(sha256: str) -> bytes:
    """How a case refers to the edition of that digest."""
    return bytes.fromhex(sha256)[:_SHORT]


def read_saved(saved: bytes) -> PinnedEdition:
    """The edition in a value of the store. Raises TaskMustStop if this version cannot read it."""
    document = zlib.decompress(saved)
    sha256 = hashlib.sha256(document).hexdigest()
    try:
        return PinnedEdition(sha256, edition_from_json(document))
    except ValidationError as error:
        first = error.errors(include_url=False, include_input=False)[0]
        where = ".".join(str(step) for step in first["loc"])
        raise TaskMustStop(
            f"the saved edition {sha256} cannot be read by this version of Frontline ({where}: {first['msg']}): "
            "go back to the version that saved it"
        ) from None
