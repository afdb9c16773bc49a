"""A decision as a whole: form, priority, rights, trace, the billing team, and words that an edition lacks."""

from itertools import product
from typing import Any

import pytest

from shared.contracts import wire
from shared.contracts.structs import Decision
from shared.contracts.vocabulary import CoverageStatus
from shared.policy.request_words import NotInEdition
from shared.routing.entitlement import covered, terms_of
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.asking import (
    ENVIRONMENTS,
    IMPACTS,
    MONDAY_NOON,
    PLANS,
    REQUEST_TYPES,
    WORKAROUNDS,
    account,
    phone_ready,
    request,
    requester,
)
from tests.unit.routing.decisions import EDITION, NOT_COVERED, SENTENCES, because, entitlement, nobody


def urgency(decision: Decision) -> str:
    """Why the priority is what it is, in English."""
    return because(decision, decision.priority_rule)


def test_the_example_of_the_interface_comes_out_as_written(guidelines: Rulebook) -> None:
    """Scripts are written against this very shape: names, order of fields, instants with a Z."""
    decision = route(request(phone=phone_ready()), entitlement(), guidelines, MONDAY_NOON)
    text = wire.encode(decision).decode()
    assert text.startswith('{"assigned_channel":"phone","assigned_tier":"tier2","priority":"P1","needs_triage":false,')
    assert '"phone":{"eligible":true,"tier":"tier2","rule":"premier.tier2"}' in text
    assert '"help_center":{"eligible":true,"tier":"self_service","rule":"everyone.self_service"}' in text
    first = '"milestones":{"first_response":{"target_seconds":3600,"hours":"elapsed","promise":"objective",'
    assert first + '"due_at":"2026-11-23T13:00:00Z"}' in text
    assert '"restoration":{"target_seconds":14400,"hours":"elapsed","promise":"objective",' in text
    assert '"due_at":"2026-11-23T16:00:00Z"}' in text
    assert '"escalation":{"automated":true,"technical_account_manager":true,"customer_requested":true}' in text
    number = '{"country":"ES","as_printed":"+34 932207485 ext. 2","dial":"+34932207485","e164":"+34932207485",'
    assert f'"phone_numbers":[{number}"extension":"2"}}],"edition":"guidelines-2021","policy_sha256":"' in text


def test_every_claim_has_the_priority_of_the_design(any_edition: Rulebook) -> None:
    """All 72 combinations against the four sentences of DESIGN section 3, said once more here."""
    for impact, workaround, environment in product(IMPACTS, WORKAROUNDS, ENVIRONMENTS):
        if environment != "production" or impact == "information":
            expected = "P4"
        elif impact == "general" or workaround == "full":
            expected = "P3"
        elif impact == "significant" or workaround == "partial":
            expected = "P2"
        else:
            expected = "P1"
        asked = request(impact=impact, workaround=workaround, environment=environment)
        decision = route(asked, entitlement(), any_edition, MONDAY_NOON)
        assert decision.priority == expected
        assert urgency(decision).startswith(f"{expected} because ")


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ({"environment": "beta"}, "P4 because environment is beta"),
        ({"impact": "information"}, "P4 because impact is information"),
        ({"workaround": "full"}, "P3 because workaround is full"),
        ({"impact": "significant"}, "P2 because impact is significant"),
        ({}, "P1 because no earlier rule applies to impact down, workaround none, environment production"),
    ],
)
def test_the_priority_names_what_decided_it(guidelines: Rulebook, says: dict[str, str], why: str) -> None:
    """Of three claims usually one decides; the customer who disagrees should hear about that one."""
    assert urgency(route(request(**says), entitlement(), guidelines, MONDAY_NOON)) == why


