"""Holidays from iCalendar files: the dates of their events, and what is refused."""

from pathlib import Path

import pytest

from shared.business_time.errors import UnreadableHolidayFile
from shared.policy.files import load_edition
from shared.policy.holiday_files import holidays_of_file
from tests.unit.policy.small_edition import FILE, SMALL, changed, edition, line_of, mistakes

FEAST = "UID:feast\nDTSTART;VALUE=DATE:20260319\nSUMMARY:Feast"


def ics(*events: str) -> str:
    """A file with these events."""
    body = "".join(f"BEGIN:VEVENT\n{event}\nEND:VEVENT\n" for event in events)
    return f"BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:-//test//EN\n{body}END:VCALENDAR\n"


def dates(*events: str, year: str = "") -> list[str]:
    """The dates of these events, of one year if it is given."""
    return [day for day in holidays_of_file("local.ics", ics(*events)) if day.startswith(year)]


YEARLY = f"{FEAST}\nRRULE:FREQ=YEARLY"


@pytest.mark.parametrize(
    ("events", "year", "expected"),
    [
        pytest.param([FEAST], "", ["2026-03-19"], id="one date"),
        pytest.param([f"{FEAST}\nDTEND;VALUE=DATE:20260320"], "", ["2026-03-19"], id="DTEND is the date after it"),
        pytest.param([f"{FEAST}\nDTEND;VALUE=DATE:20260322"], "", ["2026-03-19", "2026-03-20", "2026-03-21"],
                     id="several dates"),
        pytest.param([f"{FEAST}\nDURATION:P2D"], "", ["2026-03-19", "2026-03-20"], id="a duration"),
        pytest.param([YEARLY], "2030", ["2030-03-19"], id="every year"),
        pytest.param([f"{YEARLY};COUNT=2"], "", ["2026-03-19", "2027-03-19"], id="counted"),
        pytest.param([f"{YEARLY};UNTIL=20270319"], "", ["2026-03-19", "2027-03-19"], id="until"),
        pytest.param([YEARLY.replace("20260319", "20110319")], "2026", ["2026-03-19"], id="from before the edition"),
        pytest.param([f"{YEARLY}\nEXDATE;VALUE=DATE:20270319,20280319"], "2027", [], id="an exception"),
        pytest.param([f"{YEARLY}\nEXDATE;VALUE=DATE:20270319\nEXDATE;VALUE=DATE:20280319"], "2028", [],
                     id="exceptions on several lines"),
        pytest.param([f"{FEAST}\nRDATE;VALUE=DATE:20260401,20260402"], "", ["2026-03-19", "2026-04-01", "2026-04-02"],
                     id="further dates"),
        pytest.param([f"{FEAST}\nRRULE:FREQ=MONTHLY;BYDAY=1MO;UNTIL=20260501"], "",
                     ["2026-03-19", "2026-04-06"], id="a rule, and the first date besides"),
        pytest.param([YEARLY, "UID:feast\nRECURRENCE-ID;VALUE=DATE:20270319\nDTSTART;VALUE=DATE:20270322"], "2027",
                     ["2027-03-22"], id="one that was moved"),
        pytest.param([YEARLY, "UID:feast\nRECURRENCE-ID;VALUE=DATE:20270319\nDTSTART;VALUE=DATE:20270319\n"
                      "STATUS:CANCELLED"], "2027", [], id="one that was cancelled"),
        pytest.param([f"{FEAST}\nSTATUS:CANCELLED", "UID:other\nDTSTART;VALUE=DATE:20260320"], "", ["2026-03-20"],
                     id="an event that was cancelled"),
        pytest.param(["UID:x\nDTSTART;VALUE=DATE:20191230\nDTEND;VALUE=DATE:20200103"], "",
                     ["2020-01-01", "2020-01-02"], id="the years of an edition"),
    ],
)  # fmt: skip
def test_the_dates_of_events(events: list[str], year: str, expected: list[str]) -> None:
    """Whoever keeps local holidays in a calendar of events need not copy them each year."""
    assert dates(*events, year=year) == expected


