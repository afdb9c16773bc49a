"""A case that is rebuilt from a checkpoint is the case that is rebuilt from the beginning of its log."""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from msgspec.structs import replace

from shared.contracts.topics import ACTIVITY, CASES, Topic
from shared.explain.explanation import explanation
from shared.explain.rebuild_case import Checkpoint, RebuiltCase, rebuild_case, rebuild_from
from shared.explain.standing import standing
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.record import Record
from shared.messages.catalogues import messages_in
from shared.policy.digest import policy_sha256
from shared.sla.case import apply_activity
from shared.sla.case_state import decode, encode
from shared.sla.pinned_edition import PinnedEdition, short_of
from tests.harness.examples import examples
from tests.topology.escalation.desk import CASE, LIBRARY, NEXT, TaskDesk, as_record, at, minutes
from tests.unit.explain.explained_case import ExplainedCase

ENGLISH = messages_in("en")
NOW, LATER = (PinnedEdition(policy_sha256(each.editions[0]), each.editions[0]) for each in (LIBRARY, NEXT))
# The next edition without the calendar that the cases count by: a migration to it is refused.
ELSEWHERE = PinnedEdition(
    "cd" * 32,
    LATER.edition.model_copy(
        update={"calendars": {name: each for name, each in LATER.edition.calendars.items() if name != "spain"}}
    ),
)
AT_HAND: Mapping[bytes, PinnedEdition] = {short_of(each.sha256): each for each in (NOW, LATER, ELSEWHERE)}
MARK = "tlh"  # a language that no case of these tests has

Step = tuple[Callable[..., object], dict[str, Any]]


class Grown:
    """A case whose log grows, and what is rebuilt of it from one checkpoint to the next."""

    def __init__(self, *, has_dead_letters: bool = True) -> None:
        self.has_dead_letters = has_dead_letters
        library = type(LIBRARY)([*LIBRARY.editions, *NEXT.editions])
        self.lived = ExplainedCase(TaskDesk(library, routed_by=LIBRARY), plan="premier_plus", account_type="enterprise")
        self.log = self.lived.log
        self.editions = dict(AT_HAND)
        self.checkpoint: Checkpoint | None = None
        self.answered: list[tuple[RebuiltCase, Any]] = []

    def looks(self) -> None:
        """The case is asked for, and both answers compared, with all that follows from them."""
        if not self.has_dead_letters:  # as in intake
            self.log.dead_letters.clear()
        case, now = self.log.case, self.lived.desk.driver.now
        assert case is not None
        grown, self.checkpoint = rebuild_from(self.checkpoint, self.log, case, self.editions)
        rebuilt = rebuild_case(self.log, case, self.editions)
        assert grown == rebuilt
        assert _stored(grown) == _stored(rebuilt)
        of_it = self.log, case, self.editions, now
        assert standing(*of_it, grown) == standing(*of_it)
        assert explanation(*of_it, ENGLISH, grown) == explanation(*of_it, ENGLISH)
        self.answered.append((grown, _stored(grown)))


def _stored(rebuilt: RebuiltCase) -> Any:
    return None if rebuilt.state is None else encode(rebuilt.state, None)


def records(case: Grown, kind: str, ago: float, **given: Any) -> None:
    """Somebody does something now, or says that it was some minutes ago; escalation takes it or refuses it."""
    case.lived.record_activity(kind, at=case.lived.desk.driver.now - minutes(ago), **given)


def passes(case: Grown, minutes_: int) -> None:
    """Time goes by, and timers fire."""
    case.lived.passes(minutes(minutes_))


def dead_lettered(case: Grown, topic: Topic, number: int) -> None:
    """The log says only now that escalation had refused something."""
    there = [place for place, _ in (case.log.activity if topic == ACTIVITY else case.log.cases)]
    if there:
        partition, offset = there[number % len(there)]
        record = Record(topic.name, partition, offset, 0, CASE.encode(), b"{}", ())
        case.log.dead_letters.append(DeadLetter("conflict", "", "escalation", at(0), record))


def dead_letters_expire(case: Grown) -> None:
    """Retention deletes the dead letters."""
    case.log.dead_letters.clear()


def activity_expires(case: Grown, number: int) -> None:
    """Retention deletes the beginning of the activity."""
    del case.log.activity[:number]


def decided_again(case: Grown, impact: str) -> None:
    """Another decision on the case."""
    case.lived.decided_again(case.lived.desk.case(impact=impact))


def at_hand(case: Grown, editions: tuple[PinnedEdition, ...]) -> None:
    """Only these editions are known here from now on."""
    case.editions = {short_of(each.sha256): each for each in editions}


