"""[pure] What must hold for requests, decisions, activity and entitlements, whatever fails."""

from collections import Counter, defaultdict
from collections.abc import Iterator

from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, REQUESTS
from tests.fault.client_history import Call
from tests.fault.log_history import History, Logged
from tests.fault.violation import Violation


def acknowledged_is_in_the_log(history: History) -> Iterator[Violation]:
    """A 202 means that Kafka has the record."""
    name = "acknowledged_is_in_the_log"
    written = {logged.event.request_id for logged in history.requests}
    recorded = {logged.event.activity_id for logged in history.activities}
    for call in history.calls:
        if call.kind == "request" and call.id and call.id not in written:
            yield Violation(name, call.id, "the request was acknowledged and is not in the log")
        if call.kind == "activity" and call.id and call.id not in recorded:
            yield Violation(name, call.id, f"the activity {call.type} was acknowledged and is not in the log")


def one_key_has_one_id(history: History) -> Iterator[Violation]:
    """However often a client repeats a call with its key, it is one request or one activity; none is refused."""
    name = "one_key_has_one_id"
    for call in history.calls:
        if len(set(call.ids)) > 1:
            yield Violation(
                name, call.key, f"answered with {len(set(call.ids))} ids: {', '.join(sorted(set(call.ids)))}"
            )
        if call.refused is not None:
            yield Violation(name, call.key, f"a {call.kind} that is legal was answered with {call.refused}")


def one_decision_for_each_request(history: History) -> Iterator[Violation]:
    """Accepted requests = routed + dead-lettered: none is lost, none is decided twice, none is decided unasked."""
    name = "one_decision_for_each_request"
    decisions = Counter(logged.event.case_id for logged in history.cases)
    places: dict[str, list[Logged]] = defaultdict(list)
    for logged in history.requests:
        places[logged.event.request_id].append(logged)
    for request_id, submitted in places.items():
        dead = any(logged.place in history.dead_letters for logged in submitted)
        if not decisions[request_id] and not dead:
            yield Violation(name, request_id, f"in flight or lost: submitted at {submitted[0].place}, never decided")
    for case_id, count in decisions.items():
        if count > 1:
            yield Violation(name, case_id, f"decided {count} times")
        if case_id not in places:
            yield Violation(name, case_id, "decided without a request")


def everything_is_consumed(history: History) -> Iterator[Violation]:
    """After all faults have ended nothing stays in flight: the services have read every source record."""
    name = "everything_is_consumed"
    sources = {
        REQUESTS.name: history.requests,
        ENTITLEMENTS.name: history.entitlements,
        CASES.name: history.cases,
        ACTIVITY.name: history.activities,
    }
    for topic, records in sources.items():
        last: dict[int, int] = {}
        for logged in records:
            last[logged.place[1]] = max(logged.offset, last.get(logged.place[1], -1))
        for partition, offset in sorted(last.items()):
            consumed = history.consumed.get(topic, {}).get(partition, 0)
            if consumed <= offset:
                yield Violation(
                    name, f"{topic}[{partition}]", f"consumed up to {consumed}, the last record is {offset}"
                )


def nothing_is_published_twice(history: History) -> Iterator[Violation]:
    """The identity of an event, (source, id), occurs once in all topics of the services; so does each dead letter."""
    name = "nothing_is_published_twice"
    counts = Counter(logged.identity for logged in (*history.cases, *history.escalations))
    for identity, count in counts.items():
        if count > 1:
            yield Violation(name, "/".join(identity), f"published {count} times")
    for place in history.repeated_dead_letters:
        yield Violation(name, str(place), "dead-lettered twice")


def poison_is_dead_lettered(history: History) -> Iterator[Violation]:
    """A record that cannot be read is a dead letter; nothing else of ours is unreadable."""
    for place in history.unreadable:
        if place not in history.dead_letters:
            yield Violation("poison_is_dead_lettered", str(place), "the record cannot be read, and is no dead letter")


def order_of_each_key_is_kept(history: History) -> Iterator[Violation]:
    """What a client did after an acknowledgement comes later in the log, and is decided and applied later."""
    yield from _order_of_calls(history)
    yield from _order_of_decisions(history)
    yield from _order_of_positions(history)


