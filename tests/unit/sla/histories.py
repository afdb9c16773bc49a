"""Random histories of a case for property tests: whatever happens, in whatever order it arrives."""

from hypothesis import strategies as st

from shared.contracts.vocabulary import ActivityType
from tests.harness.desk import CHAIN, ClockDesk, terms

WAITING, HELD = "waiting_on_customer", "on_hold"
LAST = 60 * 24 * 5  # minutes: long after every deadline
MILESTONES: tuple[str, ...] = (
    "first_response",
    "next_response",
    "periodic_update",
    "restoration",
    "resolution",
)

kinds: st.SearchStrategy[ActivityType] = st.sampled_from(
    [
        "agent_replied",
        "customer_replied",
        "internal_note",
        "restored",
        "resolved",
        "reopened",
        "closed",
        "withdrawn",
    ]
)
paused_by = st.lists(st.sampled_from([WAITING, HELD, "resolved"]), unique=True, max_size=2)
some_terms = st.builds(
    terms,
    st.one_of(st.none(), st.integers(min_value=1, max_value=12), st.integers(min_value=1, max_value=900)),
    st.sampled_from(["elapsed", "business", "elapsed_then_next_open"]),
    paused_by,
    st.sampled_from(["resume", "new_cycle"]),
)
promises = st.dictionaries(st.sampled_from(MILESTONES), some_terms, min_size=1)
instants = st.one_of(st.integers(min_value=0, max_value=12), st.integers(min_value=0, max_value=900))  # some at once
activities = st.one_of(
    st.tuples(instants, kinds, st.none(), st.none()),
    st.tuples(
        instants, st.just("status_changed"), st.sampled_from([WAITING, HELD, "open", "resolved", "closed"]), st.none()
    ),
    st.tuples(instants, st.just("reprioritised"), st.none(), promises),
)
histories = st.lists(activities, max_size=10)


def play(desk: ClockDesk, history: list[tuple], order: list[int], pace: list[int]) -> None:  # type: ignore[type-arg]  # as drawn
    """Let the history arrive in `order`, at growing wall clock, timers having their turn in between."""
    now = 0
    for number, step in zip(order, pace, strict=True):
        at, kind, to, new_terms = history[number]
        now = max(now + step, at)
        if step % 3:
            desk.waits_until(now)
        desk.record_activity(at, kind, to=to, terms=new_terms, seen=now, id=f"{number:03}")
    desk.waits_until(LAST)


@st.composite
def plays(draw: st.DrawFn) -> tuple[ClockDesk, list[int]]:
    """A desk after a random history that arrived in random order, and the order."""
    promised = draw(promises)
    history = draw(histories)
    order = draw(st.permutations(range(len(history))))
    pace = draw(st.lists(st.integers(0, 120), min_size=len(history), max_size=len(history)))
    desk = ClockDesk(
        promised, levels=CHAIN, automated=draw(st.booleans()), status=draw(st.sampled_from(["open", WAITING]))
    )
    play(desk, history, list(order), pace)
    return desk, list(order)
