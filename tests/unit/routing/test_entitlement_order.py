"""The entitlement with the latest instant counts, in whatever order the records come; one from the future does not."""

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.routing.entitlement_order import AHEAD, CALL_AHEAD, Dated, Verdict, instant_of_call, verdict
from tests.harness.asking import MONDAY_NOON as NOW

TICK = timedelta(microseconds=1)
# Few instants, so that many are equal.
instants = st.integers(-3, 3).map(lambda ticks: NOW + ticks * TICK)


def last_of(records: list[Dated], clock: datetime = NOW) -> Dated | None:
    """What counts once all have been read in this order."""
    known = None
    for each in records:
        if verdict(known, each, clock, by_intake=False) == "replaces":
            known = each
    return known


@given(st.lists(instants, min_size=1, max_size=8), st.randoms())
def test_what_counts_is_the_last_by_instant_and_offset_in_any_order(at: list[datetime], random: st.DataObject) -> None:
    """The router, a view and a replay read the same records at different times."""
    records = [Dated(instant, offset) for offset, instant in enumerate(at)]
    shuffled = records.copy()
    random.shuffle(shuffled)  # type: ignore[attr-defined]  # Hypothesis gives a random.Random
    assert last_of(records) == last_of(shuffled) == max(records)


@pytest.mark.parametrize(
    ("known", "stated", "expected"),
    [
        (None, (0, 0), "replaces"),
        ((0, 0), (1, 1), "replaces"),
        ((0, 0), (0, 1), "replaces"),
        ((1, 0), (0, 1), "superseded"),
        ((1, 5), (1, 4), "superseded"),
        ((1, 5), (1, 5), "superseded"),
    ],
    ids=["first", "later", "equal_and_later_record", "older", "equal_and_earlier_record", "the_same_record"],
)
def test_the_later_instant_counts_and_of_two_equal_ones_the_later_record(
    known: tuple[int, int] | None, stated: tuple[int, int], expected: Verdict
) -> None:
    """`set_at` says when the writer meant it, wherever the record is in the log."""
    before = None if known is None else Dated(NOW + known[0] * TICK, known[1])
    assert verdict(before, Dated(NOW + stated[0] * TICK, stated[1]), NOW, by_intake=False) == expected


@pytest.mark.parametrize(
    ("ahead", "by_intake", "expected"),
    [
        (AHEAD, False, "replaces"),
        (AHEAD + TICK, False, "from_the_future"),
        (AHEAD + TICK, True, "replaces"),
        (CALL_AHEAD, True, "replaces"),
        (CALL_AHEAD + TICK, True, "from_the_future"),
    ],
)
def test_more_than_five_minutes_ahead_is_refused(ahead: timedelta, by_intake: bool, expected: Verdict) -> None:
    """It would supersede all that is set until then. Exactly five minutes are a fast clock."""
    assert verdict(None, Dated(NOW + ahead, 0), NOW, by_intake=by_intake) == expected


def test_an_older_record_is_superseded_even_if_it_is_ahead() -> None:
    """It changes nothing, so it needs nobody's attention."""
    known = Dated(NOW + CALL_AHEAD, 0)
    assert verdict(known, Dated(NOW + AHEAD + TICK, 1), NOW, by_intake=False) == "superseded"


@given(
    known=st.timedeltas(-AHEAD, AHEAD),
    behind=st.timedeltas(timedelta(0), AHEAD),
    skew=st.timedeltas(-AHEAD + timedelta(seconds=1), AHEAD - timedelta(seconds=1)),
)
def test_a_call_replaces_what_intake_knows_and_is_never_refused(
    known: timedelta, behind: timedelta, skew: timedelta
) -> None:
    """Also after a record of a writer whose clock is five minutes ahead, from an intake whose clock is behind, and if
    the router's clock differs from that of intake. The record that intake knows may be one that the router refused.
    """
    intake = NOW - behind
    before = Dated(min(NOW + known, intake + AHEAD), 7)  # accepted by the view
    router = intake + skew
    call = Dated(instant_of_call(before.at, intake), 8)
    assert call.at >= intake
    accepted = verdict(None, before, router, by_intake=False) == "replaces"
    assert verdict(before if accepted else None, call, router, by_intake=True) == "replaces"


def test_a_call_is_dated_now_where_nothing_later_is_known() -> None:
    """A date that differs from the clock needs a reason."""
    assert instant_of_call(None, NOW) == instant_of_call(NOW - TICK, NOW) == NOW
    assert instant_of_call(NOW, NOW) == NOW + TICK
    assert instant_of_call(NOW + AHEAD, NOW) == NOW + AHEAD + TICK
