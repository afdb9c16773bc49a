"""A table of histories whose outcome under two editions was worked out by hand.

All are of Monday 23 November 2026, submitted at 12:00 UTC, which is 13:00 in Madrid (open from 9 to 18).
"""

from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any, NamedTuple

import pytest

from tests.harness.asking import account
from tests.harness.recording import Recording
from tests.topology.backtest.helpers import GUIDELINES, LIBRARY, OBJECTIVES, at, backtest, edition_of, found

CASE = f"{1:032x}"
# First response: 30 min instead of 1 h for P1, 8 h instead of 4 h for P2, none for P3 and P4. No restoration.
# A customer who writes again is answered within 15 min.
TARGETS = """
targets:
  - {plans: [premier_plus], priorities: [P1], milestone: first_response, target_seconds: 30m, hours: elapsed,
     promise: commitment}
  - {plans: [premier_plus], priorities: [P2], milestone: first_response, target_seconds: 8h, hours: business,
     promise: commitment}
  - {plans: [premier_plus], priorities: [P1], milestone: next_response, target_seconds: 15m, hours: elapsed,
     promise: objective}
"""
NEXT_DAY = """
targets:
  - {plans: [premier_plus], priorities: [P2], milestone: first_response, target_business_days: 1, until: end_of_day,
     promise: commitment}
"""
ALL_P2 = "priority_rules:\n  - {id: priority.all, priority: P2, any_of: [{}]}\n"
PHONE_IS_FOR_PAID = "channels: {phone: {requires: {paid: true}}}\n"

Happening = tuple[float, str, dict[str, Any]]  # minutes since the submission, the activity, what it says


class History(NamedTuple):
    """What happened, at how many minutes the recording ends, and the counts that are expected."""

    name: str
    changes: str
    ends: float
    expected: dict[str, int]
    happened: tuple[Happening, ...] = ()
    asked: Mapping[str, Any] = MappingProxyType({})
    of: Mapping[str, Any] = MappingProxyType({})


P2 = {"impact": "significant"}
REPLY = "agent_replied"
SHORTER = {"cases": 1, "affected": 1, "promises_shorter": 1, "promises_gone": 1}
LONGER = {"cases": 1, "affected": 1, "promises_longer": 1, "promises_gone": 1}
TABLE = (
    History(
        "answered in time by both",
        TARGETS,
        20,
        SHORTER | {"open_before": 1},  # the restoration, due at 240
        ((20, REPLY, {}),),
    ),
    History(
        "answered after the new deadline and before the old one",
        TARGETS,
        45,
        # Warned at 22.5 and called at 30; at 45 the reply comes with the next call and with the old warning.
        SHORTER
        | {"open_before": 1, "breached_after": 1, "newly_breached": 1, "newly_breached_commitments": 1}
        | {"newly_called": 2},
        ((45, REPLY, {}),),
    ),
    History(
        "the deadline itself is in time",
        TARGETS,
        30,
        SHORTER | {"open_before": 1, "newly_called": 1},  # the warning at 22.5
        ((30, REPLY, {}),),
    ),
    History(
        "breached under both, by the same calls",
        TARGETS,
        100,
        SHORTER | {"open_before": 1, "breached_before": 1, "breached_after": 1},
    ),
    History(
        "a deadline after the end of the recording is open",
        TARGETS,
        29,
        SHORTER | {"open_before": 2, "open_after": 1, "newly_called": 1},
    ),
    History(
        "answered after the old deadline and before the new one",
        TARGETS,
        270,  # 17:30 in Madrid: due at 17:00, or on Tuesday at 12:00
        LONGER
        | {"open_before": 1, "breached_before": 1, "no_longer_breached": 1}
        | {"no_longer_called": 2},  # warned at 180, called at 240; half a target later the desk is closed
        ((270, REPLY, {}),),
        P2,
    ),
    History(
        "a milestone that only the new edition has",
        TARGETS,
        40,
        # The customer writes at 20, so an answer is due at 35; warned at 31.25, called at 35.
        SHORTER | {"open_before": 1, "promises_new": 1, "breached_after": 1, "newly_breached": 1, "newly_called": 2},
        ((10, REPLY, {}), (20, "customer_replied", {}), (40, REPLY, {})),
    ),
    History(
        "a pause moves the deadline of the edition that knows it",
        TARGETS + "milestones: {first_response: {paused_by: [waiting_on_customer]}}\n",
        60,
        # Paused from 10 to 30: due at 50 instead of 30; warned at 42.5, called at 50. The old deadline is at 60.
        SHORTER
        | {"open_before": 1, "breached_after": 1, "newly_breached": 1, "newly_breached_commitments": 1}
        | {"newly_called": 1},
        (
            (10, "status_changed", {"to": "waiting_on_customer"}),
            (30, "status_changed", {"to": "open"}),
            (60, REPLY, {}),
        ),
    ),
    History(
        "a change of priority counts by the targets of each edition",
        TARGETS,
        45,
        # P2 from the start by then: 4 h under the old edition, 8 h under the new one.
        LONGER | {"open_before": 1},
        ((20, "reprioritised", P2), (45, REPLY, {})),
    ),
    History(
        "nothing is promised any more",
        TARGETS,
        60,
        {"cases": 1, "affected": 1, "promises_gone": 1, "open_before": 1},
        (),
        {"impact": "general"},
    ),
    History(
        "another priority",
        ALL_P2,
        30,
        # From 1 h and 4 h round the clock to 4 h and 8 h of opening: 17:00 today and 12:00 tomorrow in Madrid.
        {"cases": 1, "affected": 1, "decided_otherwise": 1, "priority_changed": 1, "promises_longer": 2}
        | {"open_before": 2, "open_after": 2},
    ),
    History(
        "another channel",
        PHONE_IS_FOR_PAID,
        30,
        {"cases": 1, "affected": 1, "decided_otherwise": 1, "channel_changed": 1, "open_before": 2, "open_after": 2},
        (),
        {},
        {"paid": False},
    ),
    History(
        "a message of the customer that does not end the wait any more",
        "wait_ends_with: []\n",
        300,
        # The restoration is paused from 20 to 30, due at 250 and warned at 190; or paused until now.
        {"cases": 1, "affected": 1, "promises_longer": 1, "breached_before": 1, "no_longer_breached": 1}
        | {"open_after": 1, "no_longer_called": 2},
        ((10, REPLY, {}), (20, "status_changed", {"to": "waiting_on_customer"}), (30, "customer_replied", {})),
    ),
    History(
        "the end of the next business day instead of four hours",
        NEXT_DAY,
        270,  # due on Monday at 17:00 in Madrid, or on Tuesday at 18:00
        LONGER | {"open_before": 1, "breached_before": 1, "no_longer_breached": 1} | {"no_longer_called": 2},
        ((270, REPLY, {}),),
        P2,
    ),
    History(
        "an acknowledgement that lasts half an hour instead of one",
        "acknowledgement: {silence_seconds: 30m}\n",
        220,
        # The warning of the restoration comes at 210 instead of 240.
        {"cases": 1, "affected": 1, "open_before": 1, "open_after": 1, "newly_called": 1},
        ((10, REPLY, {}), (100, "acknowledged", {"milestone": "restoration"})),
    ),
    History(
        "the same edition in other words",
        "notes: [Nothing changes.]\n",
        30,
        {"cases": 1} | {"open_before": 2, "open_after": 2},
    ),
)