@pytest.mark.parametrize("standing", ["covered", *NOT_COVERED])
@pytest.mark.parametrize("channel", ["phone", "help_center", "billing"])
def test_a_billing_request_goes_to_the_billing_team_whoever_asks_wherever(
    any_edition: Rulebook, standing: CoverageStatus, channel: str
) -> None:
    """Also an anonymous one. The channels say what they always say, the priority is by the rules; no times."""
    held = entitlement("member", False) if standing == "covered" else nobody(standing)
    asked = request(channel=channel, request_type="billing", impact="significant")
    decision = route(asked, held, any_edition, MONDAY_NOON)
    other = route(request(channel=channel, impact="significant"), held, any_edition, MONDAY_NOON)
    assert (decision.assigned_channel, decision.assigned_tier, decision.priority) == ("billing", "billing", "P2")
    assert {terms.reason for terms in decision.milestones.values()} == {"billing_team"}
    assert decision.channels == other.channels
    assert decision.needs_triage == other.needs_triage
    if channel != "billing":
        sent = next(step for step in decision.trace if step.rule == "billing.team")
        assert (sent.outcome, sent.reason) == (True, "channel.sent")
        assert because(decision, "billing.team").endswith(f"asked for {SENTENCES.name('channel', channel)}")
    assert SENTENCES("no_target.billing_team") == "The billing team answers without promised times."


def test_billing_keeps_the_right_to_ask_for_an_escalation(any_edition: Rulebook) -> None:
    """It is unchanged by where the case went."""
    decision = route(request(request_type="billing"), entitlement(), any_edition, MONDAY_NOON)
    assert decision.escalation.customer_requested


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"channel": "fax"}, "channel"),
        ({"impact": "awful"}, "fields.impact"),
        ({"fields": {"impact": "down"}}, "fields.workaround"),
        ({"fields": {**request().fields, "mood": "bad"}}, "fields.mood"),
    ],
)
def test_a_request_with_words_that_the_edition_lacks_is_refused_with_what_is_allowed(
    guidelines: Rulebook, given: dict[str, Any], place: str
) -> None:
    """Intake answers 422 with it, the router's dead letter has it."""
    with pytest.raises(NotInEdition) as refused:
        route(request(**given), entitlement(), guidelines, MONDAY_NOON)
    assert place in [each.place for each in refused.value.wrong]
    assert all(each.allowed for each in refused.value.wrong)


def test_a_field_with_a_default_may_be_left_out(guidelines: Rulebook) -> None:
    """The decision is that of the default."""
    workaround = guidelines.edition.fields["workaround"].model_copy(update={"default": "full"})
    fields = guidelines.edition.fields | {"workaround": workaround}
    rules = Rulebook(guidelines.edition.model_copy(update={"fields": fields}))
    given = {name: value for name, value in request().fields.items() if name != "workaround"}
    assert route(request(fields=given), entitlement(), rules, MONDAY_NOON).priority == "P3"


def test_automated_escalation_follows_the_plan_and_requests_follow_the_right(any_edition: Rulebook) -> None:
    """The table of DESIGN section 3, for everyone and every type of request."""
    types = ("pro", "business_plus", "business", "enterprise", "education")
    roles: tuple[str, ...] = ("owner", "member")
    for plan, account_type, role, licensed, asked in product(PLANS, types, roles, (True, False), REQUEST_TYPES):
        held = entitlement(role, licensed, plan=plan, account_type=account_type)
        rights = route(request(request_type=asked), held, any_edition, MONDAY_NOON).escalation
        assert rights.automated == rights.technical_account_manager == (plan == "premier_plus")
        entitled = plan != "access" or account_type in ("business_plus", "enterprise", "education")
        assert rights.customer_requested == (role == "owner" and licensed and entitled and asked != "other")


def test_the_trace_tells_the_whole_way_and_quotes_nobody(guidelines: Rulebook) -> None:
    """Each rule in the order of asking; ids and customers' words stay out of it."""
    secret = "Zanzibar"
    asked = request(subject=secret, description=secret, request_id=secret, requester=requester(requester_id=secret))
    held = covered(
        terms_of(account(plan="access", account_type="pro", account_id=secret)), asked.requester, EDITION, MONDAY_NOON
    )
    decision = route(asked, held, guidelines, MONDAY_NOON)
    assert [(step.rule, step.outcome) for step in decision.trace] == [
        ("entitlement.known", True),
        ("requester.contact_list", False),
        ("access.tier1.phone", False),
        ("access.tier1.chat_and_ticket", True),
        ("escalation.customer_requested", False),
        ("priority.outage_without_workaround", True),
        ("target.first_response", False),
        ("target.restoration", False),
        ("calendar", True),
    ]
    assert secret.encode() not in wire.encode(decision)
