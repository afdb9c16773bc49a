"""The lines of the demo's feed: what happened, to whom, and why, in words."""

import json
import re
import time
from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from services.cli import feed
from services.cli.logged_event import LoggedEvent
from shared.contracts import wire
from shared.contracts.registry import TYPES
from shared.messages.catalogues import messages_in
from shared.routing.entitlement import covered, terms_of
from shared.routing.rendering import in_words_of
from shared.routing.rulebook import Rulebook
from tests.harness.asking import account, request, requester
from tests.harness.decided import decided
from tests.harness.shipped import shipped_edition

RULES = Rulebook(shipped_edition("guidelines-2021"))
ASKED_BY = request(received_at=datetime(2026, 11, 23, 23, 30, tzinfo=UTC), requester=requester("admin", False))
CASE: dict[str, Any] = json.loads(
    wire.encode(
        decided(
            ASKED_BY,
            covered(terms_of(account(plan="premier")), ASKED_BY.requester, RULES.edition, ASKED_BY.received_at),
            RULES,
            ASKED_BY.received_at,
        )
    )
)
CASE["case_id"] = "c1"
CLOCK: dict[str, Any] = {
    "case_id": "c1",
    "milestone": "first_response",
    "instance": 1,
    "observed_at": "2026-11-23T10:00:09Z",
    "due_at": "2026-11-23T10:00:08Z",
    "breached_at": "2026-11-23T10:00:08Z",
    "promise": "objective",
    "share": 0.75,
    "called": "tier2",
    "level": 1,
    "met": True,
    "status": "waiting_on_customer",
    "because": "closed",
    "old": "met",
    "new": "breached",
    "cause": "late_record",
    "reason": "not_entitled",
}
ASKED: dict[str, Any] = {
    "case_id": "c1",
    "escalation_id": "a1",
    "observed_at": "2026-11-23T10:00:09Z",
    "reason": "too_early",
    "eligible_at": "2026-11-23T10:00:30Z",
}


def _line(event_type: str, data: dict[str, Any], language: str = "en") -> str:
    messages = in_words_of(messages_in(language), RULES.edition)
    lines = feed.lines(LoggedEvent("1", event_type, data), {"c1": "acme"}, messages, RULES)
    assert {line.case_id for line in lines} == {"c1"}
    return "\n".join(line.text.plain for line in lines)


def test_a_decision_names_requester_channel_and_reason() -> None:
    """The reason is the closed channel's, not just the rule that opened the other."""
    line = _line("frontline.case.routed.v1", CASE)
    for part in (
        "acme",
        "Premier",
        "unlicensed admin",
        "asked by phone",
        "chat, tier 1",
        "Phone on plan Premier needs a licence; ",
        "P1",
    ):
        assert part in line


@pytest.mark.parametrize("language", ["en", "es"])
def test_reasons_are_sentences_and_no_rule_is_named(language: str) -> None:
    """`access.tier1.phone` is no reason to whoever has not read the rules, nor is "no earlier rule applies"."""
    open_channel = requester("admin", True)
    asked = msgspec.structs.replace(ASKED_BY, requester=open_channel)
    entitled = covered(terms_of(account(plan="premier")), open_channel, RULES.edition, asked.received_at)
    case = json.loads(wire.encode(decided(asked, entitled, RULES, asked.received_at))) | {"case_id": "c1"}
    for each in (CASE, case):
        shown = _line("frontline.case.routed.v1", each, language)
        assert not re.search(r"\w\.\w", shown), shown
        sentences = shown.splitlines()[1]
        assert sentences.endswith(".")
        assert ".." not in sentences
    if language == "en":
        assert "Phone is open at tier 2 on plan Premier. P1: impact down, workaround none" in shown
        assert "earlier rule" not in shown


