"""Start, deadline, pause, stop, cancel: the first rows of the table of clocks, each as a rule."""

import pytest

from shared.contracts.vocabulary import ActivityType, Hours
from shared.sla.effects import ClockBreached, ClockFulfilled
from tests.harness.desk import CHAIN, ClockDesk, minute, terms
from tests.unit.sla.usual_terms import USUAL, WAITING


def test_a_clock_starts_at_the_submission() -> None:
    """Whatever the processing delay: the customer has been waiting since then."""
    desk = ClockDesk({"first_response": terms(60), "restoration": terms(240), "resolution": terms(480)})
    assert [each.short for each in desk.log] == [
        ("started", "first_response", 0),
        ("started", "restoration", 0),
        ("started", "resolution", 0),
    ]
    assert [each.due for each in desk.log] == [60, 240, 480]
    assert desk.next_due == 60


def test_no_target_is_no_clock() -> None:
    """Frappe cannot have none; here it is a legal outcome that the decision explains."""
    desk = ClockDesk({"first_response": terms(None), "restoration": terms(None)})
    assert desk.log == []
    assert desk.next_due is None


@pytest.mark.parametrize(
    ("hours", "due"),
    [
        pytest.param("elapsed", 10 * 60, id="19:00 on Monday"),
        pytest.param("business", 26 * 60, id="11:00 on Tuesday: 8 of 10 hours are Monday's"),
        pytest.param("elapsed_then_next_open", 24 * 60, id="19:00, then Tuesday's opening"),
    ],
)
def test_each_milestone_counts_in_its_own_hours(hours: Hours, due: float) -> None:
    """P1 round the clock and P2 in regional hours live in one system, even in one case."""
    desk = ClockDesk({"first_response": terms(60), "restoration": terms(600, hours)})
    assert desk.due("restoration") == due
    assert desk.due("first_response") == 60


@pytest.mark.parametrize(("replied", "met"), [(59, True), (60, True), (60 + 1 / 60_000_000, False), (61, False)])
def test_met_is_a_stop_not_after_the_deadline(replied: float, met: bool) -> None:
    """At the deadline is in time; a microsecond later is not, whether or not a timer had fired."""
    desk = ClockDesk({"first_response": terms(60)})
    published = desk.record_activity(replied, "agent_replied")
    assert isinstance(published[-1].effect, ClockFulfilled)
    assert published[-1].effect.met is met
    assert [s.word for s in published] == (["fulfilled"] if met else ["breached", "fulfilled"])
    clock = desk.clock("first_response")
    assert clock.breached_at == (None if met else clock.due_at)


def test_a_late_reply_is_a_breach_even_if_no_timer_fired() -> None:
    """Chatwoot and osTicket look only between sweeps: a late answer before the next one leaves no miss."""
    desk = ClockDesk({"first_response": terms(60)}, levels=CHAIN)
    published = desk.record_activity(70, "agent_replied")
    assert [s.short for s in published] == [("breached", "first_response", 60), ("fulfilled", "first_response", 70)]
    assert desk.waits_until(10_000) == []


def test_a_timer_fires_when_the_clock_is_past_its_instant_and_not_at_it() -> None:
    """Never early: at the deadline a reply would still be in time."""
    desk = ClockDesk({"first_response": terms(60)})
    assert desk.waits_until(60) == []
    assert [s.short for s in desk.waits_until(60 + 1 / 60_000_000)] == [("breached", "first_response", 60)]


def test_breached_at_is_the_deadline_and_not_the_instant_of_noticing() -> None:
    """A monitor that was down for an hour does not make the miss an hour smaller."""
    desk = ClockDesk({"first_response": terms(60)})
    [published] = desk.waits_until(500)
    assert (published.at, published.due) == (60, 60)
    replied, _ = ClockDesk({"first_response": terms(60)}).record_activity(500, "agent_replied")  # no timer has fired
    for effect in (published.effect, replied.effect):
        assert isinstance(effect, ClockBreached)
        assert effect.breached_at == minute(60)
    assert desk.clock("first_response", at=500).breached_at == desk.clock("first_response").due_at


