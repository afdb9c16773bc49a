"""What the tests on a real Kafka share."""

from collections.abc import AsyncIterator, Callable

import pytest_asyncio

from tests.harness.broker import broker_for_tests
from tests.harness.intake import Intake, running_intake, topics_at
from tests.harness.rig import Rig


@pytest_asyncio.fixture(scope="package")
async def bootstrap() -> AsyncIterator[str]:
    """The address of a real Kafka: started at first use, and kept until the last test of this folder.

    An idle broker takes a fiftieth of a processor, which would be missing to the tests that need none.
    """
    async with broker_for_tests() as address:
        yield address


@pytest_asyncio.fixture
async def rig(bootstrap: str) -> AsyncIterator[Rig]:
    """A rig with two partitions, its topics made."""
    rig = Rig(bootstrap)
    await rig.prepare()
    yield rig
    await rig.close()


@pytest_asyncio.fixture
async def make_rig(bootstrap: str) -> AsyncIterator[Callable[..., Rig]]:
    """Makes rigs of other shapes; their topics are up to the test."""
    made: list[Rig] = []

    def make(**shape: object) -> Rig:
        made.append(Rig(bootstrap, **shape))  # type: ignore[arg-type]  # whatever Rig takes
        return made[-1]

    yield make
    for rig in made:
        await rig.close()


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """One intake for the tests of a file; each test uses accounts and cases of its own."""
    await topics_at(bootstrap)
    async with running_intake(bootstrap) as running:
        yield running
