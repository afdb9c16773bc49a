"""The three kinds of hours, and what they have in common."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.business_time import hours
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import EndBeforeStart, InvalidTarget, MissingCalendar, NeverOpen
from shared.contracts.vocabulary import Hours

OFFICE = BusinessCalendar.from_config(
    {"timezone": "UTC", "hours": {day: [["09:00", "18:00"]] for day in ("mon", "tue", "wed", "thu", "fri")}}
)
DAY = timedelta(days=1)


def at(text: str) -> datetime:
    """An instant of UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


# 2026-11-23 is a Monday
@pytest.mark.parametrize(
    ("kind", "start", "target_hours", "due"),
    [
        ("elapsed", "2026-11-27T17:00", 24, "2026-11-28T17:00"),
        ("business", "2026-11-27T17:00", 24, "2026-12-02T14:00"),
        pytest.param("elapsed_then_next_open", "2026-11-23T10:00", 24, "2026-11-24T10:00", id="an open instant stays"),
        pytest.param("elapsed_then_next_open", "2026-11-23T09:00", 24, "2026-11-24T09:00", id="opening is open"),
        pytest.param("elapsed_then_next_open", "2026-11-23T18:00", 24, "2026-11-25T09:00", id="closing is closed"),
        pytest.param("elapsed_then_next_open", "2026-11-27T17:00", 24, "2026-11-30T09:00", id="over a weekend"),
        pytest.param("elapsed_then_next_open", "2026-11-23T20:00", 2, "2026-11-24T09:00", id="over a night"),
    ],
)
def test_when_a_promise_is_due(kind: Hours, start: str, target_hours: int, due: str) -> None:
    """P1 counts round the clock, P2 in regional hours, P3 a day and then to the next opening."""
    assert hours.due(at(start), timedelta(hours=target_hours), kind, OFFICE) == at(due)


@pytest.mark.parametrize(
    ("kind", "target_hours", "pause", "due"),
    [
        ("elapsed", 24, ("2026-11-23T12:00", "2026-11-23T15:00"), "2026-11-24T13:00"),
        ("business", 18, ("2026-11-23T12:00", "2026-11-23T15:00"), "2026-11-25T13:00"),
        ("elapsed_then_next_open", 24, ("2026-11-23T12:00", "2026-11-23T15:00"), "2026-11-24T13:00"),
        pytest.param("elapsed", 24, ("2026-11-24T10:00", "2026-11-24T12:00"), "2026-11-24T10:00", id="used up before"),
        pytest.param("business", 9, ("2026-11-24T10:00", "2026-11-24T12:00"), "2026-11-24T10:00", id="likewise"),
        pytest.param(
            "elapsed_then_next_open",
            24,
            ("2026-11-24T10:00", "2026-11-24T12:00"),
            "2026-11-24T12:00",
            id="used up, but it is not open while paused",
        ),
        pytest.param(
            "elapsed_then_next_open",
            24,
            ("2026-11-24T10:00", "2026-11-24T20:00"),
            "2026-11-25T09:00",
            id="paused until closed",
        ),
    ],
)
def test_paused_time_counts_as_closed_in_all_hours(
    kind: Hours, target_hours: int, pause: tuple[str, str], due: str
) -> None:
    """One rule for pauses, whatever the hours."""
    span = (at(pause[0]), at(pause[1]))
    assert hours.due(at("2026-11-23T10:00"), timedelta(hours=target_hours), kind, OFFICE, [span]) == at(due)


def test_an_opening_within_a_pause_does_not_count() -> None:
    """Closed when the first pause ends, paused again when it opens: what is promised waits for the end of that too."""
    pauses = [(at("2026-11-24T10:00"), at("2026-11-24T20:00")), (at("2026-11-25T08:00"), at("2026-11-25T11:00"))]
    due = hours.due(at("2026-11-23T10:00"), DAY, "elapsed_then_next_open", OFFICE, pauses)
    assert due == at("2026-11-25T11:00")


