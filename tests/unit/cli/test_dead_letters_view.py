"""The list of dead letters: an id can be copied at any width, and off a terminal each has one whole line."""

from datetime import UTC, datetime

import pytest

from services.cli.dead_letters_view import lines_of
from shared.contracts.topics import DEAD_LETTER_SUFFIX, REQUESTS
from shared.kafka.dead_letter_log import Found, Place
from shared.kafka.dead_letters import DeadLetter, Replayed
from shared.kafka.record import Record

AT = datetime(2026, 11, 26, 12, 0, 0, 123456, tzinfo=UTC)
MESSAGE = "the field plan is missing, and everything else in this record is in very good order as far as one can tell"


def _letter(offset: int, message: str = MESSAGE, replays: tuple[Replayed, ...] = ()) -> Found:
    record = Record(REQUESTS.name, 11, offset, -1, b"key", b"value", ())
    own = Place(REQUESTS.name + DEAD_LETTER_SUFFIX, 11, 4)
    letter = DeadLetter("malformed_event", message, "router", AT, record)
    return Found(own, letter, replays=replays, id=Place(REQUESTS.name, 11, offset))


FOUND = [_letter(123_456_789), _letter(1, replays=(Replayed(4, AT, f"{REQUESTS.name}:11:9"),))]


@pytest.mark.parametrize("width", [None, 300, 120, 80, 40, 20])
def test_an_id_is_whole_at_every_width(width: int | None) -> None:
    """It is what `show` and `replay` ask for. It begins a line, so that nothing else is copied with it."""
    begins = [line.split()[0] for line in lines_of(FOUND, width) if line.startswith(REQUESTS.name)]
    assert begins == [f"{REQUESTS.name}:11:123456789", f"{REQUESTS.name}:11:1"]


@pytest.mark.parametrize("width", [300, 120, 80, 40])
def test_no_line_is_wider_than_the_terminal_and_no_word_is_cut(width: int) -> None:
    """The terminal would break it in the middle of a word."""
    lines = lines_of(FOUND, width)
    assert max(map(len, lines)) <= width
    assert MESSAGE in " ".join(" ".join(lines).split())


def test_off_a_terminal_each_has_one_line() -> None:
    """`| grep`, `| less -S` and the log of a CI job; pytest's own output is no terminal."""
    lines = lines_of(FOUND)
    assert len(lines) == 1 + len(FOUND)
    assert lines[1].endswith(MESSAGE)


def test_a_message_cannot_move_the_cursor() -> None:
    """A dead letter of another program may say anything."""
    assert "\x1b" not in "".join(lines_of([_letter(1, message="\x1b[2Jgone")]))
