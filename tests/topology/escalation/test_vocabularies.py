"""Code knows no word of any edition, and an edition that grows does not move an open case."""

import json
from collections.abc import Iterator, Mapping
from datetime import timedelta
from random import Random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import wire
from shared.contracts.structs import ActivityRecorded, CaseRouted
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.routing.entitlement import covered, terms_of
from shared.routing.rulebook import Rulebook
from tests.harness.asking import account, fields, request, requester
from tests.harness.decided import decided
from tests.harness.examples import examples
from tests.harness.renamed import Renaming
from tests.harness.shipped import with_report
from tests.topology.escalation.desk import TaskDesk
from tests.topology.escalation.test_restarts import happens, histories, published

EDITION = with_report()
RENAMING = Renaming(EDITION)
RULES, RENAMED = Rulebook(EDITION), Rulebook(RENAMING.edition)


def a_case(random: Random, case_id: str, now: Any) -> tuple[CaseRouted, CaseRouted]:
    """A case, and the same in the renamed words."""
    asked = request(
        request_id=case_id,
        received_at=now - timedelta(minutes=random.choice((0, 0, 90))),
        requester=requester(random.choice(("owner", "admin", "member")), random.random() < 0.8),
        channel=random.choice(("phone", "web_ticket", "chat", "help_center")),
        fields={name: random.choice(list(field.values)) for name, field in EDITION.fields.items()}
        if random.random() < 0.5
        else fields(),
        opened_by=random.choice(("customer", "customer", "agent")),
        language=random.choice((None, "es-MX")),
    )
    of = account(plan=random.choice(list(EDITION.plans)), account_type=random.choice(list(EDITION.account_types)))
    made = []
    for rules, question, owner in (
        (RULES, asked, of),
        (RENAMED, RENAMING.request(asked), RENAMING.account(of)),
    ):
        entitlement = covered(terms_of(owner), question.requester, rules.edition, asked.received_at, 0)
        made.append(decided(question, entitlement, rules, now))
    return made[0], made[1]


def activities(random: Random, case_id: str, desk: TaskDesk) -> Iterator[ActivityRecorded]:
    """What happens next: activity of every kind, in time and late."""
    known: list[tuple[str, dict[str, Any]]] = [
        ("agent_replied", {}),
        ("customer_replied", {}),
        ("internal_note", {}),
        ("status_changed", {"to": random.choice(("waiting_on_customer", "open", "resolved", "on hold"))}),
        (
            "status_changed",
            {"to": "waiting_on_customer", "until": desk.driver.now + timedelta(minutes=random.randint(1, 200))},
        ),
        ("reprioritised", {"fields": {"impact": random.choice(list(EDITION.fields["impact"].values))}}),
        ("entitlement_refreshed", {"plan": random.choice(list(EDITION.plans))}),
        ("restored", {}),
        ("resolved", {}),
        ("reopened", {}),
        ("acknowledged", {"milestone": random.choice(list(EDITION.milestones))}),
        ("milestone_reached", {"milestone": random.choice(("report", "restoration"))}),
        ("reply_retracted", {"retracts": f"{random.randint(1, 6):032x}"}),
        ("escalation_requested", {}),
        ("closed", {}),
    ]
    for _ in range(random.randint(2, 7)):
        kind, given_ = random.choice(known)
        at = desk.driver.now - timedelta(minutes=random.choice((0, 0, 0, 20)))
        until = given_.get("until")
        if until is not None and until <= at:
            continue
        yield desk.activity(kind, case_id, **{"at": at, **given_})


def outcomes(desk: TaskDesk) -> list[Any]:
    """Every event, and the causes of the dead letters."""
    return [json.loads(wire.encode(event)) for _, event in desk.events()] + [desk.dead_letter_causes]


@pytest.mark.parametrize("part", range(4))
def test_an_edition_with_every_word_replaced_counts_the_same(part: int) -> None:
    """A thousand histories: clocks, calls, verdicts and refusals."""
    plain, other = TaskDesk(EditionLibrary.single(EDITION)), TaskDesk(EditionLibrary.single(RENAMING.edition))
    for number in range(part * 250, part * 250 + 250):
        random, case_id = Random(number), f"{number:032x}"
        case, renamed = a_case(random, case_id, plain.driver.now)
        plain.takes_case(case)
        other.takes_case(renamed)
        for activity in activities(random, case_id, plain):
            span = timedelta(minutes=random.choice((0, 1, 30, 70, 400)))
            plain.passes(span)
            other.passes(span)
            now = plain.driver.now
            moved = {"at": min(activity.at + span, now), "recorded_at": now}
            plain.takes_activity(replaced(activity, moved))
            other.takes_activity(replaced(RENAMING.activity(activity), moved))
    for desk in (plain, other):
        desk.passes(timedelta(days=10))
    expected = outcomes(plain)
    assert json.loads(RENAMING.back(json.dumps(outcomes(other)))) == expected
    assert len(expected) > 600


def replaced(activity: ActivityRecorded, changes: Mapping[str, Any]) -> ActivityRecorded:
    """The activity with other fields; a status that would end before it begins has no end."""
    given_ = {name: getattr(activity, name) for name in activity.__struct_fields__} | dict(changes)
    if given_["until"] is not None and given_["until"] <= given_["at"]:
        given_["until"] = None
    return ActivityRecorded(**given_)


def grown(edition: Edition, random: Random) -> Edition:
    """A later edition: every list of words in another order, with words between them that the first does not have."""
    changed: dict[str, Any] = {"edition": f"later-{random.randrange(10**6)}"}
    for section in ("tiers", "plans", "account_types", "roles", "priorities", "milestones", "channels", "calendars"):
        changed[section] = _grown(getattr(edition, section), random)
    changed["fields"] = {
        name: field.model_copy(update={"values": _grown(field.values, random)})
        for name, field in _shuffled(edition.fields, random).items()
    }
    return edition.model_copy(update=changed)


def _grown(words: Mapping[str, Any], random: Random) -> dict[str, Any]:
    entries = dict(words)
    for number in range(random.randint(0, 3)):
        entries[f"new{number}"] = random.choice(list(words.values()))
    return _shuffled(entries, random)


def _shuffled(entries: Mapping[str, Any], random: Random) -> dict[str, Any]:
    names = list(entries)
    random.shuffle(names)
    return {name: entries[name] for name in names}


@settings(max_examples=examples(25), deadline=None)
@given(histories, st.randoms(use_true_random=False))
def test_an_edition_that_grows_between_restarts_moves_no_open_case(
    history: list[dict[str, Any]], random: Random
) -> None:
    """Its words are stored by their places in the edition that the case pins; what is configured later is another one.

    The pinned edition's own words are in a random order too.
    """
    first = EditionLibrary.single(grown(EDITION, random))
    steady, restarted = (TaskDesk(first) for _ in range(2))
    for desk in (steady, restarted):
        desk.opens(plan="premier_plus")
    for step in history:
        happens(steady, step)
        happens(restarted, step)
        restarted.goes_on_with(EditionLibrary.single(grown(EDITION, random)))
    assert published(restarted) == published(steady)
    assert restarted.dead_letter_causes == steady.dead_letter_causes
