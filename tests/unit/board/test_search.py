"""The search finds what the page of a case shows, and nothing else: it would tell word by word what was taken back."""

import random
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

import pytest

from services.board.edition_shelf import EditionShelf
from services.board.store import cases
from services.board.store.cases import EVERYTHING, Visible, Wanted
from services.board.store.schema import connect
from services.board.store.writer import Writer
from shared.business_time.instants import to_micros
from shared.contracts.topics import CASES, dead_letter
from shared.kafka.record import Record
from tests.harness.board_log import of_board
from tests.harness.recording import Recording
from tests.harness.shipped import shipped_library

REPLY = "a" * 32


@pytest.fixture
def recording() -> Recording:
    """One case, with an answer that was taken back, for what it said."""
    recording = Recording(shipped_library("guidelines-2021"))
    case = recording.asks(1, subject="Calls zebrafinch", description="Since ten", account_id="acme")
    recording.runs()
    recording.record_activity("agent_replied", case, activity_id=REPLY, text="The password is quokka")
    recording.record_activity("customer_replied", case, text="That is of somebody else: okapi")
    recording.runs()
    return recording


class Board:
    """A board's file."""

    def __init__(self, file: Path, recording: Recording) -> None:
        self._recording = recording
        self.file = file
        self.writer = Writer(connect(file, writes=True), EditionShelf())

    def reads(self, records: Sequence[Record], *, catching_up: bool = False) -> None:
        """Take a batch."""
        if catching_up:
            self.writer.hold()
        self.writer.take(records, to_micros(self._recording.now))

    def settles(self) -> None:
        """Work out what catching up has left."""
        while self.writer.work_out(to_micros(self._recording.now), 3)[1]:
            pass

    def finds(self, word: str, visible: Visible = EVERYTHING) -> bool:
        """Whether somebody who may see that finds a case by a word."""
        return bool(cases.page(connect(self.file), Wanted(text=word), visible, "newest", None, 5).rows)


CUSTOMER = Visible(account_id="acme")


@pytest.mark.parametrize("seed", range(4))
@pytest.mark.parametrize("catching_up", [True, False])
def test_what_was_taken_back_is_found_by_nobody(
    recording: Recording, tmp_path: Path, catching_up: bool, seed: int
) -> None:
    """Neither by customers nor by the desk, whose pages do not show it either; all else is found, also what follows."""
    (case,) = [each.key.decode() for each in of_board(recording) if each.key and "case.routed" in str(each.headers)]
    before = len(of_board(recording))
    recording.record_activity("reply_retracted", case, retracts=REPLY, text="ocelot: sent by mistake")
    recording.record_activity("agent_replied", case, text="The answer is axolotl")
    recording.record_activity("internal_note", case, text="pangolin")
    recording.runs()
    board, records, chance = Board(tmp_path / "board.sqlite", recording), of_board(recording), random.Random(seed)
    if not catching_up:
        board.reads(records[:before])
        assert board.finds("quokka", CUSTOMER)
        records = records[before:]
    while records:
        size = chance.randrange(1, 9)
        board.reads(records[:size], catching_up=catching_up)
        records = records[size:]
    board.settles()
    for visible in (CUSTOMER, EVERYTHING):
        assert not board.finds("quokka", visible)
        assert all(board.finds(word, visible) for word in ("zebrafinch", "okapi", "axolotl"))
    assert [board.finds(word, CUSTOMER) for word in ("ocelot", "pangolin")] == [False, False]
    assert [board.finds(word) for word in ("ocelot", "pangolin")] == [True, True]


def test_what_came_under_a_used_id_is_found_by_nobody(recording: Recording, tmp_path: Path) -> None:
    """Another request under the id of the case, and another text under the id of an answer: no page shows either."""
    board = Board(tmp_path / "board.sqlite", recording)
    case = recording.asks(1, subject="Calls ocelot", description="Since ten", account_id="acme", submission_digest="b")
    recording.record_activity("agent_replied", case, activity_id=REPLY, text="It is axolotl", activity_digest="b")
    recording.runs()
    board.reads(of_board(recording))
    assert board.finds("zebrafinch")
    assert board.finds("quokka")
    assert not board.finds("ocelot")
    assert not board.finds("axolotl")


@pytest.mark.parametrize("at_once", [True, False])
def test_a_refused_record_takes_no_other_text_from_the_search(tmp_path: Path, at_once: bool) -> None:
    """A case with a dead letter and no activity so far: whatever comes next, its request is found as before."""
    recording = Recording(shipped_library("guidelines-2021"))
    case = recording.asks(1, subject="Calls zebrafinch", description="Since ten", account_id="acme")
    recording.runs()
    (decided,) = recording.published(CASES)
    recording.write_bytes(CASES, decided.key, decided.value, decided.headers)
    recording.runs()
    assert recording.published(dead_letter(CASES))
    board, seen = Board(tmp_path / "board.sqlite", recording), 0
    if not at_once:
        board.reads(of_board(recording))
        seen = len(of_board(recording))
        assert board.finds("zebrafinch")
    recording.passes(timedelta(days=9))  # escalation warns, and says what is late
    recording.record_activity("agent_replied", case, text="The answer is axolotl")
    recording.runs()
    for record in of_board(recording)[seen:]:
        board.reads([record])
        assert board.finds("zebrafinch", CUSTOMER)
    assert board.finds("axolotl", CUSTOMER)


