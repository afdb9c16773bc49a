"""What the page for operators makes of what it was told: lengths, pages of dead letters, what is worth a word."""

from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from services.board.operations.kafka_watch import Seen, standing_still
from services.board.operations.pages import length
from services.board.operations.state import SIZE, State, UnknownPlace, page_of
from services.board.store.timers import Lateness
from shared.kafka.dead_letter_index import Listed
from shared.kafka.dead_letter_log import Found, Place
from shared.kafka.dead_letters import Replayed
from shared.kafka.group_lag import PartitionLag

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def state(kafka: Seen, **given: Any) -> State:
    """All quiet, unless `given` says otherwise."""
    usual: dict[str, Any] = {
        **{"hour": {}, "day": {}, "unfired": 0, "clocks": []},
        **{"age": 0.1, "is_old": False, "remaining": 0, "failed": 0},
    }
    return State(now=NOW, kafka=kafka, **(usual | given))


def listed(count: int) -> list[Listed]:
    """So many dead letters, the newest first."""
    return [Listed(Found(Place("support.activity.v1-dlt", 0, number), None), None) for number in reversed(range(count))]


@pytest.mark.parametrize(
    ("micros", "english", "spanish"),
    [
        (0, "0 ms", "0 ms"),
        (999_999, "999 ms", "999 ms"),
        (2_340_000, "2.3 s", "2,3 s"),
        (200_000_000, "3 min 20 s", "3 min 20 s"),
        (7_500_000_000, "2 h 5 min", "2 h 5 min"),
    ],
)
def test_a_length_is_said_in_the_unit_that_fits_it(micros: int, english: str, spanish: str) -> None:
    """Timers are late by milliseconds, or by hours after an outage."""
    assert (length(micros, "en"), length(micros, "es")) == (english, spanish)


def test_pages_go_on_behind_the_last_one_whatever_came_meanwhile() -> None:
    """Each dead letter is on one page, also if new ones came in front of them."""
    letters = listed(SIZE * 2 + 1)
    first, after = page_of(letters, None)
    more = [*listed(SIZE * 2 + 9)[:8], *letters]
    second, last = page_of(more, after)
    third, end = page_of(more, last)
    assert [*first, *second, *third] == letters
    assert end is None
    assert page_of([], None) == ([], None)


def test_a_page_goes_on_behind_a_dead_letter_that_was_replayed_meanwhile() -> None:
    """It is on no page of those that were not replayed any more, and its place is known all the same."""
    letters = listed(SIZE + 3)
    _, after = page_of(letters, None, pending=True)
    assert after is not None
    replays = (Replayed(3, NOW, "support.activity.v1:0:99"),)
    now = [
        Listed(replace(each.found, replays=replays), None) if str(each.found.own) == after else each for each in letters
    ]
    assert page_of(now, after, pending=True) == (letters[SIZE:], None)
    first, _ = page_of(now, None, pending=True)
    assert after not in {str(each.found.own) for each in first}


@pytest.mark.parametrize("after", ["", "support.activity.v1-dlt:0:7000", "nowhere"])
def test_a_place_that_no_dead_letter_has_is_no_beginning_of_a_page(after: str) -> None:
    """The first page in its place would be read twice by whoever goes through all of them."""
    with pytest.raises(UnknownPlace):
        page_of(listed(3), after)


def test_quiet_is_quiet_and_nothing_that_is_not_known_is_quiet() -> None:
    """An empty list of dead letters says nothing while they were not read."""
    read = Seen(asked_at=NOW, lag={}, unread=False)
    assert state(read).troubles == []
    for trouble, seen, given in (
        ("operations.letters.unread", Seen(asked_at=NOW, lag={}), {}),
        ("operations.trouble.hidden", Seen(asked_at=NOW, unread=False, letters_hidden=True), {}),
        ("operations.trouble.kafka", Seen(away_since=NOW, unread=False), {}),
        ("operations.trouble.letters", Seen(asked_at=NOW, unread=False, letters=listed(1)), {}),
        ("operations.trouble.board", read, {"is_old": True, "age": 10.1}),
        ("operations.trouble.reading", read, {"is_old": True, "age": None}),
        ("operations.trouble.unfired", read, {"unfired": 1}),
        ("operations.trouble.failed", read, {"failed": 1}),
        ("operations.trouble.late", read, {"hour": {"warned": Lateness(1, 1, 1, 5_000_001)}}),
    ):
        assert [each.code for each in state(seen, **given).troubles] == [trouble]


def test_a_service_stands_still_if_it_took_nothing_of_what_was_there_at_two_looks() -> None:
    """One that is only behind, or has just got something to take, goes on."""

    def lag(committed: int | None, behind: int) -> dict[str, list[PartitionLag]]:
        return {"router": [PartitionLag("support.requests.v1", 0, committed, 9, behind)]}

    assert standing_still(lag(5, 4), lag(5, 4)) == {"router"}
    assert standing_still(lag(None, 9), lag(None, 9)) == {"router"}
    assert standing_still(lag(5, 0), lag(5, 4)) == set()
    assert standing_still(lag(5, 4), lag(6, 3)) == set()
    assert standing_still({}, lag(5, 4)) == set()
