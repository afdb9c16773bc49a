"""What holds for every history: an edition does not differ from itself, and a fold is what was published."""

from datetime import timedelta
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st

from services.replay.backtest.case_outcome import Call, CaseOutcome, outcome, step_by_step
from services.replay.backtest.timely_case import is_timely
from shared.business_time.instants import to_micros
from shared.contracts.structs import (
    ActivityRecorded,
    CaseRouted,
    ClockBreached,
    ClockCancelled,
    ClockRestated,
    ClockWarned,
    EscalationRaised,
    Event,
)
from shared.contracts.topics import ACTIVITY, CASES, ESCALATIONS, Topic
from shared.kafka import serde
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.files import load_edition
from shared.policy.model import Edition
from shared.sla.case import new_case
from shared.sla.pinned_edition import KnownEditions, PinnedEdition, short_of
from tests.harness.asking import account
from tests.harness.examples import examples
from tests.harness.histories import Step, histories, lived
from tests.harness.recording import Recording
from tests.topology.backtest.helpers import BOTH, GUIDELINES, OBJECTIVES, backtest

CASE = f"{1:032x}"
PLANS = ("premier_plus", "premier", "access")
_RICH = """
edition: rich
extends: guidelines-2021
effective_from: "2025-01-01T00:00:00Z"
statuses: {"on hold": waiting, solved: resolved, "third party": open}
acknowledgement: {silence_seconds: 30m}
milestones:
  restoration: {fulfilled_by: [restored, resolved, milestone_reached], paused_by: [waiting, "third party"]}
targets:
  - {plans: [premier_plus, premier], priorities: [P1], milestone: first_response, target_seconds: 1h,
     hours: elapsed_then_next_open, open_at_least: 45m, promise: commitment}
  - {plans: [premier_plus, premier], priorities: [P2], milestone: first_response, target_business_days: 1,
     until: end_of_day, calendar: japan, promise: objective}
  - {plans: [premier_plus], milestone: next_response, target_business_days: 1, promise: objective}
  - {plans: [premier_plus, premier, access], milestone: periodic_update, target_seconds: 1h, hours: business,
     calendar: japan, promise: objective}
  - {plans: [premier_plus, premier], milestone: restoration, target_business_days: 2, promise: objective}
"""


def _rich() -> Edition:
    """An edition with statuses, business days and calendars of its own."""
    with TemporaryDirectory() as folder:
        file = Path(folder) / "rich.yaml"
        file.write_text(_RICH, encoding="utf-8")
        return load_edition(file)


RICH = _rich()
ROUTED_BY = {edition.edition: EditionLibrary.single(edition) for edition in (GUIDELINES, OBJECTIVES, RICH)}
ALL = EditionLibrary([GUIDELINES, OBJECTIVES, RICH])
KNOWN = {short_of(policy_sha256(edition)): PinnedEdition(policy_sha256(edition), edition) for edition in ALL.editions}
EDITIONS = KnownEditions(KNOWN)

Happening = tuple[str, dict[str, Any]]
Day = list[tuple[int, Happening]]

