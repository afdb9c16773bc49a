"""Whatever fails, for however long, whatever is aborted and restarted: every other case keeps its time."""

from datetime import datetime

from hypothesis import given, settings
from hypothesis import strategies as st

from shared.business_time.instants import from_micros
from shared.sla import case_state
from shared.sla.packing import pack_id
from shared.streams.processor import Postponed
from tests.harness.examples import examples
from tests.topology.escalation.desk import TaskDesk, minutes

CASES = ("a" * 32, "b" * 32, "c" * 32)
actions = st.lists(
    st.one_of(
        st.tuples(st.just("passes"), st.integers(1, 90)),
        st.tuples(st.just("sleeps"), st.integers(1, 90)),
        st.tuples(st.just("aborts"), st.integers(0, 90)),
        st.tuples(st.sampled_from(["damage", "mend"]), st.integers(0, 2)),
        st.tuples(st.sampled_from(["customer_replied", "agent_replied", "resolved", "reopened"]), st.integers(0, 2)),
    ),
    max_size=15,
)


class _Cases:
    """Cases of a desk whose stored facts can be damaged and mended; their timers are as stored meanwhile."""

    def __init__(self, desk: TaskDesk) -> None:
        self._desk = desk
        self._facts: dict[str, bytes] = {}
        for case_id in CASES:
            desk.opens(case_id)
            desk.passes(minutes(1))
            self._facts[case_id] = self._state(case_id).facts

    def damage(self, case_id: str) -> None:
        """No edition has such facts."""
        self._put(case_id, b"\xff" * 12)

    def mend(self, case_id: str) -> None:
        """They are as they were."""
        self._put(case_id, self._facts[case_id])

    def next_due(self) -> datetime | None:
        """When the earliest of their timers is due, if any is."""
        stored = (self._desk.driver.stores["cases"].get(pack_id(case_id)) for case_id in CASES)
        due = [from_micros(at) for value in stored if (at := case_state.due_of(value)) is not None]
        return min(due, default=None)

    def _state(self, case_id: str) -> case_state.CaseState:
        return case_state.decode(self._desk.driver.stores["cases"].get(pack_id(case_id)) or b"")

    def _put(self, case_id: str, facts: bytes) -> None:
        key, driver = pack_id(case_id), self._desk.driver
        state, due = self._state(case_id), case_state.due_of(driver.stores["cases"].get(key))
        state.facts = facts
        value = driver.changelogs["cases"][key] = case_state.encode(state, due)
        driver.stores["cases"].apply([(key, value)])


@settings(max_examples=examples(40), deadline=None)
@given(actions)
def test_isolation_ends_in_the_end_and_no_timer_is_lost(done: list[tuple[str, int]]) -> None:
    """Each committed timer fires in its time or its case is isolated; once all is mended, all is as if by itself."""
    desk = TaskDesk()
    cases = _Cases(desk)
    for action, how in done:
        if action == "passes":
            desk.passes(minutes(how))
        elif action == "sleeps":
            desk.sleeps(minutes(how))
        elif action == "aborts":
            desk.driver.abort_slice(now=desk.driver.now + minutes(how))
        elif action == "damage":
            cases.damage(CASES[how])
        elif action == "mend":
            cases.mend(CASES[how])
        else:
            desk.record_activity(action, CASES[how])
        assert desk.driver.processor.postponed().timers == len(desk.driver.stores["isolated"])
    for case_id in CASES:
        cases.mend(case_id)
    desk.passes(minutes(61))
    assert desk.driver.processor.postponed() == Postponed()
    assert set(desk.dead_letter_causes) <= {"case_isolated"}
    assert desk.driver.processor.next_due() == cases.next_due()
