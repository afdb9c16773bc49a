"""The open chats by the time that is left: which cases they are, in which order, and what a change costs."""

import asyncio
from datetime import timedelta

import pytest

from services.intake import open_chats
from services.intake.open_chats import ANY
from shared.contracts.structs import CaseRouted
from shared.contracts.vocabulary import ActivityType
from shared.explain.logged_case import LoggedCase
from shared.policy.editions import EditionLibrary
from tests.harness.chats import RULES, Chats
from tests.harness.decided import closed, reopened
from tests.harness.shipped import shipped_edition

MINUTE = timedelta(minutes=1)


async def test_a_chat_is_a_case_on_the_live_chat_of_its_edition() -> None:
    """Whatever the channel is called: another edition has another one, or none."""
    chats = Chats()
    chats.routed("c1")
    chats.routed("c2", channel="web_ticket")
    assert await chats.listed() == ["c1"]


async def test_what_is_due_first_comes_first() -> None:
    """However many are late; and a chat for which nothing runs comes last."""
    chats = Chats()
    for case_id, ago in (("new", 0), ("late", 70), ("soon", 50)):
        chats.routed(case_id, at=chats.now - ago * MINUTE)
    chats.routed("answered", at=chats.now - 90 * MINUTE, impact="information")
    chats.activity("answered", "agent_replied", text="We are on it.")
    assert await chats.listed() == ["late", "soon", "new", "answered"]
    assert chats.open.shown(3, 4)[0].due_at is None
    assert chats.open.late(chats.now) == 1
    chats.activity("late", "agent_replied", text="We are on it.")  # what is next is due in three hours
    assert (await chats.listed())[0] == "soon"


async def test_a_row_says_who_waits_for_whom() -> None:
    """The customer for an answer, the desk for the customer, or nobody for the moment."""
    chats = Chats()
    chats.routed("c1")
    told: tuple[tuple[ActivityType, dict[str, str], str], ...] = (
        ("internal_note", {"text": "hm"}, "ours"),
        ("agent_replied", {"text": "Which one?"}, "theirs"),
        ("status_changed", {"to": "waiting_on_customer"}, "on_hold"),
        ("customer_replied", {"text": "This one."}, "ours"),
    )
    for kind, given, turn in told:
        chats.activity("c1", kind, **given)
        await chats.open.refresh()
        assert chats.open.shown(0, 1)[0].turn == turn
        chats.now += MINUTE
    assert chats.open.shown(0, 1)[0].last_at == chats.now - MINUTE


async def test_a_status_that_ends_by_itself_is_noticed() -> None:
    """Nobody reports that it has ended."""
    chats = Chats()
    chats.routed("c1")
    chats.activity("c1", "agent_replied", text="Back at noon.")
    chats.activity("c1", "status_changed", to="waiting_on_customer", until=chats.now + 5 * MINUTE)
    await chats.open.refresh()
    assert chats.open.shown(0, 1)[0].turn == "on_hold"
    chats.now += 6 * MINUTE
    await chats.open.refresh()
    assert chats.open.shown(0, 1)[0].turn == "theirs"


async def test_who_has_taken_a_chat_is_who_took_it_last() -> None:
    """And nobody, once it was given back."""
    chats = Chats()
    chats.routed("c1")
    await chats.open.refresh()
    assert chats.open.untaken == 1
    for to, untaken in (("desk-7", 0), ("desk-8", 0), (None, 1)):
        chats.activity("c1", "assigned", to=to)
        await chats.open.refresh()
        assert (chats.open.shown(0, 1)[0].taken_by, chats.open.untaken) == (to, untaken)


async def test_a_resolved_chat_is_not_listed_until_it_is_open_again() -> None:
    """By the customer's next message, or by an agent."""
    chats = Chats()
    chats.routed("c1")
    chats.activity("c1", "resolved")
    assert await chats.listed() == []
    chats.now += MINUTE
    chats.activity("c1", "customer_replied", text="Again.")
    assert await chats.listed() == ["c1"]


async def test_a_closed_chat_is_forgotten_until_it_is_reopened() -> None:
    """Whichever topic is read first."""
    chats = Chats()
    chats.routed("c1")
    chats.activity("c1", "closed")
    chats.escalation(closed("c1", chats.now))
    assert (await chats.listed(), len(chats.open)) == ([], 0)
    chats.now += MINUTE
    chats.activity("c1", "reopened")
    chats.escalation(reopened("c1", chats.now))
    assert await chats.listed() == ["c1"]
    chats.escalation(reopened("of-no-chat", chats.now))
    assert await chats.listed() == ["c1"]


