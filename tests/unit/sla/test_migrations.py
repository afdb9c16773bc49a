"""A migration needs an edition that is known and has the case's calendar: a rule of the domain, for whoever asks."""

from copy import deepcopy

import pytest

from shared.policy.digest import policy_sha256
from shared.policy.model import Edition
from shared.sla.case import apply_activity
from shared.sla.case_state import CaseState, decode
from shared.sla.errors import InputRefused
from shared.sla.packing import pack_id
from shared.sla.pinned_edition import KnownEditions, PinnedEdition, short_of
from shared.sla.terms_in_force import view_of
from tests.topology.escalation.desk import CASE, LIBRARY, NEXT, TaskDesk


def pinned(edition: Edition) -> PinnedEdition:
    """An edition as cases refer to it."""
    return PinnedEdition(policy_sha256(edition), edition)


HERE, LATER = pinned(LIBRARY.editions[0]), pinned(NEXT.editions[0])


def known(*editions: PinnedEdition) -> KnownEditions:
    """These editions."""
    return KnownEditions({short_of(each.sha256): each for each in editions})


def opened() -> tuple[TaskDesk, CaseState]:
    """A case that counts by the calendar of Spain."""
    desk = TaskDesk()
    desk.opens(country="ES")
    value = desk.driver.stores["cases"].get(pack_id(CASE))
    assert value is not None
    return desk, decode(value)


def migrate(editions: KnownEditions, target: PinnedEdition) -> CaseState:
    """The state of the case after a migration."""
    desk, state = opened()
    given = {"edition": target.edition.edition, "policy_sha256": target.sha256}
    before = deepcopy(state)
    try:
        apply_activity(state, editions, desk.activity("policy_migrated", **given), state.opened_at + 1)
    except InputRefused:
        assert state == before, "what is refused changes nothing"
        raise
    return state


def test_a_case_migrates_to_an_edition_that_is_known_and_has_its_calendar() -> None:
    """From then on that edition counts."""
    assert view_of(migrate(known(HERE, LATER), LATER), known(HERE, LATER)).pinned is LATER


def test_a_migration_to_an_edition_that_nobody_has_is_refused() -> None:
    """Without it no deadline of the case would be known."""
    with pytest.raises(InputRefused, match=r"neither saved nor configured here \(guidelines-2021\)") as caught:
        migrate(known(HERE), LATER)
    assert caught.value.cause == "unknown_edition"


def test_an_edition_is_found_by_its_whole_digest() -> None:
    """Cases refer to it by the first bytes; a migration that names another digest means another edition."""
    mistyped = LATER.sha256[:-1] + ("0" if LATER.sha256[-1] != "0" else "1")
    assert known(HERE, LATER).find("objectives-2024", LATER.sha256) is LATER
    assert known(HERE, LATER).find("objectives-2024", mistyped) is None
    with pytest.raises(InputRefused) as caught:
        migrate(known(HERE, LATER), PinnedEdition(mistyped, LATER.edition))
    assert caught.value.cause == "unknown_edition"


def test_a_migration_to_an_edition_without_the_calendar_of_the_case_is_refused() -> None:
    """No business hours could be counted by it."""
    calendars = {name: config for name, config in LATER.edition.calendars.items() if name != "spain"}
    without = pinned(LATER.edition.model_copy(update={"calendars": calendars}))
    with pytest.raises(InputRefused, match="has no calendar 'spain', by which the case counts") as caught:
        migrate(known(HERE, without), without)
    assert caught.value.cause == "unknown_calendar"
