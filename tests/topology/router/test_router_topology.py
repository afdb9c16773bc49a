"""What a router task does with each record: entitlements kept, requests decided once, the rest dead-lettered."""

from collections.abc import Callable
from datetime import datetime, timedelta
from typing import Any

import pytest

from services.router.deduplication import KEPT_FOR
from services.router.published_editions import SOURCE
from services.router.topology import RouterTopology
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import CaseRouted, EntitlementSet, EntitlementWithdrawn, Event, SupportRequestSubmitted
from shared.contracts.topics import CASES, ENTITLEMENTS, REQUESTS, Topic
from shared.contracts.vocabulary import INTAKE_SOURCE
from shared.kafka import serde
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Headers, Output, Record
from shared.kafka.serde import Envelope
from shared.routing.entitlement_order import AHEAD
from shared.routing.rulebook import Rulebooks, Rules
from tests.harness.asking import FIELDS, MONDAY_NOON, account, contact, entitlement_set, request, requester
from tests.harness.shipped import shipped_library
from tests.harness.topology_driver import TopologyDriver

PARTITIONS = 6
TRACEPARENT = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
DAY = timedelta(hours=24)
TICK = timedelta(microseconds=1)
RULEBOOKS = Rulebooks(shipped_library("guidelines-2021"))


class Router:
    """A router task, with the verbs that its tests speak in."""

    def __init__(self, rules: Rules = RULEBOOKS) -> None:
        self.resubmitted = 0
        self.superseded: list[Record] = []
        self._rules = rules
        self.driver = TopologyDriver(self._made, service="router", now=MONDAY_NOON)

    def sets_entitlement(
        self, event: EntitlementSet | EntitlementWithdrawn, account_id: str = "acme", source: str = INTAKE_SOURCE
    ) -> None:
        """The entitlement topic says something about an account."""
        self.driver.pipe(ENTITLEMENTS, account_id, *as_record(ENTITLEMENTS, account_id, event, source))

    def tombstone(self, account_id: str = "acme") -> None:
        """A tombstone, so that compaction deletes the account."""
        self.driver.pipe(ENTITLEMENTS, account_id, None)

    def asked(self, key: str | None = None, **given: Any) -> CaseRouted | None:
        """A request arrives when it was received, or now if that is past; returns what was decided."""
        event = request(**given)
        self.driver.advance_to(max(self.driver.now, event.received_at))
        outputs = self._pipe(REQUESTS, key or event.account_id or event.request_id, event)
        cases = [output for output in outputs if output.topic == CASES.name]
        assert len(cases) <= 1
        return case_of(cases[0]) if cases else None

    @property
    def dead_letter_causes(self) -> list[str]:
        """The causes of the dead letters so far."""
        return [letter.cause for letter in self.driver.dead_letters]

    def _pipe(self, topic: Topic, key: str, event: Event) -> list[Output]:
        return self.driver.pipe(topic, key, *as_record(topic, key, event))

    def _made(self, _partition: int) -> RouterTopology:
        return RouterTopology(
            self._rules,
            partitions=PARTITIONS,
            trace=lambda parent: f"child of {parent}",
            resubmitted=self._count,
            superseded=self.superseded.append,
        )

    def _count(self) -> None:
        self.resubmitted += 1


def as_record(topic: Topic, key: str, event: Event, source: str = INTAKE_SOURCE) -> tuple[bytes, Headers]:
    """The value and headers of an event as its publisher writes it."""
    envelope = Envelope("e1", source, type_of(event), MONDAY_NOON, key, TRACEPARENT)
    output = serde.to_output(topic, key, envelope, wire.encode(event))
    assert output.value is not None
    return output.value, output.headers


def read(output: Output) -> tuple[Envelope, CaseRouted]:
    """A case as its readers see it."""
    record = Record(output.topic, output.partition or 0, 0, 0, output.key, output.value, output.headers)
    envelope, data = serde.read(record)
    return envelope, wire.decode(CaseRouted, data)


