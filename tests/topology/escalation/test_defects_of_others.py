"""Defects of other help desks in going on after a restart, a test for each; `tests/unit/mutants/` brings them back."""

from datetime import timedelta

from tests.topology.escalation.desk import LIBRARY, NEXT, TaskDesk, minutes


def test_oncall_defect_an_escalation_that_waits_for_the_morning_survives_a_restart() -> None:
    """A timer is in the state of its case, so whoever takes over over night calls somebody in the morning."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus", workaround="partial")  # P2 in Madrid: due at 17:00 local, level 2 in the morning
    desk.passes(timedelta(hours=5))
    assert "first_response raised 2 technical_account_manager" not in desk.in_words()
    assert "first_response raised 2 technical_account_manager" in desk.sleeps(timedelta(hours=17))


def test_jira_defect_a_case_is_rebuilt_by_the_goals_that_it_pins() -> None:
    """A case is folded anew by the edition that it pins, whatever edition is configured by then."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus")
    desk.passes(minutes(30))
    desk.goes_on_with(NEXT)  # its edition promises an update every hour, as commitments
    assert LIBRARY.editions[0].edition != NEXT.editions[0].edition
    assert desk.record_activity("agent_replied") == ["first_response fulfilled in time"]
    assert {event.promise for _, event in desk.events()} == {"objective"}
    assert desk.passes(timedelta(hours=2)) == []
