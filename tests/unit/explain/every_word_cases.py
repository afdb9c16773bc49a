"""Cases of an edition that uses every word that an edition may have (`every_word.yaml`)."""

from datetime import datetime
from pathlib import Path
from typing import Any

from shared.policy.digest import policy_sha256
from shared.policy.files import load_library
from shared.routing.entitlement import covered, terms_of
from tests.harness.asking import account, request
from tests.harness.decided import decided
from tests.topology.escalation.desk import LIBRARY, TaskDesk, minutes
from tests.unit.explain.explained_case import ExplainedCase

EVERY_WORD = load_library([Path(__file__).parent / "every_word.yaml"])
BOTH = load_library(["guidelines-2021", Path(__file__).parent / "every_word.yaml"])
EDITION = EVERY_WORD.editions[0]


def case_at(now: datetime | None = None, **given: Any) -> ExplainedCase:
    """A case of that edition, by default of Monday noon (13:00 in Madrid)."""
    desk = TaskDesk(EVERY_WORD)
    desk.driver.now = now or desk.driver.now
    return ExplainedCase(desk, **given)


def case_of_account(calendar: str, **given: Any) -> ExplainedCase:
    """A case whose entitlement names a calendar."""
    desk = TaskDesk(EVERY_WORD)
    asked, rules = request(**given), desk.rulebooks.at(desk.driver.now)
    entitlement = covered(terms_of(account(calendar=calendar)), asked.requester, rules.edition, asked.received_at, 0)
    return ExplainedCase(desk, decided(asked, entitlement, rules, desk.driver.now, case_id=desk.case().case_id))


def acknowledged(later: float = 0) -> ExplainedCase:
    """The first response of an outage, due at 14:00, is acknowledged at 13:40: its warning of 13:45 would come at
    14:15."""
    case = case_at()
    case.passes(minutes(40))
    case.record_activity("acknowledged", milestone="first_response")
    case.passes(minutes(later))
    return case


def acknowledged_and_answered() -> ExplainedCase:
    """From the answer on there is nobody to call, and so nothing that waits."""
    case = acknowledged(10)
    case.record_activity("agent_replied")
    return case


def prolonged() -> ExplainedCase:
    """Acknowledged early, so that the warning still comes before the deadline, and again before the silence is over."""
    case = case_at(workaround="partial")
    case.record_activity("acknowledged", milestone="restoration")
    case.passes(minutes(20))
    case.record_activity("acknowledged", milestone="restoration")
    return case


def parked(later: float) -> ExplainedCase:
    """Parked at 13:20 until 13:40, when the status ends by itself; what is owed meanwhile stands still in `open`."""
    case = case_at()
    case.passes(minutes(20))
    case.record_activity("status_changed", to="parked", until=case.desk.driver.now + minutes(20))
    case.passes(minutes(later))
    return case


def parked_otherwise() -> ExplainedCase:
    """The customer's reply ends the wait before its time."""
    case = parked(10)
    case.record_activity("customer_replied")
    case.passes(minutes(60))
    return case


def retracted() -> ExplainedCase:
    """A reply that is taken back counts as never sent."""
    case = case_at()
    case.passes(minutes(10))
    case.record_activity("agent_replied", activity_id="too-early")
    case.passes(minutes(10))
    case.record_activity("reply_retracted", retracts="too-early")
    return case


def reached() -> ExplainedCase:
    """The report is owed from the resolution on, and reached."""
    case = case_at()
    case.passes(minutes(10))
    case.record_activity("resolved")
    case.passes(minutes(10))
    case.record_activity("milestone_reached", milestone="root_cause_report")
    return case


def reached_and_reopened() -> ExplainedCase:
    """The case is reopened, so that the report is owed again."""
    case = reached()
    case.passes(minutes(10))
    case.record_activity("reopened")
    return case


def migrated() -> ExplainedCase:
    """Decided by an edition that does not know the words of the one that counts now."""
    case = ExplainedCase(TaskDesk(BOTH, routed_by=LIBRARY))
    case.passes(minutes(10))
    case.record_activity("policy_migrated", edition="every_word", policy_sha256=policy_sha256(EDITION))
    case.record_activity("status_changed", to="parked")
    case.passes(minutes(10))
    case.record_activity("resolved")
    return case


def chat_in_spanish() -> ExplainedCase:
    """A message in a chat that waits for its answer."""
    case = case_at(channel="chat", language="es-MX")
    case.passes(minutes(10))
    case.record_activity("customer_replied")
    return case


def chat_with_a_workaround() -> ExplainedCase:
    """The same target holds again, for another value of the field."""
    case = chat_in_spanish()
    case.passes(minutes(1))
    case.record_activity("reprioritised", workaround="partial")
    return case
