"""Reports to intake what people do on the board, as their own host application would: with their own token."""

from collections.abc import Mapping

import httpx
import msgspec

from shared.web.errors import Refusal


class IntakeUnavailable(Refusal):
    """Intake does not answer. Whether it has the report is not known; the same report counts once."""

    status, kind = 503, "intake_unavailable"


class RefusedByIntake(Refusal):
    """Intake has refused a report; the problem is its own."""

    status, kind = 409, "refused_by_intake"

    def __init__(self, answer: httpx.Response) -> None:
        super().__init__("refusal.by_intake", status=answer.status_code)
        self.answer = answer


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
            raise RefusedByIntake(answer)
        return str(answer.json()["activity_id"])

    async def close(self) -> None:
        """Disconnect."""
        await self._client.aclose()
