"""How often the clocks of a case are folded: the dearest part of a step, so never again only to ask a question."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager

import pytest

from shared.sla import sla_clock
from shared.sla.case_state import is_tombstone
from shared.sla.clock import Activity, CasePolicy
from shared.sla.fold import FoldedCase, folded
from shared.sla.packing import pack_id
from tests.topology.escalation.desk import CASE, TaskDesk, minutes


@pytest.fixture
def folds(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """One item for each fold."""
    counted: list[int] = []

    def counting(
        policy: CasePolicy, opened_at: int, status: str, history: Iterable[Activity], until: int | None
    ) -> FoldedCase:
        counted.append(1)
        return folded(policy, opened_at, status, history, until)

    monkeypatch.setattr(sla_clock, "folded", counting)
    return counted


@contextmanager
def costs(folds: list[int], number: int) -> Iterator[None]:
    """What happens inside takes so many folds."""
    folds.clear()
    yield
    assert len(folds) == number


def test_an_activity_folds_before_and_after_and_a_fire_once(folds: list[int]) -> None:
    """The difference of two folds is what an activity publishes."""
    desk = TaskDesk()
    with costs(folds, 1):
        desk.opens(plan="premier_plus")
    with costs(folds, 1):
        assert len(desk.passes(minutes(46))) == 1
    with costs(folds, 2):
        desk.record_activity("customer_replied")
    with costs(folds, 2):
        desk.record_activity("reprioritised", impact="significant")
    with costs(folds, 3):  # what the change before it inherits may differ now
        desk.record_activity("reprioritised", workaround="partial")


def test_what_the_clocks_take_no_part_in_folds_once(folds: list[int]) -> None:
    """To know when the case has to be looked at again."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus")
    with costs(folds, 1):
        desk.record_activity("internal_note")


def test_a_request_for_an_escalation_folds_once_more(folds: list[int]) -> None:
    """For the status that the case had when the customer asked."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus")
    with costs(folds, 2):
        desk.record_activity("escalation_requested")


def test_a_case_that_waits_for_nothing_folds_no_more_than_others(folds: list[int]) -> None:
    """Whether a clock is live is known from the step's own fold."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus")
    with costs(folds, 2):
        desk.record_activity("closed")
    with costs(folds, 1):
        desk.record_activity("internal_note")
    with costs(folds, 1):
        desk.passes(minutes(60 * 24 * 31))
    value = desk.driver.stores["cases"].get(pack_id(CASE))
    assert value is not None
    assert is_tombstone(value)