@pytest.mark.parametrize("hour", [12, 20], ids=["it ends while open", "it ends while closed"])
def test_a_pause_of_ten_years_does_not_extend_the_limit(hour: int) -> None:
    """The limit of ten years includes the pauses before the opening."""
    start = at("2026-11-23T10:00")
    pause = (start + DAY, start.replace(year=2037, hour=hour))  # until a Monday
    with pytest.raises(NeverOpen):
        hours.due(start, DAY, "elapsed_then_next_open", OFFICE, [pause])
    with pytest.raises(NeverOpen):
        hours.measured(start, start.replace(year=2040), DAY, "elapsed_then_next_open", OFFICE, [pause])


def test_time_until_the_opening_does_not_count() -> None:
    """Until it is due, what is used up is at most the target; after, every second is overrun."""
    start = at("2026-11-27T17:00")

    def used(end: str) -> timedelta:
        return hours.measured(start, at(end), DAY, "elapsed_then_next_open", OFFICE)

    assert used("2026-11-28T05:00") == DAY / 2
    assert used("2026-11-28T17:00") == DAY
    assert used("2026-11-29T17:00") == DAY
    assert used("2026-11-30T09:00") == DAY
    assert used("2026-11-30T09:30") == DAY + timedelta(minutes=30)


def test_the_ledger_of_a_day_and_then_the_opening() -> None:
    """A day counted, a weekend waited for."""
    start = at("2026-11-27T17:00")
    entries = hours.ledger(start, at("2026-11-30T10:00"), DAY, "elapsed_then_next_open", OFFICE)
    assert [(e.start, e.counted, e.reason) for e in entries] == [
        (start, True, "elapsed"),
        (at("2026-11-28T17:00"), False, "closed"),
        (at("2026-11-30T09:00"), True, "elapsed"),
    ]


NEVER = BusinessCalendar.from_config({"timezone": "UTC", "hours": {}})


@pytest.mark.parametrize(
    ("hours_on", "target", "pauses"),
    [
        pytest.param(12, DAY, [], id="not used up"),
        pytest.param(24, DAY, [], id="used up at the end"),
        pytest.param(30, DAY, [(24, 48)], id="used up, and paused since"),
        pytest.param(12, timedelta(days=365 * 9000), [], id="a target past the end of time"),
    ],
)
def test_an_opening_that_does_not_matter_need_not_come(
    hours_on: int, target: timedelta, pauses: list[tuple[int, int]]
) -> None:
    """A ledger refused what could be measured: it looked for an opening after a deadline that had not passed."""
    start = at("2026-11-23T10:00")
    end = start + timedelta(hours=hours_on)
    spans = [(start + timedelta(hours=a), start + timedelta(hours=b)) for a, b in pauses]
    used = hours.measured(start, end, target, "elapsed_then_next_open", NEVER, spans)
    entries = hours.ledger(start, end, target, "elapsed_then_next_open", NEVER, spans)
    assert sum((e.end - e.start for e in entries if e.counted), timedelta(0)) == used
    assert entries[-1].end == end


def test_an_opening_that_matters_must_come() -> None:
    """Measuring and explaining refuse the same, by the same name."""
    start = at("2026-11-23T10:00")
    with pytest.raises(NeverOpen):
        hours.measured(start, start + 2 * DAY, DAY, "elapsed_then_next_open", NEVER)
    with pytest.raises(NeverOpen):
        hours.ledger(start, start + 2 * DAY, DAY, "elapsed_then_next_open", NEVER)


@pytest.mark.parametrize("kind", ["elapsed", "business", "elapsed_then_next_open"])
def test_a_ledger_needs_a_positive_target(kind: Hours) -> None:
    """As nothing is measured of it."""
    start = at("2026-11-23T10:00")
    with pytest.raises(InvalidTarget):
        hours.ledger(start, start + DAY, timedelta(0), kind, OFFICE)


