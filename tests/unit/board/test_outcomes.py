"""Reports count what is in the file: by whatever kind, day and zone, the same as counting every promise one by one."""

import sqlite3
from collections import Counter
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from statistics import median_low
from tempfile import TemporaryDirectory
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.board.edition_shelf import EditionShelf
from services.board.period import Per, Period
from services.board.store.breaches import Asked, Missed, WrongPlace, listed
from services.board.store.outcomes import BY, Filter, Report, Tally, reports
from services.board.store.schema import connect
from services.board.store.writer import Writer
from services.cli.demo_accounts import DEMO_ACCOUNTS
from shared.business_time.instants import from_micros, to_micros
from shared.contracts.structs import Account, Contact, Requester
from tests.harness.board_log import of_board
from tests.harness.demo_day import ENDS, demo_day
from tests.harness.examples import examples
from tests.harness.recording import Recording
from tests.harness.shipped import shipped_library

WORDS: dict[str, Sequence[str]] = {
    "plan": ("basic", ""),
    "priority": ("P1", "P2"),
    "calendar": ("es", "us"),
    "milestone": ("first", "repair"),
    "promise": ("commitment", "objective"),
    "hours": ("business", "elapsed"),
}
# Around the days on which the clocks of Europe change.
SPRING, AUTUMN = datetime(2026, 3, 27, tzinfo=UTC), datetime(2026, 10, 23, tzinfo=UTC)
MIDNIGHTS = [
    datetime(2026, 3, 28, 23, tzinfo=UTC),
    datetime(2026, 3, 29, 22, tzinfo=UTC),
    datetime(2026, 10, 24, 22, tzinfo=UTC),
    datetime(2026, 10, 25, 23, tzinfo=UTC),
]
INSTANTS = st.one_of(
    st.sampled_from([at + timedelta(microseconds=by) for at in MIDNIGHTS for by in (-1, 0)]),  # of Madrid
    *(st.datetimes(at.replace(tzinfo=None), at.replace(tzinfo=None) + timedelta(days=5)) for at in (SPRING, AUTUMN)),
)
PROMISES = st.lists(
    st.fixed_dictionaries(
        {
            **{name: st.sampled_from(words) for name, words in WORDS.items()},
            "at": INSTANTS,
            "outcome": st.sampled_from(("met", "breached", "cancelled", "running")),
            "share": st.sampled_from((0.2, 0.5, 0.9, 0.91, 1.0, 1.3, None)),
            "target": st.sampled_from((30_000_000, 3_600_000_000)),
        }
    ),
    max_size=60,
)
ZONES = st.sampled_from(("Europe/Madrid", "UTC", "Asia/Kathmandu", "Pacific/Chatham", "America/Havana"))
FILTERS = st.fixed_dictionaries(
    {name: st.sampled_from((None, *words)) for name, words in WORDS.items() if name != "hours"}
)


ADMIN = Requester(requester_id="u", role="admin", licensed=True)


def filled(folder: str, promises: Sequence[dict[str, Any]]) -> sqlite3.Connection:
    """A board's file with these promises, one for each case."""
    db = connect(Path(folder) / "b", writes=True)
    for number, promise in enumerate(promises, 1):
        kind = [promise[name] for name in WORDS]
        db.execute(f"INSERT OR IGNORE INTO kinds ({', '.join(WORDS)}) VALUES (?, ?, ?, ?, ?, ?)", kind)
        found = db.execute(f"SELECT kind FROM kinds WHERE ({', '.join(WORDS)}) = (?, ?, ?, ?, ?, ?)", kind).fetchone()
        db.execute("INSERT INTO cases (case_no, case_id) VALUES (?, ?)", (number, f"case-{number}"))
        db.execute(
            "INSERT INTO clocks (case_no, milestone, instance, kind, promise, target, stage, started_at, outcome,"
            " outcome_at, took) VALUES (?, ?, 1, ?, ?, ?, 'x', 0, ?, ?, ?)",
            (
                number,
                promise["milestone"],
                found[0],
                promise["promise"],
                promise["target"],
                promise["outcome"],
                None if promise["outcome"] == "running" else to_micros(promise["at"].replace(tzinfo=UTC)),
                _took(promise),
            ),
        )
    db.row_factory = sqlite3.Row
    return db


def _took(promise: dict[str, Any]) -> int | None:
    return None if promise["share"] is None else int(promise["target"] * promise["share"])


def one_by_one(promises: Sequence[dict[str, Any]], wanted: Filter, period: Period) -> list[dict[str, Any]]:
    """Those that count, with the day of each on the wall clock of the zone."""
    found = []
    for promise in promises:
        day = promise["at"].replace(tzinfo=UTC).astimezone(period.zone).date()
        asked = all(value is None or promise[name] == value for name, value in wanted._asdict().items())
        if asked and promise["outcome"] in ("met", "breached") and period.first <= day <= period.last:
            found.append({**promise, "day": day})
    return found


