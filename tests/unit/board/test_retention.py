"""What is kept no longer is gone, to the last byte, and what is kept stays as it was."""

import random
import re
import zlib
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import msgspec
import pytest

from services.board.edition_shelf import EditionShelf
from services.board.store import cases
from services.board.store.cases import EVERYTHING, Wanted
from services.board.store.codec import codec_of, new_dictionary
from services.board.store.retention import Keeping
from services.board.store.schema import connect
from services.board.store.writer import Writer
from shared.business_time.instants import Micros, to_micros
from shared.contracts.structs import Requester
from shared.explain.case_log import CaseLog
from shared.kafka.dead_letters import DeadLetter, to_output
from shared.kafka.record import Record
from tests.harness.board_log import of_board
from tests.harness.recording import Recording
from tests.harness.shipped import shipped_library

KEEPING = Keeping(timedelta(days=400), timedelta(days=90))
SECRETS = ("zebrafinch", "quokka", "axolotl", "okapi", "pangolin", "ocelot")  # in texts, names, e-mails and notes
CASES = 120


def said(secret: str, number: int) -> str:
    """A text of its own length, so that rows of all sizes are moved about in the pages of the file."""
    return f"{secret}{number:04d} " + " ".join(
        f"word{random.Random(number).randrange(10**9)}" for _ in range(number % 90)
    )


@pytest.fixture(scope="module")
def recording() -> Recording:
    """Cases with words of every kind; every third one ends on the first day, the others stay open."""
    recording = Recording(shipped_library("guidelines-2021"))
    for number in range(1, CASES + 1):
        name = Requester(
            requester_id=f"u{number}", role="admin", licensed=True, name=f"axolotl{number:04d} Doe",
            email=f"okapi{number:04d}@example.test",
        )  # fmt: skip
        case = recording.asks(
            number, subject=said("zebrafinch", number)[:200], description=said("quokka", number), requester=name
        )
        recording.runs()
        for kind, secret in (
            ("customer_replied", "pangolin"),
            ("internal_note", "ocelot"),
            ("agent_replied", "ocelot"),
        ):
            recording.record_activity(kind, case, text=said(secret, number))
        if number % 3 == 0:
            recording.record_activity("resolved", case)
            recording.record_activity("closed", case)
        recording.runs()
    return recording


def filled(file: Path, recording: Recording, chance: random.Random) -> Writer:
    """A board that has read it in small batches."""
    writer = Writer(connect(file, writes=True), EditionShelf())
    records = of_board(recording)
    while records:
        size = chance.randrange(1, 40)
        writer.take(records[:size], to_micros(recording.now))
        records = records[size:]
    return writer


def swept(writer: Writer, now: Micros) -> None:
    """As the board does it."""
    more = True
    while more:
        _, more = writer.sweep(KEEPING, now, 7)
    more = writer.merge_words(first=True)
    while more:
        more = writer.merge_words(first=False)
    assert writer.shorten_log()


def bytes_of(file: Path) -> bytes:
    """All that is on the disk of it."""
    return b"".join(each.read_bytes() for each in sorted(file.parent.glob(file.name + "*")))


def inflated(content: bytes) -> Iterator[bytes]:
    """Whatever begins like a compressed record, wherever that is: also in pages that are in use no more."""
    dictionary = new_dictionary()
    for start in range(len(content)):
        try:
            found = zlib.decompressobj(-15, zdict=dictionary).decompress(content[start : start + 2000], 4000)
        except zlib.error:
            continue
        if found.startswith(b"\x94\xcf") and b"ce_specversion" in found:  # from its first byte on
            yield found


def left_of(file: Path, secret: str, numbers: set[int]) -> set[int]:
    """Of which cases the file has such a text still."""
    found = re.findall(secret.encode() + rb"(\d{4})", bytes_of(file))
    return {int(each) for each in found} & numbers


OVER = {number for number in range(1, CASES + 1) if number % 3 == 0}
OPEN = set(range(1, CASES + 1)) - OVER


