"""The cache of rebuilt cases: bounded, forgotten with the views, and used by everything that shows a case."""

import gc
import tracemalloc
from datetime import timedelta
from types import SimpleNamespace
from typing import Any, cast

import pytest

from services.intake.pages.case_views import CaseViews
from services.intake.service import Service
from services.intake.settings import Settings
from shared.explain.rebuild_case import RebuiltCase, rebuild_case
from shared.explain.rebuilt_cases import OVERHEAD, RebuiltCases
from shared.messages.catalogues import messages_in
from shared.sla.case import apply_activity
from shared.sla.pinned_edition import short_of
from tests.harness.chats import Chats
from tests.harness.intake import ID_SECRET, api_keys, editions

ID = "{:056x}"


def _found(chats: Chats, rebuilt: RebuiltCases, case_id: str) -> RebuiltCase:
    recent = chats.cases.find(case_id)
    assert recent is not None
    assert recent.log.case is not None
    pinned = [chats.editions.pinned(sha256) for sha256 in recent.log.named_editions]
    known = {short_of(each.sha256): each for each in pinned if each is not None}
    found = rebuilt.find(recent.log, recent.log.case, known)
    assert found == rebuild_case(recent.log, recent.log.case, known)
    return found


def _chats(*case_ids: str, messages: int = 0) -> Chats:
    chats = Chats()
    for case_id in case_ids:
        chats.routed(case_id)
        for number in range(messages):
            _message(chats, case_id, number)
    return chats


def _message(chats: Chats, case_id: str, number: int) -> None:
    chats.now += timedelta(seconds=5)
    kind: Any = "agent_replied" if number % 2 else "customer_replied"
    chats.activity(case_id, kind, text="It happens again." * 10, activity_id=ID.format(number))


@pytest.fixture
def applied(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The ids of the activity that is applied to a state from now on."""
    found: list[str] = []

    def noted(state: Any, known: Any, activity: Any, now: Any) -> Any:
        found.append(activity.activity_id)
        return apply_activity(state, known, activity, now)

    monkeypatch.setattr("shared.explain.rebuild_case.apply_activity", noted)
    return found


def test_it_forgets_the_case_first_that_was_looked_at_longest_ago() -> None:
    """A case that is open on a screen stays; one that nobody looks at any more goes."""
    chats, rebuilt = _chats("c1", "c2", "c3"), RebuiltCases(limit=2)
    for case_id in ("c1", "c2", "c1", "c3"):
        _found(chats, rebuilt, case_id)
    assert [*rebuilt._checkpoints] == ["c1", "c3"]


def test_it_takes_no_more_bytes_than_it_may() -> None:
    """Whatever its cases have grown to. What one takes is counted once, and given back when it goes."""
    chats = _chats("c1", "c2", "c3", messages=20)
    whole = RebuiltCases()
    for case_id in ("c1", "c2", "c3", "c1"):
        _found(chats, whole, case_id)
    each = whole.size // 3
    assert each * 3 == whole.size > 3 * OVERHEAD
    rebuilt = RebuiltCases(budget=each * 2)
    for case_id in ("c1", "c2", "c3"):
        _found(chats, rebuilt, case_id)
    assert (len(rebuilt), rebuilt.size) == (2, each * 2)
    for number in range(20, 40):
        _message(chats, "c2", number)
    _found(chats, rebuilt, "c2")
    assert ([*rebuilt._checkpoints], rebuilt.size <= each * 2) == (["c2"], True)
    rebuilt.clear()
    assert (len(rebuilt), rebuilt.size) == (0, 0)


def test_what_it_says_that_it_takes_is_what_it_takes() -> None:
    """Within a quarter, or less: a bound in bytes that counts too little is none."""
    chats = _chats(*map(ID.format, range(1000, 1040)), messages=20)
    rebuilt = RebuiltCases()
    for case_id in [*chats.cases._cases][:3]:  # what is made at the first question, once for all cases
        _found(chats, rebuilt, case_id)
    rebuilt.clear()
    gc.collect()
    tracemalloc.start()
    try:
        before = tracemalloc.get_traced_memory()[0]
        for case_id in [*chats.cases._cases]:
            _found(chats, rebuilt, case_id)
        gc.collect()
        taken = tracemalloc.get_traced_memory()[0] - before
    finally:
        tracemalloc.stop()
    assert taken < rebuilt.size * 1.25


def test_another_kafka_has_none_of_these_cases() -> None:
    """It may have others under the same ids."""
    settings = Settings(kafka_bootstrap="127.0.0.1:1", api_keys=api_keys(), id_secret=ID_SECRET)
    service = Service(settings, settings.read_callers(), editions())
    _found(_chats("c1"), service.rebuilt, "c1")
    assert len(service.rebuilt) == 1
    service._forget()
    assert len(service.rebuilt) == 0


def test_pages_of_a_case_share_what_was_applied(applied: list[str]) -> None:
    """The page of each reader, and the chat: whoever comes first applies a message for all."""
    chats = _chats("c1", messages=5)
    service = SimpleNamespace(
        cases=chats.cases,
        rebuilt=RebuiltCases(),
        published_editions=chats.editions,
        recent=SimpleNamespace(is_closed=lambda case_id: False),
    )
    words = messages_in("en")
    visit = SimpleNamespace(service=service, messages=words, language="en", zone=None, reader="u1")
    for number in (5, 6):
        _message(chats, "c1", number)
        recent = chats.cases.find("c1")
        assert recent is not None
        for _ in range(2):
            view = CaseViews(cast(Any, visit), "c1").view(recent, chats.now)
            assert (view.state, len(view.said)) == ("open", number + 2)
    assert applied == [ID.format(number) for number in range(7)]