def test_elapsed_hours_need_no_calendar_and_the_others_say_so() -> None:
    """A missing calendar is a mistake with a name, not round-the-clock counting."""
    start = at("2026-11-23T10:00")
    assert hours.due(start, DAY, "elapsed", None) == start + DAY
    with pytest.raises(MissingCalendar):
        hours.due(start, DAY, "business", None)
    with pytest.raises(MissingCalendar):
        hours.due(start, DAY, "elapsed_then_next_open", None)
    with pytest.raises(MissingCalendar):
        hours.ledger(start, start + DAY, DAY, "business", None)


def test_invalid_arguments_are_refused() -> None:
    """The same names of errors in all hours."""
    start = at("2026-11-23T10:00")
    never = BusinessCalendar.from_config({"timezone": "UTC", "hours": {}})
    with pytest.raises(NeverOpen):
        hours.due(start, DAY, "elapsed_then_next_open", never)
    with pytest.raises(InvalidTarget):
        hours.due(start, timedelta(0), "elapsed", None)
    with pytest.raises(InvalidTarget):
        hours.due(start, timedelta(days=365 * 9000), "elapsed", None)
    with pytest.raises(EndBeforeStart):
        hours.measured(start, start - DAY, DAY, "elapsed", None)


instants = st.integers(min_value=0, max_value=60 * 24 * 14).map(lambda n: at("2026-11-20") + timedelta(minutes=n))
pauses = st.lists(st.tuples(instants, instants).map(lambda pair: (min(pair), max(pair))), max_size=3)
kinds = st.sampled_from(["elapsed", "business", "elapsed_then_next_open"])
targets = st.integers(min_value=1, max_value=60 * 40).map(lambda n: timedelta(minutes=n))


@settings(deadline=None)
@given(kinds, instants, targets, pauses, instants)
def test_a_promise_is_overrun_only_after_it_was_due(
    kind: Hours, start: datetime, target: timedelta, spans: list[tuple[datetime, datetime]], end: datetime
) -> None:
    """What is used up at the deadline is the target, and it grows with time: two views of one promise agree."""
    due = hours.due(start, target, kind, OFFICE, spans)
    assert hours.measured(start, due, target, kind, OFFICE, spans) == target
    if end >= start:
        used = hours.measured(start, end, target, kind, OFFICE, spans)
        assert used <= target if end <= due else used >= target
        ledger = hours.ledger(start, end, target, kind, OFFICE, spans)
        assert sum((e.end - e.start for e in ledger if e.counted), timedelta(0)) == used


@settings(deadline=None)
@given(kinds, instants, targets, pauses, st.tuples(instants, instants))
def test_one_more_pause_never_brings_a_deadline_forward(
    kind: Hours,
    start: datetime,
    target: timedelta,
    spans: list[tuple[datetime, datetime]],
    more: tuple[datetime, datetime],
) -> None:
    """Never early: waiting for the customer can only give time."""
    pause = (min(more), max(more))
    assert hours.due(start, target, kind, OFFICE, [*spans, pause]) >= hours.due(start, target, kind, OFFICE, spans)


# 2026-11-27 is a Friday
@pytest.mark.parametrize(
    ("start", "target_hours", "least_hours", "due"),
    [
        pytest.param("2026-11-27T17:00", 24, 0, "2026-11-30T09:00", id="nothing asked for"),
        pytest.param("2026-11-27T17:00", 24, 4, "2026-11-30T12:00", id="an hour of Friday and three of Monday"),
        pytest.param("2026-11-27T17:00", 24, 1, "2026-11-30T09:00", id="used up on Friday: the opening is later"),
        pytest.param("2026-11-27T17:00", 24, 10, "2026-11-30T18:00", id="used up exactly at a closing: due there"),
        pytest.param("2026-11-27T17:00", 24, 10.5, "2026-12-01T09:30", id="more than there is on Monday"),
        pytest.param("2026-11-23T10:00", 24, 4, "2026-11-24T10:00", id="used up long before the target"),
        pytest.param("2026-11-23T10:00", 24, 9, "2026-11-24T10:00", id="used up with the target"),
        pytest.param("2026-11-23T10:00", 24, 9.5, "2026-11-24T10:30", id="used up after the target"),
        pytest.param("2026-11-28T12:00", 1, 4, "2026-11-30T13:00", id="from a Saturday"),
    ],
)
def test_not_before_the_desk_has_been_open_so_long(start: str, target_hours: int, least_hours: float, due: str) -> None:
    """A P3 of a Friday evening was due at Monday's opening, before a P2 of the same evening and with no time open."""
    target, least = timedelta(hours=target_hours), timedelta(hours=least_hours)
    found = hours.due(at(start), target, "elapsed_then_next_open", OFFICE, open_at_least=least)
    assert found == at(due)