async def test_a_chat_of_an_edition_that_is_not_known_yet_comes_with_it() -> None:
    """The editions are read beside the cases."""
    chats = Chats(library=EditionLibrary.single(shipped_edition("objectives-2024")))
    chats.routed("c1")
    assert await chats.listed() == []
    chats.publish(RULES.edition)
    assert await chats.listed() == ["c1"]


async def test_only_what_has_changed_is_worked_out_again(monkeypatch: pytest.MonkeyPatch) -> None:
    """The cost of a change does not grow with the number of open chats."""
    chats = Chats()
    looked_at: list[str] = []
    for number in range(50):
        chats.routed(f"c{number}")
    await chats.open.refresh()
    find = chats.cases.find

    def noted(case_id: str) -> LoggedCase | None:
        looked_at.append(case_id)
        return find(case_id)

    monkeypatch.setattr(chats.cases, "find", noted)
    chats.activity("c7", "customer_replied", text="Hello?")
    chats.activity("c7", "assigned", to="desk-7")
    await chats.open.refresh()
    await chats.open.refresh()
    assert looked_at == ["c7"]


async def test_other_calls_are_served_while_many_chats_are_read() -> None:
    """So that no caller waits for a list of five hundred."""
    chats, turns = Chats(), 0
    for number in range(10 * open_chats.AT_ONCE):
        chats.routed(f"c{number}")
    reading = asyncio.ensure_future(chats.open.refresh())
    while not reading.done():
        await asyncio.sleep(0)
        turns += 1
    assert turns >= 10
    assert chats.open.count == 10 * open_chats.AT_ONCE


async def test_it_keeps_no_more_than_it_may() -> None:
    """What is not open goes first, then what was routed first."""
    chats = Chats(limit=3)
    for number in range(3):
        chats.routed(f"c{number}")
    chats.activity("c2", "resolved")
    await chats.open.refresh()
    chats.routed("c3")
    assert set(await chats.listed()) == {"c0", "c1", "c3"}
    chats.routed("c4")
    assert set(await chats.listed()) == {"c1", "c3", "c4"}
    chats.open.clear()
    assert (await chats.listed(), len(chats.open), chats.open.untaken) == ([], 0, 0)


async def test_a_chat_that_nobody_has_looked_at_stays_longer_than_a_resolved_one() -> None:
    """An open chat must not be forgotten for a resolved one, only because no agent has opened the list meanwhile."""
    chats = Chats(limit=3)
    chats.routed("done")
    await chats.open.refresh()
    for number in range(2):
        chats.routed(f"c{number}")
    chats.activity("done", "resolved")
    chats.routed("c2")  # nobody has looked since
    assert await chats.listed() == ["c0", "c1", "c2"]
    chats.activity("c1", "resolved")
    chats.routed("c3")
    assert await chats.listed() == ["c0", "c2", "c3"]


async def test_what_is_kept_does_not_grow_with_what_happens_to_a_chat() -> None:
    """A chat that is put on hold again and again changes by itself once, at the next of its ends."""
    chats = Chats()
    chats.routed("c1")
    for number in range(20):
        chats.activity("c1", "status_changed", to="waiting_on_customer", until=chats.now + (50 - number) * MINUTE)
        await chats.open.refresh()
    assert chats.open.ends == 1
    for minutes, ends in ((32, 1), (19, 0)):
        chats.now += minutes * MINUTE
        await chats.open.refresh()
        assert (chats.open.shown(0, 1)[0].turn, chats.open.ends) == ("ours", ends)


async def test_a_case_that_intake_has_forgotten_leaves_the_list() -> None:
    """And its numbers, at once: its page would say that there is no such chat."""
    chats = Chats(budget=20_000)
    for number in range(3):
        chats.routed(f"c{number}", at=chats.now - timedelta(hours=2))
    await chats.open.refresh()
    for _ in range(30):
        chats.activity("c2", "internal_note", text="x" * 400)
        if not chats.cases.count_of("c0"):
            break
    assert (chats.open.count, chats.open.untaken, chats.open.late(chats.now)) == (2, 2, 2)
    assert await chats.listed() == ["c1", "c2"]
    chats.cases.clear()
    assert (chats.open.count, await chats.listed()) == (0, [])


async def test_whoever_looks_is_told_of_changes() -> None:
    """Of a chat; not of what happens to other cases."""
    chats = Chats()
    ticket: CaseRouted = chats.routed("c2", channel="web_ticket")
    with chats.open.watchers.watch(ANY) as changed:
        chats.activity(ticket.case_id, "internal_note")
        assert not changed.is_set()
        chats.routed("c1")
        assert changed.is_set()