def test_the_deadline_is_none_while_paused_and_only_then() -> None:
    """Readable while it runs, after it is fulfilled, after it is cancelled."""
    desk = ClockDesk({"restoration": terms(240, paused_by=USUAL), "resolution": terms(480)})
    desk.record_activity(30, "status_changed", to=WAITING)
    assert desk.due("restoration") is None
    desk.record_activity(60, "status_changed", to="open")
    assert desk.due("restoration") == 270
    desk.record_activity(100, "restored")
    assert desk.due("restoration") == 270
    desk.record_activity(110, "closed")
    assert desk.due("resolution") == 480


@pytest.mark.parametrize(
    ("hours", "pause", "due"),
    [
        pytest.param("elapsed", (30, 90), 300, id="an hour is an hour"),
        pytest.param("business", (30, 90), 300, id="an open hour is an open hour"),
        pytest.param("business", (60, 20 * 60), 1440 + 180, id="over night only what was open is made good"),
    ],
)
def test_a_pause_moves_the_deadline_by_what_would_have_counted(
    hours: Hours, pause: tuple[float, float], due: float
) -> None:
    """GLPI counts pauses round the clock against a business target."""
    desk = ClockDesk({"restoration": terms(240, hours, paused_by=USUAL)})
    desk.record_activity(pause[0], "status_changed", to=WAITING)
    desk.record_activity(pause[1], "status_changed", to="open")
    assert desk.due("restoration") == due


def test_pauses_go_by_the_status_that_the_milestone_names() -> None:
    """Waiting for the customer stops the restoration, and not the answer that is owed."""
    desk = ClockDesk({"first_response": terms(60), "restoration": terms(240, paused_by=[WAITING])})
    published = desk.record_activity(10, "status_changed", to=WAITING)
    assert [s.short for s in published] == [("paused", "restoration", 10)]
    assert desk.record_activity(15, "status_changed", to=WAITING) == []
    published = desk.record_activity(20, "status_changed", to="on_hold")
    assert [s.short for s in published] == [("resumed", "restoration", 20)]


def test_from_one_pausing_status_to_another_it_stays_paused() -> None:
    """One pause, not two."""
    desk = ClockDesk({"restoration": terms(240, paused_by=[WAITING, "on_hold"])})
    desk.record_activity(10, "status_changed", to=WAITING)
    assert desk.record_activity(20, "status_changed", to="on_hold") == []
    desk.record_activity(30, "status_changed", to="open")
    assert desk.due("restoration") == 260


def test_two_pauses_within_a_minute_both_count() -> None:
    """Zammad keeps pauses as HH:MM, so that the second overwrites the first."""
    desk = ClockDesk({"restoration": terms(240, paused_by=[WAITING])})
    for second in (0, 20):
        desk.record_activity(10 + second / 60, "status_changed", to=WAITING)
        desk.record_activity(10 + (second + 10) / 60, "status_changed", to="open")
    assert desk.due("restoration") == pytest.approx(240 + 20 / 60)


def test_the_status_at_opening_may_pause_at_once() -> None:
    """A case can be born waiting."""
    desk = ClockDesk({"restoration": terms(240, paused_by=[WAITING])}, status=WAITING)
    assert [s.short for s in desk.log] == [("started", "restoration", 0), ("paused", "restoration", 0)]
    assert desk.next_due is None
    desk.record_activity(100, "status_changed", to="open")
    assert desk.due("restoration") == 340


def test_nothing_fires_while_paused() -> None:
    """GLPI says a ticket expired while it is pending; Frappe shows it paused and lets it tick."""
    desk = ClockDesk({"restoration": terms(60, paused_by=[WAITING])}, levels=CHAIN)
    desk.record_activity(10, "status_changed", to=WAITING)
    assert desk.next_due is None
    assert desk.waits_until(100_000) == []