def tally(promises: Sequence[dict[str, Any]]) -> Tally:
    """Counted one by one."""
    outcomes = Counter(promise["outcome"] for promise in promises)
    near = sum(p["outcome"] == "met" and (_took(p) or 0) * 10 > p["target"] * 9 for p in promises)
    return Tally(outcomes["met"], outcomes["breached"], near)


def check(report: Report, promises: Sequence[dict[str, Any]]) -> None:
    """Every number of a report."""
    assert report.total == tally(promises)
    for name in BY:
        of_word = {word: tally([p for p in promises if p[name] == word]) for word in {p[name] for p in promises}}
        assert report.by[name] == dict(sorted(of_word.items()))
    for step, found in report.steps:
        assert found == tally([p for p in promises if step.first <= p["day"] <= step.last])
    for times in report.times:
        took = sorted(
            took
            for p in promises
            if (p["milestone"], p["hours"]) == (times.milestone, times.hours) and (took := _took(p)) is not None
        )
        assert (times.fulfilled, times.median) == (len(took), median_low(took))
        assert times.p90 == took[-(-len(took) * 9 // 10) - 1]
    assert sum(times.fulfilled for times in report.times) == sum(_took(p) is not None for p in promises)


@settings(max_examples=examples(60), deadline=None)
@given(
    PROMISES,
    FILTERS,
    ZONES,
    st.sampled_from((SPRING, AUTUMN)),
    st.integers(1, 6),
    st.sampled_from(("day", "week", "month")),
)
def test_a_report_counts_as_if_every_promise_was_looked_at(
    promises: list[dict[str, Any]], wanted: dict[str, str | None], zone: str, at: datetime, days: int, per: Per
) -> None:
    """Also on days of 23 and 25 hours and in zones of odd offsets; no promise is left out or counted twice."""
    first = at.date()
    period = Period(first, first + timedelta(days=days - 1), ZoneInfo(zone), per)
    with TemporaryDirectory() as folder:
        found = reports(filled(folder, promises), Filter(**wanted), period)
    counted = one_by_one(promises, Filter(**wanted), period)
    for report in found:
        check(report, [p for p in counted if p["promise"] == report.promise])


BREACHED = {name: words[0] for name, words in WORDS.items()} | {
    "outcome": "breached",
    "share": 1.3,
    "target": 30_000_000,
}


@pytest.mark.parametrize("at_most", [1, 2, 5, 22, 23, 24])
def test_pages_have_every_promise_once_the_latest_first(tmp_path: Path, at_most: int) -> None:
    """Whatever the size of a page: a cursor goes on behind the last row, also between several of one instant."""
    promises = [{**BREACHED, "at": SPRING + timedelta(hours=number * 7 % 5)} for number in range(23)]
    db, shelf = filled(str(tmp_path), promises), EditionShelf()
    after, found = None, list[Missed]()
    for _ in range(24):
        page = listed(db, Asked("breached", Filter(), 0, 1 << 60), shelf, shelf.published, 0, after, at_most)
        found += page.rows
        if (after := page.after) is None:
            break
    assert [row.at for row in found] == sorted((row.at for row in found), reverse=True)
    assert sorted(row.case_id for row in found) == sorted(f"case-{number}" for number in range(1, 24))


def test_midnight_belongs_to_the_day_that_begins(tmp_path: Path) -> None:
    """A promise at that very instant counts once, as the first of its day."""
    db = filled(str(tmp_path), [{**BREACHED, "at": midnight} for midnight in MIDNIGHTS])
    found = Counter[date]()
    for first in (date(2026, 3, 28), date(2026, 10, 24)):
        period = Period(first, first + timedelta(days=3), ZoneInfo("Europe/Madrid"), "day")
        found.update({step.first: tally.breached for step, tally in reports(db, Filter(), period)[0].steps})
    assert {day for day, count in found.items() if count == 1} == {
        midnight.astimezone(ZoneInfo("Europe/Madrid")).date() for midnight in MIDNIGHTS
    }
    assert found.total() == len(MIDNIGHTS)


def test_a_cursor_of_something_else_is_refused(tmp_path: Path) -> None:
    """It may have been cut, or be that of another list."""
    db, shelf = filled(str(tmp_path), []), EditionShelf()
    for cursor in ("%", "YQ", "YTpiOmM6ZA"):
        with pytest.raises(WrongPlace):
            listed(db, Asked("breached", Filter(), 0, 1), shelf, shelf.published, 0, cursor, 1)


@pytest.fixture(scope="module")
def day(tmp_path_factory: pytest.TempPathFactory) -> tuple[sqlite3.Connection, EditionShelf]:
    """The board after a day of the demo's requests."""
    file, shelf = tmp_path_factory.mktemp("day") / "b", EditionShelf()
    Writer(connect(file, writes=True), shelf).take(of_board(demo_day()), to_micros(ENDS))
    return connect(file), shelf


def test_a_breach_says_how_late_it_is_by_its_own_hours(day: tuple[sqlite3.Connection, EditionShelf]) -> None:
    """Of one that is still owed so far, and it grows; of one that was answered until then, and it does not."""
    db, shelf = day
    asked = Asked("breached", Filter(), 0, 1 << 60)

    def at(now: datetime) -> dict[tuple[str, str, int], Missed]:
        rows = listed(db, asked, shelf, shelf.published, to_micros(now), None, 10_000).rows
        return {(row.case_id, row.kind.milestone, row.instance): row for row in rows}

    first, later = at(ENDS), at(ENDS + timedelta(days=7))
    owed = {place for place, row in first.items() if row.stopped_at is None}
    assert owed
    assert owed != first.keys()
    for place, row in first.items():
        assert row.late is not None
        grows = row.stage == "running"
        assert (later[place].late or 0) > row.late if grows else later[place].late == row.late
        if row.stage == "fulfilled" and row.kind.hours == "elapsed":
            assert row.stopped_at is not None
            assert row.late <= row.stopped_at - row.at


def test_a_near_miss_was_met_with_less_than_a_tenth_left(day: tuple[sqlite3.Connection, EditionShelf]) -> None:
    """What was broken is in the other list."""
    db, shelf = day
    rows = listed(db, Asked("near_miss", Filter(), 0, 1 << 60), shelf, shelf.published, 0, None, 10_000).rows
    for row in rows:
        assert row.left is not None
        assert 0 <= row.left * 10 < row.target
    assert len({from_micros(row.at) for row in rows}) <= len(rows)
    days = Period(date(2000, 1, 1), date(2100, 1, 1), ZoneInfo("UTC"), "month")
    assert sum(report.total.near for report in reports(db, Filter(), days)) == len(rows)


def test_a_breach_stays_with_the_priority_that_it_was_promised_under_and_with_who_had_the_case(tmp_path: Path) -> None:
    """Who lowers the priority of a late case, or hands it on, does not change what leads see of the breach."""
    recording = Recording(shipped_library("guidelines-2021"), partitions=1)
    account = DEMO_ACCOUNTS["demo-premier-plus-api"]
    contacts = tuple(Contact(**each) for each in account["contacts"])
    recording.sets_entitlement(Account(account_id="acme", **{**account, "contacts": contacts}))
    case_id = recording.asks(1, account_id="acme", impact="down", workaround="none", requester=ADMIN)
    recording.runs()
    for after, kind, said in (
        (timedelta(minutes=5), "assigned", {"to": "ada"}),
        (timedelta(minutes=1), "reprioritised", {"impact": "significant"}),
        (timedelta(hours=30), "assigned", {"to": "bo"}),
        (timedelta(minutes=1), "reprioritised", {"impact": "information"}),
        (timedelta(minutes=1), "agent_replied", {}),
    ):
        recording.passes(after)
        recording.record_activity(kind, case_id, **said)
        recording.runs()
    shelf = EditionShelf()
    Writer(connect(tmp_path / "b", writes=True), shelf).take(of_board(recording), to_micros(recording.now))
    db = connect(tmp_path / "b")
    assert db.execute("SELECT priority, assigned_to FROM cases").fetchone()[:] == ("P4", "bo")
    rows = listed(db, Asked("breached", Filter(), 0, 1 << 60), shelf, shelf.published, 0, None, 10).rows
    first = next(row for row in rows if row.kind.milestone == "first_response")
    assert (first.kind.priority, first.held_by) == ("P2", "ada")
    assert {row.kind.priority for row in rows} == {"P2"}
    assert first.late is not None
    assert first.late > 0


def test_nine_of_ten_took_no_longer_than_the_ninth(tmp_path: Path) -> None:
    """The median and the other one are times that there were, to the microsecond, also within one minute."""
    promise = {name: words[0] for name, words in WORDS.items()} | {
        "at": datetime(2026, 10, 24, tzinfo=UTC),
        "outcome": "met",
    }
    shares = [number / 20 for number in range(1, 11)]
    for target in (30_000_000, 3_600_000_000):
        folder = tmp_path / str(target)
        folder.mkdir()
        db = filled(str(folder), [{**promise, "share": share, "target": target} for share in shares])
        period = Period(date(2026, 10, 24), date(2026, 10, 24), ZoneInfo("UTC"), "day")
        (times,) = reports(db, Filter(), period)[0].times
        assert (times.fulfilled, times.median, times.p90) == (10, target * 5 // 20, target * 9 // 20)
