"""What a router task does with a request: it is decided once, and what cannot be decided is dead-lettered."""

import pytest

from services.router.published_editions import SOURCE
from shared.contracts import wire
from shared.contracts.structs import CaseRouted, EntitlementSet, EntitlementWithdrawn, SupportRequestSubmitted
from shared.contracts.topics import CASES, ENTITLEMENTS, REQUESTS, Topic
from shared.kafka.partitioning import partition_for
from tests.harness.asking import FIELDS, MONDAY_NOON, account, contact, entitlement_set, request, requester
from tests.topology.router.router_task import PARTITIONS, TRACEPARENT, Router, as_record, read, withdrawn


def test_a_request_becomes_a_case_with_its_whole_origin(router: Router) -> None:
    """Everything that escalation, the board and a replay need is pinned in the event."""
    case = router.asked()
    assert case is not None
    assert case.case_id == request().request_id
    assert (case.account_id, case.requester_id, case.client) == ("acme", "u1", "web")
    assert (case.assigned_channel, case.assigned_tier, case.priority) == ("phone", "tier2", "P1")
    assert case.entitlement.offset == 0
    assert case.received_at == MONDAY_NOON
    assert case.observed_at == router.driver.now
    assert (case.caused_by.topic, case.caused_by.partition, case.caused_by.offset) == (REQUESTS.name, 0, 0)
    assert (case.requested_channel, case.channel_reason, case.language) == ("phone", None, None)
    assert (case.fields, case.opened_by) == (FIELDS, "customer")


def test_a_case_says_why_the_requested_channel_is_closed_and_in_which_language_to_say_it(router: Router) -> None:
    """A reader without the edition can tell a refusal from a choice."""
    case = router.asked(channel="phone", language="es", requester=requester("member", False))
    assert case is not None
    assert (case.requested_channel, case.channel_reason) == ("phone", "channel.needs_on_plan")
    assert "phone" not in case.open_channels
    assert (case.assigned_channel in case.open_channels, case.language) == (True, "es")


def test_a_case_is_an_event_that_follows_from_the_request(router: Router) -> None:
    """Deterministic identity, the router as its source, a child of the request's trace, on the case's partition."""
    router.asked()
    output = router.driver.outputs(CASES)[0]
    envelope, case = read(output)
    assert (envelope.source, envelope.type, envelope.subject) == (SOURCE, CaseRouted.TYPE, case.case_id)
    assert dict(output.headers)["traceparent"] == f"child of {TRACEPARENT}".encode()
    assert output.key == case.case_id.encode()
    assert output.partition == partition_for(case.case_id.encode(), PARTITIONS)
    again = Router()
    again.sets_entitlement(entitlement_set(account()))
    again.asked()
    assert again.driver.outputs(CASES) == [output]


def test_a_customers_description_goes_no_further(router: Router) -> None:
    """It lives in support.requests only."""
    router.asked(description="My password is hunter2")
    written = [*router.driver.produced, *router.driver.changelogs["requests"].items()]
    assert "hunter2" not in repr(written)


def test_no_email_address_is_kept(router: Router) -> None:
    """A decision does not need it, so the router's store and changelog do not have it."""
    router.sets_entitlement(entitlement_set(account([contact("u1", "member", False, email="u1@example.com")])))
    assert b"u1" in router.driver.changelogs["entitlements"][b"acme"]
    assert "@" not in repr(router.driver.changelogs["entitlements"])


def test_an_unknown_account_is_decided_and_looked_at(router: Router) -> None:
    """Nothing is dropped because a billing system is late."""
    case = router.asked(account_id="who")
    assert case is not None
    assert (case.assigned_tier, case.needs_triage, case.entitlement.offset) == ("self_service", True, None)
    assert case.entitlement.standing == "unknown_account"


def test_an_anonymous_requesters_claims_are_not_believed(router: Router) -> None:
    """Not even the name of an account that exists: the case does not carry it."""
    case = router.asked(authenticated_by="anonymous", requester=requester("owner", True))
    assert case is not None
    assert (case.assigned_tier, case.needs_triage, case.account_id) == ("self_service", False, None)
    assert (case.entitlement.role, case.entitlement.requester_from) == ("member", "nobody")


