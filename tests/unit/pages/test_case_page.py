"""A case as its customer reads it: what is owed and when, why, and what happened; nothing that is for the desk."""

from datetime import timedelta
from zoneinfo import ZoneInfo

import pytest

from shared.messages.catalogues import messages_in
from shared.messages.messages import Messages
from shared.pages.case import case_page
from shared.pages.case.case_page import Happened, Promise
from shared.pages.moments import Moments
from shared.routing.rendering import in_words_of
from tests.harness.asking import request
from tests.harness.shipped import guidelines
from tests.unit.explain.explained_case import ExplainedCase

HOUR = timedelta(hours=1)
MADRID = ZoneInfo("Europe/Madrid")


def _words(language: str = "en") -> Messages:
    return in_words_of(messages_in(language), guidelines(), language)


def _promises(case: ExplainedCase, language: str = "en") -> list[Promise]:
    moments = Moments(language, MADRID)
    return case_page.promises(case.explained(language), case.desk.driver.now, _words(language), moments)


def _happened(case: ExplainedCase, language: str = "en") -> list[Happened]:
    return list(case_page.happened(case.explained(language), _words(language)))


def _waited_overnight() -> ExplainedCase:
    """A P2 from Monday 13:00 in Madrid: eight working hours, of which two waited for the customer."""
    case = ExplainedCase(workaround="partial")
    case.passes(HOUR)
    case.record_activity("agent_replied", text="We are on it.")
    case.passes(HOUR)
    case.record_activity("status_changed", to="waiting_on_customer")
    case.passes(2 * HOUR)
    case.record_activity("customer_replied", text="Here you are.")
    return case


def test_the_deadline_says_what_of_the_time_does_not_count() -> None:
    """The night and the wait, each from when to when."""
    restoration = next(each for each in _promises(_waited_overnight()) if each.name == "restoration")
    assert restoration.due_at == "2026-11-24T13:00:00Z"
    assert restoration.why == (
        "Promised: 8 h of working time. What does not count: Mon 23 Nov, 15:00 CET to Mon 23 Nov, 17:00 CET (waiting "
        "for you), Mon 23 Nov, 18:00 CET to Tue 24 Nov, 09:00 CET (closed: calendar Spain)."
    )
    parts = restoration.picture.parts
    assert [(part.kind, part.seconds / 3600) for part in parts] == [
        ("counted", 2), ("paused", 2), ("left", 1), ("closed", 15), ("left", 5)
    ]  # fmt: skip
    assert parts[1].reason == "waiting for you"


def test_the_words_are_those_of_the_reader() -> None:
    """Also those of the edition, and of a status that everybody has."""
    restoration = next(each for each in _promises(_waited_overnight(), "es") if each.name == "restauración")
    assert restoration.why.startswith("Prometido: 8 h de horario laboral. No cuenta: lun 23 nov, 15:00 CET a")
    assert "a la espera de usted" in restoration.why


def test_what_is_due_first_comes_first_and_what_has_ended_last() -> None:
    """In an open case the next deadline is what matters."""
    case = ExplainedCase()  # a P1: first response in one hour, restoration in four
    assert [(each.name, each.open) for each in _promises(case)] == [("first response", True), ("restoration", True)]
    case.record_activity("agent_replied", text="We are on it.")
    open_ones = [each for each in _promises(case) if each.open]
    assert open_ones[0].due_at == min(each.due_at or "" for each in open_ones)
    assert [each.state for each in _promises(case) if not each.open] == ["ok"]


@pytest.mark.parametrize(("minutes", "state"), [(1, "ok"), (44, "ok"), (45, "warn"), (59, "warn"), (61, "late")])
def test_a_promise_is_marked_by_the_share_that_is_used(minutes: int, state: str) -> None:
    """From three quarters on it is soon, and after the deadline late, whether or not a timer has fired."""
    case = ExplainedCase()
    case.passes(timedelta(minutes=minutes))
    assert _promises(case)[0].state == state


def test_a_clock_that_stands_still_has_no_deadline() -> None:
    """It waits for the customer, and says so instead."""
    case = ExplainedCase()
    case.record_activity("agent_replied")
    case.record_activity("status_changed", to="waiting_on_customer")
    assert [(each.state, each.due_at) for each in _promises(case) if each.open] == [("wait", None)]
    assert case.explained()["state"] == "waiting"


def test_what_happened_is_told_without_what_is_for_the_desk() -> None:
    """No notes, no assignments, no warnings, and not who was called."""
    case = _waited_overnight()
    case.record_activity("internal_note", text="They are important.")
    case.record_activity("assigned", to="somebody")
    case.passes(timedelta(days=3))
    told = [(each.text, each.mark) for each in _happened(case)]
    assert told == [
        ("sent", "me"),
        ("decided: phone, tier 2, P2", ""),
        ("support replied", "ok"),
        ("first response: in time", "ok"),
        ("status: waiting for you", ""),
        ("reply sent", "me"),
        ("restoration: the time is over", "late"),
    ]
    assert {entry["type"] for entry in case.explained()["history"]} >= {"internal_note", "escalation.raised"}


def test_an_escalation_is_possible_later_then_now_then_asked_for() -> None:
    """With the instant from which on it is possible."""
    case, moments = ExplainedCase(), Moments("en", MADRID)

    def asked() -> tuple[bool, str]:
        return case_page.next_escalation(case.explained(), _words(), moments)

    assert asked() == (False, "possible from Tue 24 Nov, 13:00 CET on, since every request first gets its time")
    case.passes(timedelta(days=1))
    assert asked() == (True, "")
    case.record_activity("escalation_requested")
    assert asked() == (False, "it has been asked for; somebody will look at it")


def test_the_conversation_has_no_notes_and_nothing_that_was_taken_back() -> None:
    """Who spoke, what, and when."""
    case = ExplainedCase()
    case.record_activity("agent_replied", text="Wrong window.")
    mistaken = case.log.activity[-1][1].activity_id
    case.record_activity("reply_retracted", retracts=mistaken)
    case.record_activity("internal_note", text="Sorry.")
    case.record_activity("customer_replied", text="Hello?")
    case.record_activity("agent_replied", text="We are on it.")
    activities = [each for _, each in case.log.activity]
    asked, customer = request(), activities[3].actor.id
    said = case_page.said(asked, activities, customer)
    spoken = [(each.by, each.text) for each in said]
    assert spoken == [("colleague", asked.description), ("me", "Hello?"), ("agent", "We are on it.")]
    assert {each.by for each in case_page.said(asked, activities, "somebody else")} == {"colleague", "agent"}


def test_a_promise_that_does_not_apply_any_more_is_not_called_met() -> None:
    """Nobody answered before the customer withdrew it."""
    case = ExplainedCase()
    case.record_activity("withdrawn")
    assert [(each.state, each.open) for each in _promises(case)] == [("wait", False)] * len(_promises(case))
