"""Customers send requests all the time, by every way in, while intake is killed in the middle."""

from uuid import uuid4

import pytest

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
