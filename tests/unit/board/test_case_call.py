"""`GET /v1/cases/{id}`: the desk reads what `frontline explain` says, and a customer reads less of it."""

from datetime import timedelta
from typing import Any, NamedTuple

import httpx
import msgspec
import pytest

from services.cli.explain.case_editions import editions_of
from shared.contracts.structs import Actor
from shared.contracts.topics import ACTIVITY
from shared.explain.case_log import CaseLog
from shared.explain.explanation import explanation
from shared.identity.person import Person
from shared.messages.catalogues import messages_in
from tests.harness.asking import account
from tests.harness.board_day import VIEWER, BoardDay, board_day
from tests.harness.recording import Recording
from tests.harness.shipped import shipped_library
from tests.harness.sign_in import AGENT, ANA, token_of

WRONG_REPLY = "a" * 32
COLLEAGUE = Actor(kind="customer", id="u2")


class Told(NamedTuple):
    """A board that has read one case, of which everything happened that customers are told less of."""

    day: BoardDay
    recording: Recording
    case_id: str

    async def to(self, person: Person, language: str = "en") -> dict[str, Any]:
        """What the call answers to a person."""
        headers = {"Authorization": f"Bearer {token_of(person)}", "Accept-Language": language}
        async with httpx.AsyncClient(transport=httpx.ASGITransport(self.day.app), base_url="http://board") as http:
            found = await http.get(f"/v1/cases/{self.case_id}", headers=headers)
        assert (found.status_code, found.headers["content-language"]) == (200, language), found.text
        body: dict[str, Any] = found.json()
        return body


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Told:
    """A case that was warned of, breached, escalated and acknowledged, with notes, and with a dead letter."""
    recording = Recording(shipped_library("guidelines-2021"))
    recording.sets_entitlement(account())
    case_id = recording.asks(1, subject="No sound", description="Since ten")
    recording.runs()
    recording.record_activity("assigned", case_id, to="desk-7")
    recording.record_activity("internal_note", case_id, text="They are always in a hurry")
    recording.write_bytes(ACTIVITY, case_id.encode(), b"no event")
    recording.runs()
    recording.passes(timedelta(minutes=5))
    recording.record_activity("acknowledged", case_id, milestone="first_response")
    recording.runs()
    recording.passes(timedelta(hours=3))
    recording.record_activity("agent_replied", case_id, text="The password is quokka", activity_id=WRONG_REPLY)
    recording.record_activity("reply_retracted", case_id, retracts=WRONG_REPLY)
    recording.record_activity("customer_replied", case_id, text="That was for somebody else", actor=COLLEAGUE)
    recording.record_activity("agent_replied", case_id, text="We look at the relays")
    recording.runs()
    day = board_day(tmp_path_factory.mktemp("board"), recording.now, recording)
    return Told(day, recording, case_id)


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("person", [AGENT, VIEWER], ids=["agent", "viewer"])
async def test_the_desk_is_told_what_explain_says(told: Told, person: Person, language: str) -> None:
    """docs/board.md promises it: whoever asks the board and whoever asks the log are told the same."""
    log, messages = CaseLog(), messages_in(language)
    for record in told.recording.all_records():
        if record.key == told.case_id.encode():
            log.take(record)
    assert log.case is not None
    editions, problems = editions_of(log, messages)
    expected = explanation(log, log.case, editions, told.recording.now, messages)
    assert problems == []
    assert [expected[name] for name in ("isolation", "dead_letters")] != [None, []], "there is a dead letter"
    assert (await told.to(person, language))["explanation"] == msgspec.json.decode(msgspec.json.encode(expected))


async def test_the_thread_is_what_was_said_in_the_order_of_the_log(told: Told) -> None:
    """Without what was taken back. The desk reads its notes in it as well, and who wrote what."""
    thread = [(each["type"], each["actor"]["id"], each["text"]) for each in (await told.to(AGENT))["thread"]]
    assert thread == [
        ("internal_note", "desk", "They are always in a hurry"),
        ("customer_replied", "u2", "That was for somebody else"),
        ("agent_replied", "desk", "We look at the relays"),
    ]
    thread = [(each["type"], each["actor"], each["text"]) for each in (await told.to(ANA))["thread"]]
    assert thread == [
        ("customer_replied", {"kind": "customer", "id": "u2"}, "That was for somebody else"),
        ("agent_replied", {"kind": "agent"}, "We look at the relays"),
    ]


async def test_a_customer_is_not_told_what_is_the_desks_own(told: Told) -> None:
    """Neither notes nor who was called; all else of the explanation is what the desk reads."""
    desk, customer = (await told.to(AGENT)), (await told.to(ANA))
    assert {*desk} - {*customer} == {"assigned_to", "turn", "needs_triage"}
    of_desk, of_customer = desk["explanation"], customer["explanation"]
    assert {*of_desk} - {*of_customer} == {"isolation", "dead_letters", "trace", "notes"}
    differing = {name for name in of_customer if of_customer[name] != of_desk[name]}
    assert differing == {"clocks", "history"}

    assert any(clock["calls"] for clock in of_desk["clocks"])
    assert any(clock["acknowledged"] for clock in of_desk["clocks"])
    own = ("calls", "acknowledged")
    without = [{name: value for name, value in clock.items() if name not in own} for clock in of_desk["clocks"]]
    assert of_customer["clocks"] == without

    private = {
        *("assigned", "internal_note", "acknowledged", "reply_retracted"),
        *("clock.warned", "escalation.raised", "escalation.suppressed"),
    }
    kinds = {each["type"] for each in of_desk["history"]}
    assert {each["type"] for each in of_customer["history"]} == kinds - private
    assert {"internal_note", "acknowledged", "clock.warned", "clock.breached", "escalation.raised"} <= kinds
    actors = [each["actor"] for each in of_customer["history"] if "actor" in each]
    assert [actor for actor in actors if actor["kind"] != "customer" and "id" in actor] == []