def case_of(output: Output) -> CaseRouted:
    """The data of a case."""
    return read(output)[1]


def withdrawn(account_id: str = "acme") -> EntitlementWithdrawn:
    """The event that ends an entitlement."""
    return EntitlementWithdrawn(account_id=account_id, withdrawn_at=MONDAY_NOON)


@pytest.fixture
def router() -> Router:
    """A router that knows account acme (offset 0 of the entitlements)."""
    made = Router()
    made.sets_entitlement(entitlement_set(account()))
    return made


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


def test_entitlements_of_a_slice_come_before_its_requests(router: Router) -> None:
    """A customer who buys and asks at once is known, whichever record was fetched first."""
    event = request(account_id="new", request_id="r2")
    asked = router.driver.record(REQUESTS, "new", *as_record(REQUESTS, "new", event))
    entitlement = entitlement_set(account(account_id="new"))
    bought = router.driver.record(ENTITLEMENTS, "new", *as_record(ENTITLEMENTS, "new", entitlement))
    router.driver.pipe_slice([asked, bought])
    assert case_of(router.driver.outputs(CASES)[0]).assigned_tier == "tier2"


def test_an_entitlement_that_is_older_than_the_known_one_is_superseded_and_counted(router: Router) -> None:
    """Also after a restart: the instant is in the changelog. It is no dead letter, since nobody has to act."""
    router.driver.restart()
    router.sets_entitlement(entitlement_set(account(plan="access"), set_at=MONDAY_NOON - TICK))
    case = router.asked(channel="web_ticket")
    assert case is not None
    assert (case.entitlement.plan, case.entitlement.offset) == ("premier_plus", 0)
    assert ([record.offset for record in router.superseded], router.dead_letter_causes) == ([1], [])


def test_a_superseded_entitlement_is_counted_once_its_transaction_has_committed(router: Router) -> None:
    """An aborted try counts nothing."""
    older = entitlement_set(account(plan="access"), set_at=MONDAY_NOON - DAY)
    record = router.driver.record(ENTITLEMENTS, "acme", *as_record(ENTITLEMENTS, "acme", older))
    router.driver.abort_slice([record])
    assert router.superseded == []
    router.driver.pipe_slice([record])
    assert router.superseded == [record]


@pytest.mark.parametrize("at", [MONDAY_NOON, MONDAY_NOON + TICK, MONDAY_NOON + AHEAD])
def test_an_entitlement_replaces_one_that_was_set_before_or_at_the_same_instant(router: Router, at: datetime) -> None:
    """Of two that are dated alike, the later record counts."""
    router.sets_entitlement(entitlement_set(account(plan="access"), set_at=at))
    case = router.asked(channel="web_ticket")
    assert case is not None
    assert (case.entitlement.plan, case.entitlement.offset) == ("access", 1)


def test_an_entitlement_from_the_future_counts_once_its_dead_letter_is_replayed_in_time(router: Router) -> None:
    """The message names the field. Until then the known entitlement counts."""
    fast = entitlement_set(account(plan="access"), set_at=MONDAY_NOON + AHEAD + TICK)
    router.sets_entitlement(fast, source="/acme/billing")
    case = router.asked()
    assert case is not None
    assert (case.entitlement.plan, router.dead_letter_causes) == ("premier_plus", ["from_the_future"])
    assert router.driver.dead_letters[0].message.startswith("set_at 2026-11-23T12:05:00.000001Z is too far ahead")
    router.driver.advance_to(MONDAY_NOON + TICK)
    router.sets_entitlement(fast, source="/acme/billing")
    case = router.asked(request_id="r2", received_at=MONDAY_NOON + TICK)
    assert case is not None
    assert (case.entitlement.plan, len(router.dead_letter_causes)) == ("access", 1)


