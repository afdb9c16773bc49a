"""The list of cases: the newest first, each as `explain` has it, and an id that can be copied at any width."""

from datetime import timedelta
from typing import Any

import pytest

from services.cli.cases import rows
from services.cli.cases.rows import CaseRow, newest
from services.cli.cases.view import lines
from shared.contracts.structs import CaseRouted
from shared.contracts.topics import ACTIVITY, CASES
from shared.explain.case_log import CaseLog
from shared.explain.standing import standing
from shared.kafka.record import Record
from shared.messages.catalogues import messages_in
from shared.policy.digest import policy_sha256
from shared.routing.rendering import in_words_of
from shared.sla.pinned_edition import PinnedEdition, short_of
from tests.harness.asking import MONDAY_NOON
from tests.harness.decided import routed
from tests.topology.escalation.desk import LIBRARY, TaskDesk, as_record, minutes

PINNED = [PinnedEdition(policy_sha256(edition), edition) for edition in LIBRARY.editions]
EDITIONS = {short_of(pinned.sha256): pinned for pinned in PINNED}
ENGLISH = in_words_of(messages_in("en"), PINNED[0].edition)
LATER = MONDAY_NOON + minutes(10)
IDS = [f"2026112{number}{'0123456789abcdef' * 3}" for number in range(6)]


def _log(case: CaseRouted, *activities: Any) -> CaseLog:
    """The records of a case."""
    log = CaseLog()
    for offset, (topic, event) in enumerate([(CASES, case), *((ACTIVITY, each) for each in activities)]):
        value, headers = as_record(topic, case.case_id, event)
        at = round(MONDAY_NOON.timestamp() * 1000)
        log.take(Record(topic.name, 0, offset, at, case.case_id.encode(), value, headers))
    return log


def _happened(kind: str, case_id: str, **given: Any) -> Any:
    desk = TaskDesk()
    desk.driver.now = MONDAY_NOON + minutes(5)
    return desk.activity(kind, case_id, **given)


@pytest.fixture
def logs() -> list[CaseLog]:
    """An open case, one that waits, one that is resolved and one of another account, each a minute after the last."""
    cases = [routed(case_id, MONDAY_NOON + minutes(number)) for number, case_id in enumerate(IDS[:4])]
    waits = _happened("status_changed", IDS[1], to="waiting_on_customer")
    other = routed(IDS[3], MONDAY_NOON + minutes(3), account_id="other")
    return [_log(cases[0]), _log(cases[1], waits), _log(cases[2], _happened("resolved", IDS[2])), _log(other)]


def _known(_: CaseLog) -> dict[bytes, PinnedEdition]:
    return EDITIONS


def test_the_newest_case_is_first_with_its_state_and_what_is_due(logs: list[CaseLog]) -> None:
    """They are judged as a list of agents and `explain` judge them."""
    found = newest(logs, _known, LATER)
    assert [row.case_id for row in found] == [IDS[3], IDS[2], IDS[1], IDS[0]]
    assert [row.state for row in found] == ["open", "resolved", "waiting", "open"]
    last = found[-1]
    assert (last.priority, last.channel, last.milestone) == ("P1", "web_ticket", "first_response")
    assert last.due_at == MONDAY_NOON + timedelta(hours=1)
    assert "first response" not in list(lines([found[1]], LATER, ENGLISH, None))[1]


def test_cases_of_an_account_and_open_ones_can_be_asked_for(logs: list[CaseLog]) -> None:
    """One that waits is not over."""
    assert [row.case_id for row in newest(logs, _known, LATER, account="other")] == [IDS[3]]
    assert [row.case_id for row in newest(logs, _known, LATER, only_open=True)] == [IDS[3], IDS[1], IDS[0]]
    assert [row.case_id for row in newest(logs, _known, LATER, only_open=True, limit=2)] == [IDS[3], IDS[1]]


def test_no_more_cases_are_judged_than_are_shown(logs: list[CaseLog], monkeypatch: pytest.MonkeyPatch) -> None:
    """A log has a hundred thousand cases, and each is folded from its history."""
    judged: list[str] = []

    def noted(log: CaseLog, case: CaseRouted, *given: Any) -> Any:
        judged.append(case.case_id)
        return standing(log, case, *given)

    monkeypatch.setattr(rows, "standing", noted)
    newest(logs, _known, LATER, limit=2)
    assert judged == [IDS[3], IDS[2]]


def test_a_case_whose_edition_is_unknown_is_listed_all_the_same(logs: list[CaseLog]) -> None:
    """It may be the one that somebody looks for."""
    (row,) = newest(logs, lambda _: {}, LATER, account="other", only_open=True)
    assert (row.case_id, row.state, row.priority, row.milestone) == (IDS[3], None, "P1", None)


def test_a_row_for_programs_has_instants_in_utc(logs: list[CaseLog]) -> None:
    """And every field, null where there is nothing."""
    data = newest(logs, _known, LATER)[-1].as_data()
    assert data.keys() == set(CaseRow._fields)
    assert (data["received_at"], data["due_at"]) == ("2026-11-23T12:00:00Z", "2026-11-23T13:00:00Z")


@pytest.mark.parametrize("language", ["en", "es"])
@pytest.mark.parametrize("width", [None, 200, 80, 40])
def test_an_id_is_whole_and_alone_in_its_word_at_any_width(
    logs: list[CaseLog], width: int | None, language: str
) -> None:
    """It is copied, or cut out by a program."""
    messages = in_words_of(messages_in(language), PINNED[0].edition)
    shown = list(lines(newest(logs, _known, LATER), LATER, messages, width))
    assert [word for line in shown for word in line.split() if word in IDS] == [IDS[3], IDS[2], IDS[1], IDS[0]]
    assert len(shown) == (5 if width in (None, 200) else 8)
    if width == 80:
        assert [line for line in shown if len(line) > 80] == []


def test_what_is_due_has_its_day_unless_it_is_today_and_its_zone(logs: list[CaseLog]) -> None:
    """`14:00` alone could be of any zone, and of any day."""
    row = newest(logs, _known, LATER)[-1]
    shown = "\n".join(lines([row], LATER, ENGLISH, None))
    assert "first response by 14:00 CET" in shown
    tomorrow = row._replace(due_at=LATER + timedelta(days=1))
    assert "first response by Tue 24 Nov, 13:10 CET" in "\n".join(lines([tomorrow], LATER, ENGLISH, None))
    late = row._replace(due_at=LATER - minutes(5))
    assert "first response was due 13:05 CET" in "\n".join(lines([late], LATER, ENGLISH, None))
    still = row._replace(due_at=None)
    assert "first response is paused" in "\n".join(lines([still], LATER, ENGLISH, None))
