"""Whatever fails at whatever step: each record is processed once, its outputs are there once, in order."""

from dataclasses import replace

import pytest

from tests.harness.faults import Fault, inject
from tests.harness.rig import Rig, eventually

KEYS = [f"k{n}" for n in range(8)]
ROUNDS = 5

FAULTS = [
    Fault("start", "before"),
    Fault("start", "after"),
    Fault("begin", "before"),
    Fault("begin", "after"),
    Fault("send", "before"),
    Fault("send", "after"),
    Fault("send", "after", dies=True),
    Fault("send_offsets", "before"),
    Fault("send_offsets", "after"),
    Fault("send_offsets", "after", dies=True),
    Fault("commit", "before"),
    Fault("commit", "before", dies=True),
    Fault("commit", "after"),
    Fault("commit", "after", dies=True),
]


async def check_counts(rig: Rig, rounds: int, keys: list[str] = KEYS) -> None:
    """Each key was counted from 1 to `rounds`, in order and once each, and the stores agree."""
    outputs = await rig.read(rig.sink, rounds * len(keys))
    seen: dict[str, list[int]] = {key: [] for key in keys}
    for record in outputs:
        assert record.key is not None
        assert record.value is not None
        seen[record.key.decode()].append(int(record.value))
    assert seen == {key: list(range(1, rounds + 1)) for key in keys}


@pytest.mark.parametrize("fault", FAULTS, ids=str)
async def test_a_failure_at_any_step_loses_and_doubles_nothing(rig: Rig, fault: Fault) -> None:
    """The rule that everything rests on: abort, drop the overlay, a new producer, the changelog's tail."""
    running = rig.start()
    plan = inject(running.runtime, [fault])
    for _ in range(ROUNDS):
        await rig.produce(rig.second, [(key, b"") for key in KEYS])
    await check_counts(rig, ROUNDS)
    assert plan.happened == [fault]
    await running.ready(2)
    stores = [task.state.stores["counts"] for task in running.runtime.tasks.values()]
    assert [[value for s in stores if (value := s.get(key.encode()))] for key in KEYS] == [[b"%d" % ROUNDS]] * len(KEYS)
    assert sum(map(len, stores)) == len(KEYS)


async def test_failures_one_after_the_other_lose_and_double_nothing(rig: Rig) -> None:
    """Each failure starts from what the one before has left; in between something succeeds."""
    running = rig.start()
    plan = inject(running.runtime, [replace(fault, skip=1) for fault in FAULTS])
    rounds = 0
    while plan.faults:
        rounds += 1
        await rig.produce(rig.second, [(key, b"") for key in KEYS])
        await eventually(lambda: running.readiness.ready)
    await check_counts(rig, rounds)


async def test_what_was_aborted_is_not_read_by_others(rig: Rig) -> None:
    """Readers see read_committed: a slice that was sent and not committed does not exist."""
    running = rig.start()
    inject(running.runtime, [Fault("commit", "before"), Fault("commit", "before"), Fault("commit", "before")])
    await rig.produce(rig.second, [("a", b"")])
    (only,) = await rig.read(rig.sink, 1)
    assert only.offset > 0, "the aborted ones took offsets before it"