@pytest.mark.parametrize(("zone", "shown"), [("Europe/Madrid", "CET"), ("Asia/Tashkent", "UTC+05"), ("UTC0", "UTC")])
def test_each_time_has_its_zone(zone: str, shown: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """It is that of the machine, which is not that of whoever reads a copy."""
    monkeypatch.setenv("TZ", zone)
    time.tzset()
    try:
        data = {**CLOCK, "due_at": "2026-11-23T10:00:30Z"}
        for kind in ("clock.breached", "clock.resumed"):
            (line,) = feed.lines(LoggedEvent("1", f"frontline.{kind}.v1", data), {}, messages_in("en"))
            assert line.at.endswith(f":00:09 {shown}")
            assert re.search(rf":00:\d\d {re.escape(shown)}", line.text.plain)
        another_day = _line("frontline.clock.resumed.v1", CLOCK | {"due_at": "2026-11-30T10:00:00Z"})
        assert re.search(rf"by Mon 30 Nov \d\d:00 {re.escape(shown)}$", another_day)
    finally:
        monkeypatch.undo()
        time.tzset()


def test_a_deadline_on_another_day_names_the_day() -> None:
    """`10:00` alone would be read as this morning."""
    line = _line("frontline.case.routed.v1", CASE)
    assert "by Tue 24 Nov" in line
    assert "23 Nov" not in line


def test_the_day_of_a_deadline_is_in_the_language_of_the_feed() -> None:
    """`Mon 30 Nov` within a Spanish sentence, and `a las` before a day, are half a translation."""
    due = CLOCK | {"due_at": "2026-11-30T10:00:00Z"}
    assert "due by Mon 30 Nov " in _line("frontline.clock.resumed.v1", due)
    assert "vence: lun 30 nov " in _line("frontline.clock.resumed.v1", due, "es")
    assert "pide ayuda por Teléfono" in _line("frontline.case.routed.v1", CASE, "es")


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("clock.warned", "75%"),
        ("clock.breached", "an objective is missed"),
        ("clock.fulfilled", "answered in time"),
        ("clock.paused", "waiting_on_customer"),
        ("clock.resumed", "goes on"),
        ("clock.cancelled", "ended: closed"),
        ("clock.restated", "from met to breached"),
        ("escalation.raised", "level 1; called: tier 2"),
        ("escalation.suppressed", "no automated escalation"),
    ],
)
def test_each_event_of_a_clock_is_a_line(kind: str, words: str) -> None:
    """Whoever watches has to see promises kept, missed and escalated."""
    line = _line(f"frontline.{kind}.v1", CLOCK)
    assert "acme: first response" in line
    assert words in line


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("requested", "acme: the customer asks for an escalation"),
        ("refused", "may not ask for an escalation (too early), but may from "),
        ("accepted", "is accepted"),
        ("rejected", "is rejected; it may be asked for again from "),
    ],
)
def test_each_event_of_a_customer_escalation_is_a_line(kind: str, words: str) -> None:
    """The event belongs to no clock, so the line names none."""
    line = _line(f"frontline.escalation.{kind}.v1", ASKED)
    assert words in line
    assert "response" not in line
    if kind == "refused":
        assert _line(f"frontline.escalation.{kind}.v1", ASKED | {"eligible_at": None}).endswith("(too early)")


def test_a_repeated_level_is_marked_as_repeated() -> None:
    """Else a line would seem to be there twice."""
    line = _line("frontline.escalation.raised.v1", CLOCK | {"repetition": 2})
    assert line.endswith("called again: tier 2")


@pytest.mark.parametrize(("cause", "words"), [("policy_migrated", "policy migrated"), ("late_record", "late record")])
def test_a_restated_verdict_names_its_cause_in_words(cause: str, words: str) -> None:
    """An activity can be the cause, as well as what is no activity."""
    line = _line("frontline.clock.restated.v1", CLOCK | {"cause": cause})
    assert line.endswith(f": {words}")


def test_a_missed_objective_is_never_called_a_broken_commitment() -> None:
    """The kind of promise is the difference between a regret and a claim."""
    assert "commitment" not in _line("frontline.clock.breached.v1", CLOCK)
    assert "commitment is broken" in _line("frontline.clock.breached.v1", {**CLOCK, "promise": "commitment"})


def test_every_event_of_the_escalations_topic_can_be_shown() -> None:
    """A new kind of event must not end the demo; one that is not worth a line gives none."""
    for event_type in TYPES:
        if ".clock." in event_type or ".escalation." in event_type:
            assert len(feed.lines(LoggedEvent("1", event_type, ASKED | CLOCK), {}, messages_in("en"))) <= 1
