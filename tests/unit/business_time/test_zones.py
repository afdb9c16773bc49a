"""Zone data comes from the pinned package, and a day is a fine enough comb for its changes."""

import struct
import zoneinfo
from importlib.metadata import version
from importlib.resources import files
from itertools import pairwise

import pytest

from shared.business_time.instants import DAY, SECOND
from shared.business_time.zones import TZDATA_VERSION, known_zones, zone


def offset_changes(key: str) -> list[tuple[int, int]]:
    """(second since 1970, offset from then on) of each change in the zone's file, read by RFC 8536."""
    data = (files("tzdata") / "zoneinfo").joinpath(*key.split("/")).read_bytes()

    def counts(at: int) -> tuple[int, ...]:
        return struct.unpack(">6l", data[at + 20 : at + 44])

    utc, standard, leap, times, types, chars = counts(0)
    start = 44 + times * 5 + types * 6 + chars + leap * 8 + standard + utc  # the second block has 64-bit times
    _, _, _, times, types, _ = counts(start)
    at = start + 44
    instants = struct.unpack(f">{times}q", data[at : at + 8 * times])
    kinds = data[at + 8 * times : at + 9 * times]
    offsets = [struct.unpack(">l", data[at + 9 * times + 6 * i :][:4])[0] for i in range(types)]
    changes, before = [], offsets[0]
    for instant, kind in zip(instants, kinds, strict=True):
        if offsets[kind] != before:
            changes.append((instant, before := offsets[kind]))
    return changes


def test_no_zone_ever_changed_its_offset_twice_within_two_days() -> None:
    """Changes are found by looking once a day; a pair within a day that cancelled out would be missed."""
    for key in known_zones():
        instants = [instant for instant, _ in offset_changes(key)]
        assert all(b - a > 2 * 86_400 for a, b in pairwise(instants)), key


@pytest.mark.parametrize(
    "key",
    ["Europe/Madrid", "Australia/Lord_Howe", "Pacific/Apia", "America/St_Johns", "Asia/Gaza", "Africa/Casablanca"],
)
def test_each_change_of_offset_is_found_to_the_second(key: str) -> None:
    """Shifts may end at the very second of a change."""
    since, until = 0, 2_000_000_000
    wanted = [(at, offset) for at, offset in offset_changes(key) if since < at < until]
    found = zone(key).segments(since * SECOND, until * SECOND)
    starts = [(segment.start // SECOND, segment.offset // SECOND) for segment in found[1:]]
    # the file's list ends where its rule for the future begins
    assert starts[: len(wanted)] == wanted
    assert [segment.end for segment in found[:-1]] == [segment.start for segment in found[1:]]


def test_the_machines_own_zone_files_are_never_read() -> None:
    """A log replays to the same instants on every machine."""
    assert zone("Europe/Madrid").offset(0) == 3600 * SECOND
    assert zoneinfo.TZPATH == ()


def test_the_version_of_the_zone_data_is_known() -> None:
    """Decisions are published with it; version 2026.6 of the package has IANA's release 2026f."""
    year, letter = TZDATA_VERSION[:4], TZDATA_VERSION[4:]
    assert version("tzdata") == f"{year}.{ord(letter) - ord('a') + 1}"


def test_an_empty_stretch_has_no_segments() -> None:
    """Nothing is asked, nothing is answered."""
    assert zone("UTC").segments(DAY, DAY) == []