def test_a_pause_counts_as_closed_for_the_least_open_time_too() -> None:
    """Nobody works on a case that waits for its customer."""
    pause = (at("2026-11-30T10:00"), at("2026-11-30T11:00"))
    due = hours.due(
        at("2026-11-27T17:00"), DAY, "elapsed_then_next_open", OFFICE, [pause], open_at_least=timedelta(hours=4)
    )
    assert due == at("2026-11-30T13:00")


def test_the_ledger_marks_open_time_that_is_only_waited_for() -> None:
    """It does not count, or the target would be overrun before its deadline."""
    start, least = at("2026-11-27T17:00"), timedelta(hours=4)
    end = at("2026-11-30T13:00")
    entries = hours.ledger(start, end, DAY, "elapsed_then_next_open", OFFICE, open_at_least=least)
    assert [(e.start, e.counted, e.reason) for e in entries] == [
        (start, True, "elapsed"),
        (at("2026-11-28T17:00"), False, "closed"),
        (at("2026-11-30T09:00"), False, "open_at_least"),
        (at("2026-11-30T12:00"), True, "elapsed"),
    ]
    assert hours.measured(start, end, DAY, "elapsed_then_next_open", OFFICE, open_at_least=least) == DAY + timedelta(
        hours=1
    )


def test_the_least_open_time_must_come() -> None:
    """A calendar that opens for an hour in all does not open for two."""
    once = BusinessCalendar.from_config(
        {"timezone": "UTC", "hours": {}, "overrides": {"2026-12-01": [["09:00", "10:00"]]}}
    )
    start = at("2026-11-23T10:00")
    assert hours.due(start, DAY, "elapsed_then_next_open", once, open_at_least=timedelta(hours=1)) == at(
        "2026-12-01T10:00"
    )
    with pytest.raises(NeverOpen):
        hours.due(start, DAY, "elapsed_then_next_open", once, open_at_least=timedelta(hours=2))


def test_a_negative_least_open_time_is_refused() -> None:
    """By its own field; nothing is the default and is legal."""
    with pytest.raises(InvalidTarget) as refused:
        hours.due(at("2026-11-23T10:00"), DAY, "elapsed_then_next_open", OFFICE, open_at_least=timedelta(seconds=-1))
    assert refused.value.field == "open_at_least"


leasts = st.integers(min_value=0, max_value=60 * 30).map(lambda n: timedelta(minutes=n))


@settings(deadline=None)
@given(instants, targets, leasts, pauses, instants)
def test_with_a_least_open_time_it_is_overrun_only_after_it_was_due(
    start: datetime, target: timedelta, least: timedelta, spans: list[tuple[datetime, datetime]], end: datetime
) -> None:
    """The deadline, what is measured and the ledger are three views of one promise; more is never due earlier."""
    kind: Hours = "elapsed_then_next_open"
    due = hours.due(start, target, kind, OFFICE, spans, least)
    assert due >= hours.due(start, target, kind, OFFICE, spans)
    assert OFFICE.elapsed(start, due, spans) >= least
    assert hours.measured(start, due, target, kind, OFFICE, spans, least) == target
    if end >= start:
        used = hours.measured(start, end, target, kind, OFFICE, spans, least)
        assert used <= target if end <= due else used >= target
        ledger = hours.ledger(start, end, target, kind, OFFICE, spans, least)
        assert sum((e.end - e.start for e in ledger if e.counted), timedelta(0)) == used
