"""`route` answers everything that can be asked, in a form that the contract accepts."""

from datetime import UTC, datetime

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from msgspec import structs

from shared.contracts import router, wire
from shared.contracts.structs import CaseRouted, CausedBy, Decision, SupportRequestSubmitted
from shared.contracts.vocabulary import (
    ACCOUNT_TYPES,
    CHANNELS,
    ENVIRONMENTS,
    IMPACTS,
    LANGUAGES,
    PLANS,
    REQUEST_TYPES,
    ROLES,
    WORKAROUNDS,
)
from shared.policy.files import load_edition
from shared.routing.decision_event import case_routed, whole_decision
from shared.routing.entitlement import ANONYMOUS, Entitlement, covered, not_covered, terms_of
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.asking import account, contact, phone_ready, request, requester

RULES = {name: Rulebook(load_edition(name)) for name in ("guidelines-2021", "objectives-2024")}
any_country = st.none() | st.sampled_from(["ES", "US", "JP", "PT", "AQ"]) | st.from_regex(r"\A[A-Z]{2}\Z")
any_requester = st.builds(requester, st.sampled_from(ROLES), st.booleans(), st.sampled_from(["u1", "u2", "ñ"]))
any_account = st.builds(
    account,
    st.lists(st.builds(contact, st.sampled_from(["u1", "u2"]), st.sampled_from(ROLES), st.booleans()), max_size=3),
    plan=st.sampled_from(PLANS),
    account_type=st.sampled_from(ACCOUNT_TYPES),
    paid=st.booleans(),
    country=any_country,
    calendar=st.none() | st.sampled_from(["spain", "japan", "no-such"]),
)
any_request = st.builds(
    request,
    channel=st.sampled_from(CHANNELS),
    impact=st.sampled_from(IMPACTS),
    workaround=st.sampled_from(WORKAROUNDS),
    environment=st.sampled_from(ENVIRONMENTS),
    request_type=st.sampled_from(REQUEST_TYPES),
    language=st.sampled_from(LANGUAGES),
    country=any_country,
    phone=st.none() | st.builds(phone_ready, st.booleans(), st.booleans()),
)
any_entitlement = (
    st.builds(lambda known, who: covered(terms_of(known), who, 7), any_account, any_requester)
    | st.builds(not_covered, st.sampled_from(["unknown_account", "withdrawn", "no_account"]), any_requester)
    | st.just(ANONYMOUS)
)
any_instant = st.datetimes(datetime(1971, 1, 1), datetime(2200, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - bounds


@pytest.mark.parametrize("edition", RULES)
@settings(max_examples=400, deadline=None)
@given(asked=any_request, held=any_entitlement, at=any_instant)
def test_every_request_is_decided_consistently(
    edition: str, asked: SupportRequestSubmitted, held: Entitlement, at: datetime
) -> None:
    """Whoever asks whatever from wherever: assigned to an open channel, explained, and readable by both readers."""
    decision = route(asked, held, RULES[edition], at)
    assert tuple(decision.channels) == CHANNELS
    verdict = decision.channels[decision.assigned_channel]
    assert (verdict.eligible, verdict.tier) == (True, decision.assigned_tier)
    assert decision.assigned_channel == (decision.channels[asked.channel].use_instead or asked.channel)
    assert all(terms.due_at is None or terms.due_at > at for terms in decision.milestones.values())
    assert bool(decision.phone_numbers) == decision.channels["phone"].eligible
    assert decision.trace[0].outcome == (decision.entitlement.standing == "covered") == held.known
    published = wire.encode(decision)
    assert wire.encode(wire.decode(Decision, published)) == published
    assert wire.to_model(router.Decision, decision).model_dump_json(exclude_defaults=True).encode() == published
    assert wire.encode(route(asked, held, RULES[edition], at)) == published


@pytest.mark.parametrize("edition", RULES)
@settings(max_examples=400, deadline=None)
@given(asked=any_request, held=any_entitlement, at=any_instant)
def test_the_event_and_its_edition_give_the_whole_decision_again(
    edition: str, asked: SupportRequestSubmitted, held: Entitlement, at: datetime
) -> None:
    """What follows from the edition is not in the event, so nothing else that decides may be missing from it."""
    asked = structs.replace(asked, received_at=at)
    decision = route(asked, held, RULES[edition], at)
    event = case_routed(asked, decision, observed_at=at, caused_by=CausedBy(partition=0, topic="t", offset=0))
    read = wire.decode(CaseRouted, wire.encode(event))
    assert whole_decision(read, RULES[edition]) == decision
    open_channels = [channel for channel, verdict in decision.channels.items() if verdict.eligible]
    assert list(read.open_channels) == open_channels
    assert {name: (terms.due_at, terms.reason) for name, terms in read.milestones.items()} == {
        name: (terms.due_at, terms.reason) for name, terms in decision.milestones.items()
    }


def test_a_decision_is_not_worked_out_by_another_edition() -> None:
    """It would be a plausible answer, and a wrong one."""
    asked = request()
    decision = route(asked, ANONYMOUS, RULES["guidelines-2021"], asked.received_at)
    cause = CausedBy(partition=0, topic="t", offset=0)
    event = case_routed(asked, decision, observed_at=asked.received_at, caused_by=cause)
    with pytest.raises(ValueError, match="pins edition"):
        whole_decision(event, RULES["objectives-2024"])
