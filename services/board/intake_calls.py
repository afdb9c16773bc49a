"""Reports to intake what people do on the board, as their own host application would: with their own token."""

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from services.board.errors import IntakeUnavailable, OtherThanBefore, RefusedByIntake

_OTHER_BODY = "idempotency_conflict"  # the kind of the refusal of a key that was used with another body


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
            raise _unavailable() from None
        said = _document(answer)
        if answer.is_success and "activity_id" in said:
            return str(said["activity_id"])
        if answer.status_code >= 500 or answer.is_success:  # what stands in between answers as well
            raise _unavailable()
        detail = str(said.get("detail", answer.status_code))
        if str(said.get("type", "")).endswith(f":{_OTHER_BODY}"):
            raise OtherThanBefore("refusal.by_intake", detail=detail)
        raise RefusedByIntake("refusal.by_intake", detail=detail)

    async def close(self) -> None:
        """Disconnect."""
        await self._client.aclose()


def _unavailable() -> IntakeUnavailable:
    return IntakeUnavailable("refusal.intake_unavailable", retry_after=2)


def _document(answer: httpx.Response) -> dict[str, Any]:
    """What an answer says; nothing, if it is not one of intake."""
    try:
        found = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
