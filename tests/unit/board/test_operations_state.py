"""What the page for operators makes of what it was told: lengths, pages of dead letters, what is worth a word."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from services.board.freshness import Freshness
from services.board.operations.kafka_watch import Seen, standing_still
from services.board.operations.pages import length
from services.board.operations.state import SIZE, State, UnknownPlace, page_of
from services.board.operations.tables import Table, table_of
from services.board.store.timers import Lateness, Unfired
from shared.kafka.dead_letter_index import Listed
from shared.kafka.dead_letter_log import Found, Place
from shared.kafka.dead_letters import Replayed
from shared.kafka.group_lag import PartitionLag

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)


def state(kafka: Seen, **given: Any) -> State:
    """All quiet, unless `given` says otherwise."""
    usual: dict[str, Any] = {
        **{"hour": {}, "day": {}, "unfired": 0, "clocks": []},
        **{"age": 0.1, "shown": Freshness(NOW, False, False, None), "remaining": 0, "failed": 0},
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
        ("operations.trouble.board", read, {"age": 10.1}),
        ("operations.trouble.reading", read, {"shown": None, "age": None}),
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


_FILE, _KAFKA = NOW - timedelta(hours=2), NOW - timedelta(hours=1)
_IN_AN_OUTAGE = state(
    Seen(asked_at=_KAFKA, away_since=NOW, lag={}, letters=listed(3), unread=False),
    shown=Freshness(_FILE, True, True, None),
    unfired=2,
    clocks=[Unfired("c-1", "first_response", 1, 0)],
)


@pytest.mark.parametrize(
    ("table", "as_of", "complete"),
    [
        ("timers", "2026-11-23T10:00:00Z", "true"),
        ("unfired", "2026-11-23T10:00:00Z", "false"),
        ("lag", "2026-11-23T11:00:00Z", "true"),
        ("tasks", "2026-11-23T11:00:00Z", "true"),
        ("letters", "2026-11-23T11:00:00Z", "true"),
    ],
)
def test_a_table_says_of_when_it_is_and_whether_it_has_everything(table: Table, as_of: str, complete: str) -> None:
    """In an outage, when operators look, the file and Kafka's last answer are of other instants than the call."""
    headers = table_of(table, _IN_AN_OUTAGE, pending=False).headers
    assert (headers["Frontline-As-Of"], headers["Frontline-Complete"]) == (as_of, complete)


@pytest.mark.parametrize("table", ["timers", "unfired", "lag", "tasks", "letters"])
def test_a_table_of_which_nothing_is_known_yet_claims_nothing(table: Table) -> None:
    """Empty, it would say that nothing is late, unread or dead-lettered."""
    headers = table_of(table, state(Seen(), shown=None, age=None), pending=False).headers
    assert "Frontline-As-Of" not in headers
    assert headers["Frontline-Complete"] == "false"


def test_dead_letters_that_could_not_all_be_read_are_not_all() -> None:
    """Some are unread, hidden from the board, or passed over."""
    known = _IN_AN_OUTAGE.kafka
    for kafka in (replace(known, unread=True), replace(known, letters_hidden=True), replace(known, passed_over=1)):
        assert table_of("letters", state(kafka), pending=False).headers["Frontline-Complete"] == "false"
