"""Customers send requests, and chat, all the time, while intake is killed in the middle."""

from uuid import uuid4

import pytest

from tests.bench import chat_load
from tests.bench.intake_load import Load, measured


@pytest.mark.timeout(240)
async def test_nothing_that_was_acknowledged_is_lost_or_counted_twice(bootstrap: str) -> None:
    """Programs, people with tokens and forms of browsers repeat what was not answered, each with its own key.

    In the end each of them has one id, and each id has one decision: no customer has to ask whether it arrived.
    `make bench-intake ARGS="--kill kafka"` does the same with Kafka, which takes too long for every run of the tests.
    """
    load = Load(rate=50, seconds=6, kill="intake", warm_up=1)
    done = await measured(load, "--kafka", bootstrap, namespace=f"load-{uuid4().hex[:8]}")
    assert done.wrong == []
    assert len(done.outcomes) > 200
    assert done.outage is not None
    assert done.outage > 0.05, "nothing was killed, or nobody noticed"
    assert any(outcome.failed for outcome in done.outcomes if outcome.kind == "form")
    assert any(outcome.failed for outcome in done.outcomes if outcome.kind != "form")


@pytest.mark.timeout(240)
async def test_no_message_of_a_chat_is_lost_doubled_or_out_of_order(bootstrap: str) -> None:
    """Customers connect again and go on where they were; each has seen each message once, in the order of the log.

    `make bench-chat` does it with 500 of them, and with Kafka killed.
    """
    load = chat_load.Load(chats=15, seconds=8, pause=1.0, ramp=1.0, kill="intake")
    done = await chat_load.measured(load, "--kafka", bootstrap, namespace=f"chats-{uuid4().hex[:8]}")
    assert done.wrong == []
    assert len(done.took["delivered"]) > 30
    assert done.connections > load.chats, "nothing was killed, or nobody noticed"
