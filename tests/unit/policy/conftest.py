"""The shipped editions, loaded once: that resolves the holidays of many years."""

import pytest

from shared.policy.files import edition_names, load_edition
from shared.policy.model import Edition, PhoneDirectory


@pytest.fixture(scope="session")
def shipped() -> dict[str, Edition]:
    """Every edition of the repository, by name."""
    return {name: load_edition(name) for name in edition_names()}


@pytest.fixture(scope="session")
def guidelines(shipped: dict[str, Edition]) -> Edition:
    """The default edition: the seed."""
    return shipped["guidelines-2021"]


@pytest.fixture(scope="session")
def objectives(shipped: dict[str, Edition]) -> Edition:
    """The second edition."""
    return shipped["objectives-2024"]


@pytest.fixture(scope="session")
def directory(guidelines: Edition) -> PhoneDirectory:
    """The phone directory of the seed."""
    assert guidelines.phone is not None
    return guidelines.phone
