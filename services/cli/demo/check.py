"""[pure] Does the log of a demo run have every decision and event that it must have, and nothing else?

Each request is decided once, and as `frontline decide` decides it. Each unanswered P1 promise has its warnings, one
breach and its escalations (or one suppressed one). Plan access promises nothing, so its cases have no events.
"""

from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import msgspec

from services.cli.demo.traffic import MOST_URGENT, Ask
from services.cli.logged_event import LoggedEvent
from shared.business_time.instants import SECOND
from shared.contracts.structs import (
    CaseRouted,
    ClockBreached,
    ClockWarned,
    EscalationRaised,
    EscalationSuppressed,
)
from shared.policy.chain import Chain
from shared.policy.model import Edition
from shared.routing.decision_event import whole_decision
from shared.routing.rendering import entitlement_in_full
from shared.routing.rulebook import Rulebook

WARNED, BREACHED = ClockWarned.TYPE, ClockBreached.TYPE
RAISED, SUPPRESSED = EscalationRaised.TYPE, EscalationSuppressed.TYPE

# What `frontline decide` says for people, in their language: the log has codes and facts only.
_SENTENCES = {"because", "priority_because", "text", "unverified"}

PromiseEvent = tuple[str, str, str, int, int]  # case_id, milestone, event type, level, repetition (0 if none)


def decide_line(ask: Ask, account: Mapping[str, Any], case: Mapping[str, Any]) -> dict[str, Any]:
    """The input of `frontline decide` for this ask, at the instant that intake received it."""
    body = ask.body
    return {
        "account": {"account_id": body["account_id"], **account},
        "requester": body["requester"],
        "request": {
            name: body[name]
            for name in ("channel", "fields", "language", "country", "phone", "opened_by")
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
        decided[event.data["case_id"]].append(event)
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


def decision_differences(ask: Ask, case: Mapping[str, Any], expected: Mapping[str, Any], rules: Rulebook) -> list[str]:
    """The fields in which the decision in the log differs from the answer of `frontline decide`.

    Compared is the whole decision as it follows from the event and its edition, `rules`.
    """
    who = f"request {case['case_id']} ({_describe(ask)})"
    if case["policy_sha256"] != rules.policy_sha256:
        return [f"{who}: decided by edition {case['edition']} ({case['policy_sha256']}), not {rules.edition.edition}"]
    event = msgspec.convert(case, CaseRouted)
    whole = whole_decision(event, rules)
    logged = _comparable({**msgspec.to_builtins(whole), "entitlement": entitlement_in_full(whole.entitlement)})
    logged |= {"open_channels": list(event.open_channels), "promised": msgspec.to_builtins(event.milestones)}
    answer = _comparable(expected)
    answer["open_channels"] = [name for name, verdict in expected["channels"].items() if verdict["eligible"]]
    answer["promised"] = {name: _promised(terms) for name, terms in expected["milestones"].items()}
    found = [
        f"{who}: {name} is {logged.get(name)!r} in the log and {answer.get(name)!r} by `frontline decide`"
        for name in sorted(logged.keys() | answer.keys())
        if logged.get(name) != answer.get(name)
    ]
    if case["priority"] != ask.expected_priority:
        found.append(f"request {case['case_id']} is {case['priority']}, not {ask.expected_priority}")
    return found


def _promised(terms: Mapping[str, Any]) -> dict[str, Any]:
    """What an event says of a milestone that `frontline decide` shows with these terms."""
    return {name: terms[name] for name in ("due_at", "reason") if terms.get(name) is not None}


def expected_events(cases: Iterable[Mapping[str, Any]], rules: Rulebook) -> set[PromiseEvent]:
    """The events that the unanswered P1 promises of these cases must cause, each once."""
    expected: set[PromiseEvent] = set()
    chain = Chain(rules.edition.escalation_levels)
    for case in cases:
        if case["priority"] != MOST_URGENT:
            continue
        for milestone, target_seconds in _targets(case, rules).items():
            expected.add((case["case_id"], milestone, BREACHED, 0, 0))
            for step in chain.steps(target_seconds * SECOND):
                number = step.level, step.repetition
                if step.kind == "warning":
                    expected.add((case["case_id"], milestone, WARNED, *number))
                elif case["escalation"]["automated"]:
                    expected.add((case["case_id"], milestone, RAISED, *number))
                elif number == (chain.lowest_escalation, 0):
                    expected.add((case["case_id"], milestone, SUPPRESSED, *number))
    return expected


def _targets(case: Mapping[str, Any], rules: Rulebook) -> dict[str, int]:
    """The target of each promise of a case, in seconds; one in business days has none."""
    if case["policy_sha256"] != rules.policy_sha256:
        return {}  # `decision_differences` reports it
    terms = whole_decision(msgspec.convert(case, CaseRouted), rules).milestones
    return {name: each.target_seconds for name, each in terms.items() if each.target_seconds is not None}


def last_call(edition: Edition, target_seconds: int) -> float:
    """After how many seconds of its hours an unanswered target has its last escalation, at least its deadline."""
    steps = Chain(edition.escalation_levels).steps(target_seconds * SECOND)
    return max([target_seconds, *(step.amount / SECOND for step in steps)])


def seconds_until_settled(cases: Iterable[Mapping[str, Any]], rules: Rulebook) -> float:
    """How long after its submission the last expected event of any P1 case is due."""
    urgent = [case for case in cases if case["priority"] == MOST_URGENT]
    targets = [seconds for case in urgent for seconds in _targets(case, rules).values()]
    return max((last_call(rules.edition, target) for target in targets), default=0)


def event_differences(
    cases: Sequence[Mapping[str, Any]], escalations: Iterable[LoggedEvent], rules: Rulebook
) -> list[str]:
    """Missing, duplicate and unexpected events of promises, and events of cases that have no promise.

    `escalations` are events of `cases`.
    """
    promised = {case["case_id"]: bool(_targets(case, rules)) for case in cases}
    counted: Counter[PromiseEvent] = Counter()
    ids: dict[str, int] = defaultdict(int)
    found: list[str] = []
    for event in escalations:
        data = event.data
        ids[event.id] += 1
        if not promised[data["case_id"]]:
            found.append(f"{event.type} for case {data['case_id']}, which has no promise")
        elif event.type in (WARNED, BREACHED, RAISED, SUPPRESSED):
            counted[
                data["case_id"], data["milestone"], event.type, data.get("level", 0), data.get("repetition", 0)
            ] += 1
    expected = expected_events(cases, rules)
    found += [f"{_describe_event(key)} is missing" for key in sorted(expected - counted.keys())]
    found += [
        f"{_describe_event(key)} was published {times} times" for key, times in sorted(counted.items()) if times > 1
    ]
    found += [f"{_describe_event(key)} is unexpected" for key in sorted(counted.keys() - expected)]
    return found + [f"event id {event_id} was used {times} times" for event_id, times in ids.items() if times > 1]


def _comparable(decision: Mapping[str, Any]) -> dict[str, Any]:
    """A decision without its sentences; an empty list of notes is left out by some."""
    kept = {name: _without_sentences(value) for name, value in decision.items() if name not in _SENTENCES}
    kept.setdefault("notes", [])
    kept["entitlement"] = {name: value for name, value in kept["entitlement"].items() if name != "offset"}
    return kept  # outside Kafka there is no offset


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
