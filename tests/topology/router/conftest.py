"""What the tests of a router task share."""

import pytest

from tests.harness.asking import account, entitlement_set
from tests.topology.router.router_task import Router


@pytest.fixture
def router() -> Router:
    """A router that knows account acme (offset 0 of the entitlements)."""
    made = Router()
    made.sets_entitlement(entitlement_set(account()))
    return made
