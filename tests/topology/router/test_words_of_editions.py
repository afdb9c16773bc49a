"""A request counts by the words of the edition in force at its receipt, and so does the account that it names."""

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from shared.contracts.structs import CaseRouted
from shared.contracts.topics import CASES
from shared.policy.editions import EditionLibrary
from shared.routing.decision_event import whole_decision
from shared.routing.rulebook import Rulebook, Rulebooks
from tests.harness.asking import MONDAY_NOON, account, contact, entitlement_set, requester
from tests.harness.other_words import other_words
from tests.harness.shipped import shipped_edition
from tests.topology.router.router_task import Router

OTHER = Rulebook(other_words())
BOTH = Rulebooks(EditionLibrary([shipped_edition("guidelines-2021"), other_words()]))
LAST_YEAR = datetime(2025, 11, 24, 12, tzinfo=UTC)  # guidelines-2021 is in force, and acme-2026 not yet
TICK = timedelta(microseconds=1)


def asked_other(router: Router, **given: Any) -> CaseRouted:
    """A boss asks the other company on WhatsApp because nothing works, unless `given` says otherwise."""
    usual: dict[str, Any] = {
        "channel": "whatsapp",
        "fields": {"severity": "S1"},
        "requester": requester("boss", True),
    }
    case = router.asked(**(usual | given))
    assert case is not None
    return case


@pytest.fixture
def router() -> Router:
    """A router of both companies' editions, which knows a gold account."""
    made = Router(BOTH)
    made.sets_entitlement(entitlement_set(account(plan="gold", account_type="chain", country="BR")))
    return made


def test_a_request_in_other_words_is_decided_by_the_edition_that_has_them(router: Router) -> None:
    """Gold, WhatsApp, a boss and a severity: nothing in the code knows any of it."""
    case = asked_other(router)
    assert (case.edition, case.requested_channel, case.assigned_channel) == ("acme-2026", "whatsapp", "whatsapp")
    assert (case.assigned_tier, case.priority, case.priority_rule) == ("desk", "now", "closed")
    assert case.open_channels == ("faq", "whatsapp", "hotline")
    assert (case.entitlement.plan, case.entitlement.role, case.entitlement.standing) == ("gold", "boss", "covered")
    assert {name: each.due_at for name, each in case.milestones.items()} == {
        "first_answer": MONDAY_NOON + timedelta(minutes=15)
    }
    assert (case.escalation.automated, case.needs_triage) == (True, False)
    whole = whole_decision(case, OTHER)
    assert (whole.milestones["first_answer"].promise, whole.channels["hotline"].tier) == ("commitment", "desk")
    assert [number.country for number in whole.phone_numbers] == ["BR"]


def test_a_case_has_the_default_of_a_field_that_was_left_out(router: Router) -> None:
    """Whoever reads the case need not know the edition to know what counted."""
    assert asked_other(router).fields == {"severity": "S1", "product": "tills"}
    given = {"product": "scales", "severity": "S3"}
    case = asked_other(router, request_id="r2", fields=given)
    assert list(case.fields.items()) == [("severity", "S3"), ("product", "scales")]


def test_a_case_says_that_an_agent_opened_it(router: Router) -> None:
    """What its clocks owe follows from it."""
    assert asked_other(router, opened_by="agent").opened_by == "agent"


@pytest.mark.parametrize(
    ("given", "message"),
    [
        ({"channel": "phone"}, "channel: must be one of faq, whatsapp, hotline"),
        ({"fields": {}}, "fields.severity: is missing; one of S1, S2, S3"),
        ({"fields": {"severity": "S9"}}, "fields.severity: must be one of S1, S2, S3"),
        ({"fields": {"severity": "S1", "impact": "down"}}, "fields.impact: is no field; there are severity, product"),
        ({"fields": {"severity": "S1", "Why? Because.": "x"}}, "fields.?: is no field; there are severity, product"),
    ],
)
def test_a_request_with_words_that_its_edition_lacks_is_dead_lettered_with_those_that_it_has(
    router: Router, given: dict[str, Any], message: str
) -> None:
    """Intake refuses it, but anybody may write to the topic. The next request goes on, and may have the same id."""
    usual: dict[str, Any] = {"channel": "whatsapp", "fields": {"severity": "S1"}, "requester": requester("boss")}
    assert router.asked(**(usual | given)) is None
    assert router.dead_letter_causes == ["not_in_edition"]
    assert router.driver.dead_letters[0].message.endswith(
        f"edition acme-2026 does not know the words of this request: {message}"
    )
    assert router.driver.outputs(CASES) == []
    assert asked_other(router).priority == "now"