@pytest.mark.parametrize("seed", range(3))
def test_what_people_wrote_on_a_case_that_ended_long_ago_is_gone_from_the_bytes_of_the_file(
    recording: Recording, tmp_path: Path, seed: int
) -> None:
    """Texts, names, addresses and notes: rows, records, the search index, the file's log, pages that are free."""
    file = tmp_path / "board.sqlite"
    writer = filled(file, recording, random.Random(seed))
    assert left_of(file, "pangolin", OVER) == OVER  # in the search, in plain
    now = to_micros(recording.now + timedelta(days=91))
    swept(writer, now)
    for secret in SECRETS:
        assert left_of(file, secret, OVER) == set(), secret
    board = connect(file)
    codec = codec_of(board)
    for row in board.execute(
        "SELECT case_id, topic, partition, position, body FROM records JOIN cases USING (case_no)"
    ):
        text = repr(codec.record_of(*row[1:]))
        assert any(secret in text for secret in SECRETS) <= (int(row["case_id"], 16) in OPEN)
    purged = {int(row["case_id"], 16): row["purged"] for row in board.execute("SELECT case_id, purged FROM cases")}
    assert {number for number, value in purged.items() if value == 1} == OVER
    found = cases.page(board, Wanted(text="pangolin"), EVERYTHING, "newest", None, 500)
    assert {int(row["case_id"], 16) for row in found.rows} == OPEN


def test_no_compressed_record_of_them_is_left_either(recording: Recording, tmp_path: Path) -> None:
    """A record that was moved within a page and then deleted must not be left in a gap of that page."""
    file = tmp_path / "board.sqlite"
    swept(filled(file, recording, random.Random(5)), to_micros(recording.now + timedelta(days=91)))
    left = set()
    for found in inflated(bytes_of(file)):
        left |= {int(each) for secret in SECRETS for each in re.findall(secret.encode() + rb"(\d{4})", found)}
    assert left & OVER == set()
    assert len(left & OPEN) > 50  # those of open cases are found like this


def test_a_case_without_its_texts_is_worked_out_as_before(recording: Recording, tmp_path: Path) -> None:
    """State, decision and clocks are the same; a late record folds it again without its texts."""
    writer = filled(tmp_path / "b", recording, random.Random(1))
    board, case_id = connect(tmp_path / "b"), f"{3:032x}"
    compared = "state, status, priority, plan, ended_at, order_at, breached, account_id, requester_id, last_at, turn"
    before = tuple(board.execute(f"SELECT {compared} FROM cases WHERE case_id = ?", (case_id,)).fetchone())
    swept(writer, to_micros(recording.now + timedelta(days=91)))
    writer._ingest._fold_again(3)
    writer._db.execute("INSERT INTO dirty VALUES (3)")
    writer.work_out(to_micros(recording.now + timedelta(days=91)), 10)
    row = board.execute("SELECT * FROM cases WHERE case_id = ?", (case_id,)).fetchone()
    assert tuple(row[name.strip()] for name in compared.split(",")) == before
    assert (row["subject"], row["requester"], row["purged"]) == ("", None, 1)
    stored = cases.load(board, case_id, EVERYTHING, EditionShelf().published)
    assert stored is not None
    assert stored.request is not None
    assert (stored.request.description, stored.request.requester.name, stored.request.requester.email) == (
        "",
        None,
        None,
    )
    assert isinstance(stored.log, CaseLog)
    assert [each.text for _, each in stored.log.activity] == [None] * 5


def test_texts_that_come_after_the_purge_are_purged_in_their_time(recording: Recording, tmp_path: Path) -> None:
    """A case may be opened again; what is written then is new, and goes when the case has ended long ago once more."""
    file = tmp_path / "b"
    writer = filled(file, recording, random.Random(2))
    later = to_micros(recording.now + timedelta(days=91))
    swept(writer, later)
    (like,) = [
        each for each in of_board(recording) if each.key == f"{3:032x}".encode() and b"pangolin" in (each.value or b"")
    ]
    value = msgspec.json.encode({**msgspec.json.decode(like.value or b""), "activity_id": "e" * 32})
    writer.take([replace(like, offset=like.offset + 10_000, value=value)], later)
    board = connect(file)
    assert board.execute("SELECT purged FROM cases WHERE case_no = 3").fetchone()[0] == 2
    assert left_of(file, "pangolin", {3}) == {3}
    swept(writer, later)
    assert left_of(file, "pangolin", {3}) == set()


