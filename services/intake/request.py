"""[pure] A submission: the fields that a client may send, and the event of the request.

A client cannot claim a plan, a priority or a case, since there are no such fields. Later, a signed token will outrank
`account_id` and `requester`, and an anonymous form will omit them. Both will have another `authenticated_by`.
"""

import hashlib
import json
from datetime import datetime

from pydantic import SecretStr

from services.intake.fields import Body, Country, Email, Id, Subject, Text
from shared.contracts.ids import deterministic_id
from shared.contracts.structs import PhoneReadiness, Requester, SupportRequestSubmitted
from shared.contracts.vocabulary import (
    AuthenticatedBy,
    Channel,
    Environment,
    Impact,
    Language,
    RequestType,
    Role,
    Workaround,
)


class RequesterBody(Body):
    """The requester. If the account names this person in its contacts, the contact outranks this claim."""

    requester_id: Id
    role: Role
    licensed: bool
    name: Subject | None = None
    email: Email | None = None


class PhoneBody(Body):
    """The details that phone support asks callers for. Intake keeps only whether they were given, never the values."""

    meeting_id: SecretStr | None = None
    host_key: SecretStr | None = None


class Submission(Body):
    """A support request as a client sends it."""

    account_id: Id | None = None
    requester: RequesterBody
    channel: Channel
    subject: Subject
    description: Text
    impact: Impact
    workaround: Workaround
    environment: Environment
    request_type: RequestType
    language: Language | None = None
    country: Country | None = None
    phone: PhoneBody | None = None

    @property
    def readiness(self) -> PhoneReadiness | None:
        """Whether the caller gave the details that phone support asks for; None if the client sent no `phone`."""
        if self.phone is None:
            return None
        given = [
            v is not None and bool(v.get_secret_value().strip()) for v in (self.phone.meeting_id, self.phone.host_key)
        ]
        return PhoneReadiness(meeting_id_given=given[0], host_key_given=given[1])

    @property
    def lacks_phone_details(self) -> bool:
        """Whether this is a phone request without one of the two details. Intake accepts it, with a reminder."""
        ready = self.readiness
        return self.channel == "phone" and not (ready and ready.meeting_id_given and ready.host_key_given)

    @property
    def digest(self) -> str:
        """SHA-256 of the content, the same for every layout of the JSON; of `phone` only what is kept."""
        ready = self.readiness
        content = self.model_dump(exclude={"phone"}, exclude_none=True)
        content["phone"] = None if ready is None else [ready.meeting_id_given, ready.host_key_given]
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def request_id_of(client: str, account_id: str | None, idempotency_key: str) -> str:
    """The id that follows from the client, the account and the key, so that a repeated call has the same id."""
    return deterministic_id("request", client, account_id or "", idempotency_key)


def accept(
    submission: Submission,
    *,
    client: str,
    authenticated_by: AuthenticatedBy,
    idempotency_key: str,
    received_at: datetime,
) -> SupportRequestSubmitted:
    """The event of `submission`, which intake received at `received_at`."""
    who = submission.requester
    return SupportRequestSubmitted(
        request_id=request_id_of(client, submission.account_id, idempotency_key),
        client=client,
        authenticated_by=authenticated_by,
        account_id=submission.account_id,
        requester=Requester(
            requester_id=who.requester_id, role=who.role, licensed=who.licensed, name=who.name, email=who.email
        ),
        channel=submission.channel,
        subject=submission.subject,
        description=submission.description,
        impact=submission.impact,
        workaround=submission.workaround,
        environment=submission.environment,
        request_type=submission.request_type,
        received_at=received_at,
        submission_digest=submission.digest,
        language=submission.language,
        country=submission.country,
        phone=submission.readiness,
    )


def partition_key(event: SupportRequestSubmitted) -> str:
    """The account's id, so that its requests stay in order and meet its entitlement; else the request's own id."""
    return event.account_id or event.request_id
