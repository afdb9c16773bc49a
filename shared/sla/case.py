"""[pure] One case: what opening it, activity and the passing of time do to its stored state.

Each function changes the state in place and returns the effects to publish and the case's one timer. When no clock of a
case is live any more, the timer is the instant at which the case is deleted.
"""

from collections.abc import Iterator
from typing import NamedTuple

from msgspec.structs import replace

from shared.business_time.errors import CalendarError
from shared.business_time.instants import DAY, Micros
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.contracts.vocabulary import ACTIVITY_TYPES, ActivityType
from shared.policy.milestones import REACHED
from shared.sla import customer_escalation, effects, sla_clock
from shared.sla.case_facts import facts_of
from shared.sla.case_state import CaseState, StoredActivity, size_of, store_marks, stored_terms
from shared.sla.customer_escalation import NEVER_REQUESTED, NOBODY_ASKS, EscalationRequestState, Right
from shared.sla.errors import InputRefused
from shared.sla.event_time import counts_from, micros
from shared.sla.order import ENDS, REOPENED, REPLIED, RESOLVED, RETRACTED, meaning
from shared.sla.packing import pack_digest, pack_id, pack_trace
from shared.sla.pinned_edition import Editions, PinnedEdition, short_of
from shared.sla.sla_clock import Step, advance, open_case, refold, status_kind_at, unchanged
from shared.sla.terms_in_force import CHANGES, CaseView, view_of

# Activity about an escalation that the customer asks for: no clock cares.
ESCALATION_REQUESTS: frozenset[ActivityType] = frozenset(("escalation_requested", "escalation_reviewed"))
# A closed case is deleted after so long without activity.
QUIET_AFTER_CLOSED = 30 * DAY
# One that nobody closed, but that has no live clock, after longer: somebody may still write to it.
QUIET_UNCLOSED = 90 * DAY
# Bounds the state: more activities than this mean a runaway integration.
MAX_ACTIVITIES = 1_000
# Bounds the bytes of the state, to a quarter of what its changelog takes: each step reads and writes all of it.
MAX_STATE_BYTES = 256 * 1024
# Of these only a resolution or an end takes the last ones, and what timers publish. Both grow a state by far less.
KEPT_FOR_THE_END = 16 * 1024


class CaseStep(NamedTuple):
    """What follows from a step: what to publish, the case's timer, and the priority that it has now."""

    effects: list[effects.EscalationEvent]
    timer: Micros | None
    priority: str


def new_case(case: CaseRouted, edition: bytes, pinned: PinnedEdition, traceparent: str | None) -> CaseState:
    """The state of a routed case; `edition` is how the state refers to `pinned`. Raises InputRefused."""
    if case.calendar not in pinned.edition.calendars:
        raise InputRefused(
            "malformed_event", f"calendar: edition {case.edition} has none called {case.calendar[:60]!r}"
        )
    facts = facts_of(case, pinned.edition)
    return CaseState(
        account=None if case.account_id is None else pack_id(case.account_id),
        edition=edition,
        facts=pinned.layout.pack(facts),
        opened_at=micros(case.received_at, "received_at"),
        trace=pack_trace(traceparent),
        language=facts.kind.situation.language,
        country=facts.kind.situation.country,
    )


def open_clocks(state: CaseState, editions: Editions, now: Micros) -> CaseStep:
    """Start the clocks of a new case. Raises InputRefused where a target cannot be counted."""
    before = view_of(state, editions)
    try:
        step = open_case(before.policy, state.opened_at)
    except CalendarError as error:
        raise _uncountable(error) from None
    return _case_step(state, editions, before, step, now)


def is_retry(state: CaseState, activity: ActivityRecorded) -> bool:
    """Whether this very activity was applied before. Raises InputRefused where its id stands for other content."""
    known = state.digest_of(activity.activity_id)
    if known is None:
        return False
    if known != pack_digest(activity.activity_digest):
        raise InputRefused(
            "conflict", f"activity {activity.activity_id} was recorded before, with other content: nothing was changed"
        )
    return True