def test_a_first_answer_that_is_taken_back_at_once_leaves_the_request_found(tmp_path: Path) -> None:
    """Both come in one batch, once the case is there: all that is found of it is indexed again, its request too."""
    recording = Recording(shipped_library("guidelines-2021"))
    case = recording.asks(1, subject="Calls zebrafinch", description="Since ten", account_id="acme")
    recording.runs()
    board, before = Board(tmp_path / "board.sqlite", recording), len(of_board(recording))
    board.reads(of_board(recording))
    recording.record_activity("agent_replied", case, activity_id=REPLY, text="The password is quokka")
    recording.record_activity("reply_retracted", case, retracts=REPLY)
    board.reads(of_board(recording)[before:])
    assert [board.finds(word) for word in ("zebrafinch", "quokka")] == [True, False]


def test_what_a_page_hides_is_not_found_while_escalation_has_not_read_on(recording: Recording, tmp_path: Path) -> None:
    """A retraction that is dated before its case changes no clock, but the page hides the answer from then on."""
    case = recording.published(CASES)[0].key
    assert case is not None
    board, before = Board(tmp_path / "board.sqlite", recording), len(of_board(recording))
    board.reads(of_board(recording))
    assert board.finds("quokka")
    recording.record_activity(
        "reply_retracted", case.decode(), retracts=REPLY, at=recording.now - timedelta(days=9), client="archive"
    )
    board.reads(of_board(recording)[before:])
    assert [board.finds(word) for word in ("zebrafinch", "okapi", "quokka")] == [True, True, False]


@pytest.mark.parametrize("at_once", [True, False])
def test_an_answer_that_was_taken_back_before_it_came_is_found_by_nobody(tmp_path: Path, at_once: bool) -> None:
    """Two programs may write out of order: the page never shows such an answer."""
    recording = Recording(shipped_library("guidelines-2021"))
    case = recording.asks(1, subject="Calls zebrafinch", description="Since ten", account_id="acme")
    recording.runs()
    recording.record_activity("reply_retracted", case, retracts=REPLY)
    recording.record_activity("agent_replied", case, activity_id=REPLY, text="The password is quokka")
    recording.record_activity("agent_replied", case, text="The answer is axolotl")
    board, records = Board(tmp_path / "board.sqlite", recording), of_board(recording)
    for batch in [records] if at_once else [[record] for record in records]:
        board.reads(batch)
    assert [board.finds(word) for word in ("zebrafinch", "axolotl", "quokka")] == [True, True, False]


@pytest.mark.parametrize("kind", ["agent_replied", "internal_note", "bot_replied"])
@pytest.mark.parametrize("at_once", [True, False])
def test_a_second_text_under_one_id_is_found_by_nobody(
    recording: Recording, tmp_path: Path, at_once: bool, kind: str
) -> None:
    """Pages show the first of an id. Escalation may take both, or has refused neither so far."""
    case = recording.asks(2, subject="Calls ocelot", description="Since ten", account_id="acme")
    recording.runs()
    texts = ("It is axolotl", "It is pangolin")
    for number, text in enumerate(texts):
        recording.record_activity(kind, case, activity_id="b" * 32, text=text, activity_digest=str(number))
    board, records = Board(tmp_path / "board.sqlite", recording), of_board(recording)
    for batch in [records] if at_once else [[record] for record in records]:
        board.reads(batch)
    assert [board.finds(word) for word in ("ocelot", "axolotl", "pangolin")] == [True, True, False]


def test_what_escalation_refuses_unread_is_found_by_nobody(recording: Recording, tmp_path: Path) -> None:
    """Dated a year ahead, or filed under another case: no page has shown it, also before its dead letter comes."""
    case = recording.asks(2, subject="Calls ocelot", description="Since ten", account_id="acme")
    recording.runs()
    ahead = recording.now + timedelta(days=366)
    recording.record_activity("agent_replied", case, text="It is axolotl", at=ahead)
    recording.record_activity("agent_replied", "elsewhere", key=case, text="It is pangolin")
    recording.record_activity("agent_replied", case, text="It is okapia")
    board = Board(tmp_path / "board.sqlite", recording)
    board.reads(of_board(recording))
    assert [board.finds(word) for word in ("okapia", "axolotl", "pangolin")] == [True, False, False]
