"""`frontline explain`: the log of a case becomes reasons that people can check."""

import io
from datetime import timedelta
from typing import Any

import pytest
from rich.console import Console

from services.cli.case_log import CaseLog
from services.cli.explain_view import show
from services.cli.explanation import explanation
from services.escalation.pinned import PinnedEdition, short_of
from shared.contracts.topics import ACTIVITY, CASES, Topic
from shared.kafka.record import Output, Record
from tests.topology.escalation.desk import CASE, Desk, as_record, at, minutes


class Told:
    """A case that is lived through, and the log that it leaves."""

    def __init__(self, **given: Any) -> None:
        self.desk = Desk()
        self.log = CaseLog()
        self.case = self.desk.case(**given)
        self._pipe(CASES, self.case)

    def hears(self, kind: str, **given: Any) -> None:
        """Somebody does something to the case."""
        self._pipe(ACTIVITY, self.desk.activity(kind, **given))

    def explained(self, *, with_edition: bool = True) -> dict[str, Any]:
        """What there is to say of it now."""
        (edition,) = self.desk.library.editions
        sha256 = self.case.policy_sha256
        at_hand = {short_of(sha256): PinnedEdition(sha256, edition)} if with_edition else {}
        assert self.log.case is not None
        return explanation(self.log, self.log.case, at_hand, self.desk.driver.now)

    def shown(self, *, with_edition: bool = True) -> str:
        """The same as people read it."""
        out = io.StringIO()
        show(self.explained(with_edition=with_edition), Console(file=out, soft_wrap=True, highlight=False))
        return out.getvalue()

    def passes(self, span: timedelta) -> None:
        """Time goes by; what is published reaches the log."""
        before = len(self.desk.driver.produced)
        self.desk.passes(span)
        self._log(self.desk.driver.produced[before:])

    def _pipe(self, topic: Topic, event: Any) -> None:
        value, headers = as_record(topic, CASE, event)
        record = self.desk.driver.record(topic, CASE, value, headers)
        self.log.take(record)
        self._log(self.desk.driver.pipe_slice([record]))

    def _log(self, outputs: list[Output]) -> None:
        for output in outputs:
            self.log.take(Record(output.topic, 0, 0, 0, output.key, output.value, output.headers))


def test_a_deadline_comes_with_the_time_that_counted_and_the_time_that_did_not() -> None:
    """P2 in Spain from Monday 13:00, an hour of waiting for the customer, and a night: due on Tuesday at 13:00."""
    told = Told(workaround="partial")
    told.passes(timedelta(hours=2))
    told.hears("status_changed", to="waiting_on_customer")
    told.passes(timedelta(hours=1))
    told.hears("status_changed", to="open")
    found = told.explained()
    restoration = next(clock for clock in found["clocks"] if clock["milestone"] == "restoration")
    assert restoration["due_at"] == "2026-11-24T12:00:00Z"
    assert [(entry["seconds"], entry["reason"]) for entry in restoration["ledger"]] == [
        (2 * 3600, "open"),
        (1 * 3600, "paused"),
        (2 * 3600, "open"),
        (15 * 3600, "closed"),
        (4 * 3600, "open"),
    ]
    assert sum(entry["seconds"] for entry in restoration["ledger"] if entry["counted"]) == restoration["target_seconds"]


def test_a_paused_clock_is_explained_up_to_now() -> None:
    """It has no deadline; what it has used up and since when it stands still can be told."""
    told = Told()
    told.passes(minutes(30))
    told.hears("status_changed", to="waiting_on_customer")
    told.passes(timedelta(days=2))
    restoration = next(clock for clock in told.explained()["clocks"] if clock["milestone"] == "restoration")
    assert (restoration["stage"], restoration["due_at"], restoration["used_seconds"]) == ("paused", None, 1800)
    assert [(entry["seconds"], entry["reason"]) for entry in restoration["ledger"]] == [
        (1800, "elapsed"),
        (172800, "paused"),
    ]
    assert "paused with 30 min used up" in told.shown()


def test_the_clocks_are_those_that_were_published() -> None:
    """The explanation folds the log by itself; it must not tell another story than the events do."""
    told = Told()
    told.passes(timedelta(hours=2))
    told.hears("agent_replied")
    told.hears("resolved")
    found = told.explained()
    published = {
        (entry["milestone"], entry["instance"]): entry["due_at"] for entry in found["history"] if "milestone" in entry
    }
    assert {(clock["milestone"], clock["instance"]): clock["due_at"] for clock in found["clocks"]} == published
    late = {clock["milestone"]: clock["late"] for clock in found["clocks"]}
    assert late == {"first_response": True, "restoration": False}


def test_it_is_all_there_for_people_to_read() -> None:
    """Who, what, why, when, and what became of it, in the time zone of the case's calendar."""
    told = Told(plan="premier", channel="phone")
    told.passes(timedelta(hours=2))
    told.hears("agent_replied")
    told.hears("reprioritised", impact="general")
    text = told.shown()
    for words in (
        f"Case {CASE}: Nobody can join",
        "P3, phone",
        "received 2026-11-23 13:00:00",
        "times are in Europe/Madrid",
        "premier, enterprise account; a licensed admin",
        "P3 now: it was re-prioritised",
        "first response: an objective of",
        "breached 2026-11-23 14:00:00",
        "first response suppressed (level 1; reason not entitled)",
        "first response fulfilled (too late)",
        "reprioritised (impact general)",
    ):
        assert words in text


def test_what_is_not_promised_says_why() -> None:
    """No deadline is an answer too."""
    text = Told(plan="access").shown()
    assert "first response: none when it was routed; the plan has no priority response" in text


def test_a_closed_channel_says_why_and_what_was_given_instead() -> None:
    """The question that support hears most."""
    text = Told(plan="access", account_type="pro", channel="phone").shown()
    assert "phone was asked for and is closed: " in text


def test_without_its_edition_the_published_facts_are_told() -> None:
    """A ledger needs the calendar; everything else is in the log."""
    told = Told()
    told.passes(minutes(50))
    found = told.explained(with_edition=False)
    assert (found["clocks"], found["timezone"]) == (None, None)
    text = told.shown(with_edition=False)
    assert "due 2026-11-23 13:00:00 when it was routed" in text
    assert "first response warned" in text


def test_activity_that_was_put_aside_does_not_count_and_says_so() -> None:
    """Why a reply did not stop the clock: it was dated before the case."""
    told = Told(received_at=at(0))
    told.hears("agent_replied", at=at(-1))
    told.hears("customer_replied", activity_id="twice")
    told.hears("customer_replied", activity_id="twice")
    found = told.explained()
    assert [letter["cause"] for letter in found["put_aside"]] == ["bad_activity_time"]
    assert [entry["type"] for entry in found["history"] if "milestone" not in entry] == ["customer_replied"]
    assert "bad_activity_time: at: 2026-11-23T11:00:00Z lies before the case" in told.shown()


@pytest.mark.parametrize("subject", ["\x1b[2J\x1b[31mred", "two\nlines", "[bold]markup[/bold]"])
def test_what_customers_write_does_not_steer_the_terminal(subject: str) -> None:
    """A subject is shown, never obeyed."""
    text = Told(subject=subject).shown()
    assert "\x1b" not in text
    assert len(text.splitlines()[0]) > len(f"Case {CASE}: ")
    if "[bold]" in subject:
        assert subject in text
