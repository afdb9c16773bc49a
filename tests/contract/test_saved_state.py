"""What an earlier version saved of open cases is read by this one, and their clocks stand where they stood."""

import hashlib
import zlib
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from shared.business_time.instants import from_micros, to_micros
from shared.contracts.structs import MilestoneTerms
from shared.policy.digest import edition_to_json
from shared.policy.editions import EditionLibrary
from shared.policy.published_edition import UnusableEdition
from shared.sla import case_state
from shared.sla.packing import pack_id
from shared.sla.pinned_edition import STORE as EDITIONS
from shared.sla.pinned_edition import KnownEditions, read_saved, short_of
from shared.sla.sla_clock import clocks_of, next_due
from shared.sla.terms_in_force import view_of
from tests.topology.escalation.desk import CASE, NEXT, TaskDesk, minutes

SAVED = Path(__file__).parent / "saved"
EDITION, STATE = (SAVED / "edition.bin").read_bytes(), (SAVED / "case.bin").read_bytes()
SHA256 = "26b9d6855e28e324ec83db1a6f49bb5b6cdc84e4219ba7346671712aaf6c1e68"


def a_case_with_everything(desk: TaskDesk) -> None:
    """One of each thing that a case keeps: activity, a plan, explicit terms, marks, calls, a request to escalate."""
    desk.opens(CASE, account_id="a" * 32, plan="premier_plus", language="es-MX")
    desk.passes(minutes(46))
    desk.record_activity("acknowledged", milestone="restoration")
    desk.record_activity("agent_replied", activity_id="e" * 32)
    desk.record_activity("reply_retracted", retracts="e" * 32)
    desk.record_activity("agent_replied")
    desk.passes(minutes(5))
    desk.record_activity("status_changed", to="waiting_on_customer")
    desk.passes(minutes(30))
    desk.record_activity("status_changed", to="open")
    desk.record_activity("status_changed", to="waiting_on_customer", until=desk.driver.now + minutes(10))
    desk.passes(minutes(20))
    desk.record_activity("entitlement_refreshed", plan="premier")
    desk.record_activity("reprioritised", impact="severely_degraded", workaround="partial")
    desk.passes(minutes(30))
    desk.record_activity("entitlement_refreshed", plan="premier_plus")
    desk.record_activity("escalation_requested")
    desk.passes(timedelta(hours=20))
    explicit = MilestoneTerms(
        target_seconds=90_000,
        hours="elapsed_then_next_open",
        promise="commitment",
        open_at_least=7_200,
        calendar="spain",
    )
    two_days = MilestoneTerms(
        target_seconds=None, target_business_days=2, until="end_of_day", hours="business", promise="objective"
    )
    desk.record_activity("reprioritised", milestones={"resolution": explicit, "report": two_days})


def stored_case(desk: TaskDesk) -> bytes:
    """The value in the store."""
    value = desk.driver.stores[case_state.STORE].get(pack_id(CASE))
    assert value is not None
    return value


def test_a_saved_edition_is_read_and_keeps_its_digest() -> None:
    """Cases refer to it by its digest; an edition that could not be read would stop the task of every case."""
    pinned = read_saved(EDITION, short_of(SHA256))
    assert (pinned.edition.edition, pinned.sha256) == ("with-report", SHA256)
    assert hashlib.sha256(edition_to_json(pinned.edition)).hexdigest() == SHA256
    assert zlib.decompress(EDITION) == edition_to_json(pinned.edition)


@pytest.mark.parametrize(
    ("saved", "sha256", "message"),
    [
        (b"damaged", SHA256, "damaged"),
        (zlib.compress(b'{"edition":"later"}'), "b8a1450d9e" + "0" * 54, "cannot read edition"),
        (EDITION, "0" * 64, "has the SHA-256"),
    ],
    ids=["damaged", "of-another-version", "under-another-digest"],
)
def test_a_saved_edition_that_cannot_be_used_is_one_error(saved: bytes, sha256: str, message: str) -> None:
    """The task stops and names it: to count by another edition or to dead-letter the records of its cases is wrong."""
    with pytest.raises(UnusableEdition, match=message):
        read_saved(saved, short_of(sha256))


def test_the_clocks_of_a_saved_case_stand_where_they_stood() -> None:
    """A deadline that moves with a new version is a promise broken without anybody's doing."""
    pinned = read_saved(EDITION, short_of(SHA256))
    state = case_state.decode(STATE)
    assert state.edition == short_of(SHA256)
    case = view_of(state, KnownEditions({short_of(pinned.sha256): pinned}))
    clocks = [
        (clock.milestone, clock.instance, clock.stage, from_micros(clock.due_at or 0).isoformat())
        for clock in clocks_of(case.policy, case.clocks)
    ]
    assert clocks == [
        ("first_response", 1, "fulfilled", "2026-11-23T13:00:00+00:00"),
        ("restoration", 1, "running", "2026-11-24T11:40:00+00:00"),
        ("resolution", 1, "running", "2026-11-24T13:00:00+00:00"),
    ]
    assert (case.kind.situation.plan, case.kind.priority, case.calendar) == ("premier_plus", "P2", "spain")
    due = to_micros(datetime(2026, 11, 24, 6, 45, tzinfo=UTC))
    assert next_due(case.policy, case.clocks) == case_state.due_of(STATE) == due


def test_a_task_takes_over_what_was_saved_and_goes_on() -> None:
    """Restored from the saved bytes alone, with another edition configured by then."""
    desk = TaskDesk(NEXT)
    desk.driver.changelogs[EDITIONS][b"e" + short_of(SHA256)] = EDITION
    desk.driver.changelogs[case_state.STORE][pack_id(CASE)] = STATE
    desk.driver.restart()
    assert desk.driver.processor.next_due() == datetime(2026, 11, 24, 6, 45, tzinfo=UTC)
    said = desk.passes(timedelta(days=1))
    assert said == ["resolution warned 0 case_tier", "restoration breached"]  # the call waits: it was acknowledged
    assert desk.record_activity("resolved", activity_id="f" * 32) == [
        "restoration fulfilled late",
        "resolution fulfilled in time",
        "report started",
    ]
    assert (desk.driver.dead_letters, desk.driver.processor.postponed().timers) == ([], 0)


def test_this_version_writes_what_is_saved_here() -> None:
    """If this fails and has to: keep the saved files, and their tests; add new ones beside them (saved/README.md)."""
    desk = TaskDesk(EditionLibrary.single(read_saved(EDITION, short_of(SHA256)).edition))
    a_case_with_everything(desk)
    assert stored_case(desk) == STATE
