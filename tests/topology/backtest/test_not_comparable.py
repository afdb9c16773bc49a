"""What an edition cannot say of a recorded case is listed with its reason, and counted nowhere else."""

import json
from collections.abc import Callable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from shared.contracts.structs import MilestoneTerms
from shared.contracts.topics import CASES, EDITIONS, ENTITLEMENTS, REQUESTS
from shared.kafka.record import Record
from shared.messages.catalogues import messages_in
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from tests.harness.asking import account
from tests.harness.recording import Recording
from tests.topology.backtest.helpers import (
    BOTH,
    GUIDELINES,
    LIBRARY,
    OBJECTIVES,
    at,
    backtest,
    codes,
    edition_of,
    found,
)
from tests.topology.replay.helpers import edited

CASE = f"{1:032x}"


def without_plan(edition: Edition, plan: str) -> Edition:
    """An edition of a vendor without that plan."""
    return edition.model_copy(
        update={
            "edition": "without-a-plan",
            "plans": {name: each for name, each in edition.plans.items() if name != plan},
        }
    )


def recorded(**of: Any) -> Recording:
    """A case that nobody answers, and one of an account that every edition knows."""
    recording = Recording(BOTH, routed_by=LIBRARY)
    recording.sets_entitlement(account(**of))
    recording.sets_entitlement(account(account_id="known", plan="access"))
    recording.asks(1)
    recording.asks(2, account_id="known")
    recording.runs()
    recording.passes(timedelta(minutes=5))
    return recording


def test_a_case_of_a_plan_that_the_edition_does_not_have_is_listed() -> None:
    """Which plan its customer would have bought instead nobody knows."""
    result = backtest(recorded(plan="premier"), without_plan(GUIDELINES, "premier"))
    assert (codes(result), found(result)) == (
        {"backtest.unknown_word_of_account": 1},
        {"cases": 1, "not_comparable": 1},
    )
    (listed,) = result.not_comparable.kept
    assert (listed.case_id, listed.account_id) == (CASE, "acme")
    assert messages_in("en").reason(listed.reason).startswith("edition without-a-plan does not know premier,")


def test_a_plan_that_is_new_in_the_edition_is_compared() -> None:
    """That nobody was covered is what was decided, and what the edition brings is the question."""
    recording = Recording(EditionLibrary([without_plan(GUIDELINES, "premier")]))
    recording.sets_entitlement(account(plan="premier"))
    recording.asks(1)
    recording.runs()
    result = backtest(recording, GUIDELINES)
    assert (codes(result), result.counts["decided_otherwise"]) == ({}, 1)
    by_name = backtest(recording, GUIDELINES, baseline=without_plan(GUIDELINES, "premier"))
    assert codes(by_name) == {"backtest.unknown_word_of_account": 1}
    assert found(backtest(recording, without_plan(GUIDELINES, "premier"))) == {"cases": 1}


def test_an_entitlement_with_an_unknown_word_that_compaction_deleted_is_not_guessed() -> None:
    """The case pins the unknown word and no other one."""
    older = without_plan(GUIDELINES, "premier")
    recording = Recording(EditionLibrary([older]), partitions=1)
    recording.sets_entitlement(account(plan="premier"))
    recording.asks(1)
    recording.runs()
    recording.sets_entitlement(account(plan="access"))
    first = recording.published(ENTITLEMENTS)[0]
    records = [each for each in recording.all_records() if each is not first]
    assert codes(backtest(recording, GUIDELINES, records)) == {"backtest.entitlement_deleted": 1}
    assert found(backtest(recording, older, records)) == {"cases": 1}


