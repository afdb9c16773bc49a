"""The picture of a ledger: what is where, what it is called, and what it says to those who do not see it."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from shared.messages.catalogues import messages_in
from shared.pages.ledger import Interval, Kind, draw, intervals_of
from shared.pages.moments import Moments

MADRID = Moments("en", ZoneInfo("Europe/Madrid"))
EN = messages_in("en")
START = datetime(2026, 11, 23, 9, 4, tzinfo=UTC)  # Mon 23 Nov, 10:04 in Madrid


def at(hours: float) -> datetime:
    """So many hours after the start."""
    return START + timedelta(hours=hours)


def lasting(*pieces: tuple[Kind, float]) -> list[Interval]:
    """Consecutive intervals, each with its kind and its hours."""
    found, sofar = [], 0.0
    for kind, hours in pieces:
        found.append(Interval(kind, at(sofar), at(sofar + hours), f"because {kind}"))
        sofar += hours
    return found


RUNNING = lasting(("counted", 1), ("paused", 1), ("counted", 2))


def test_what_counts_is_split_at_now_and_the_rest_is_left() -> None:
    """The reader sees how far the clock is, and what remains."""
    drawn = draw(RUNNING, EN, MADRID, now=at(3), due=at(4))
    assert [(part.kind, part.x, part.width, part.seconds) for part in drawn.parts] == [
        ("counted", 0.0, 25.0, 3600),
        ("paused", 25.0, 25.0, 3600),
        ("counted", 50.0, 25.0, 3600),
        ("left", 75.0, 25.0, 3600),
    ]
    assert [(mark.kind, mark.x, mark.label) for mark in drawn.marks] == [("due", 100.0, "due 14:04"), ("now", 75.0, "")]


def test_a_late_clock_goes_on_until_now() -> None:
    """How late it is belongs in the picture."""
    drawn = draw(RUNNING, EN, MADRID, now=at(5), due=at(4))
    assert [part.kind for part in drawn.parts] == ["counted", "paused", "counted", "over"]
    assert drawn.parts[-1].end == at(5)
    assert [mark.x for mark in drawn.marks] == [80.0, 100.0]


def test_time_after_the_deadline_is_over_also_within_the_ledger() -> None:
    """The ledger of a clock that was kept going ends after its deadline."""
    drawn = draw(lasting(("counted", 4)), EN, MADRID, now=at(4), due=at(3))
    assert [(part.kind, part.seconds) for part in drawn.parts] == [("counted", 3 * 3600), ("over", 3600)]


def test_a_paused_clock_has_no_deadline() -> None:
    """Nothing is left that has an end."""
    drawn = draw(lasting(("counted", 1), ("paused", 2)), EN, MADRID, now=at(3))
    assert [part.kind for part in drawn.parts] == ["counted", "paused"]
    assert [mark.kind for mark in drawn.marks] == ["now"]
    assert "Due" not in drawn.said


def test_without_now_all_is_shown_as_it_will_count() -> None:
    """A what-if has no clock that runs."""
    assert {part.kind for part in draw(RUNNING, EN, MADRID, due=at(4)).parts} == {"counted", "paused"}


def test_a_short_pause_can_be_seen() -> None:
    """A minute of a fortnight would be a hundredth of a pixel."""
    drawn = draw(lasting(("counted", 100), ("paused", 0.01), ("counted", 200)), EN, MADRID, due=at(300.01))
    assert drawn.parts[1].width >= 0.5
    assert sum(part.width for part in drawn.parts) == pytest.approx(100)


def test_the_picture_in_words_adds_up_each_kind() -> None:
    """Who hears the page gets the sums at once, and the table for the rest."""
    drawn = draw(RUNNING, EN, MADRID, now=at(3), due=at(4))
    assert drawn.said == (
        "From Mon 23 Nov, 10:04 CET to Mon 23 Nov, 14:04 CET: counted 2 h, left 1 h, paused 1 h. "
        "Due Mon 23 Nov, 14:04 CET."
    )


def test_a_holiday_is_in_the_legend_by_its_name() -> None:
    """Which holiday it is answers most questions."""
    drawn = draw([*lasting(("counted", 1)), Interval("holiday", at(1), at(25), "holiday: Immaculate")], EN, MADRID)
    assert [entry.text for entry in drawn.legend] == ["counted", "holiday: Immaculate"]


def test_a_pause_is_in_the_legend_by_what_paused_the_clock() -> None:
    """The word "paused" alone leaves the reader to look it up in the table; of many reasons, that alone has room."""
    pauses = [Interval("paused", at(2 * n), at(2 * n + 1), f"waits for {n}") for n in range(3)]
    named = draw([*lasting(("counted", 1)), *pauses[1:]], EN, MADRID)
    assert [entry.text for entry in named.legend] == ["counted", "paused: waits for 1, waits for 2"]
    assert [entry.text for entry in draw(pauses, EN, MADRID).legend] == ["paused"]


def test_a_ledger_of_explain_is_read_as_it_is() -> None:
    """Case pages have it as data."""
    data = [
        {"start": "2026-11-23T09:04:00Z", "end": "2026-11-23T10:00:00Z", "counted": True, "reason": "open",
         "because": "open"},
        {"start": "2026-11-23T10:00:00Z", "end": "2026-11-23T11:00:00Z", "counted": False, "reason": "break",
         "because": "break"},
        {"start": "2026-11-23T11:00:00Z", "end": "2026-11-23T12:00:00Z", "counted": False, "reason": "open_at_least",
         "because": "open, but"},
    ]  # fmt: skip
    found = intervals_of(data)
    assert [(interval.kind, interval.reason) for interval in found] == [
        ("counted", "open"),
        ("closed", "break"),
        ("waiting", "open, but"),
    ]
    assert found[0].start == START


def test_nothing_is_drawn_of_nothing() -> None:
    """A clock that is due at once has no intervals."""
    assert draw([], EN, MADRID, now=START, due=START).parts == ()
    assert draw([Interval("counted", START, START, "open")], EN, MADRID, due=START).parts == ()


@pytest.mark.parametrize(
    ("hours", "labels"),
    [
        (4, ["11:00", "12:00", "13:00", "14:00"]),
        (24, ["12:00", "18:00", "Tue 24 Nov", "06:00"]),
        (43, ["12:00", "Tue 24 Nov", "12:00", "Wed 25 Nov"]),
        (24 * 5, ["Tue 24 Nov", "Wed 25 Nov", "Thu 26 Nov", "Fri 27 Nov", "Sat 28 Nov"]),
    ],
)
def test_ticks_are_round_times_of_the_readers_wall_clock(hours: float, labels: list[str]) -> None:
    """Hours in a day, days in a week."""
    assert [tick.label for tick in draw(lasting(("counted", hours)), EN, MADRID).ticks] == labels


def test_ticks_are_right_where_clocks_change() -> None:
    """On 25 October 2026 a day in Madrid has 25 hours, and its midnights are still midnights."""
    start = datetime(2026, 10, 23, 22, tzinfo=UTC)
    drawn = draw([Interval("counted", start, start + timedelta(days=4), "open")], EN, MADRID)
    assert [tick.label for tick in drawn.ticks] == ["Sat 24 Oct", "Sun 25 Oct", "Mon 26 Oct", "Tue 27 Oct"]
    assert drawn.ticks[2].x == pytest.approx(100 * 49 / 96, abs=0.01)


def test_a_time_that_a_change_of_clocks_skips_is_no_tick() -> None:
    """On 24 April 2026 Cairo has no midnight."""
    start = datetime(2026, 4, 22, 12, tzinfo=UTC)
    cairo = Moments("en", ZoneInfo("Africa/Cairo"))
    drawn = draw([Interval("counted", start, start + timedelta(days=4), "open")], EN, cairo)
    assert [tick.label for tick in drawn.ticks] == ["Thu 23 Apr", "Sat 25 Apr", "Sun 26 Apr"]


@given(
    pieces=st.lists(
        st.tuples(st.sampled_from(["counted", "waiting", "paused", "closed", "holiday"]), st.floats(0.001, 2_000)),
        min_size=1,
    ),
    now=st.none() | st.floats(-10, 5_000),
    due=st.none() | st.floats(-10, 5_000),
)
def test_a_picture_fills_its_width_in_order_and_its_labels_do_not_touch(
    pieces: list[tuple[Kind, float]], now: float | None, due: float | None
) -> None:
    """Whatever the lengths: the parts are consecutive from 0 to 100, and everything is inside."""
    drawn = draw(
        lasting(*pieces), EN, MADRID, now=None if now is None else at(now), due=None if due is None else at(due)
    )
    place = 0.0
    for part in drawn.parts:
        assert part.x == pytest.approx(place, abs=0.01)
        assert part.width >= 0
        place = part.x + part.width
    assert place == pytest.approx(100, abs=0.01)
    assert all(0 <= x <= 100 for x in [*(mark.x for mark in drawn.marks), *(tick.x for tick in drawn.ticks)])
    assert all(later.x - tick.x >= 16 for tick, later in zip(drawn.ticks, drawn.ticks[1:], strict=False))


def test_lengths_are_said_in_whole_seconds() -> None:
    """Nobody needs the milliseconds of a promise; the picture is as exact as ever."""
    drawn = draw(lasting(("counted", 16.876 / 3600), ("paused", 0.2 / 3600), ("closed", 59.4 / 3600)), EN, MADRID)
    assert [part.seconds for part in drawn.parts] == [17, 0, 59]
    assert "counted 17 s" in drawn.said
    assert "paused" not in drawn.said