def test_the_words_are_those_of_the_edition_in_force_at_the_receipt(router: Router) -> None:
    """Not of the newest: what was right when it was sent is decided, however late."""
    router.sets_entitlement(entitlement_set(account(account_id="old"), LAST_YEAR), "old")
    case = router.asked(account_id="old", request_id="r-old", received_at=LAST_YEAR)
    assert case is not None
    assert (case.edition, case.assigned_tier) == ("guidelines-2021", "tier2")
    assert router.asked(account_id="old", request_id="r-new") is None
    assert router.dead_letter_causes == ["not_in_edition"]


@pytest.mark.parametrize(
    ("changed", "people", "unknown"),
    [
        ({"plan": "premier"}, [], "premier"),
        ({"account_type": "enterprise"}, [], "enterprise"),
        ({"plan": "premier", "account_type": "enterprise"}, [], "premier"),
        ({}, [contact("u1", "owner")], "owner"),
    ],
    ids=["plan", "type", "both", "role"],
)
def test_an_account_with_words_that_the_edition_lacks_is_not_covered(
    router: Router, changed: dict[str, Any], people: list[Any], unknown: str
) -> None:
    """Nothing is dropped: it gets self-service, somebody looks, and the case names the word."""
    usual = {"plan": "gold", "account_type": "chain"}
    router.sets_entitlement(entitlement_set(account(people, **(usual | changed))))
    case = asked_other(router)
    assert (case.assigned_channel, case.assigned_tier, case.needs_triage) == ("faq", "robots", True)
    used = case.entitlement
    assert (used.standing, used.not_in_edition, used.offset) == ("plan_not_in_edition", unknown, 1)
    assert (used.plan, used.account_type, used.paid) == ("bronze", "shop", False)
    assert case.channel_reason == "channel.not_for_everyone"
    assert not case.escalation.automated
    assert router.dead_letter_causes == []


def test_the_role_that_a_producer_claims_covers_nobody_if_the_edition_lacks_it(router: Router) -> None:
    """As for a contact; intake refuses such a claim before."""
    case = asked_other(router, requester=requester("admin", True))
    assert (case.entitlement.standing, case.entitlement.not_in_edition) == ("plan_not_in_edition", "admin")
    assert (case.entitlement.role, case.entitlement.licensed) == ("clerk", False)


@pytest.mark.parametrize(
    ("start", "end", "standing"),
    [
        (None, None, "covered"),
        (MONDAY_NOON, None, "covered"),
        (MONDAY_NOON + TICK, None, "not_yet_valid"),
        (None, MONDAY_NOON + TICK, "covered"),
        (None, MONDAY_NOON, "expired"),
        (MONDAY_NOON - 2 * TICK, MONDAY_NOON - TICK, "expired"),
    ],
)
def test_an_entitlement_covers_from_its_start_until_before_its_end(
    router: Router, start: datetime | None, end: datetime | None, standing: str
) -> None:
    """At the receipt, whenever the router comes to decide. Whoever is not covered any more is not dropped either."""
    gold = account(plan="gold", account_type="chain", valid_from=start, valid_until=end)
    router.sets_entitlement(entitlement_set(gold))
    router.driver.restart()
    router.driver.advance_to(MONDAY_NOON + timedelta(days=3))
    case = asked_other(router)
    covered = standing == "covered"
    assert case.entitlement.standing == standing
    assert (case.assigned_tier, case.needs_triage) == (("desk", False) if covered else ("robots", True))
    assert case.entitlement.plan == ("gold" if covered else "bronze")


def test_whom_no_account_covers_counts_as_the_edition_says() -> None:
    """An unknown account, none at all, and a person for whom nobody vouches."""
    router = Router(BOTH)
    unknown = asked_other(router, account_id="who", request_id="r1")
    none = asked_other(router, account_id=None, request_id="r2")
    anonymous = asked_other(router, account_id=None, request_id="r3", authenticated_by="anonymous")
    for case in (unknown, none, anonymous):
        assert (case.entitlement.plan, case.entitlement.account_type, case.entitlement.paid) == (
            "bronze",
            "shop",
            False,
        )
        assert (case.assigned_channel, case.assigned_tier) == ("faq", "robots")
    assert [case.entitlement.role for case in (unknown, none, anonymous)] == ["boss", "boss", "clerk"]
    assert [case.needs_triage for case in (unknown, none, anonymous)] == [True, False, False]