def _order_of_calls(history: History) -> Iterator[Violation]:
    first = {}
    for logged in reversed(history.activities):
        first[logged.event.activity_id] = logged.offset
    by_case: dict[str, list[Call]] = defaultdict(list)
    for call in history.calls:
        if call.kind == "activity" and call.id in first and call.case_id:
            by_case[call.case_id].append(call)
    for case_id, calls in by_case.items():
        for earlier in calls:
            for later in calls:
                if earlier.ended is None or later.began < earlier.ended or later is earlier:
                    continue
                if first[later.id or ""] < first[earlier.id or ""]:
                    found = f"{later.type} was sent after {earlier.type} was acknowledged, and is before it in the log"
                    yield Violation("order_of_each_key_is_kept", case_id, found)


def _order_of_decisions(history: History) -> Iterator[Violation]:
    last: dict[tuple[str | None, int], int] = {}
    for logged in history.cases:
        caused = logged.event.caused_by
        key = (logged.event.account_id or logged.event.case_id, logged.place[1])
        if caused.topic == REQUESTS.name and caused.offset < last.get(key, -1):
            found = f"the request at {caused.offset} is decided after the one at {last[key]} of the same account"
            yield Violation("order_of_each_key_is_kept", logged.event.case_id, found)
        last[key] = max(caused.offset or 0, last.get(key, -1))


def _order_of_positions(history: History) -> Iterator[Violation]:
    reached: dict[tuple[int, str], int] = {}
    for logged in history.escalations:
        for topic, position in positions_after(logged).items():
            place = (logged.place[1], topic)
            if position < reached.get(place, 0):
                found = f"its task had read {topic} up to {position}, an earlier event up to {reached[place]}"
                yield Violation("order_of_each_key_is_kept", str(logged.place), found)
            reached[place] = max(position, reached.get(place, 0))


def positions_after(logged: Logged) -> dict[str, int]:
    """How far the task had read each source when it published the event, the record that caused it included."""
    caused = logged.event.caused_by
    positions: dict[str, int] = dict(caused.positions or {})
    if caused.topic is not None:
        positions[caused.topic] = caused.offset + 1
    return positions


def decisions_use_the_latest_entitlement(history: History) -> Iterator[Violation]:
    """A decision is made by the newest entitlement that its task had read, by `set_at` and then by place."""
    name = "decisions_use_the_latest_entitlement"
    by_account: dict[str, list[Logged]] = defaultdict(list)
    for logged in history.entitlements:
        if logged.place not in history.dead_letters:
            by_account[_account_of(logged)].append(logged)
    for case in history.cases:
        read = (case.event.caused_by.positions or {}).get(ENTITLEMENTS.name, 0)
        known = [each for each in by_account[case.event.account_id or ""] if each.offset < read]
        newest = max(known, key=lambda each: (_set_at(each), each.offset), default=None)
        used = case.event.entitlement.offset
        expected = None if newest is None or not hasattr(newest.event, "account") else newest.offset
        if used != expected:
            found = f"decided by the entitlement at {used}, the newest that its task had read is at {expected}"
            yield Violation(name, case.event.case_id, found)
        elif newest is not None and expected is not None and case.event.entitlement.plan != newest.event.account.plan:
            found = f"decided by plan {case.event.entitlement.plan}, the entitlement has {newest.event.account.plan}"
            yield Violation(name, case.event.case_id, found)


def acknowledged_entitlement_counts(history: History) -> Iterator[Violation]:
    """A request that begins after an entitlement was acknowledged is decided by it, or by a later one.

    An account with a dead letter among its entitlements is left out: what was acknowledged may be that.
    """
    plans: dict[str, list[Call]] = defaultdict(list)
    for call in history.calls:
        if call.kind == "entitlement":
            plans[call.account_id].append(call)
    decided = {logged.event.case_id: logged.event for logged in history.cases}
    dead_lettered = {_account_of(each) for each in history.entitlements if each.place in history.dead_letters}
    for call in history.calls:
        case = decided.get(call.id or "")
        if call.kind != "request" or case is None or call.ended is None or call.account_id in dead_lettered:
            continue
        set_before = [each for each in plans[call.account_id] if each.ended and each.ended <= call.began]
        if not set_before:
            continue
        last = max(set_before, key=lambda each: each.began)
        later = [each for each in plans[call.account_id] if each.began > last.began]
        possible = {last.plan, *(each.plan for each in later)}
        if case.entitlement.plan not in possible:
            found = f"decided by plan {case.entitlement.plan}; acknowledged before the request: {last.plan}"
            yield Violation("acknowledged_entitlement_counts", case.case_id, found)


def _account_of(logged: Logged) -> str:
    account = getattr(logged.event, "account", None)
    return str(logged.event.account_id if account is None else account.account_id)


def _set_at(logged: Logged) -> float:
    at = getattr(logged.event, "set_at", None) or logged.event.withdrawn_at
    return float(at.timestamp())
