"""Instants as people say them."""

from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.pages.moments import Moments, own_name, zone_named

NOW = datetime(2026, 11, 23, 9, 4, tzinfo=UTC)


@pytest.mark.parametrize(
    ("language", "zone", "said"),
    [
        ("en", "Europe/Madrid", "Mon 23 Nov, 10:04 CET"),
        ("es", "Europe/Madrid", "lun 23 nov, 10:04 CET"),
        ("en-US", "America/New_York", "Mon Nov 23, 04:04 EST"),
        ("pt", "Asia/Bangkok", "seg. 23 de nov., 16:04 UTC+07"),
    ],
)
def test_an_instant_has_its_day_its_time_and_its_zone(language: str, zone: str, said: str) -> None:
    """In the order of the language."""
    assert Moments(language, ZoneInfo(zone)).said(NOW) == said
    assert Moments(language, ZoneInfo(zone)).said("2026-11-23T09:04:00Z") == said


def test_an_instant_of_the_day_at_which_it_is_read_has_no_day() -> None:
    """By the calendar of the reader's zone, not by hours."""
    moments = Moments("en", ZoneInfo("Europe/Madrid"))
    late = datetime(2026, 11, 23, 22, 30, tzinfo=UTC)
    assert moments.said(late, seen_at=NOW) == "23:30 CET"
    assert moments.said(late + timedelta(hours=1), seen_at=NOW) == "Tue 24 Nov, 00:30 CET"


@pytest.mark.parametrize(
    ("seconds", "written"),
    [(0, "0 s"), (59, "59 s"), (60, "1 min 0 s"), (599, "9 min 59 s"), (600, "10 min"), (3_600, "1 h 0 min"),
     (86_399, "23 h 59 min"), (90_061, "1 d 1 h"), (-61, "1 min 1 s")],
)  # fmt: skip
def test_the_time_left_is_written_as_the_script_writes_it(seconds: int, written: str) -> None:
    """The script goes on from there, and must not change the words at its first second."""
    assert Moments.left(NOW + timedelta(seconds=seconds), NOW) == written


@pytest.mark.parametrize("name", [None, "", "Nowhere/Land", "../etc/passwd", "x" * 100, "\0", "Europe/"])
def test_a_zone_that_does_not_exist_is_none(name: str | None) -> None:
    """A browser sends whatever it likes."""
    assert zone_named(name) is None
    assert zone_named("Asia/Tokyo") == ZoneInfo("Asia/Tokyo")


def test_a_language_has_its_own_name() -> None:
    """Whoever needs it can read it."""
    assert (own_name("en"), own_name("es"), own_name("pt-BR")) == ("English", "Español", "Português (Brasil)")