def test_a_text_that_no_page_shows_is_purged_as_well(recording: Recording, tmp_path: Path) -> None:
    """Under an id that was used before it is not in the search, but in the record that came after the purge."""
    writer = filled(tmp_path / "b", recording, random.Random(2))
    later = to_micros(recording.now + timedelta(days=91))
    swept(writer, later)
    (like,) = [
        each for each in of_board(recording) if each.key == f"{3:032x}".encode() and b"pangolin" in (each.value or b"")
    ]
    writer.take([replace(like, offset=like.offset + 10_000)], later)
    board = connect(tmp_path / "b")
    assert board.execute("SELECT purged FROM cases WHERE case_no = 3").fetchone()[0] == 2
    assert not board.execute("SELECT 1 FROM words WHERE words MATCH 'pangolin0003'").fetchone()
    swept(writer, later)
    stored = cases.load(board, f"{3:032x}", EVERYTHING, EditionShelf().published)
    assert stored is not None
    assert {each.text for _, each in stored.log.activity} == {None}


def test_cases_that_ended_longer_ago_are_deleted_whole_and_open_ones_never(
    recording: Recording, tmp_path: Path
) -> None:
    """Rows, clocks, records and words; what is said of such a case later is of no case."""
    writer = filled(tmp_path / "b", recording, random.Random(3))
    swept(writer, to_micros(recording.now + timedelta(days=401)))
    board = connect(tmp_path / "b")
    assert {int(row[0], 16) for row in board.execute("SELECT case_id FROM cases")} == OPEN
    for table in ("records", "clocks", "activity_ids", "dirty"):
        assert not board.execute(f"SELECT 1 FROM {table} WHERE case_no NOT IN (SELECT case_no FROM cases)").fetchone()
    change = cases.last_change(board)
    late = of_board(recording)[-1]
    writer.take(
        [Record(late.topic, 0, 10**6, 0, f"{3:032x}".encode(), late.value, late.headers)], to_micros(recording.now)
    )
    assert cases.last_change(board) > change
    assert cases.load(board, f"{3:032x}", EVERYTHING, EditionShelf().published) is None


def test_activity_of_no_case_is_deleted_after_30_days(tmp_path: Path) -> None:
    """Nothing says any more what it was of: its dead letter has been there for as long."""
    recording = Recording(shipped_library("guidelines-2021"))
    recording.record_activity("customer_replied", "nobody-knows", text="pangolin0001")
    writer, now = filled(tmp_path / "b", recording, random.Random(1)), recording.now
    swept(writer, to_micros(now + timedelta(days=29)))
    board = connect(tmp_path / "b")
    assert board.execute("SELECT count(*) FROM cases").fetchone()[0] == 1
    swept(writer, to_micros(now + timedelta(days=31)))
    assert board.execute("SELECT count(*) FROM cases").fetchone()[0] == 0
    assert left_of(tmp_path / "b", "pangolin", {1}) == set()


def test_dead_letters_lose_what_they_quote(recording: Recording, tmp_path: Path) -> None:
    """They have the record as it was, readable or not."""
    writer, now = filled(tmp_path / "b", recording, random.Random(1)), recording.now
    case_id = f"{3:032x}".encode()
    request = next(each for each in of_board(recording) if b"quokka0003" in (each.value or b""))
    notes = [each for each in of_board(recording) if each.key == case_id and b"ocelot0003" in (each.value or b"")]
    unreadable = Record(notes[0].topic, 0, 99, 0, case_id, b"pangolin0003 is no JSON", ())
    for number, source in enumerate((request, *notes, unreadable)):
        letter = to_output(DeadLetter("malformed_event", "no", "escalation", now, source))
        writer.take(
            [Record(letter.topic, 0, 500 + number, 0, letter.key, letter.value, letter.headers)], to_micros(now)
        )
    swept(writer, to_micros(now + timedelta(days=91)))
    board = connect(tmp_path / "b")
    codec = codec_of(board)
    for row in board.execute("SELECT topic, partition, position, body FROM records WHERE case_no = 3"):
        assert not any(secret in repr(codec.record_of(*row)) for secret in SECRETS)
    stored = cases.load(board, case_id.decode(), EVERYTHING, EditionShelf().published)
    assert stored is not None
    assert len(stored.log.dead_letters) == 3
