"""Customers and agents who call intake over HTTP during the faults, as good clients do, and keep their history.

A call is repeated with the same Idempotency-Key until it is acknowledged, after any answer that asks to come back later
and after any broken connection.
"""

import asyncio
import contextlib
import random
from collections.abc import Sequence
from typing import Any, Self

import httpx

from shared.wall_clock import utc_now
from tests.fault.client_history import Call, HistoryFile, Kind
from tests.harness.intake import key_of, submission

ACCOUNTS = tuple(f"account-{number}" for number in range(8))
PLANS = ("premier_plus", "premier", "access")
COME_BACK = frozenset({429, 503})
RETRY_SECONDS = 0.3
TIMEOUT_SECONDS = 6.0
LAST_CALLS_SECONDS = 90.0  # for calls that were begun before the end

Step = tuple[float, str, dict[str, Any]]  # seconds after the step before, type of activity, its fields
# The lives of cases. Targets are 3 and 6 s, so that some answers are in time and some are late.
LIVES: Sequence[Sequence[Step]] = (
    (),
    ((0.5, "agent_replied", {}), (1.0, "resolved", {})),
    ((4.0, "agent_replied", {}), (4.0, "restored", {})),
    (
        (0.5, "status_changed", {"to": "waiting_on_customer"}),
        (2.5, "status_changed", {"to": "open"}),
        (1.0, "agent_replied", {}),
    ),
    ((0.2, "status_changed", {"to": "waiting_on_customer"}), (1.5, "customer_replied", {}), (1.0, "resolved", {})),
    ((0.0, "agent_replied", {}), (1.0, "customer_replied", {}), (1.0, "agent_replied", {})),
    ((1.0, "internal_note", {}), (0.5, "resolved", {})),
    ((1.5, "withdrawn", {}),),
)


class Workload:
    """Runs from `start` until `stop`; then begins nothing new, and finishes what it has begun. `async with` ends it."""

    def __init__(self, url: str, history: HistoryFile, seed: str) -> None:
        self._rng = random.Random(seed)
        self._seed = seed.replace("/", "-")
        self._history = history
        self._client = httpx.AsyncClient(
            base_url=url,
            headers={"Authorization": f"Bearer {key_of('all')}"},
            timeout=TIMEOUT_SECONDS,
            trust_env=False,
        )
        self._stopped = asyncio.Event()
        self._given_up = asyncio.Event()
        self._numbers = 0
        self._lives: set[asyncio.Task[None]] = set()
        self._work: list[asyncio.Task[None]] = []

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(self, *_: object) -> None:
        for work in (*self._work, *self._lives):
            work.cancel()
        await asyncio.gather(*self._work, *self._lives, return_exceptions=True)
        await self._client.aclose()

    def start(self) -> None:
        """Begin."""
        self._work = [asyncio.create_task(self._account(name)) for name in ACCOUNTS]

    async def stop(self) -> None:
        """Return when every call has ended, or has been given up."""
        self._stopped.set()
        waiting = asyncio.gather(*self._work)
        try:
            await asyncio.wait_for(asyncio.shield(waiting), LAST_CALLS_SECONDS)
        except TimeoutError:
            self._given_up.set()
            await waiting

    async def _account(self, account: str) -> None:
        await self._set_entitlement(account)
        while not self._stopped.is_set():
            if self._rng.random() < 0.08:
                await self._set_entitlement(account)
            request_id = await self._submit(account)
            if request_id is not None:
                life = asyncio.create_task(self._live(account, request_id, self._rng.choice(LIVES)))
                self._lives.add(life)
                life.add_done_callback(self._lives.discard)
            await self._pause(self._rng.uniform(0.5, 3.0))
        await asyncio.gather(*self._lives)

    async def _set_entitlement(self, account: str) -> None:
        plan = self._rng.choice(PLANS)
        body = {"plan": plan, "account_type": "enterprise", "paid": True, "country": "ES"}
        await self._call("entitlement", "PUT", f"/v1/accounts/{account}/entitlement", body, account, plan=plan)

    async def _submit(self, account: str) -> str | None:
        impact = "down" if self._rng.random() < 0.85 else "significant"
        body = submission(account_id=account, impact=impact)
        call = await self._call("request", "POST", "/v1/support-requests", body, account)
        return call.id

    async def _live(self, account: str, case_id: str, steps: Sequence[Step]) -> None:
        for seconds, kind, fields in steps:
            await self._pause(seconds * self._rng.uniform(0.5, 1.5))
            if self._stopped.is_set():
                return
            path = f"/v1/cases/{case_id}/activity"
            body = {"type": kind, **fields}
            to = fields.get("to")
            await self._call("activity", "POST", path, body, account, case_id=case_id, type=kind, to=to)

    async def _call(self, kind: Kind, method: str, path: str, body: dict[str, Any], account: str, **known: Any) -> Call:
        """Repeat a call until it is acknowledged, refused, or given up; sometimes once more after that."""
        self._numbers += 1
        key = f"{self._seed}-{self._numbers}"
        began = utc_now()
        ids: list[str] = []
        refused: int | None = None
        ended = None
        acknowledgements = 2 if self._rng.random() < 0.05 else 1
        while acknowledgements and refused is None and not self._given_up.is_set():
            try:
                answer = await self._client.request(method, path, json=body, headers={"Idempotency-Key": key})
            except httpx.TransportError:
                await asyncio.sleep(RETRY_SECONDS)
                continue
            if answer.is_success:
                ended = ended or utc_now()
                acknowledgements -= 1
                field = {"request": "request_id", "activity": "activity_id"}.get(kind)
                ids += [answer.json()[field]] if field else []
            elif answer.status_code in COME_BACK:
                await asyncio.sleep(RETRY_SECONDS)
            else:
                refused = answer.status_code
        call = Call(
            kind=kind, key=key, account_id=account, began=began, ended=ended, ids=tuple(ids), refused=refused, **known
        )
        self._history.add(call)
        return call

    async def _pause(self, seconds: float) -> None:
        """Let time pass, unless the end has come."""
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(self._stopped.wait(), seconds)
