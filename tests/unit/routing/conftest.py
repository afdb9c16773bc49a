"""The shipped editions, ready to decide by; loaded once, since loading resolves holidays for many years."""

import pytest

from shared.routing.rulebook import Rulebook
from tests.harness.shipped import shipped_edition


@pytest.fixture(scope="session")
def guidelines() -> Rulebook:
    """The default edition."""
    return Rulebook(shipped_edition("guidelines-2021"))


@pytest.fixture(scope="session")
def objectives() -> Rulebook:
    """The second edition."""
    return Rulebook(shipped_edition("objectives-2024"))


@pytest.fixture(scope="session", params=["guidelines-2021", "objectives-2024"])
def any_edition(request: pytest.FixtureRequest, guidelines: Rulebook, objectives: Rulebook) -> Rulebook:
    """Each of them: what a rule says of every edition is tested on every edition."""
    return guidelines if request.param == "guidelines-2021" else objectives
