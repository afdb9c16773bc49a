"""`POST /v1/test-clock` is for programs on this machine with an admin's key, and only where there is a test clock."""

from datetime import datetime, timedelta
from pathlib import Path

import httpx
import pytest

from services.intake.app import server_of
from services.intake.service import Service
from services.intake.settings import Settings
from shared import test_clock
from shared.process import with_health
from shared.wall_clock import utc_now
from tests.harness.intake import ID_SECRET, api_keys, editions, key_of

HERE = "127.0.0.1"
URL = "/v1/test-clock"


def _client(folder: Path | None, key: str = "admin", address: str = HERE) -> httpx.AsyncClient:
    """A client of an intake with the clock of this folder."""
    settings = Settings(kafka_bootstrap="127.0.0.1:1", api_keys=api_keys(), id_secret=ID_SECRET, test_clock=folder)
    app = with_health(server_of(Service(settings, settings.read_callers(), editions())))
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app, client=(address, 40_000)),
        base_url="http://intake",
        headers={"Authorization": f"Bearer {key_of(key)}"},
    )


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """A clock that no other service follows."""
    test_clock.prepare(tmp_path / "clock", [])
    return tmp_path / "clock"


async def test_it_answers_the_new_time(folder: Path) -> None:
    """Numbers of JSON: 5400 and 0.5 alike; 0 asks."""
    async with _client(folder) as intake:
        for seconds, total in ((5400, 5400), (0.5, 5400.5), (0, 5400.5)):
            answer = await intake.post(URL, json={"advance_seconds": seconds})
            assert (answer.status_code, answer.json().keys()) == (200, {"now"})
            ahead = datetime.fromisoformat(answer.json()["now"]) - utc_now()
            assert 0 <= total - ahead.total_seconds() < 10


@pytest.mark.parametrize("given", ["-1", '"60"', "true", "null", "NaN", "Infinity", "-Infinity", "1e300", "31622401"])
async def test_what_is_no_advance_is_refused(folder: Path, given: str) -> None:
    """Time goes forwards only."""
    async with _client(folder) as intake:
        body, headers = f'{{"advance_seconds": {given}}}', {"Content-Type": "application/json"}
        answer = await intake.post(URL, content=body, headers=headers)
    assert answer.status_code == 422
    assert [error["field"] for error in answer.json()["errors"]] == ["advance_seconds"]
    assert not test_clock.ahead_of(folder)


async def test_without_a_test_clock_there_is_no_such_call(folder: Path) -> None:
    """Nothing of it can be reached in production: no address, and not a word in the document or on the page."""
    async with _client(None) as production, _client(folder) as for_tests:
        unknown = await production.post("/v1/no-such-address", json={})
        answer = await production.post(URL, json={"advance_seconds": 1})
        assert (answer.status_code, answer.content) == (404, unknown.content)
        for page in ("/openapi.json", "/docs"):
            assert "test-clock" not in (await production.get(page)).text
            assert "advance_seconds" in (await for_tests.get(page)).text


@pytest.mark.parametrize("key", ["submit", "agent", "backfill", "agent-backfill"])
async def test_another_scope_than_admin_is_not_enough(folder: Path, key: str) -> None:
    """Whoever moves the time of all moves everybody's promises."""
    async with _client(folder, key) as intake:
        assert (await intake.post(URL, json={"advance_seconds": 60})).status_code == 403
        intake.headers.pop("Authorization")
        assert (await intake.post(URL, json={"advance_seconds": 60})).status_code == 401
    assert not test_clock.ahead_of(folder)


@pytest.mark.parametrize(
    ("address", "status"),
    [
        ("127.0.0.1", 200), ("127.1.2.3", 200), ("::1", 200), ("::ffff:127.0.0.1", 200),
        ("192.0.2.1", 404), ("10.0.0.7", 404), ("::ffff:192.0.2.1", 404), ("2001:db8::1", 404), ("unknown", 404),
    ],
)  # fmt: skip
async def test_only_programs_on_this_machine_find_it(folder: Path, address: str, status: int) -> None:
    """With whatever key: from elsewhere there is no such address."""
    async with _client(folder, address=address) as intake:
        assert (await intake.post(URL, json={"advance_seconds": 60})).status_code == status
    assert (test_clock.ahead_of(folder) > timedelta()) is (status == 200)


async def test_an_advance_that_a_service_has_not_taken_is_503_with_the_time_to_wait(
    folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """It names the service, and the repeated call counts once."""
    monkeypatch.setattr(test_clock, "TAKEN_WITHIN", 0.02)
    test_clock.prepare(folder, ["escalation"])
    async with _client(folder) as intake:
        before = (await intake.post(URL, json={"advance_seconds": 0})).json()["now"]
        for _ in range(2):
            answer = await intake.post(URL, json={"advance_seconds": 60})
            assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
            assert answer.json()["type"] == "urn:frontline:problem:clock_not_taken"
            assert answer.json()["detail"] == "the new time was not taken in time by: escalation"
        test_clock.prepare(folder, [])
        after = (await intake.post(URL, json={"advance_seconds": 60})).json()["now"]
    advanced = datetime.fromisoformat(after) - datetime.fromisoformat(before)
    assert timedelta(seconds=60) <= advanced < timedelta(seconds=70)