def step(what: Callable[..., object], **drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    """Something that happens, with what is drawn for it."""
    return st.tuples(st.just(what), st.fixed_dictionaries(drawn))


def said(kind: str | st.SearchStrategy[str], **drawn: st.SearchStrategy[Any]) -> st.SearchStrategy[Step]:
    """An activity that somebody records."""
    kinds = st.just(kind) if isinstance(kind, str) else kind
    return step(records, kind=kinds, ago=st.sampled_from([0, 0, 0, 1, 20, 100]), **drawn)


ids = st.sampled_from(["k1", "k2", "k3"])
USUAL = ("agent_replied", "customer_replied", "internal_note", "assigned", "resolved", "restored", "reopened")
steps = st.one_of(
    *[said(st.sampled_from(USUAL))] * 4,
    *[said(st.sampled_from(USUAL), activity_id=ids, activity_digest=st.sampled_from(["d1", "d1", "d2", None]))] * 4,
    said(st.sampled_from(["closed", "withdrawn", "escalation_requested"])),
    said("escalation_reviewed", accepted=st.booleans()),
    said("reply_retracted", retracts=ids),
    said("status_changed", to=st.sampled_from(["open", "waiting_on_customer", "resolved", "Waiting on Customer"])),
    said("status_changed", to=st.just("waiting_on_customer"), until=st.sampled_from([at(1), at(3), at(30)])),
    said("reprioritised", impact=st.sampled_from(["down", "general", "of no edition"])),
    said("entitlement_refreshed", plan=st.sampled_from(["access", "premier", "of no edition"])),
    said("policy_migrated", policy_sha256=st.sampled_from([LATER.sha256, NOW.sha256, ELSEWHERE.sha256, "ab" * 32])),
    said("acknowledged", milestone=st.sampled_from(["first_response", "restoration", "of no edition"])),
    step(passes, minutes_=st.sampled_from([1, 14, 61, 200, 2000])),
    step(dead_lettered, topic=st.just(ACTIVITY), number=st.integers(0, 20)),
    step(dead_lettered, topic=st.just(CASES), number=st.just(0)),
    step(dead_letters_expire),
    step(activity_expires, number=st.integers(1, 3)),
    step(decided_again, impact=st.sampled_from(["down", "general"])),
    step(at_hand, editions=st.sampled_from([(NOW,), (NOW, LATER), (NOW, LATER, ELSEWHERE), (LATER,)])),
)


@settings(max_examples=examples(100), deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.lists(st.lists(steps, min_size=1, max_size=4), min_size=5, max_size=12), st.booleans())
def test_going_on_gives_what_a_rebuild_gives(growth: list[list[Step]], has_dead_letters: bool) -> None:
    """By whatever steps a log has grown or changed; and no answer changes the ones that were given before."""
    case = Grown(has_dead_letters=has_dead_letters)
    for between_looks in growth:
        for what, given_to_it in between_looks:
            what(case, **given_to_it)
        case.looks()
    for rebuilt, stored in case.answered:
        assert _stored(rebuilt) == stored


def _grown() -> Grown:
    """A case with a reply that was repeated, a note, a migration, and a checkpoint behind them."""
    case = Grown()
    for kind, given_to_it in (
        ("agent_replied", {"activity_id": "k1"}),
        ("agent_replied", {"activity_id": "k1"}),
        ("internal_note", {"activity_id": "k2"}),
        ("policy_migrated", {"policy_sha256": LATER.sha256}),
    ):
        case.lived.passes(minutes(1))
        case.lived.record_activity(kind, **given_to_it)
    case.looks()
    return case


def _goes_on(case: Grown) -> bool:
    """Whether the next answer goes on from the checkpoint: a mark in the state that is kept there shows up in it."""
    checkpoint, routed = case.checkpoint, case.log.case
    assert checkpoint is not None
    assert checkpoint.stored is not None
    assert routed is not None
    state = decode(checkpoint.stored)
    state.language = MARK
    marked = checkpoint._replace(stored=encode(state, None))
    rebuilt, _ = rebuild_from(marked, case.log, routed, case.editions)
    return rebuilt.state is not None and rebuilt.state.language == MARK


def _other_words(case: Grown) -> None:
    place, activity = case.log.activity[0]
    case.log.activity[0] = place, replace(activity, text="other words")


def _one_more_before(case: Grown) -> None:
    activity = case.lived.desk.activity("internal_note")
    case.log.activity.insert(1, ((0, 99), activity))


def _same_edition_twice(case: Grown) -> None:
    at_hand(case, (NOW, PinnedEdition(LATER.sha256, LATER.edition), ELSEWHERE))


def _another_decision(case: Grown) -> None:
    place, routed = case.log.cases[0]
    case.log.cases[0] = place, replace(routed, observed_at=routed.observed_at + timedelta(seconds=1))


def _migration_refused(case: Grown) -> None:
    dead_lettered(case, ACTIVITY, 3)


@pytest.mark.parametrize(
    "change",
    [_other_words, _one_more_before, _same_edition_twice, _another_decision, _migration_refused],
    ids=lambda change: change.__name__.strip("_"),
)
def test_a_log_that_does_not_continue_what_was_taken_is_rebuilt_from_its_beginning(
    change: Callable[[Grown], None],
) -> None:
    """Nothing can be taken back out of a state, or be put into its past."""
    case = _grown()
    assert _goes_on(case)
    change(case)
    assert not _goes_on(case)
    case.looks()


@pytest.mark.parametrize("missing", [0, -1])
def test_a_log_that_has_lost_activity_is_rebuilt_from_its_beginning(missing: int) -> None:
    """Retention deletes the first; a record that was read and is not there any more is another log."""
    case = _grown()
    del case.log.activity[missing]
    assert not _goes_on(case)
    case.looks()


@pytest.mark.parametrize("has_dead_letters", [True, False])
def test_a_log_that_only_grows_goes_on(has_dead_letters: bool) -> None:
    """More activity, more events, and dead letters of what was never taken are no reason to begin again."""
    case = _grown()
    case.has_dead_letters = has_dead_letters
    case.lived.passes(timedelta(hours=3))
    case.lived.record_activity("agent_replied", activity_id="k1", activity_digest="other content")
    case.lived.record_activity("customer_replied")
    dead_lettered(case, ACTIVITY, 5)
    case.log.dead_letters = case.log.dead_letters if has_dead_letters else []
    assert _goes_on(case)
    case.looks()


def test_only_new_activity_is_applied(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost of a rebuild grows with the square of the history; at each message, nobody should pay it."""
    applied: list[str] = []

    def counted(state: Any, editions: Any, activity: Any, now: Any) -> Any:
        applied.append(activity.activity_id)
        return apply_activity(state, editions, activity, now)

    case = _grown()
    case.lived.record_activity("customer_replied", activity_id="k3")
    assert case.log.case is not None
    monkeypatch.setattr("shared.explain.rebuild_case.apply_activity", counted)
    _, reached = rebuild_from(case.checkpoint, case.log, case.log.case, case.editions)
    assert applied == ["k3"]
    _, again = rebuild_from(reached, case.log, case.log.case, case.editions)
    assert (applied, again) == (["k3"], reached)


def test_what_an_answer_becomes_does_not_reach_the_next_one() -> None:
    """A preview goes on with the state that it is given; a caller's dictionary of editions is the caller's."""
    case = _grown()
    assert case.log.case is not None
    rebuilt, checkpoint = rebuild_from(case.checkpoint, case.log, case.log.case, case.editions)
    assert rebuilt.state is not None
    rebuilt.state.activities.clear()
    rebuilt.activities.clear()
    del case.editions[short_of(ELSEWHERE.sha256)]
    assert len(checkpoint.editions) == 3
    case.looks()


def test_a_checkpoint_has_no_texts() -> None:
    """It outlives the records of its case."""
    case = _grown()
    case.lived.record_activity("customer_replied", text="My PIN is 1234.")
    case.looks()
    assert b"1234" not in repr(case.checkpoint).encode()


def test_a_case_of_an_unknown_edition_goes_on_when_it_is_known() -> None:
    """Until then there is no state, and all of its activity may count."""
    case = _grown()
    at_hand(case, ())
    case.looks()
    value, headers = as_record(ACTIVITY, CASE, case.lived.desk.activity("customer_replied"))
    case.log.take(Record(ACTIVITY.name, 0, 77, round(at(1).timestamp() * 1000), CASE.encode(), value, headers))
    case.looks()
    assert (case.answered[-1][0].state, len(case.answered[-1][0].activities)) == (None, 4)
    at_hand(case, (NOW, LATER))
    case.looks()
    assert case.answered[-1][0].state is not None


@pytest.mark.parametrize("looks_between", [True, False])
def test_what_was_refused_or_forgotten_may_come_again_under_its_id(looks_between: bool) -> None:
    """Nothing was applied under the id of a refused activity; of a note, which moves no clock, the state keeps none."""
    case = Grown(has_dead_letters=False)
    for kind, given_to_it in (
        ("reprioritised", {"activity_id": "k1", "impact": "of no edition"}),
        ("internal_note", {"activity_id": "k2", "activity_digest": "d1"}),
        ("customer_replied", {"activity_id": "k1"}),
        ("internal_note", {"activity_id": "k2", "activity_digest": "d2"}),
        ("internal_note", {"activity_id": "k2", "activity_digest": "d1"}),
    ):
        case.lived.record_activity(kind, **given_to_it)
        if looks_between:
            case.looks()
    case.looks()
    counted = [(each.activity_id, each.activity_digest) for each in case.answered[-1][0].activities]
    assert counted == [("k2", "d1"), ("k1", "as sent"), ("k2", "d2")]
