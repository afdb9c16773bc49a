"""Reports to intake what people do on the board, as their own host application would: with their own token."""

from collections.abc import Mapping
from typing import Any

import httpx
import msgspec

from services.board.errors import IntakeUnavailable, OtherThanBefore, RefusedByIntake
from shared.http.refusals import TYPE_PREFIX
from shared.web.errors import RateLimited

_OTHER_BODY = "idempotency_conflict"  # the kind of the refusal of a key that was used with another body
_SOON = 2  # seconds
_LATEST = 3600  # seconds that a page asks anybody to wait


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
        raise _refused(answer, said)

    async def close(self) -> None:
        """Disconnect."""
        await self._client.aclose()


def _refused(answer: httpx.Response, said: Mapping[str, Any]) -> IntakeUnavailable | RefusedByIntake:
    """What the page says of an answer that is none of a report that counts.

    What is no refusal of intake's own comes from what stands in between, or from a defect: it is as if it were away.
    """
    kind, status = str(said.get("type", "")), answer.status_code
    retry_after = _seconds(answer.headers.get("retry-after", ""))
    if not kind.startswith(TYPE_PREFIX) or status < 400 or (status >= 500 and status != 503):
        return _too_many(retry_after) if status == 429 else _unavailable(retry_after)
    kind, detail = kind.removeprefix(TYPE_PREFIX), _detail(said)
    if kind == _OTHER_BODY:
        return OtherThanBefore(status, kind, detail, retry_after)
    if status == 401:  # of the reader's token, which a browser asks nobody for
        status = 403
    return RefusedByIntake(status, kind, detail, retry_after or (_SOON if status == 503 else None))


def _unavailable(retry_after: int | None = None) -> IntakeUnavailable:
    return IntakeUnavailable("refusal.intake_unavailable", retry_after=retry_after or _SOON)


def _too_many(retry_after: int | None) -> RefusedByIntake:
    return RefusedByIntake(429, RateLimited.kind, "", retry_after)


def _detail(said: Mapping[str, Any]) -> str:
    """The sentences of a problem document: what is wrong with each field, or with all of it."""
    errors = said.get("errors")
    found = [each.get("message") for each in errors if isinstance(each, dict)] if isinstance(errors, list) else []
    return "; ".join(map(str, found)) or str(said.get("detail", ""))


def _seconds(text: str) -> int | None:
    """What a `Retry-After` says in seconds; None for anything else."""
    return min(int(text), _LATEST) if text.isascii() and text.isdigit() and len(text) < 10 else None


def _document(answer: httpx.Response) -> dict[str, Any]:
    """What an answer says; nothing, if it is not one of intake."""
    try:
        found = msgspec.json.decode(answer.content)
    except msgspec.DecodeError:
        return {}
    return found if isinstance(found, dict) else {}
