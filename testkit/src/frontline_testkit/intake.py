"""Calls of intake's HTTP interface with the admin key of the system under test."""

import json
import time
from typing import Any

import httpx

from frontline_testkit.errors import CallRefused

RETRY_SECONDS, GIVE_UP_SECONDS = 0.2, 30.0
AGAIN = (429, 503)  # what a later repetition can mend


class Intake:
    """An HTTP client of intake. Calls may be repeated: each that is not idempotent by itself has an Idempotency-Key."""

    def __init__(self, url: str, admin_key: str) -> None:
        self._client = httpx.Client(
            base_url=url, headers={"Authorization": f"Bearer {admin_key}"}, timeout=30, trust_env=False
        )

    def close(self) -> None:
        """Close the connections."""
        self._client.close()

    def call(self, method: str, path: str, body: Any = None, idempotency_key: str | None = None) -> Any:
        """The JSON of the answer, None without a body. Raises CallRefused with the fields that are wrong."""
        __tracebackhide__ = True  # pytest shows the line of the test
        headers = {"Idempotency-Key": idempotency_key} if idempotency_key else {}
        give_up_at = time.monotonic() + GIVE_UP_SECONDS
        while True:
            try:
                answer = self._client.request(method, path, json=body, headers=headers)
                if answer.is_success:
                    return answer.json() if answer.content else None
                refused = CallRefused(f"{method} {path}: {answer.status_code} {_why(answer)}", answer.status_code)
            except httpx.TransportError as error:
                if not idempotency_key and method == "POST":
                    raise  # it may have had its effect
                refused = CallRefused(f"{method} {path}: {type(error).__name__} {error}", 0)
            if refused.status not in (0, *AGAIN) or time.monotonic() > give_up_at:
                raise refused
            time.sleep(RETRY_SECONDS)


def _why(answer: httpx.Response) -> str:
    """The problem of an answer in one line: its title, detail and the fields that are wrong."""
    try:
        problem = answer.json()
        fields = [f"{each['field']}: {each['message']}" for each in problem.get("errors", ())]
        return "; ".join([problem.get("detail") or problem.get("title") or "", *fields])
    except (json.JSONDecodeError, AttributeError, KeyError, TypeError):
        return answer.text[:500]
