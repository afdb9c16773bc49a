"""Code knows no word of any edition: with every word replaced, the same is decided in other words."""

import json
from random import Random
from typing import Any

import pytest

from shared.contracts import wire
from shared.contracts.structs import CaseRouted, CausedBy
from shared.policy.checks import find_contradictions
from shared.policy.model import Edition
from shared.routing.decision_event import case_routed, whole_decision
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.anyone import Person, a_person, a_request
from tests.harness.renamed import Renaming
from tests.harness.shipped import shipped_edition

CAUSE = CausedBy(partition=0, topic="t", offset=0)
NAMES = ("guidelines-2021", "objectives-2024")


class Both:
    """An edition and the same with every word replaced, ready to decide by."""

    def __init__(self, edition: Edition) -> None:
        self.edition = edition
        self.renaming = Renaming(edition)
        self.rules, self.renamed = Rulebook(edition), Rulebook(self.renaming.edition)

    def decide(self, asked: Any, person: Person) -> tuple[Any, Any]:
        """Event and whole decision by the edition, and by the renamed one with its words put back."""
        rename = self.renaming
        other = Person(person.standing, rename.account(person.account), rename.requester(person.requester))
        plain = _decided(asked, person, self.rules)
        renamed = _decided(rename.request(asked), other, self.renamed)
        return plain, json.loads(rename.back(json.dumps(renamed)))


def _decided(asked: Any, person: Person, rules: Rulebook) -> Any:
    entitlement = person.entitlement(rules.edition)
    decision = route(asked, entitlement, rules, asked.received_at)
    event = case_routed(asked, decision, rules.edition, observed_at=asked.received_at, caused_by=CAUSE)
    read = wire.decode(CaseRouted, wire.encode(event))
    assert whole_decision(read, rules) == decision
    both = [json.loads(wire.encode(each)) for each in (decision, event)]
    for each in both:
        assert each.pop("policy_sha256") == rules.policy_sha256
    return both


BOTH = {name: Both(shipped_edition(name)) for name in NAMES}


@pytest.mark.parametrize("name", NAMES)
def test_an_edition_with_every_word_replaced_decides_the_same(name: str) -> None:
    """Channels, tiers, priorities, promises, rights, reasons, trace and event."""
    both, rng = BOTH[name], Random(2026)
    for number in range(3_000):
        asked, person = a_request(rng, both.edition), a_person(rng, both.edition)
        plain, renamed = both.decide(asked, person)
        assert renamed == plain, (number, asked, person)


@pytest.mark.parametrize("name", NAMES)
def test_no_word_is_left_and_the_renamed_edition_has_no_mistake(name: str) -> None:
    """Else the comparison would show nothing."""
    both = BOTH[name]
    old, new = both.edition, both.renaming.edition
    for section in ("tiers", "channels", "plans", "account_types", "roles", "fields", "priorities", "milestones"):
        assert getattr(old, section).keys().isdisjoint(getattr(new, section)), section
        assert len(getattr(old, section)) == len(getattr(new, section))
    assert set(old.languages).isdisjoint(new.languages)
    assert set(old.calendars).isdisjoint(new.calendars)
    assert find_contradictions(dict(new)) == []
    assert both.renaming.back(new.model_dump_json()) == old.model_dump_json()
