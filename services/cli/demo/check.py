"""[pure] Does the log of a demo run have every decision and event that it must have, and nothing else?

Each request is decided once, and as `frontline decide` decides it. Each unanswered P1 promise has its warnings, one
breach and its escalations (or one suppressed one). Plan access promises nothing, so its cases have no events.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from services.cli.demo.traffic import Ask
from services.cli.logged_event import LoggedEvent
from shared.business_time.instants import SECOND
from shared.policy.chain import Chain
from shared.policy.model import Edition

WARNED = "frontline.clock.warned.v1"
BREACHED = "frontline.clock.breached.v1"
RAISED = "frontline.escalation.raised.v1"
SUPPRESSED = "frontline.escalation.suppressed.v1"

# Fields of a case that `frontline decide` does not print.
_CASE_ONLY = {"case_id", "request_id", "account_id", "requester_id", "subject", "impact", "workaround", "environment"}
_CASE_ONLY |= {"request_type", "requested_channel", "received_at", "decided_at", "observed_at", "caused_by", "country"}
# What `frontline decide` adds for people: the log has codes and facts only.
_SENTENCES = {"because", "priority_because", "text"}

PromiseEvent = tuple[str, str, str, int, int]  # case_id, milestone, event type, level, repetition (0 if none)


def decide_line(ask: Ask, account: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """The input of `frontline decide` for this ask, at the instant that intake received it."""
    body = ask.body
    return {
        "account": {"account_id": body["account_id"], **account},
        "requester": body["requester"],
        "request": {
            name: body[name]
            for name in (
                "channel",
                "impact",
                "workaround",
                "environment",
                "request_type",
                "language",
                "country",
                "phone",
            )
            if name in body
        },
        "at": case["received_at"],
    }


def not_decided_once(asks: Mapping[str, Ask], cases: Iterable[LoggedEvent]) -> list[str]:
    """Requests (by id) that were not decided exactly once, and decisions of requests that were never sent.

    A request that was decided more than once is listed with each decision's event id, cause and time: the same cause
    twice means a transaction that ran twice, two causes a resubmission that was not recognised.
    """
    decided: dict[str, list[LoggedEvent]] = defaultdict(list)
    for event in cases:
        decided[event.data["request_id"]].append(event)
    found = []
    for request_id, ask in asks.items():
        decisions = decided.get(request_id, [])
        if len(decisions) != 1:
            each = "".join(
                f"; {event.id} of {event.data.get('caused_by')} at {event.data.get('observed_at')}"
                for event in decisions
            )
            found.append(f"request {request_id} ({_describe(ask)}) was decided {len(decisions)} times{each}")
    return found + [f"request {request_id} was decided but never sent" for request_id in decided.keys() - asks.keys()]


def decision_differences(ask: Ask, case: Mapping[str, Any], expected: Mapping[str, Any]) -> list[str]:
    """The fields in which the decision in the log differs from the answer of `frontline decide`."""
    found = [
        f"request {case['request_id']} ({_describe(ask)}): {name} is {_comparable(case).get(name)!r} in the log and "
        f"{_comparable(expected).get(name)!r} by `frontline decide`"
        for name in sorted(_comparable(case).keys() | _comparable(expected).keys())
        if _comparable(case).get(name) != _comparable(expected).get(name)
    ]
    if case["priority"] != ask.expected_priority:
        found.append(f"request {case['request_id']} is {case['priority']}, not {ask.expected_priority}")
    return found


def expected_events(cases: Iterable[Mapping[str, Any]], edition: Edition) -> set[PromiseEvent]:
    """The events that the unanswered P1 promises of these cases must cause, each once."""
    expected: set[PromiseEvent] = set()
    chain = Chain(edition.escalation_levels)
    for case in cases:
        if case["priority"] != "P1":
            continue
        for milestone, terms in case["milestones"].items():
            if terms["target_seconds"] is None:
                continue
            expected.add((case["case_id"], milestone, BREACHED, 0, 0))
            for step in chain.steps(terms["target_seconds"] * SECOND):
                number = step.level, step.repetition
                if step.kind == "warning":
                    expected.add((case["case_id"], milestone, WARNED, *number))
                elif case["escalation"]["automated"]:
                    expected.add((case["case_id"], milestone, RAISED, *number))
                elif number == (chain.lowest_escalation, 0):
                    expected.add((case["case_id"], milestone, SUPPRESSED, *number))
    return expected


def last_call(edition: Edition, target_seconds: int) -> float:
    """After how many seconds of its hours an unanswered target has its last escalation, at least its deadline."""
    steps = Chain(edition.escalation_levels).steps(target_seconds * SECOND)
    return max([target_seconds, *(step.amount / SECOND for step in steps)])


def seconds_until_settled(cases: Iterable[Mapping[str, Any]], edition: Edition) -> float:
    """How long after its submission the last expected event of any P1 case is due."""
    targets = [
        terms["target_seconds"]
        for case in cases
        if case["priority"] == "P1"
        for terms in case["milestones"].values()
        if terms["target_seconds"] is not None
    ]
    return max((last_call(edition, target) for target in targets), default=0)


def event_differences(
    cases: Sequence[Mapping[str, Any]], escalations: Iterable[LoggedEvent], edition: Edition
) -> list[str]:
    """Missing, duplicate and unexpected events of promises, and events of cases that have no promise.

    `escalations` are events of `cases`.
    """
    by_case = {case["case_id"]: case for case in cases}
    counted: Counter[PromiseEvent] = Counter()
    ids: dict[str, int] = defaultdict(int)
    found: list[str] = []
    for event in escalations:
        data = event.data
        case = by_case[data["case_id"]]
        ids[event.id] += 1
        if not any(terms["target_seconds"] for terms in case["milestones"].values()):
            found.append(f"{event.type} for case {data['case_id']}, which has no promise")
        elif event.type in (WARNED, BREACHED, RAISED, SUPPRESSED):
            counted[
                data["case_id"], data["milestone"], event.type, data.get("level", 0), data.get("repetition", 0)
            ] += 1
    expected = expected_events(cases, edition)
    found += [f"{_describe_event(key)} is missing" for key in sorted(expected - counted.keys())]
    found += [
        f"{_describe_event(key)} was published {times} times" for key, times in sorted(counted.items()) if times > 1
    ]
    found += [f"{_describe_event(key)} is unexpected" for key in sorted(counted.keys() - expected)]
    return found + [f"event id {event_id} was used {times} times" for event_id, times in ids.items() if times > 1]


def _comparable(decision: Mapping[str, Any]) -> dict[str, Any]:
    """The part of a decision that both have; an empty list of notes is left out of an event."""
    kept = {name: _without_sentences(value) for name, value in decision.items() if name not in _CASE_ONLY | _SENTENCES}
    kept.setdefault("notes", [])
    if "entitlement" in kept:  # outside Kafka there is no offset
        kept["entitlement"] = {name: value for name, value in kept["entitlement"].items() if name != "offset"}
    return kept


def _without_sentences(value: Any) -> Any:
    if isinstance(value, Mapping):
        return {name: _without_sentences(each) for name, each in value.items() if name not in _SENTENCES}
    return [_without_sentences(each) for each in value] if isinstance(value, list | tuple) else value


def _describe(ask: Ask) -> str:
    requester = ask.body["requester"]
    return f"{ask.body['account_id']}, {requester['requester_id']}, {ask.body['channel']}"


def _describe_event(key: PromiseEvent) -> str:
    case_id, milestone, event_type, level, repetition = key
    suffix = f", repetition {repetition}" if repetition else ""
    return f"{event_type.split('.')[-2]} (level {level}{suffix}) of {milestone} of case {case_id}"
