"""What a case costs in the log: every reader reads it, and it is kept for 400 days."""

from datetime import timedelta
from hashlib import sha256
from typing import Any

from services.cli.demo.traffic import Ask, coverage
from services.cli.demo_accounts import DEMO_ACCOUNTS
from services.router.topology import RouterTopology
from shared.contracts import structs
from shared.contracts.topics import CASES, ENTITLEMENTS, REQUESTS
from shared.kafka.record import Record
from shared.routing.rulebook import Rulebooks
from tests.harness.asking import MONDAY_NOON, entitlement_set, request
from tests.harness.shipped import shipped_library
from tests.harness.topology_driver import TopologyDriver
from tests.topology.router.router_task import PARTITIONS, as_record

LIMIT = 1_200  # bytes of the value
LATER = 12_345  # offsets of as many digits as in a log that is in use
TICK = timedelta(microseconds=123_457)


def submitted(ask: Ask) -> structs.SupportRequestSubmitted:
    """The request as intake publishes it."""
    given: dict[str, Any] = {name: value for name, value in ask.body.items() if name not in ("requester", "phone")}
    ready = "phone" in ask.body
    return request(
        **given,
        request_id=sha256(ask.key.encode()).hexdigest()[:32],
        client="demo",
        requester=structs.Requester(**ask.body["requester"]),
        received_at=MONDAY_NOON + TICK,
        phone=structs.PhoneReadiness(meeting_id_given=True, host_key_given=True) if ready else None,
    )


def test_a_case_of_the_demo_has_1_2_kilobytes_at_most() -> None:
    """Every plan, role and channel, with all that it is promised."""
    rules = Rulebooks(shipped_library("guidelines-2021"))
    driver = TopologyDriver(
        lambda _: RouterTopology(rules, partitions=PARTITIONS, trace=lambda parent: parent or "none"),
        service="router",
        now=MONDAY_NOON,
    )
    driver.advance_to(MONDAY_NOON + 2 * TICK)
    place = LATER
    for account_id, account in DEMO_ACCOUNTS.items():
        contacts = tuple(structs.Contact(**each) for each in account["contacts"])
        held = structs.Account(**(account | {"account_id": account_id, "contacts": contacts}))
        value, headers = as_record(ENTITLEMENTS, account_id, entitlement_set(held))
        driver.pipe_slice([Record(ENTITLEMENTS.name, 0, place, 0, account_id.encode(), value, headers)])
        place += 1
    sizes: dict[bytes | None, int] = {}
    for ask in coverage("a run"):
        event = submitted(ask)
        key = ask.body["account_id"]
        value, headers = as_record(REQUESTS, key, event)
        outputs = driver.pipe_slice([Record(REQUESTS.name, 0, place, 0, key.encode(), value, headers)])
        place += 1
        sizes |= {output.value: len(output.value or b"") for output in outputs if output.topic == CASES.name}
    assert len(sizes) == 216
    assert max(sizes.values()) <= LIMIT, max(sizes, key=lambda value: sizes[value])
