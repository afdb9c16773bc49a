"""The OpenAPI document of intake: its answers, what its calls have in common, and its examples."""

from collections.abc import Callable
from typing import Any, Literal

from fastapi import FastAPI
from pydantic import BaseModel, Field

from services.intake.activity import Activity
from services.intake.entitlement import EntitlementBody
from services.intake.form import Form
from services.intake.openapi_details import details
from services.intake.request import OwnSubmission, Submission
from shared.contracts.base import Instant, Sha256
from shared.contracts.identifiers import LONGEST
from shared.contracts.intake import Account
from shared.policy.model import Edition
from shared.web import openapi
from shared.web.answer_model import AnswerModel
from shared.web.openapi import Problem, Refused, document_of_calls, header, ref
from shared.web.openapi_details import complete

KEY_PATTERN = "^[!-~](?:[ -~]*[!-~])?$"  # an identifier in ASCII
_REFUSED = Refused(
    "Refused. Nothing was published",
    "Too many calls with this key, or of this address without a known one",
    "A defect of intake. Repeat the call with its Idempotency-Key",
    "Kafka is unavailable. Nothing was acknowledged",
)
_KEY = header(
    "Idempotency-Key",
    "Names one occurrence. A repeated call has the same key. Another body under the same "
    "key is an idempotency_conflict. Without a key, every call is a new one.",
    {"type": "string", "minLength": 1, "maxLength": LONGEST, "pattern": KEY_PATTERN},
)


class Submitted(AnswerModel):
    """The answer to an accepted submission.

    `key_valid_until` is there if the client sent an Idempotency-Key: until then, exclusive, the key names this request.
    """

    request_id: str
    status_url: str
    key_valid_until: Instant | None = None
    reminders: list[str] = Field([])


class Recorded(AnswerModel):
    """The answer to an accepted activity.

    `case_status` is there where intake knows that the case was closed, or withdrawn, when it took the activity.
    """

    activity_id: str
    case_status: Literal["closed"] | None = None


class RequestStatus(AnswerModel):
    """A request. `decision` is null until the router has decided."""

    request_id: str
    status: str
    account_id: str | None
    channel: str
    received_at: Instant
    decision: dict[str, Any] | None
    events: list[dict[str, Any]]


class EditionDocument(AnswerModel):
    """An edition. `policy_sha256` is the SHA-256 of the bytes of `document`.

    `form` is what it gives a form to ask and to show; null if this version of intake cannot use the edition.
    """

    policy_sha256: Sha256
    form: Form | None
    document: dict[str, Any]


_IN = (Submission, OwnSubmission, Activity, EntitlementBody)
_OUT = (Submitted, Recorded, RequestStatus, Account, EditionDocument, Problem)


def describe(
    scope: str,
    status: int,
    answer: type[BaseModel] | str | None,
    *,
    body: type[BaseModel] | None = None,
    own: type[BaseModel] | None = None,
    repeatable: bool = False,
    conditional: bool = False,
) -> dict[str, Any]:
    """The arguments of a route's decorator: the scope of the call, its body and its answer.

    `answer` is a model, a media type, or None for no body. `own` is the body that a person with a signed token sends
    in place of `body`. `repeatable` calls accept an Idempotency-Key, `conditional` ones an If-None-Match.
    """
    schema: dict[str, Any] | None = None
    if body is not None:
        schema = {**ref(body)} if own is None else {"oneOf": [ref(body), ref(own)]}
    parameters = (_KEY,) if repeatable else ()
    return openapi.describe(
        scope,
        status,
        answer,
        _REFUSED,
        body=schema,
        parameters=parameters,
        conditional=conditional,
        repeatable=repeatable,
    )


def install(app: FastAPI, edition: Callable[[], Edition]) -> None:
    """Let `app` serve the document with the models in it. Its examples have the words of `edition`, that in force."""

    def build(in_force: Edition) -> dict[str, Any]:
        document = document_of_calls(app, _IN, _OUT)
        complete(document, details(in_force))
        return document

    openapi.install(app, edition, build)
