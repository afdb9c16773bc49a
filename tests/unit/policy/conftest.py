"""The shipped editions, loaded once since that resolves the holidays of many years; and a folder of small ones."""

from pathlib import Path

import pytest

from shared.policy.files import edition_names, load_edition
from shared.policy.model import Edition, PhoneDirectory
from tests.unit.policy.small_edition import SMALL, changed

BAD = changed("resource: articles", "resource: article", changed("share: 0.5", "share: half"))


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


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A folder with a correct edition, `small`, and one with mistakes, `bad`."""
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "bad.yaml").write_text(BAD.replace("edition: small", "edition: bad"))
    return tmp_path