def test_a_withdrawal_supersedes_an_older_set_that_arrives_later(router: Router) -> None:
    """It is remembered with its instant, with or without a tombstone, and after a restart."""
    router.sets_entitlement(withdrawn())
    router.tombstone()
    router.driver.restart()
    router.sets_entitlement(entitlement_set(account(), set_at=MONDAY_NOON - TICK))
    case = router.asked()
    assert case is not None
    assert (case.entitlement.standing, case.entitlement.offset) == ("withdrawn", 1)
    assert [record.offset for record in router.superseded] == [3]


def test_the_tombstone_of_a_withdrawal_is_not_counted_as_superseded(router: Router) -> None:
    """Every withdrawal by intake has one, dated in the millisecond before its event."""
    at = MONDAY_NOON + 400 * TICK
    router.sets_entitlement(EntitlementWithdrawn(account_id="acme", withdrawn_at=at))
    router.tombstone()
    assert router.superseded == []
    router.sets_entitlement(entitlement_set(account(plan="access"), set_at=at + TICK))
    case = router.asked()
    assert case is not None
    assert case.entitlement.plan == "access"


def test_a_bare_tombstone_does_not_withdraw_what_was_set_later(router: Router) -> None:
    """It counts by the timestamp of its record; a replayed one keeps that."""
    router.sets_entitlement(entitlement_set(account(plan="access"), set_at=MONDAY_NOON + TICK))
    router.tombstone()
    case = router.asked()
    assert case is not None
    assert (case.entitlement.plan, [record.offset for record in router.superseded]) == ("access", [2])


def test_a_case_keeps_the_entitlement_that_it_was_decided_with(router: Router) -> None:
    """Later records do not reach it: the event is out."""
    before = router.asked()
    router.sets_entitlement(withdrawn())
    assert before is not None
    assert before.entitlement.plan == "premier_plus"
    assert len(router.driver.outputs(CASES)) == 1


@pytest.mark.parametrize(
    ("after", "offset"),
    [
        (lambda router: router.sets_entitlement(withdrawn()), 1),
        (lambda router: (router.sets_entitlement(withdrawn()), router.tombstone()), 1),
        (lambda router: router.tombstone(), 1),
        (lambda router: (router.tombstone(), router.driver.restart()), 1),
    ],
    ids=["event", "event_then_tombstone", "bare_tombstone", "after_a_restart"],
)
def test_a_withdrawn_entitlement_is_distinguished_from_an_unknown_account(
    router: Router, after: Callable[[Router], object], offset: int
) -> None:
    """The agent who looks at it must know that there was one; a tombstone alone means the same."""
    after(router)
    case = router.asked()
    assert case is not None
    assert (case.assigned_tier, case.needs_triage, case.entitlement.standing) == ("self_service", True, "withdrawn")
    assert case.entitlement.offset == offset


def test_a_tombstone_of_an_unknown_account_is_a_withdrawal_too() -> None:
    """A router that reads a compacted topic late sees only the tombstone."""
    router = Router()
    router.tombstone()
    case = router.asked()
    assert case is not None
    assert case.entitlement.standing == "withdrawn"


def test_an_entitlement_can_come_back(router: Router) -> None:
    """A customer who returns is a customer."""
    router.sets_entitlement(withdrawn())
    router.tombstone()
    router.sets_entitlement(entitlement_set(account()))
    case = router.asked()
    assert case is not None
    assert (case.assigned_tier, case.entitlement.offset) == ("tier2", 3)


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


def test_a_resubmission_is_dropped_and_counted(router: Router) -> None:
    """The client that did not get our answer asks again; it must not get two cases."""
    router.asked()
    assert router.asked(received_at=MONDAY_NOON + DAY - TICK) is None
    assert (router.resubmitted, router.dead_letter_causes, len(router.driver.outputs(CASES))) == (1, [], 1)