def apply_activity(state: CaseState, editions: Editions, activity: ActivityRecorded, now: Micros) -> CaseStep:
    """Apply one activity that is no retry. One that affects no clock has no effects.

    Raises InputRefused if it is one too many, makes the state too large, sets terms that cannot be counted, names a
    plan or another word that the case's edition does not know, migrates the case to an edition that is unknown or lacks
    its calendar, or answers what nobody has asked.
    """
    before = view_of(state, editions)
    if activity.type == "policy_migrated":
        _check_migration(before, editions, activity)
    if activity.type not in before.policy.rules.relevant and activity.type not in ESCALATION_REQUESTS:
        return _unchanged([], before, now)
    _check_words(state, before, activity)
    changed = replace(state, activities=[*state.activities, _stored_activity(state, activity)])
    if activity.type in ESCALATION_REQUESTS:
        changed.asked, outcome = _request_escalation(state, before, activity)
        _check_room(changed)
        state.asked, state.activities = changed.asked, changed.activities
        return _unchanged([outcome], before, now)
    after = view_of(changed, editions)
    history = after.clocks.history
    try:
        step = sla_clock.apply_activity(after.policy, before.clocks, history[-1], now)
        if changed.activities[-1].kind in CHANGES and any(earlier.kind in CHANGES for earlier in state.activities):
            # A late change can alter what a later one inherits from it.
            step = refold(after.policy, step, history, history[-1].at, now)
    except CalendarError as error:
        raise _uncountable(error) from None
    case_step = _case_step(changed, editions, after, step, now)
    ends = meaning(after.policy.rules, history[-1]) in (RESOLVED, *ENDS) and activity.until is None
    _check_room(changed, before if ends else None, step)
    state.activities, state.marks, state.seen_for = changed.activities, changed.marks, changed.seen_for
    if activity.activity_id in step.messages_on_closed:
        at = counts_from(history[-1].at, state.opened_at)
        case_step.effects.append(effects.MessageOnClosedCase(at=at, activity_id=activity.activity_id))
    return case_step


def _check_room(changed: CaseState, before: CaseView | None = None, step: Step | None = None) -> None:
    """Refuse an activity that leaves too little room in the state that it has `changed`. Raises InputRefused.

    The room that is kept is for a resolution and an end: for an activity that changes what the status of the case
    counts as, from what it was in `before`. So they take it twice at most.
    """
    too_many = len(changed.activities) > MAX_ACTIVITIES
    size = size_of(changed)
    if not too_many and size <= MAX_STATE_BYTES - KEPT_FOR_THE_END:
        return
    if before is not None and step is not None:
        was = unchanged(before.policy, before.clocks).status.counts_as
        if was != step.status.counts_as:
            return
    if too_many:
        raise InputRefused("too_much_activity", f"a case takes in {MAX_ACTIVITIES} activities at most")
    most = MAX_STATE_BYTES - KEPT_FOR_THE_END
    raise InputRefused(
        "case_too_large",
        f"the case would have {size} bytes with this activity; {most} are the most before its resolution or its end",
    )


def _check_words(state: CaseState, case: CaseView, activity: ActivityRecorded) -> None:
    """Refuse a status that people take for another one, a milestone that is not there, and taking back no reply."""
    rules, name = case.policy.rules, case.pinned.edition.edition
    if activity.type in ("status_changed", REOPENED) and activity.to is not None:
        meant = rules.meant_by(activity.to)
        if meant is not None:
            raise InputRefused("unknown_word", f"to: edition {name} has no such status, but {meant!r}: write that")
    if activity.milestone is not None and activity.milestone not in rules.milestones:
        raise InputRefused(
            "unknown_word",
            f"milestone: {activity.milestone[:60]!r} is not known in edition {name}, which has "
            f"{', '.join(rules.milestones)}",
        )
    if activity.type == REACHED and activity.milestone is not None:
        row = rules.milestones[activity.milestone]
        if REACHED not in row.fulfilled_by:
            raise InputRefused(
                "unknown_word",
                f"milestone: {activity.milestone} is fulfilled by {', '.join(row.fulfilled_by)}, not by {REACHED}",
            )
    if activity.type == RETRACTED and activity.retracts is not None:
        packed = pack_id(activity.retracts)
        known = next((each for each in state.activities if each.id == packed), None)
        if known is not None and ACTIVITY_TYPES[known.kind] != REPLIED:
            raise InputRefused("malformed_event", "retracts: that activity is no reply of an agent")