def recorded(history: History) -> Recording:
    """The history under the guidelines."""
    recording = Recording(LIBRARY)
    recording.sets_entitlement(account(**history.of))
    recording.asks(1, **history.asked)
    recording.runs()
    start = recording.now
    for minutes, kind, said in history.happened:
        recording.passes(start + timedelta(minutes=minutes) - recording.now)
        recording.record_activity(kind, CASE, **said)
        recording.runs()
    return recording


@pytest.mark.parametrize("history", TABLE, ids=lambda history: history.name)
@pytest.mark.parametrize("by_name", [False, True], ids=["as recorded", "by name"])
def test_the_counts_are_those_worked_out_by_hand(history: History, by_name: bool, tmp_path: Path) -> None:
    """The recorded decisions as the baseline are the same as the edition that made them, folded again."""
    end = at("12:00") + timedelta(minutes=history.ends)
    baseline = GUIDELINES if by_name else None
    result = backtest(recorded(history), edition_of(tmp_path, history.changes), baseline=baseline, as_of=end)
    assert found(result) == history.expected


def test_objectives_2024_on_a_day_of_the_guidelines() -> None:
    """The shipped editions: what is new in objectives-2024 is a rhythm of updates, and a shorter P3."""
    recording = Recording(LIBRARY)
    recording.sets_entitlement(account())
    recording.sets_entitlement(account(account_id="free", plan="access"))
    recording.asks(1)  # P1 of Premier+: hourly updates; answered after 50 min, restored after 3 h
    recording.asks(2, account_id="free")  # P1 of access: 4 h for the first response; answered after 5 h
    recording.runs()
    recording.passes(timedelta(minutes=50))
    recording.record_activity("agent_replied", CASE)
    recording.runs()
    recording.passes(timedelta(minutes=130))
    recording.record_activity("restored", CASE)
    recording.runs()
    recording.passes(timedelta(minutes=120))
    recording.record_activity("agent_replied", f"{2:032x}")
    recording.runs()
    result = backtest(recording, OBJECTIVES)
    by_case = {
        each.before.case.case_id[-1]: sorted(
            (breach.milestone, breach.newly, breach.promise, breach.at) for breach in each.difference.breaches
        )
        for each in result.cases
    }
    micros = {name: int(at(name).timestamp() * 1_000_000) for name in ("13:50", "16:00")}
    assert by_case == {
        "1": [("periodic_update", True, "objective", micros["13:50"])],  # one hour after the reply
        "2": [("first_response", True, "objective", micros["16:00"])],
    }
    assert result.counts["newly_breached_commitments"] == 0
    assert {name: counts["newly_breached"] for name, counts in result.tally.by_plan.items()} == {
        "premier_plus": 1,
        "access": 1,
    }
    assert set(result.tally.by_account) == {"acme", "free"}
    assert result.tally.by_milestone["first_response"]["promises_new"] == 1
