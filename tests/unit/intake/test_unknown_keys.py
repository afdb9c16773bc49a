"""Calls without a known key are limited by address; a known key behind the same address is always admitted."""

import hashlib
from typing import Any

import httpx
import pytest

from services.intake.app import server_of
from services.intake.service import Service
from services.intake.settings import Settings
from shared.kafka.settings import BadSettings, load
from shared.process import with_health
from shared.web.api_keys import ApiKey, Keyring
from shared.web.errors import RateLimited, TooManyUnauthenticated
from shared.web.limits import LimitsOfMany, UnauthenticatedCalls
from tests.harness.intake import ID_SECRET, api_keys, editions, key_of

URL = "/v1/support-requests/unknown"
KNOWN = {"Authorization": f"Bearer {key_of('admin')}"}
UNKNOWN: list[dict[str, str]] = [{}, {"Authorization": "Bearer wrong"}, {"Authorization": f"Basic {key_of('submit')}"}]


def _intake(**given: Any) -> Any:
    settings = Settings(
        kafka_bootstrap="127.0.0.1:1",
        api_keys=api_keys(),
        id_secret=ID_SECRET,
        **{"unauthenticated_rate": "3/hour", **given},
    )
    return with_health(server_of(Service(settings, settings.read_callers(), editions())))


def _from(app: Any, address: str = "192.0.2.1") -> httpx.AsyncClient:
    return httpx.AsyncClient(transport=httpx.ASGITransport(app, client=(address, 40_000)), base_url="http://intake")


async def test_unknown_and_missing_keys_beyond_the_rate_are_429_with_the_time_to_wait() -> None:
    """Each costs an answer; whoever sends hundreds has lost the key, or looks for one."""
    async with _from(_intake()) as http:
        answers = [await http.get(URL, headers=headers) for headers in (*UNKNOWN, *UNKNOWN)]
    assert [answer.status_code for answer in answers] == [401, 401, 401, 429, 429, 429]
    problem = answers[3].json()
    assert problem["type"] == "urn:frontline:problem:too_many_unauthenticated"
    assert problem["detail"] == "this address may send 3 calls without a known API key every 1 h"
    assert 3590 <= int(answers[3].headers["retry-after"]) <= 3600
    assert answers[3].headers["cache-control"] == "no-store"
    assert answers[3].content == answers[4].content == answers[5].content, "it reveals nothing of the header"


async def test_a_known_key_behind_the_same_address_is_admitted() -> None:
    """One office, one address: a colleague's wrong key must not lock out the company's own."""
    async with _from(_intake()) as http:
        for _ in range(5):
            await http.get(URL)
        assert (await http.get(URL, headers=KNOWN)).status_code == 503  # admitted; the views have not been read
        assert (await http.get(URL)).status_code == 429


async def test_calls_with_a_known_key_do_not_count() -> None:
    """Also not those that are refused for another reason."""
    async with _from(_intake()) as http:
        for _ in range(5):
            await http.delete("/v1/accounts/acme/entitlement", headers=KNOWN)
        assert (await http.get(URL)).status_code == 401


@pytest.mark.parametrize(
    ("other", "status"),
    [("192.0.2.2", 401), ("2001:db8::1", 401), ("192.0.2.1", 429)],
)
async def test_each_address_counts_for_itself(other: str, status: int) -> None:
    """An attacker must not use up what others may send."""
    app = _intake()
    async with _from(app) as first, _from(app, other) as second:
        for _ in range(4):
            await first.get(URL)
        assert (await second.get(URL)).status_code == status


async def test_an_ipv6_network_of_one_client_counts_as_one_address() -> None:
    """A client has the whole /64, and could use another address for each call."""
    app = _intake()
    for number in range(3):
        async with _from(app, f"2001:db8::{number}") as http:
            assert (await http.get(URL)).status_code == 401
    async with _from(app, "2001:db8::abcd") as http:
        assert (await http.get(URL)).status_code == 429
    async with _from(app, "2001:db8:0:1::1") as http:
        assert (await http.get(URL)).status_code == 401


async def test_many_addresses_do_not_fill_memory() -> None:
    """Beyond some thousands counting begins again; nobody else is refused for it."""
    calls = UnauthenticatedCalls("1/hour", addresses=10)
    for number in range(25):
        await calls.count(f"192.0.2.{number}")
    assert len(calls) <= 10
    await calls.count("198.51.100.1")
    with pytest.raises(TooManyUnauthenticated):
        await calls.count("198.51.100.1")


async def test_the_log_names_an_address_beyond_the_rate_once(capsys: pytest.CaptureFixture[str]) -> None:
    """An operator learns of it, and the attacker does not fill the disk."""
    async with _from(_intake()) as http:
        for _ in range(20):
            await http.get(URL, headers=UNKNOWN[1])
    captured = capsys.readouterr()
    lines = [line for line in (captured.out + captured.err).splitlines() if "unauthenticated.limited" in line]
    assert len(lines) == 1
    assert "192.0.2.1" in lines[0]
    assert "wrong" not in lines[0]


def test_looking_up_a_key_costs_the_same_however_many_there_are() -> None:
    """An unknown key must not be compared with each known one."""

    class Counting(bytes):
        compared = 0

        def __eq__(self, other: object) -> bool:
            Counting.compared += 1
            return bytes(self) == other

        __hash__ = bytes.__hash__

    names = [f"client-{number}" for number in range(500)]
    keys = [ApiKey(name=n, sha256=hashlib.sha256(n.encode()).hexdigest(), scopes=("submit",)) for n in names]
    ring = Keyring(tuple(keys))
    ring._keys = {Counting(digest): key for digest, key in ring._keys.items()}
    Counting.compared = 0
    assert ring.find("client-499") is keys[499]
    assert Counting.compared <= 5


@pytest.mark.parametrize("rate", ["", "often", "5", "0/minute"])
def test_a_wrong_rate_is_refused_at_the_start(rate: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """With the variable, the value and an example."""
    monkeypatch.setenv("FRONTLINE_API_KEYS", api_keys())
    monkeypatch.setenv("FRONTLINE_UNAUTHENTICATED_RATE", rate)
    with pytest.raises(BadSettings, match=r"FRONTLINE_UNAUTHENTICATED_RATE=.*100/minute"):
        load(Settings)


async def test_each_of_many_callers_has_a_rate_and_their_number_is_bounded() -> None:
    """People and addresses: more of them than keys, and each call visits all that are counted."""
    limits = LimitsOfMany(10)
    for _ in range(2):
        await limits.count("ana", "2/hour")
    with pytest.raises(RateLimited) as refused:
        await limits.count("ana", "2/hour")
    assert int(refused.value.headers["Retry-After"]) > 3_000
    await limits.count("bo", "2/hour")
    await limits.count("ana", None)
    for number in range(50):
        await limits.count(str(number), "2/hour")
        assert len(limits) <= 10
