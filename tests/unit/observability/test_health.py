"""When a service says it is ready, and how its three routes answer."""

from typing import Any

import httpx
import pytest

from shared.observability.health import Readiness, ops_routes


async def _get(readiness: Readiness, path: str) -> httpx.Response:
    app: Any = dict(ops_routes(readiness))[path]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://service") as client:
        return await client.get(path)


async def test_a_service_that_has_checked_nothing_is_not_ready() -> None:
    """Right after the start nothing is known, so no work may come."""
    assert (await _get(Readiness(), "/readyz")).status_code == 503


@pytest.mark.parametrize(("first", "second", "status"), [(True, True, 200), (True, False, 503), (False, True, 503)])
async def test_ready_means_every_check_holds(first: bool, second: bool, status: int) -> None:
    """One partition that is still restoring keeps the service out of rotation, and the answer says which."""
    readiness = Readiness()
    readiness.set("kafka", first, "connected")
    readiness.set("partition 0", second, "restored 5 of 9 records")
    answer = await _get(readiness, "/readyz")
    assert answer.status_code == status
    assert answer.json()["checks"]["partition 0"] == {"ready": second, "detail": "restored 5 of 9 records"}


async def test_a_check_that_no_longer_applies_is_forgotten() -> None:
    """A partition that moved to another instance must not hold this one back."""
    readiness = Readiness()
    readiness.set("kafka", True)
    readiness.set("partition 0", False)
    readiness.forget("partition 0")
    assert readiness.ready


async def test_liveness_does_not_depend_on_readiness() -> None:
    """A restart does not bring Kafka back; only a process that hangs should be restarted."""
    readiness = Readiness()
    readiness.set("kafka", False, "away")
    assert (await _get(readiness, "/livez")).status_code == 200


async def test_metrics_are_in_prometheus_text_form() -> None:
    """So that any scraper reads them."""
    answer = await _get(Readiness(), "/metrics")
    assert answer.headers["content-type"].startswith("text/plain")
    assert "python_info" in answer.text