def test_a_resubmission_in_the_same_transaction_is_dropped_too(router: Router) -> None:
    """The store has not seen the first yet, but the overlay has. An aborted try of the transaction counts none."""
    twice = [router.driver.record(REQUESTS, "acme", *as_record(REQUESTS, "acme", request())) for _ in range(2)]
    router.driver.abort_slice(twice)
    router.driver.pipe_slice(twice)
    assert (router.resubmitted, len(router.driver.outputs(CASES))) == (1, 1)


def test_a_resubmission_is_dropped_after_a_restart(router: Router) -> None:
    """The entries are in the changelog, not in the process."""
    router.asked()
    router.driver.restart()
    assert router.asked(received_at=MONDAY_NOON + timedelta(hours=1)) is None
    assert router.resubmitted == 1


@pytest.mark.parametrize("later", [DAY, 2 * DAY, KEPT_FOR, 30 * DAY, -DAY, -30 * DAY])
def test_a_known_id_is_never_decided_again_however_far_apart(router: Router, later: timedelta) -> None:
    """Escalation refuses the second case of one id, so a second decision would be a request without clocks."""
    router.asked()
    assert router.asked(received_at=MONDAY_NOON + later) is None
    assert router.asked(received_at=MONDAY_NOON + later, submission_digest="d2") is None
    assert (router.resubmitted, router.dead_letter_causes, len(router.driver.outputs(CASES))) == (1, ["conflict"], 1)


def test_an_id_is_known_for_as_long_as_it_can_be_used(router: Router) -> None:
    """Two days: the day of the first receipt and the next one; an hour more, since two intakes have two clocks."""
    router.asked()
    for hours in (12, 24, 36, 48, 49):
        other = MONDAY_NOON + timedelta(hours=hours) - TICK
        router.asked(request_id=f"other{hours}", received_at=other)
        router.driver.advance_to(router.driver.now + TICK)
        assert router.asked(received_at=other) is None
    assert router.resubmitted == 5


def test_other_content_under_a_known_id_is_a_conflict(router: Router) -> None:
    """Which of the two was meant is for the client to say; the first stands."""
    router.asked()
    assert router.asked(submission_digest="d2", received_at=MONDAY_NOON + timedelta(hours=1)) is None
    assert router.dead_letter_causes == ["conflict"]
    assert router.asked(received_at=MONDAY_NOON + timedelta(hours=2)) is None
    assert (router.resubmitted, len(router.driver.outputs(CASES))) == (1, 1)


def test_old_entries_are_deleted_as_the_log_moves_on(router: Router) -> None:
    """The process and the changelog hold about two days, not everything that ever was."""
    for number in range(5):
        router.asked(request_id=f"early{number}", received_at=MONDAY_NOON + number * TICK)
    router.asked(request_id="late", received_at=MONDAY_NOON + KEPT_FOR + 2 * TICK)
    router.driver.advance_to(router.driver.now + TICK)
    assert len(router.driver.stores["requests"]) == 3
    assert set(router.driver.changelogs["requests"]) == {b"early3", b"early4", b"late", b"\x00offsets"}
    assert router.driver.processor.next_due() is None


def test_old_entries_are_deleted_after_a_restart_too(router: Router) -> None:
    """The index is rebuilt from the changelog."""
    router.asked(request_id="early")
    router.driver.restart()
    router.asked(request_id="late", received_at=MONDAY_NOON + KEPT_FOR)
    router.driver.advance_to(router.driver.now + TICK)
    assert router.driver.stores["requests"].get(b"early") is None


def test_entries_of_a_backlog_are_not_deleted_by_the_wall_clock(router: Router) -> None:
    """After three days of standing still, a request and its resubmission of an hour later are still one."""
    router.driver.sleep_until(MONDAY_NOON + 3 * DAY)
    assert router.asked() is not None
    assert router.asked(received_at=MONDAY_NOON + timedelta(hours=1)) is None


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