# Minutes until it happens, the activity, what it says. Minutes around the warnings, deadlines and levels of P1 and P2.
gaps = st.sampled_from([0, 1, 10, 15, 30, 44, 45, 46, 60, 61, 90, 180, 240, 300, 1500, 4000, 50_000])
plain: st.SearchStrategy[Happening] = st.one_of(
    st.sampled_from(
        [
            *("agent_replied", "customer_replied", "internal_note", "restored", "resolved", "closed", "withdrawn"),
            *("bot_replied", "assigned"),
        ]
    ).map(lambda kind: (kind, {})),
    st.sampled_from(["open", "waiting_on_customer", "resolved", "on hold", "third party", "solved", "waiting"]).map(
        lambda to: ("status_changed", {"to": to})
    ),
    st.just(("reopened", {"to": "open"})),
    st.just(("milestone_reached", {"milestone": "restoration"})),
)
MILESTONES = ("first_response", "periodic_update", "restoration", "no_such")
changing: st.SearchStrategy[Happening] = st.one_of(
    st.sampled_from(["down", "significant", "general"]).map(lambda impact: ("reprioritised", {"impact": impact})),
    st.sampled_from(PLANS).map(lambda plan: ("entitlement_refreshed", {"plan": plan})),
    st.just(("escalation_requested", {})),
    st.sampled_from([5, 30, 90, 1500]).map(lambda minutes: ("status_changed", {"to": "on hold", "minutes": minutes})),
    st.sampled_from(MILESTONES).map(lambda milestone: ("acknowledged", {"milestone": milestone})),
    st.sampled_from(MILESTONES).map(lambda milestone: ("milestone_reached", {"milestone": milestone})),
    st.sampled_from([1, 2, 3]).map(lambda back: ("reply_retracted", {"back": back})),
    st.sampled_from(["On-Hold", "Resolved"]).map(lambda to: ("status_changed", {"to": to})),
)
timely_days = st.lists(st.tuples(gaps, plain), max_size=12)
days = st.lists(st.tuples(gaps, st.one_of(plain, plain, changing)), max_size=12)
asked = st.fixed_dictionaries(
    {"impact": st.sampled_from(["down", "significant", "general"]), "channel": st.sampled_from(["phone", "bot"])}
)


OUTAGE = {"impact": "down", "channel": "phone"}


def recorded(day: Day, plan: str, request: dict[str, Any], wait: int, routed_by: str = "guidelines-2021") -> Recording:
    """One case, processed as it happens.

    A status that ends by itself does so after `minutes`; a reply is taken back that came so many activities `back`.
    """
    recording = Recording(ALL, routed_by=ROUTED_BY[routed_by])
    recording.sets_entitlement(account(plan=plan))
    recording.asks(1, **request)
    recording.runs()
    for number, (gap, (kind, details)) in enumerate(day, 1):
        recording.passes(timedelta(minutes=gap))
        details = dict(details)
        if "minutes" in details:
            details["until"] = recording.now + timedelta(minutes=details.pop("minutes"))
        if "back" in details:
            details["retracts"] = f"{max(number - details.pop('back'), 1):032x}"
        recording.record_activity(kind, CASE, **details)
        recording.runs()
    recording.passes(timedelta(minutes=wait))
    return recording


def events(recording: Recording, topic: Topic) -> list[Event]:
    """The events of a topic."""
    return [serde.decode(record)[1] for record in recording.published(topic)]


def folded(recording: Recording) -> tuple[CaseRouted, list[ActivityRecorded], CaseOutcome]:
    """The case, its activity, and its outcome at the end."""
    (case,) = (event for event in events(recording, CASES) if isinstance(event, CaseRouted))
    activities = [event for event in events(recording, ACTIVITY) if isinstance(event, ActivityRecorded)]
    return case, activities, outcome(case, activities, EDITIONS, to_micros(recording.now), migrates=True)


def breached(published: list[Event]) -> set[tuple[str, int]]:
    """The clocks that were breached by their events; a reply that is taken back takes its clock with it."""
    found: set[tuple[str, int]] = set()
    for event in published:
        if isinstance(event, ClockBreached) or (isinstance(event, ClockRestated) and event.new == "breached"):
            found.add((event.milestone, event.instance))
        elif isinstance(event, ClockCancelled) and event.because == "reply_retracted":
            found.discard((event.milestone, event.instance))
    return found


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example(
    [(0, ("agent_replied", {})), (61, ("reply_retracted", {"back": 1}))], "premier_plus", OUTAGE, 0, "objectives-2024"
)
@given(days, st.sampled_from(PLANS), asked, gaps, st.sampled_from([*ROUTED_BY]))
def test_a_fold_has_the_breaches_and_calls_that_were_published(
    day: Day, plan: str, request: dict[str, Any], wait: int, routed_by: str
) -> None:
    """Otherwise a backtest would compare an edition with something that never happened."""
    recording = recorded(day, plan, request, wait, routed_by)
    _, _, end = folded(recording)
    published = events(recording, ESCALATIONS)
    assert {name for name, clock in end.clocks.items() if clock.breached_at is not None} == breached(published)
    calls = {
        Call(event.milestone, event.instance, kind, event.level, event.repetition or 0, event.called): to_micros(
            event.at
        )
        for event in published
        for kind, of in (("warning", ClockWarned), ("escalation", EscalationRaised))
        if isinstance(event, of)
    }
    assert end.calls == calls


