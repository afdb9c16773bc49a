"""Cases of an edition that uses every word that an edition may have (`every_word.yaml`)."""

from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

from shared.contracts.vocabulary import ActivityType
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.files import load_library
from shared.policy.model import Edition
from shared.routing.entitlement import covered, terms_of
from tests.harness.asking import account, request
from tests.harness.decided import decided
from tests.harness.shipped import shipped_edition
from tests.topology.escalation.desk import LIBRARY, TaskDesk, minutes
from tests.unit.explain.explained_case import ExplainedCase


@cache  # not while the tests are collected, which every worker does: its checks take three seconds
def every_word() -> EditionLibrary:
    """The library of that edition."""
    return load_library([Path(__file__).parent / "every_word.yaml"])


def edition() -> Edition:
    """That edition."""
    return every_word().editions[0]


@cache
def both() -> EditionLibrary:
    """With it the edition that is the default."""
    return EditionLibrary([shipped_edition("guidelines-2021"), edition()])


def case_at(now: datetime | None = None, **given: Any) -> ExplainedCase:
    """A case of that edition, by default of Monday noon (13:00 in Madrid)."""
    desk = TaskDesk(every_word())
    desk.driver.now = now or desk.driver.now
    return ExplainedCase(desk, **given)


def case_of_account(calendar: str, **given: Any) -> ExplainedCase:
    """A case whose entitlement names a calendar."""
    desk = TaskDesk(every_word())
    asked, rules = request(**given), desk.rulebooks.at(desk.driver.now)
    entitlement = covered(terms_of(account(calendar=calendar)), asked.requester, rules.edition, asked.received_at, 0)
    return ExplainedCase(desk, decided(asked, entitlement, rules, desk.driver.now, case_id=desk.case().case_id))


def lived_through(case: ExplainedCase, *steps: tuple[float, ActivityType, dict[str, Any]]) -> ExplainedCase:
    """The case after these activities, each with the minutes since the one before it."""
    for waited, kind, given in steps:
        case.passes(minutes(waited))
        case.record_activity(kind, **given)
    return case


def later(span: float, case: ExplainedCase) -> ExplainedCase:
    """The case so many minutes later."""
    case.passes(minutes(span))
    return case


def acknowledged(span: float = 0) -> ExplainedCase:
    """The first response of an outage, due at 14:00, is acknowledged at 13:40: its warning of 13:45 would come at
    14:15."""
    return later(span, lived_through(case_at(), (40, "acknowledged", {"milestone": "first_response"})))


def acknowledged_and_answered() -> ExplainedCase:
    """From the answer on there is nobody to call, and so nothing that waits."""
    return lived_through(acknowledged(), (10, "agent_replied", {}))


def prolonged() -> ExplainedCase:
    """Acknowledged early, so that the warning still comes before the deadline, and again before the silence is over."""
    given = {"milestone": "restoration"}
    return lived_through(case_at(workaround="partial"), (0, "acknowledged", given), (20, "acknowledged", given))


def parked(span: float) -> ExplainedCase:
    """Parked at 13:20 until 13:40, when the status ends by itself; what is owed meanwhile stands still in `open`."""
    case = case_at()
    until = case.desk.driver.now + minutes(40)
    return later(span, lived_through(case, (20, "status_changed", {"to": "parked", "until": until})))


def parked_otherwise() -> ExplainedCase:
    """The customer's reply ends the wait before its time."""
    return later(60, lived_through(parked(10), (0, "customer_replied", {})))


def retracted() -> ExplainedCase:
    """A reply that is taken back counts as never sent."""
    return lived_through(
        case_at(),
        (10, "agent_replied", {"activity_id": "too-early"}),
        (10, "reply_retracted", {"retracts": "too-early"}),
    )


def reached() -> ExplainedCase:
    """The report is owed from the resolution on, and reached."""
    return lived_through(case_at(), (10, "resolved", {}), (10, "milestone_reached", {"milestone": "root_cause_report"}))


def reached_and_reopened() -> ExplainedCase:
    """The case is reopened, so that the report is owed again."""
    return lived_through(reached(), (10, "reopened", {}))


def migrated() -> ExplainedCase:
    """Decided by an edition that does not know the words of the one that counts now."""
    return lived_through(
        ExplainedCase(TaskDesk(both(), routed_by=LIBRARY)),
        (10, "policy_migrated", {"edition": "every_word", "policy_sha256": policy_sha256(edition())}),
        (0, "status_changed", {"to": "parked"}),
        (10, "resolved", {}),
    )


def chat_in_spanish() -> ExplainedCase:
    """A message in a chat that waits for its answer."""
    return lived_through(case_at(channel="chat", language="es-MX"), (10, "customer_replied", {}))


def chat_with_a_workaround() -> ExplainedCase:
    """The same target holds again, for another value of the field."""
    return lived_through(chat_in_spanish(), (1, "reprioritised", {"workaround": "partial"}))
