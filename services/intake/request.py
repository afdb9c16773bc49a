"""[pure] A submission: what a client may send, and the event that it becomes.

A client cannot claim a plan, a priority or a case: there are no such fields. A signed token will outrank `account_id`
and `requester` here, and an anonymous form will leave them out; both arrive as another `authenticated_by`.
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
    """Who asks. Where the account names this person in its contacts, the account's word counts, not this claim."""

    requester_id: Id
    role: Role
    licensed: bool
    name: Subject | None = None
    email: Email | None = None


class PhoneBody(Body):
    """What phone support asks callers for. Only whether they were given is kept, never the values."""

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
        """Whether the caller has at hand what phone support asks for; None where nothing was said about it."""
        if self.phone is None:
            return None
        given = [
            v is not None and bool(v.get_secret_value().strip()) for v in (self.phone.meeting_id, self.phone.host_key)
        ]
        return PhoneReadiness(meeting_id_given=given[0], host_key_given=given[1])

    @property
    def lacks_phone_details(self) -> bool:
        """A phone request without the two things that callers need: taken all the same, with a reminder."""
        ready = self.readiness
        return self.channel == "phone" and not (ready and ready.meeting_id_given and ready.host_key_given)

    @property
    def digest(self) -> str:
        """SHA-256 of what was submitted, the same however the JSON was laid out; of `phone` only what is kept."""
        ready = self.readiness
        content = self.model_dump(exclude={"phone"}, exclude_none=True)
        content["phone"] = None if ready is None else [ready.meeting_id_given, ready.host_key_given]
        canonical = json.dumps(content, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return hashlib.sha256(canonical.encode()).hexdigest()


def request_id_of(client: str, account_id: str | None, idempotency_key: str) -> str:
    """The same call again has the same id: whose key it is, for which account, and the key."""
    return deterministic_id("request", client, account_id or "", idempotency_key)


def accept(
    submission: Submission,
    *,
    client: str,
    authenticated_by: AuthenticatedBy,
    idempotency_key: str,
    received_at: datetime,
) -> SupportRequestSubmitted:
    """The event that `submission` becomes when intake takes it at `received_at`."""
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
    """Requests of one account stay in order and meet its entitlement; an anonymous one goes by its own id."""
    return event.account_id or event.request_id