@pytest.mark.parametrize("what", ["channels", "fields", "values", "account_types", "roles"])
def test_a_case_with_a_word_that_the_edition_does_not_have_is_listed(what: str) -> None:
    """Whatever the word is of: the request, the account, or the person."""
    known: dict[str, Any] = {
        "channels": {name: each for name, each in GUIDELINES.channels.items() if name != "phone"},
        "fields": {name: each for name, each in GUIDELINES.fields.items() if name != "workaround"},
        "account_types": {name: each for name, each in GUIDELINES.account_types.items() if name != "enterprise"},
        "roles": {name: each for name, each in GUIDELINES.roles.items() if name != "admin"},
    }
    impact = GUIDELINES.fields["impact"]
    fewer = impact.model_copy(update={"values": {k: v for k, v in impact.values.items() if k != "down"}})
    known["values"] = {**GUIDELINES.fields, "impact": fewer}
    section = "fields" if what == "values" else what
    edition = GUIDELINES.model_copy(update={"edition": "narrower", section: known[what]})
    of_request = what in ("channels", "fields", "values")
    code = "backtest.unknown_words_of_request" if of_request else "backtest.unknown_word_of_account"
    (number,) = codes(backtest(recorded(), edition)).items()
    assert number == (code, 2)


def test_a_milestone_that_has_terms_of_its_own_and_is_not_in_the_edition_is_listed() -> None:
    """Without a row in the edition nobody would count it."""
    recording = recorded()
    terms = MilestoneTerms(target_seconds=3600, hours="elapsed", promise="objective")
    recording.record_activity("reprioritised", CASE, milestones={"resolution": terms})
    recording.runs()
    milestones = {name: each for name, each in GUIDELINES.milestones.items() if name != "resolution"}
    edition = GUIDELINES.model_copy(update={"edition": "narrower", "milestones": milestones})
    for baseline in (None, GUIDELINES):
        assert codes(backtest(recording, edition, baseline=baseline)) == {"backtest.unknown_milestone": 1}
    assert codes(backtest(recording, GUIDELINES, baseline=edition)) == {"backtest.unknown_milestone": 1}


def test_a_case_that_counts_by_a_calendar_that_the_edition_does_not_have_is_listed() -> None:
    """The router would choose the calendar of the country, which is not the one that was agreed."""
    others = {name: each for name, each in OBJECTIVES.calendars.items() if name != "japan"}
    where = {**OBJECTIVES.regional_hours.countries}
    where.pop("JP")
    edition = OBJECTIVES.model_copy(
        update={
            "calendars": others,
            "regional_hours": OBJECTIVES.regional_hours.model_copy(update={"countries": where}),
        }
    )
    assert codes(backtest(recorded(calendar="japan"), edition)) == {"backtest.unknown_calendar": 1}


def test_a_case_that_was_given_a_plan_that_the_edition_does_not_have_is_listed() -> None:
    """The first response was owed under the plan before, and what came after cannot be said."""
    recording = recorded(plan="premier")
    recording.record_activity("entitlement_refreshed", CASE, plan="premier_plus")
    recording.runs()
    result = backtest(recording, without_plan(GUIDELINES, "premier_plus"))
    assert codes(result) == {"backtest.refused": 1}
    (listed,) = result.not_comparable.kept
    assert listed.reason.facts["cause"] == "unknown_word"
    assert "premier_plus" in listed.reason.facts["message"]


def test_activity_that_both_editions_refuse_does_not_keep_a_case_from_being_compared() -> None:
    """It was dead-lettered when it was recorded, and changed nothing."""
    recording = recorded()
    too_long = MilestoneTerms(target_seconds=10**11, hours="business", promise="objective")
    recording.record_activity("reprioritised", CASE, milestones={"first_response": too_long})
    recording.record_activity("escalation_reviewed", CASE, accepted=True)
    recording.record_activity("agent_replied", CASE, at=at("11:00"))
    recording.runs()
    assert found(backtest(recording, GUIDELINES)) == {"cases": 2, "open_before": 2, "open_after": 2}


def test_a_case_whose_request_is_deleted_is_listed(tmp_path: Path) -> None:
    """Requests are kept for a shorter time than cases."""
    recording = recorded()
    records = [each for each in recording.all_records() if each.topic != REQUESTS.name]
    assert codes(backtest(recording, GUIDELINES, records)) == {"backtest.request_deleted": 2}