def test_without_an_account_a_request_goes_by_its_own_id(router: Router) -> None:
    """Its key is its request_id, and nobody has to look: nobody claims to be a customer."""
    case = router.asked(account_id=None)
    assert case is not None
    assert (case.account_id, case.assigned_tier, case.needs_triage) == (None, "self_service", False)


GOOD = wire.encode(request())
TWICE = wire.encode(entitlement_set(account([contact("u1", "admin"), contact("u1", "member")])))


@pytest.mark.parametrize(
    ("topic", "key", "value", "ce_type", "cause"),
    [
        (REQUESTS, "acme", b"{", SupportRequestSubmitted.TYPE, "malformed_event"),
        (REQUESTS, "acme", b"{}", SupportRequestSubmitted.TYPE, "malformed_event"),
        (REQUESTS, "acme", None, SupportRequestSubmitted.TYPE, "malformed_event"),
        (REQUESTS, "acme", GOOD.replace(b'"down"', b'"awful"'), SupportRequestSubmitted.TYPE, "not_in_edition"),
        (REQUESTS, "acme", GOOD.replace(b'"down"', b"7"), SupportRequestSubmitted.TYPE, "malformed_event"),
        (REQUESTS, "acme", GOOD.replace(b'"phone"', b'"fax"'), SupportRequestSubmitted.TYPE, "not_in_edition"),
        (REQUESTS, "acme", GOOD.replace(b"2026-", b"9999-"), SupportRequestSubmitted.TYPE, "malformed_event"),
        (
            REQUESTS,
            "acme",
            GOOD.replace(b'"request_id":"', b'"request_id":"\\u0000'),
            SupportRequestSubmitted.TYPE,
            "malformed_event",
        ),
        (REQUESTS, "acme", wire.encode(withdrawn()), EntitlementWithdrawn.TYPE, "unexpected_type"),
        (REQUESTS, "acme", GOOD, "frontline.unheard.of.v1", "unknown_type"),
        (REQUESTS, "other", GOOD, SupportRequestSubmitted.TYPE, "wrong_key"),
        (REQUESTS, None, GOOD, SupportRequestSubmitted.TYPE, "malformed_event"),
        (ENTITLEMENTS, "acme", b"[]", EntitlementSet.TYPE, "malformed_event"),
        (ENTITLEMENTS, "acme", GOOD, SupportRequestSubmitted.TYPE, "unexpected_type"),
        (ENTITLEMENTS, "other", wire.encode(withdrawn()), EntitlementWithdrawn.TYPE, "wrong_key"),
        (ENTITLEMENTS, None, wire.encode(withdrawn()), EntitlementWithdrawn.TYPE, "malformed_event"),
        (ENTITLEMENTS, b"\xff", None, EntitlementWithdrawn.TYPE, "malformed_event"),
        (ENTITLEMENTS, b"\x00", None, EntitlementWithdrawn.TYPE, "malformed_event"),
        (ENTITLEMENTS, "acme\ufe0f", None, EntitlementWithdrawn.TYPE, "malformed_event"),
        (ENTITLEMENTS, "acme\u0301\u0327", None, EntitlementWithdrawn.TYPE, "malformed_event"),
        (ENTITLEMENTS, "acme", TWICE, EntitlementSet.TYPE, "malformed_event"),
    ],
)
def test_what_cannot_be_processed_is_dead_lettered_and_the_next_goes_on(
    router: Router, topic: Topic, key: str | bytes | None, value: bytes | None, ce_type: str, cause: str
) -> None:
    """One bad producer must not stop the others; the cause is a word that can be counted."""
    event = request()
    headers = tuple(
        (name, ce_type.encode() if name == "ce_type" else value)
        for name, value in as_record(REQUESTS, "acme", event)[1]
    )
    router.driver.pipe(topic, key, value, headers)
    assert router.dead_letter_causes == [cause]
    assert router.driver.outputs(CASES) == []
    case = router.asked(request_id="next")
    assert case is not None
    assert case.assigned_tier == "tier2"


def test_a_dead_letter_does_not_repeat_the_customer(router: Router) -> None:
    """The message travels to logs and consoles; the record itself is kept byte for byte."""
    _, headers = as_record(REQUESTS, "acme", request())
    router.driver.pipe(REQUESTS, "acme", GOOD.replace(b'"down"', b'"hunter2"'), headers)
    letter = router.driver.dead_letters[0]
    assert "impact" in letter.message
    assert "hunter2" not in letter.message
