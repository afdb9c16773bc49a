"""Reports to intake what people do on the board, as their own host application would: with their own token."""

from collections.abc import Mapping

import httpx
import msgspec

from services.board.errors import IntakeUnavailable, RefusedByIntake


class IntakeCalls:
    """Calls intake at `url`; each call has to be answered within so many seconds."""

    def __init__(self, url: str, timeout: float) -> None:
        self._client = httpx.AsyncClient(base_url=url, timeout=timeout, trust_env=False)

    async def report(self, token: str, case_id: str, activity: Mapping[str, object], key: str, language: str) -> str:
        """Report an activity under this Idempotency-Key. Returns its id. Raises IntakeUnavailable, RefusedByIntake."""
        headers = {
            "Authorization": f"Bearer {token}",
            "Content-Type": "application/json",
            "Idempotency-Key": key,
            "Accept-Language": language,
        }
        try:
            answer = await self._client.post(
                f"/v1/cases/{case_id}/activity", content=msgspec.json.encode(activity), headers=headers
            )
        except httpx.HTTPError:
            raise IntakeUnavailable("refusal.intake_unavailable", retry_after=2) from None
        if answer.status_code == 503:
            raise IntakeUnavailable("refusal.intake_unavailable", retry_after=2)
        if answer.is_error:
            raise RefusedByIntake("refusal.by_intake", detail=str(answer.json().get("detail", answer.status_code)))
        return str(answer.json()["activity_id"])

    async def close(self) -> None:
        """Disconnect."""
        await self._client.aclose()