def test_a_request_that_was_not_decided_yet_is_listed() -> None:
    """There is nothing to compare with; with a baseline by name there is."""
    recording = recorded()
    recording.asks(3)
    assert codes(backtest(recording, GUIDELINES)) == {"backtest.not_decided": 1}
    by_name = backtest(recording, GUIDELINES, baseline=GUIDELINES)
    assert (codes(by_name), by_name.counts["cases"]) == ({}, 3)


def test_a_request_that_the_router_dropped_is_no_case() -> None:
    """A resubmission is dropped again, and one with other content is no case of its own."""
    recording = recorded()
    recording.asks(1)
    recording.asks(2, account_id="known", submission_digest="other")
    recording.runs()
    result = backtest(recording, GUIDELINES)
    assert (codes(result), result.counts["cases"]) == ({}, 2)


def test_a_case_whose_edition_is_not_at_hand_is_listed(tmp_path: Path) -> None:
    """Its deadlines are unknown; with the edition configured they are not."""
    own = edition_of(tmp_path, "notes: [Ours.]\n")
    recording = Recording(EditionLibrary([own]))
    recording.sets_entitlement(account())
    recording.asks(1)
    recording.runs()
    records = [each for each in recording.all_records() if each.topic != EDITIONS.name]
    result = backtest(recording, GUIDELINES, records)
    assert codes(result) == {"backtest.edition_missing": 1}
    assert "--policy" in messages_in("en").reason(result.not_comparable.kept[0].reason)
    assert codes(backtest(recording, GUIDELINES, records, configured=EditionLibrary([own]))) == {}


def garbled(record: Record) -> bytes:
    return (record.value or b"")[:-1]


def of_another_shape(record: Record) -> bytes:
    return json.dumps({**json.loads(record.value or b""), "priority": 7}).encode()


@pytest.mark.parametrize("damage", [garbled, of_another_shape])
def test_a_damaged_case_is_no_decision(damage: Callable[[Record], bytes]) -> None:
    """Its request counts as not decided; the other case is compared."""
    recording = recorded()
    (case,) = (each for each in recording.published(CASES) if each.key == CASE.encode())
    records = [
        Record(each.topic, each.partition, each.offset, each.timestamp_ms, each.key, damage(each), each.headers)
        if each is case
        else each
        for each in recording.all_records()
    ]
    result = backtest(recording, GUIDELINES, records)
    assert (codes(result), result.counts["cases"]) == ({"backtest.not_decided": 1}, 1)


def test_of_many_only_the_first_are_kept_and_all_are_counted() -> None:
    """A log may have a million of them."""
    recording = recorded()
    records = [each for each in recording.all_records() if each.topic != REQUESTS.name]
    result = backtest(recording, GUIDELINES, records, show=1)
    assert (len(result.not_comparable.kept), result.counts["not_comparable"]) == (1, 2)


def test_a_case_that_names_another_partition_is_compared_all_the_same() -> None:
    """An event of another version may lack what says when it was decided; then its own time counts."""
    recording = recorded()
    case = next(each for each in recording.published(CASES) if each.key == CASE.encode())

    def forget(data: dict[str, Any]) -> None:
        del data["caused_by"]["positions"]

    assert codes(backtest(recording, GUIDELINES, edited(recording.all_records(), case, forget))) == {}


def test_what_the_baseline_cannot_say_is_listed_as_well() -> None:
    """With a baseline by name: its router could not decide the request."""
    older = without_plan(GUIDELINES, "premier")
    result = backtest(recorded(plan="premier"), GUIDELINES, baseline=older)
    assert codes(result) == {"backtest.unknown_word_of_account": 1}
    (listed,) = result.not_comparable.kept
    assert (listed.case_id, listed.reason.facts["edition"]) == (CASE, "without-a-plan")
