"""[pure] Judges a run: the client's history and the log of all topics in, violations of the invariants out."""

from collections.abc import Callable, Iterable, Iterator, Mapping

from services.replay.recorded_log import LOG_TOPICS, RecordedLog
from services.replay.replay import Replayer
from shared.kafka.record import Record
from shared.policy.editions import EditionLibrary
from tests.fault import clock_invariants, request_invariants
from tests.fault.log_history import History
from tests.fault.violation import Violation

# Each invariant is a function of its name; its docstring says what must hold.
INVARIANTS: Mapping[str, Callable[[History], Iterable[Violation]]] = {
    rule.__name__: rule
    for rule in (
        request_invariants.acknowledged_is_in_the_log,
        request_invariants.one_key_has_one_id,
        request_invariants.one_decision_for_each_request,
        request_invariants.everything_is_consumed,
        request_invariants.nothing_is_published_twice,
        request_invariants.poison_is_dead_lettered,
        request_invariants.order_of_each_key_is_kept,
        request_invariants.decisions_use_the_latest_entitlement,
        request_invariants.acknowledged_entitlement_counts,
        clock_invariants.acknowledged_activity_counts,
        clock_invariants.no_timer_is_early,
        clock_invariants.each_level_is_reached_once,
        clock_invariants.no_miss_is_lost,
        clock_invariants.nothing_escalates_after_the_resolution,
        clock_invariants.pauses_conserve_time,
    )
}
REPLAY = "replay_is_identical"


def violations(history: History) -> list[Violation]:
    """Every violation of an invariant, by invariant."""
    return [violation for rule in INVARIANTS.values() for violation in rule(history)]


def replay_violations(log: RecordedLog, editions: EditionLibrary) -> list[Violation]:
    """What a replay of the log produces differently; identical bytes are no violation."""
    result = Replayer(editions).replay(log)
    found = [
        Violation(
            REPLAY, difference.case_id or difference.id, f"{difference.service}: {difference.kind} {difference.type}"
        )
        for difference in result.differences
    ]
    if result.more_differences:
        found.append(Violation(REPLAY, "log", f"{result.more_differences} more differences"))
    if not result.complete:
        found.append(Violation(REPLAY, "log", "the log lacks records that its events follow from"))
    return found


def records_of(log: RecordedLog) -> Iterator[Record]:
    """All records of a log, by topic, partition and offset."""
    for topic in LOG_TOPICS:
        for partition in range(log.partitions):
            yield from log.records(topic.name, partition)