def test_the_summary_is_the_name_and_the_first_event_of_a_date_names_it() -> None:
    """Folded lines and escaped commas are read; a date without a summary has no name."""
    text = ics(
        "UID:a\nDTSTART;VALUE=DATE:20260319\nSUMMARY:San José\\, pat\n rón", "UID:b\nDTSTART;VALUE=DATE:20260320"
    )
    found = holidays_of_file("local.ics", text)
    assert [holiday.name for holiday in found.values()] == ["San José, patrón", None]
    assert (
        holidays_of_file("local.ics", ics(FEAST, FEAST.replace("feast", "x").replace("Feast", "Other")))[
            "2026-03-19"
        ].name
        == "Feast"
    )


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("nonsense", "local.ics is not an iCalendar file"),
        (ics(FEAST)[:-30], "local.ics is not an iCalendar file: it ends within a component"),
        (ics(FEAST, FEAST)[:-40], "local.ics is not an iCalendar file: it ends within a component"),
        (ics(f"{FEAST}\nRRULE:FREQ=NEVER"), "the event Feast has a RRULE that cannot be read"),
        (ics(f"{FEAST}\nEXDATE;VALUE=DATE:20279999"), "has a EXDATE that cannot be read"),
        (ics("UID:x\nDTSTART;VALUE=DATE:2026031"), "the event x has a DTSTART that cannot be read"),
        ("", "local.ics has no events"),
        (ics(), "local.ics has no events"),
        (ics("UID:x\nSUMMARY:Lunch\nDTSTART:20260319T120000Z"), "the event Lunch has a time of day (DTSTART)"),
        (ics("UID:x\nSUMMARY:Lunch\nDTSTART;TZID=Europe/Madrid:20260319T120000"), "has a time of day"),
        (ics("UID:x\nSUMMARY:Nothing"), "the event Nothing has no DTSTART"),
        (ics(f"{FEAST}\nDTEND;VALUE=DATE:20260319"), "does not last from 1 to 366 whole days"),
        (ics(f"{FEAST}\nDTEND;VALUE=DATE:20290319"), "does not last from 1 to 366 whole days"),
        (ics(f"{FEAST}\nDURATION:PT6H"), "does not last from 1 to 366 whole days"),
        (ics(f"{FEAST}\nRRULE:FREQ=HOURLY;COUNT=30"), "recurs at times of the day"),
        (ics(f"{YEARLY};UNTIL=20270319T000000Z"), "is not a recurrence rule of RFC 5545"),
        (ics(f"{YEARLY}\nEXDATE:20270319T000000Z"), "has a time of day (EXDATE)"),
    ],
)
def test_what_is_no_file_of_holidays_is_refused_with_the_event(text: str, message: str) -> None:
    """An event at noon closes nothing by a guess."""
    with pytest.raises(UnreadableHolidayFile) as refused:
        holidays_of_file("local.ics", text)
    assert message in str(refused.value)


WITH_FILE = changed('holidays: ["2026-12-25"]', 'holidays: ["2026-12-25"], holiday_files: [local.ics]')


def test_an_edition_has_the_dates_of_its_files() -> None:
    """Resolved when it is loaded: a saved edition needs no file."""
    south = edition(WITH_FILE, local_ics=ics(FEAST)).calendars["south"]
    assert south.dated_holidays == {"2026-03-19": "Feast", "2026-12-25": "2026-12-25"}
    assert south.holiday_files == ()


def test_the_members_of_a_union_may_name_files() -> None:
    """Each country has its own."""
    text = changed("  south: {timezone", "  south: {union: [{timezone", WITH_FILE).replace(
        "local.ics]}", "local.ics]}]}"
    )
    south = edition(text, local_ics=ics(FEAST)).calendars["south"]
    assert "2026-03-19" in south.union[0].dated_holidays


@pytest.mark.parametrize(
    ("content", "message"),
    [(None, "local.ics is not there"), ("nonsense", "local.ics is not an iCalendar file"), (ics(), "has no events")],
)
def test_a_missing_or_broken_file_is_a_mistake_of_the_edition(content: str | None, message: str) -> None:
    """With the line that names it."""
    others = {} if content is None else {"local_ics": content}
    (found,) = mistakes(WITH_FILE, **others)
    assert (found.file, found.line, found.field) == (
        FILE,
        line_of("holiday_files", WITH_FILE),
        "calendars.south.holiday_files[0]",
    )
    assert message in found.message


def test_a_file_is_beside_the_file_that_names_it(tmp_path: Path) -> None:
    """Also where an edition in another folder extends that one, and changes the calendar."""
    base, child = tmp_path / "base", tmp_path / "child"
    base.mkdir()
    child.mkdir()
    (base / "local.ics").write_text(ics(FEAST))
    (base / "small.yaml").write_text(WITH_FILE)
    (child / "rules.yaml").write_text(
        "edition: rules\nextends: ../base/small.yaml\ncalendars: {south: {timezone: Europe/Lisbon}}\n"
    )
    south = load_edition(child / "rules.yaml").calendars["south"]
    assert (south.timezone, "2026-03-19" in south.dated_holidays) == ("Europe/Lisbon", True)
    (base / "local.ics").unlink()
    with pytest.raises(Exception, match=r"local.ics cannot be read"):
        load_edition(child / "rules.yaml")


def test_the_small_edition_still_names_no_file() -> None:
    """The port is asked only for files that are named."""
    assert edition(SMALL).calendars["south"].holiday_files == ()
