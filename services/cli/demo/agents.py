"""The demo's support agents: they work on the cases of its own requests, as people would."""

import asyncio
from collections.abc import Mapping
from typing import Any

import httpx

from services.cli.call_intake import call

Case = Mapping[str, Any]


class Agents:
    """Of three cases they answer one, ask the customer on one and ignore one.

    A case is theirs if the demo has sent its request. Whoever tries the system beside it has cases on the same
    accounts, and is left alone.
    """

    def __init__(self, client: httpx.AsyncClient) -> None:
        self._client = client
        self._cases = 0
        self._sent: set[str] = set()
        self._early: dict[str, Case] = {}  # cases that were decided before the answer to their request was here
        self._expects_more = True

    def sent(self, request_id: str) -> Case | None:
        """The demo has sent this request; returns its case if that is known already, to work on."""
        self._sent.add(request_id)
        return self._early.pop(request_id, None)

    def all_sent(self) -> None:
        """The demo sends no more requests: what is decided from here on is of others."""
        self._expects_more = False
        self._early.clear()

    def decided(self, case: Case) -> Case | None:
        """A case was decided; returns it if it is one of the demo's, to work on."""
        if case["case_id"] in self._sent:
            return case
        if self._expects_more:
            self._early[case["case_id"]] = case
        return None

    async def work_on(self, case: Case) -> None:
        """Send the activity of an agent on this case, with pauses."""
        if all("reason" in terms for terms in case["milestones"].values()):
            return  # nothing is promised
        self._cases += 1
        steps: tuple[tuple[float, dict[str, str]], ...] = (
            (),
            ((3, {"type": "agent_replied"}), (4, {"type": "resolved"})),
            (
                (2, {"type": "agent_replied"}),
                (1, {"type": "status_changed", "to": "waiting_on_customer"}),
                (6, {"type": "status_changed", "to": "open"}),
                (2, {"type": "restored"}),
            ),
        )[self._cases % 3]
        for seconds, activity in steps:
            await asyncio.sleep(seconds)
            await call(self._client, "POST", f"/v1/cases/{case['case_id']}/activity", json=activity)
