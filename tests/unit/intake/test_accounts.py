"""The view of entitlements has what the router has, in whatever order it reads the records of an account."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from functools import partial
from random import Random
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.accounts import Accounts
from services.router.topology import OnFile, RouterTopology
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import Account, EntitlementSet, EntitlementWithdrawn
from shared.contracts.topics import ENTITLEMENTS
from shared.kafka import serde
from shared.kafka.faults import PoisonRecord
from shared.kafka.partitioning import partitioner
from shared.kafka.record import Record
from shared.routing.entitlement_order import AHEAD
from shared.routing.rulebook import Rulebooks
from tests.harness.asking import MONDAY_NOON as NOW
from tests.harness.asking import account, contact
from tests.harness.shipped import shipped_library
from tests.harness.topology_driver import TopologyDriver

PARTITION_OF = partitioner(6)
RULEBOOKS = Rulebooks(shipped_library("guidelines-2021"))
MILLISECOND, TICK = timedelta(milliseconds=1), timedelta(microseconds=1)
EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def view_of(records: list[Record], clock: datetime = NOW) -> tuple[Accounts, list[str]]:
    """The view after these records, and the causes of those that it refused."""
    view = Accounts(PARTITION_OF, lambda: clock)
    causes: list[str] = []
    for record in records:
        try:
            view.take(record)
        except PoisonRecord as poison:
            causes.append(poison.cause)
    return view, causes


def at_router(records: list[Record], key: bytes = b"acme") -> tuple[OnFile | None, list[str]]:
    """What a router has of the account after these records, and the causes of its dead letters."""
    driver = TopologyDriver(
        lambda _: RouterTopology(RULEBOOKS, partitions=6, trace=lambda _: ""),
        records[0].partition,
        service="router",
        now=NOW,
        partition_of=PARTITION_OF,
    )
    for record in records:
        driver.pipe_slice([record])
    stored = driver.stores["entitlements"].get(key)
    found = (
        None if stored is None else RouterTopology(RULEBOOKS, partitions=6, trace=lambda _: "")._on_file.decode(stored)
    )
    return found, [letter.cause for letter in driver.dead_letters]


def record_of(
    event: EntitlementSet | EntitlementWithdrawn | None,
    offset: int,
    *,
    key: str = "acme",
    source: str = "/acme/billing",
    written: datetime = NOW,
    **given: Any,
) -> Record:
    """One record of the topic, on the partition of its key; no event: a tombstone."""
    partition, timestamp = PARTITION_OF(key.encode()), (written - EPOCH) // MILLISECOND
    record = Record(ENTITLEMENTS.name, partition, offset, timestamp, key.encode(), None)
    if event is not None:
        envelope = serde.Envelope("e", source, type_of(event), NOW, key, None)
        output = serde.to_output(ENTITLEMENTS, key, envelope, wire.encode(event))
        record = replace(record, value=output.value, headers=output.headers)
    return replace(record, **given)


def set_to(plan: str, at: datetime, **given: Any) -> EntitlementSet:
    return EntitlementSet(account=account(plan=plan, **given), set_at=at)


def withdrawn(at: datetime, account_id: str = "acme") -> EntitlementWithdrawn:
    return EntitlementWithdrawn(account_id=account_id, withdrawn_at=at)


def plan_of(found: Account | None) -> str | None:
    return None if found is None else found.plan


instants = st.integers(-3, 3).map(lambda ticks: NOW + ticks * TICK)
events = st.one_of(
    st.builds(set_to, st.sampled_from(("access", "premier", "premier_plus")), instants),
    st.builds(withdrawn, instants),
    st.none(),
    st.just(set_to("access", NOW + AHEAD + MILLISECOND)),
    st.just(set_to("access", NOW, account_id="victim")),
    st.just(set_to("premier", NOW, contacts=[contact(), contact()])),
)


@given(st.lists(events, min_size=1, max_size=10))
def test_the_view_has_what_the_router_has(given_events: list[EntitlementSet | EntitlementWithdrawn | None]) -> None:
    """By the same checks and the same order. Both refuse the same records, for the same causes."""
    log = [record_of(event, offset) for offset, event in enumerate(given_events)]
    (view, refused), (on_file, dead_letters) = view_of(log), at_router(log)
    assert refused == dead_letters
    found = view.find("acme")
    assert plan_of(found) == (on_file.terms.plan if on_file is not None and on_file.terms is not None else None)
    known = view.known("acme")
    assert (known and known.at) == (on_file and on_file.at)
    assert view.find("victim") is None


@given(st.lists(events, min_size=1, max_size=10), st.randoms())
def test_the_order_of_reading_changes_nothing(
    given_events: list[EntitlementSet | EntitlementWithdrawn | None], random: Random
) -> None:
    """What counts is the last by (instant, offset)."""
    log = [record_of(event, offset) for offset, event in enumerate(given_events)]
    shuffled = log.copy()
    random.shuffle(shuffled)
    (one, _), (other, _) = view_of(log), view_of(shuffled)
    assert (one.find("acme"), one.known("acme"), len(one)) == (other.find("acme"), other.known("acme"), len(other))


@pytest.mark.parametrize(
    ("record", "cause"),
    [
        (record_of(set_to("access", NOW, account_id="victim"), 1), "wrong_key"),
        (record_of(withdrawn(NOW, "victim"), 1), "wrong_key"),
        (record_of(set_to("access", NOW), 1, partition=(PARTITION_OF(b"acme") + 1) % 6), "wrong_partition"),
        (record_of(None, 1, partition=(PARTITION_OF(b"acme") + 1) % 6), "wrong_partition"),
        (record_of(set_to("access", NOW), 1, value=b"{"), "malformed_event"),
        (replace(record_of(set_to("access", NOW), 1), key=None), "malformed_event"),
        (record_of(set_to("access", NOW, contacts=[contact(), contact(role="member")]), 1), "malformed_event"),
        (record_of(set_to("access", NOW + AHEAD + TICK), 1), "from_the_future"),
        (record_of(None, 1, written=NOW + AHEAD + MILLISECOND), "from_the_future"),
    ],
    ids=[
        *("another_account", "another_account_withdrawn", "another_partition", "tombstone_elsewhere", "no_event"),
        *("no_key", "a_contact_twice", "from_the_future", "tombstone_from_the_future"),
    ],
)
def test_what_the_router_dead_letters_is_not_shown(record: Record, cause: str) -> None:
    """GET shows what decides requests: neither the account of a wrong key, nor that of a wrong partition."""
    first = record_of(set_to("premier_plus", NOW - MILLISECOND), 0)
    victim = record_of(set_to("premier", NOW, account_id="victim"), 0, key="victim")
    view, causes = view_of([victim, first, record])
    assert causes == [cause]
    assert (plan_of(view.find("acme")), plan_of(view.find("victim"))) == ("premier_plus", "premier")
    assert at_router([replace(first, partition=record.partition), record])[1][-1:] == [cause]


def test_an_unknown_type_is_not_shown() -> None:
    """A later version may have one."""
    headers = tuple(
        (name, b"frontline.entitlement.lent.v1" if name == "ce_type" else value)
        for name, value in record_of(set_to("access", NOW), 1).headers
    )
    log = [record_of(set_to("premier", NOW), 0), record_of(set_to("access", NOW), 1, headers=headers)]
    view, causes = view_of(log)
    assert (plan_of(view.find("acme")), causes) == ("premier", ["unknown_type"])


def test_a_withdrawal_with_its_tombstone_ends_an_entitlement_and_a_set_in_the_same_millisecond_begins_one() -> None:
    """The timestamp of a tombstone has milliseconds only, so it seems older than the withdrawal that it belongs to."""
    withdrawn_at = NOW + 400 * TICK
    pair = [record_of(withdrawn(withdrawn_at), 1), record_of(None, 2)]
    again = record_of(set_to("access", withdrawn_at + TICK), 3)
    older = record_of(set_to("premier", withdrawn_at - TICK), 4)
    log = [record_of(set_to("premier_plus", NOW - MILLISECOND), 0), *pair]
    assert view_of(log)[0].find("acme") is None
    assert plan_of(view_of([*log, again])[0].find("acme")) == "access"
    assert plan_of(view_of([*log, again, older])[0].find("acme")) == "access"
    assert view_of([*log, older])[0].find("acme") is None
    assert (at_router([*log, older])[0], at_router([*log, again, older])[1]) == (OnFile(1, None, withdrawn_at), [])


def test_a_withdrawn_account_counts_among_those_that_are_kept() -> None:
    """It is kept, so that no older record brings it back, and `frontline_intake_accounts` says what memory holds."""
    log = [record_of(set_to("premier", NOW), 0), record_of(withdrawn(NOW + TICK), 1)]
    assert (len(view_of([])[0]), len(view_of(log[:1])[0]), len(view_of(log)[0])) == (0, 1, 1)


def test_a_view_that_begins_later_judges_a_record_by_its_timestamp() -> None:
    """What was from the future when it was written is refused after a restart too, although its time has come."""
    fast = record_of(set_to("access", NOW + timedelta(hours=1)), 1)
    log = [record_of(set_to("premier", NOW), 0), fast]
    view, causes = view_of(log, NOW + timedelta(days=1))
    assert (plan_of(view.find("acme")), causes) == ("premier", ["from_the_future"])


def test_a_view_whose_clock_a_test_has_advanced_judges_kafkas_timestamps_by_it() -> None:
    """They are true time, by which what was set after an advance of days would be from the future."""
    ahead, day = timedelta(days=3), timedelta(days=1)
    log = [record_of(set_to("premier", NOW + ahead), 0), record_of(set_to("access", NOW + ahead + day), 1)]
    for now in (NOW + ahead, NOW + ahead + 2 * day):
        view = Accounts(PARTITION_OF, partial(datetime.fromtimestamp, now.timestamp(), UTC), lambda: ahead)
        view.take(log[0])
        with pytest.raises(PoisonRecord, match="too far ahead"):
            view.take(log[1])
        assert plan_of(view.find("acme")) == "premier"


@given(st.lists(instants, min_size=1, max_size=8), st.data())
def test_compaction_changes_nothing_where_the_last_record_is_the_latest(
    at: list[datetime], data: st.DataObject
) -> None:
    """Kafka drops older records of a key whenever it likes, but never the last one."""
    log = [record_of(set_to(f"plan{n}", instant), n) for n, instant in enumerate(sorted(at))]
    kept = [record for record in log[:-1] if data.draw(st.booleans())]
    assert view_of([*kept, log[-1]])[0].find("acme") == view_of(log)[0].find("acme")