def _check_migration(case: CaseView, editions: Editions, activity: ActivityRecorded) -> None:
    """A migration needs an edition that is known, and in it the calendar that the case counts by.

    The edition is kept for the case from now on. Raises InputRefused.
    """
    name, sha256 = activity.edition, activity.policy_sha256
    if sha256 is None:
        raise InputRefused("malformed_event", "policy_sha256: is required for policy_migrated")
    target = editions.find(name or "", sha256)
    if target is None:
        raise InputRefused(
            "unknown_edition",
            f"edition {name} (policy_sha256 {sha256}) is neither saved nor configured here ({editions.configured}): "
            "add its file to FRONTLINE_POLICIES, then replay this dead letter",
        )
    if case.calendar not in target.edition.calendars:
        raise InputRefused(
            "unknown_calendar", f"edition {name} has no calendar {case.calendar!r}, by which the case counts"
        )


def fire(state: CaseState, editions: Editions, due: Micros, now: Micros) -> CaseStep | None:
    """Fire what is due at `due` or before; None = the case is to be deleted."""
    before = view_of(state, editions)
    step = advance(before.policy, before.clocks, due + 1)
    if step.case == before.clocks and step.next_due is None and not step.any_live:
        return None
    return _case_step(state, editions, before, step, now)


def _request_escalation(
    state: CaseState, case: CaseView, activity: ActivityRecorded
) -> tuple[EscalationRequestState, effects.CustomerEscalationEvent]:
    """The outcome of a customer's request for an escalation, or of its review."""
    rules = case.pinned.edition.customer_escalation or NOBODY_ASKS
    at = counts_from(micros(activity.at, "at"), state.opened_at)
    if activity.type == "escalation_reviewed":
        return customer_escalation.review(
            state.asked or NEVER_REQUESTED, rules, at=at, accepted=bool(activity.accepted)
        )
    right = Right(case.facts.may_ask, case.facts.excluded)
    status = status_kind_at(case.policy, case.clocks, at)
    return customer_escalation.request(
        state.asked or NEVER_REQUESTED, right, rules, state.opened_at, at=at, by=activity.activity_id, status=status
    )


def _case_step(state: CaseState, editions: Editions, case: CaseView, step: Step, now: Micros) -> CaseStep:
    store_marks(state, step.case, editions.of(state.edition).milestone_names)
    return CaseStep([*step.effects, *_of_the_case(step)], _timer(step, now), case.kind.priority)


def _of_the_case(step: Step) -> Iterator[effects.EscalationEvent]:
    """What a step of the clocks publishes of the case itself: that it is closed, or open again."""
    if step.is_closed != step.was_closed:
        change = effects.CaseClosed if step.is_closed else effects.CaseReopened
        yield change(at=step.status.at, status=step.status.status)


def _unchanged(published: list[effects.EscalationEvent], case: CaseView, now: Micros) -> CaseStep:
    """A step that the clocks take no part in."""
    return CaseStep(published, _timer(unchanged(case.policy, case.clocks), now), case.kind.priority)


def _timer(step: Step, now: Micros) -> Micros | None:
    """When the case has to be looked at again; one without a live clock, when it is to be deleted."""
    if step.next_due is not None or step.any_live:
        return step.next_due
    return now + (QUIET_AFTER_CLOSED if step.is_closed else QUIET_UNCLOSED)


def _stored_activity(state: CaseState, activity: ActivityRecorded) -> StoredActivity:
    """What is kept of it. Terms and fields count in the activities that change them, and nowhere else."""
    kind = ACTIVITY_TYPES.index(activity.type)
    changes = kind in CHANGES
    return StoredActivity(
        after=micros(activity.at, "at") - state.opened_at,
        kind=kind,
        id=pack_id(activity.activity_id),
        digest=pack_digest(activity.activity_digest),
        to=activity.to,
        fields=dict(activity.fields) if activity.fields and changes else None,
        terms=None if activity.milestones is None or not changes else stored_terms(activity.milestones),
        plan=activity.plan if activity.type == "entitlement_refreshed" else None,
        edition=short_of(activity.policy_sha256)
        if activity.type == "policy_migrated" and activity.policy_sha256
        else None,
        until=None if activity.until is None else micros(activity.until, "until") - state.opened_at,
        milestone=activity.milestone,
        retracts=None if activity.retracts is None else pack_id(activity.retracts),
    )


def _uncountable(error: CalendarError) -> InputRefused:
    return InputRefused("uncountable_target", str(error))
