"""`route` answers everything that can be asked, in a form that the contract accepts."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from shared.contracts import router, wire
from shared.contracts.structs import CaseRouted, CausedBy, Decision, SupportRequestSubmitted
from shared.policy.request_words import NotInEdition, complete
from shared.routing.decision_event import case_routed, whole_decision
from shared.routing.entitlement import Entitlement, anonymous
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.anyone import any_entitlement, any_request
from tests.harness.asking import CHANNELS, request
from tests.harness.examples import examples
from tests.harness.shipped import shipped_edition

RULES = {name: Rulebook(shipped_edition(name)) for name in ("guidelines-2021", "objectives-2024")}
WORDS = RULES["guidelines-2021"].edition  # both have the same
CAUSE = CausedBy(partition=0, topic="t", offset=0)


@pytest.mark.parametrize("edition", RULES)
@settings(max_examples=examples(400), deadline=None)
@given(asked=any_request(WORDS), held=any_entitlement(WORDS))
def test_every_request_is_decided_consistently(edition: str, asked: SupportRequestSubmitted, held: Entitlement) -> None:
    """Whoever asks whatever from wherever: assigned to an open channel, explained, and readable by both readers."""
    at = asked.received_at
    decision = route(asked, held, RULES[edition], at)
    assert tuple(decision.channels) == CHANNELS
    verdict = decision.channels[decision.assigned_channel]
    assert (verdict.eligible, verdict.tier) == (True, decision.assigned_tier)
    if asked.fields["request_type"] == "billing":
        assert decision.assigned_channel == "billing"
    else:
        assert decision.assigned_channel == (decision.channels[asked.channel].use_instead or asked.channel)
    assert all(terms.due_at is None or terms.due_at > at for terms in decision.milestones.values())
    assert bool(decision.phone_numbers) == decision.channels["phone"].eligible
    assert decision.trace[0].outcome == (decision.entitlement.standing == "covered") == held.known
    published = wire.encode(decision)
    assert wire.encode(wire.decode(Decision, published)) == published
    assert wire.to_model(router.Decision, decision).model_dump_json(exclude_defaults=True).encode() == published
    assert wire.encode(route(asked, held, RULES[edition], at)) == published


@pytest.mark.parametrize("edition", RULES)
@settings(max_examples=examples(400), deadline=None)
@given(asked=any_request(WORDS), held=any_entitlement(WORDS))
def test_the_event_and_its_edition_give_the_whole_decision_again(
    edition: str, asked: SupportRequestSubmitted, held: Entitlement
) -> None:
    """What follows from the edition is not in the event, so nothing else that decides may be missing from it."""
    at, rules = asked.received_at, RULES[edition]
    decision = route(asked, held, rules, at)
    event = case_routed(asked, decision, rules.edition, observed_at=at, caused_by=CAUSE)
    read = wire.decode(CaseRouted, wire.encode(event))
    assert whole_decision(read, rules) == decision
    open_channels = [channel for channel, verdict in decision.channels.items() if verdict.eligible]
    assert list(read.open_channels) == open_channels
    assert read.fields == complete(rules.edition, channel=asked.channel, fields=asked.fields)
    assert {name: (terms.due_at, terms.reason) for name, terms in read.milestones.items()} == {
        name: (terms.due_at, terms.reason) for name, terms in decision.milestones.items()
    }


def test_a_decision_is_not_worked_out_by_another_edition() -> None:
    """It would be a plausible answer, and a wrong one."""
    asked, rules = request(), RULES["guidelines-2021"]
    decision = route(asked, anonymous(rules.edition), rules, asked.received_at)
    event = case_routed(asked, decision, rules.edition, observed_at=asked.received_at, caused_by=CAUSE)
    with pytest.raises(ValueError, match="pins edition"):
        whole_decision(event, RULES["objectives-2024"])


@st.composite
def any_words(draw: st.DrawFn) -> dict[str, object]:
    """A request with a wrong word somewhere, or with a field too many or too few."""
    known = {name: st.sampled_from(list(field.values)) for name, field in WORDS.fields.items()}
    fields = draw(st.fixed_dictionaries({}, optional={name: values | st.just("zz") for name, values in known.items()}))
    more = draw(st.dictionaries(st.sampled_from(["zz", "Impact"]), st.just("zz")))
    return {"channel": draw(st.sampled_from([*CHANNELS, "zz"])), "fields": fields | more}


@settings(max_examples=examples(300), deadline=None)
@given(given_words=any_words())
def test_words_are_refused_exactly_if_the_edition_lacks_one(given_words: dict[str, object]) -> None:
    """By the same answer as an independent reading of its lists."""
    asked = request(**given_words)
    fields = asked.fields
    right = (
        asked.channel in CHANNELS
        and fields.keys() == WORDS.fields.keys()
        and all(fields[name] in WORDS.fields[name].values for name in fields)
    )
    refused = False
    try:
        route(asked, anonymous(WORDS), RULES["guidelines-2021"], asked.received_at)
    except NotInEdition:
        refused = True
    assert refused is not right