def test_a_stop_while_paused_ends_the_pause_first() -> None:
    """So that the deadline includes it: restored while we waited is judged fairly."""
    desk = ClockDesk({"restoration": terms(60, paused_by=[WAITING])})
    desk.record_activity(30, "status_changed", to=WAITING)
    [published] = desk.record_activity(200, "restored")
    assert (published.word, published.due) == ("fulfilled", 230)
    assert isinstance(published.effect, ClockFulfilled)
    assert published.effect.met


STOPS: list[tuple[ActivityType, set[str]]] = [
    ("agent_replied", {"first_response", "next_response", "periodic_update"}),
    ("restored", {"restoration"}),
    ("resolved", {"restoration", "resolution"}),
    ("customer_replied", set()),
    ("internal_note", set()),
    ("escalation_requested", set()),
    ("escalation_reviewed", set()),
]


@pytest.mark.parametrize(("kind", "fulfilled"), STOPS)
def test_what_stops_which_clock(kind: ActivityType, fulfilled: set[str]) -> None:
    """A reply answers the person, a restoration the outage, a resolution both kinds of mending."""
    everything: list[str] = [
        "first_response",
        "next_response",
        "periodic_update",
        "restoration",
        "resolution",
    ]
    desk = ClockDesk({milestone: terms(600) for milestone in everything})
    desk.record_activity(10, "customer_replied")
    published = desk.record_activity(20, kind)
    assert {s.milestone for s in published if s.word == "fulfilled"} == fulfilled


def test_the_first_response_is_fulfilled_once_for_ever() -> None:
    """A second reply, or a reopened case, does not owe another first response."""
    desk = ClockDesk({"first_response": terms(60)})
    desk.record_activity(10, "agent_replied")
    for at, kind in ((20, "agent_replied"), (30, "resolved"), (40, "reopened"), (50, "customer_replied")):
        assert desk.record_activity(at, kind) == []  # type: ignore[arg-type]  # words of the vocabulary
    assert len(desk.clocks()) == 1


@pytest.mark.parametrize(
    ("paused_by", "stage"),
    [pytest.param(["resolved"], "paused", id="paused"), pytest.param([], "running", id="runs on")],
)
def test_a_clock_that_a_resolution_leaves_unanswered(paused_by: list[str], stage: str) -> None:
    """Solving the case does not answer the customer's question: neither fulfilled nor cancelled."""
    desk = ClockDesk({"first_response": terms(60, paused_by=paused_by), "resolution": terms(600)})
    desk.record_activity(10, "resolved")
    assert desk.clock("first_response").stage == stage
    assert desk.clock("resolution").stage == "fulfilled"


@pytest.mark.parametrize(
    ("kind", "to"),
    [("closed", None), ("withdrawn", None), ("status_changed", "closed"), ("status_changed", "withdrawn")],
)
def test_closing_and_withdrawing_cancel_every_live_clock(kind: ActivityType, to: str | None) -> None:
    """Zammad's deactivated promises keep notifying; a promise on a closed case is over."""
    desk = ClockDesk({"first_response": terms(60), "restoration": terms(240, paused_by=[WAITING])}, levels=CHAIN)
    desk.record_activity(10, "status_changed", to=WAITING)
    published = desk.record_activity(20, kind, to=to)
    assert [s.short for s in published] == [("cancelled", "first_response", 20), ("cancelled", "restoration", 20)]
    assert desk.next_due is None
    assert desk.waits_until(10_000) == []


def test_a_breach_before_the_cancellation_stays_a_breach() -> None:
    """Closing a case that is late does not make it punctual."""
    desk = ClockDesk({"first_response": terms(60)})
    published = desk.record_activity(100, "closed")
    assert [s.word for s in published] == ["breached", "cancelled"]
    assert desk.clock("first_response").breached_at is not None


def test_a_resolution_by_status_is_a_resolution() -> None:
    """Two ways to say it, one meaning."""
    desk = ClockDesk({"restoration": terms(240), "resolution": terms(480)})
    published = desk.record_activity(20, "status_changed", to="resolved")
    assert [s.short for s in published] == [("fulfilled", "restoration", 20), ("fulfilled", "resolution", 20)]


