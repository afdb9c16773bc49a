"""[pure] What was known of a case when it was routed, and how it is stored in a few bytes.

Words are stored as positions in the lists of the edition that the case pins. Its digest stands for those very lists, so
an edition that grows or is put in another order is another one, and never changes what a stored case says.
"""

from collections.abc import Sequence
from typing import NamedTuple

from shared.contracts.structs import CaseRouted
from shared.contracts.vocabulary import OpenedBy
from shared.policy.condition import Situation, wanted
from shared.policy.model import Edition
from shared.policy.promises import CaseKind
from shared.sla.errors import InputRefused


class CaseFacts(NamedTuple):
    """What a case pins beside its edition."""

    kind: CaseKind
    calendar: str
    automated: bool
    may_ask: bool  # for an escalation
    excluded: bool  # from asking for one, whoever asks


def facts_of(case: CaseRouted, edition: Edition) -> CaseFacts:
    """The facts of a routed case."""
    used = case.entitlement
    situation = Situation(
        used.plan,
        used.account_type,
        used.role,
        used.licensed,
        used.paid,
        case.assigned_channel,
        case.language,
        used.country or case.country,
        case.fields,
    )
    asking = edition.customer_escalation
    return CaseFacts(
        kind=CaseKind(situation, case.priority, case.assigned_tier, case.opened_by),
        calendar=case.calendar,
        automated=case.escalation.automated,
        may_ask=case.escalation.customer_requested,
        excluded=asking is None or not wanted(edition, asking.requires).met_by(situation),
    )


# What is true of a case or not, one bit each, the highest first. `pack` and `unpack` have them in this order.
_FLAGS = ("licensed", "paid", "by_agent", "automated", "may_ask", "excluded")


class FactLayout:
    """How the facts of the cases of one edition are packed: one number, whose digits are positions in its lists."""

    def __init__(self, edition: Edition) -> None:
        self._edition = edition
        self._lists: tuple[tuple[str, Sequence[str]], ...] = (
            ("calendar", tuple(edition.calendars)),
            ("priority", tuple(edition.priorities)),
            ("assigned_tier", tuple(edition.tiers)),
            ("entitlement.plan", tuple(edition.plans)),
            ("entitlement.account_type", tuple(edition.account_types)),
            ("entitlement.role", tuple(edition.roles)),
            ("assigned_channel", tuple(edition.channels)),
            *((f"fields.{name}", tuple(field.values)) for name, field in edition.fields.items()),
        )
        self._positions = [{word: place for place, word in enumerate(words)} for _, words in self._lists]

    def pack(self, facts: CaseFacts) -> bytes:
        """The facts in a few bytes, without language and country. Raises InputRefused for a word that is not there."""
        (situation, priority, tier, opened_by), fields = facts.kind, facts.kind.situation.fields
        if fields.keys() != self._edition.fields.keys():
            raise InputRefused(
                "unknown_word",
                f"fields: edition {self._edition.edition} has {', '.join(self._edition.fields) or 'none'}",
            )
        words = (
            facts.calendar,
            priority,
            tier,
            situation.plan,
            situation.account_type,
            situation.role,
            situation.channel,
            *(fields[name] for name in self._edition.fields),
        )
        number = 0
        for (name, known), positions, word in zip(self._lists, self._positions, words, strict=True):
            place = positions.get(word)
            if place is None:
                raise InputRefused(
                    "malformed_event" if name == "calendar" else "unknown_word",
                    f"{name}: edition {self._edition.edition} has none called {word[:60]!r}",
                )
            number = number * len(known) + place
        flags = (
            situation.licensed,
            situation.paid,
            opened_by == "agent",
            facts.automated,
            facts.may_ask,
            facts.excluded,
        )
        for flag in flags:
            number = number << 1 | flag
        return number.to_bytes((number.bit_length() + 7) // 8)

    def unpack(self, packed: bytes, language: str | None, country: str | None) -> CaseFacts:
        """What `pack` packed. Raises ValueError for bytes that it did not make."""
        number = int.from_bytes(packed)
        flags = []
        for _ in _FLAGS:
            flags.append(bool(number & 1))
            number >>= 1
        excluded, may_ask, automated, by_agent, paid, licensed = flags
        words = []
        for _, known in reversed(self._lists):
            number, place = divmod(number, len(known))
            words.append(known[place])
        if number:
            raise ValueError(f"the stored facts are not those of a case of edition {self._edition.edition}")
        calendar, priority, tier, plan, account_type, role, channel, *values = reversed(words)
        fields = dict(zip(self._edition.fields, values, strict=True))
        opened_by: OpenedBy = "agent" if by_agent else "customer"
        situation = Situation(plan, account_type, role, licensed, paid, channel, language, country, fields)
        return CaseFacts(CaseKind(situation, priority, tier, opened_by), calendar, automated, may_ask, excluded)