@settings(max_examples=examples(40), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@example([(45, ("resolved", {})), (1, ("reopened", {"to": "open"}))], "premier_plus", OUTAGE, 0, "guidelines-2021")
@given(timely_days, st.sampled_from(PLANS), asked, gaps, st.sampled_from([*ROUTED_BY]))
def test_a_timely_case_has_the_same_outcome_step_by_step(
    day: Day, plan: str, request: dict[str, Any], wait: int, routed_by: str
) -> None:
    """The short way is only a faster one."""
    recording = recorded(day, plan, request, wait, routed_by)
    case, activities, short = folded(recording)
    pinned = EDITIONS.of(short_of(case.policy_sha256))
    assume(is_timely(case, activities, pinned.rules))
    state = new_case(case, short_of(case.policy_sha256), pinned, None)
    steps = step_by_step(case, state, EDITIONS, activities, to_micros(recording.now))
    assert short.clocks == steps.clocks
    assert short.calls == steps.calls
    assert [each.activity_id for each in short.activities] == [each.activity_id for each in steps.activities]


def test_a_call_that_falls_due_with_the_stop_of_a_clock_is_not_made_by_a_moment_in_which_it_goes_on() -> None:
    """Resolved when the warning is due, it goes on and is paused in one instant."""
    day: Day = [(180, ("resolved", {})), (1, ("status_changed", {"to": "waiting_on_customer"}))]
    recording = recorded(day, "premier_plus", {"impact": "down", "channel": "phone"}, 10)
    _, _, end = folded(recording)
    assert not [call for call in end.calls if call.milestone == "restoration"]


@settings(max_examples=examples(30), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories, st.integers(1, 2))
def test_an_edition_does_not_differ_from_itself(history: list[Step], partitions: int) -> None:
    """Neither by name nor, if no case went over to another edition, from what was decided; whatever is in the log."""
    recording = lived(history, partitions)
    by_name = backtest(recording, GUIDELINES, baseline=GUIDELINES, configured=BOTH)
    assert (by_name.counts["affected"], by_name.cases) == (0, ())
    if not any(details.get("kind") == "policy_migrated" for _, details in history):
        assert backtest(recording, GUIDELINES, configured=BOTH).counts["affected"] == 0


@settings(max_examples=examples(20), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(histories, st.integers(1, 2))
def test_a_backtest_is_the_same_twice_and_the_other_way_round_the_reverse(history: list[Step], partitions: int) -> None:
    """What newly breaches one way no longer does the other way."""
    recording = lived(history, partitions)
    there, again = (backtest(recording, OBJECTIVES, baseline=GUIDELINES, configured=BOTH) for _ in range(2))
    back = backtest(recording, GUIDELINES, baseline=OBJECTIVES, configured=BOTH)
    assert (there.counts, there.cases) == (again.counts, again.cases)
    pairs = (
        ("newly_breached", "no_longer_breached"),
        ("newly_called", "no_longer_called"),
        ("promises_new", "promises_gone"),
        ("promises_longer", "promises_shorter"),
        ("breached_before", "breached_after"),
    )
    for one, other in pairs:
        assert (there.counts[one], there.counts[other]) == (back.counts[other], back.counts[one])