class TestNextResponse:
    """The answer that is owed to each message of the customer."""

    def test_the_submission_does_not_count(self) -> None:
        """That one is the first response's."""
        assert ClockDesk({"next_response": terms(60)}).log == []

    def test_it_runs_from_the_first_unanswered_message(self) -> None:
        """It needs no first response before it, and impatience does not move it."""
        desk = ClockDesk({"first_response": terms(600), "next_response": terms(60)})
        desk.record_activity(10, "customer_replied")
        assert desk.record_activity(20, "customer_replied") == []
        assert desk.due("next_response") == 70

    def test_an_agents_reply_answers_and_the_next_message_asks_again(self) -> None:
        """A new instance each time, the old one kept."""
        desk = ClockDesk({"next_response": terms(60)})
        desk.record_activity(10, "customer_replied")
        desk.record_activity(30, "agent_replied")
        desk.record_activity(40, "agent_replied")
        desk.record_activity(100, "customer_replied")
        assert [(c.instance, c.stage) for c in desk.clocks()] == [(1, "fulfilled"), (2, "running")]
        assert (desk.due("next_response", 1), desk.due("next_response", 2)) == (70, 160)

    def test_internal_notes_do_nothing(self) -> None:
        """The customer cannot read them."""
        desk = ClockDesk({"next_response": terms(60)})
        desk.record_activity(10, "customer_replied")
        assert desk.record_activity(20, "internal_note") == []
        assert [s.word for s in desk.waits_until(71)] == ["breached"]

    def test_a_message_to_a_closed_case_owes_nothing(self) -> None:
        """A promise needs an open case."""
        desk = ClockDesk({"next_response": terms(60)})
        desk.record_activity(10, "closed")
        assert desk.record_activity(20, "customer_replied") == []

    def test_a_thank_you_after_the_resolution_is_still_a_message(self) -> None:
        """Nobody can tell a thank-you from a question by its arrival; the policy may pause it by `resolved`."""
        desk = ClockDesk({"next_response": terms(60)})
        desk.record_activity(10, "resolved")
        assert [s.word for s in desk.record_activity(20, "customer_replied")] == ["started"]


class TestPeriodicUpdate:
    """News at least so often, while the case is open."""

    def test_it_is_due_one_period_after_the_start(self) -> None:
        """The first update is owed from the submission."""
        assert ClockDesk({"periodic_update": terms(60)}).due("periodic_update") == 60

    def test_each_public_update_starts_the_next_period(self) -> None:
        """Zammad's update clock escalates although the agent answered."""
        desk = ClockDesk({"periodic_update": terms(60)})
        published = desk.record_activity(50, "agent_replied")
        assert [s.short for s in published] == [
            ("fulfilled", "periodic_update", 50),
            ("started", "periodic_update", 50),
        ]
        assert desk.waits_until(109) == []
        assert [(s.word, s.at) for s in desk.waits_until(111)] == [("breached", 110)]

    def test_a_missed_period_is_one_breach_until_the_next_update(self) -> None:
        """One promise was missed, not one for every hour of silence."""
        desk = ClockDesk({"periodic_update": terms(60)})
        assert [s.word for s in desk.waits_until(1_000)] == ["breached"]
        assert [s.word for s in desk.record_activity(1_000, "agent_replied")] == ["fulfilled", "started"]
        assert desk.due("periodic_update", 2) == 1_060

    def test_a_new_period_may_begin_paused(self) -> None:
        """The reply that asks the customer for something finds the case waiting already."""
        desk = ClockDesk({"periodic_update": terms(60, paused_by=[WAITING])})
        desk.record_activity(10, "status_changed", to=WAITING)
        assert [s.word for s in desk.record_activity(20, "agent_replied")] == ["fulfilled", "started", "paused"]
        desk.record_activity(100, "status_changed", to="open")
        assert desk.due("periodic_update", 2) == 160

    def test_a_closed_case_owes_no_news(self) -> None:
        """And a last word after closing starts no period."""
        desk = ClockDesk({"periodic_update": terms(60)})
        desk.record_activity(10, "closed")
        assert desk.record_activity(20, "agent_replied") == []
