"""[pure] A submission: the fields that a client may send, and the event of the request.

A client cannot claim a plan, a priority or a case, since there are no such fields. Who asks is claimed by a client with
an API key only: a person's token says it, so their submission has no such fields (`OwnSubmission`).
"""

from datetime import datetime
from typing import Any

from pydantic import Field, SecretStr

from services.intake.digest import content_digest
from services.intake.fields import Body, Country, Email, Subject, Text, Word, Words
from shared.contracts.structs import PhoneReadiness, Requester, SupportRequestSubmitted
from shared.contracts.vocabulary import AuthenticatedBy, Language, OpenedBy
from shared.identity.person import Person
from shared.web.fields import Id


class RequesterBody(Body):
    """The requester. If the account names this person in its contacts, the contact outranks this claim."""

    requester_id: Id
    role: Word
    licensed: bool
    name: Subject | None = None
    email: Email | None = None


class PhoneBody(Body):
    """The details that phone support asks callers for. Intake keeps only whether they were given, never the values."""

    meeting_id: SecretStr | None = None
    host_key: SecretStr | None = None


class OwnSubmission(Body):
    """A support request as a person with a signed token sends it: account and requester are those of the token.

    Channel and fields are words of the edition in force. `fields` has what the edition asks; one with a default may be
    left out.
    """

    channel: Word
    subject: Subject
    description: Text
    fields: Words = Field(default_factory=dict)
    language: Language | None = None
    country: Country | None = None
    phone: PhoneBody | None = None


class Submission(OwnSubmission):
    """A support request as a client with an API key sends it, for somebody: the role, too, is a word of the edition.

    `opened_by`: who takes the first step; a desk that opens a case on a customer's behalf is `agent`.
    """

    account_id: Id | None = None
    requester: RequesterBody
    opened_by: OpenedBy = "customer"

    @property
    def words(self) -> dict[str, Any]:
        """The part of the body that has words of the edition."""
        return {
            "channel": self.channel,
            "requester": {"role": self.requester.role},
            "fields": self.fields,
            "language": self.language,
        }

    @property
    def readiness(self) -> PhoneReadiness | None:
        """Whether the caller gave the details that phone support asks for; None if the client sent no `phone`."""
        if self.phone is None:
            return None
        given = [
            v is not None and bool(v.get_secret_value().strip()) for v in (self.phone.meeting_id, self.phone.host_key)
        ]
        return PhoneReadiness(meeting_id_given=given[0], host_key_given=given[1])

    def lacks_phone_details(self, phone_channel: str | None) -> bool:
        """Whether this asks for the phone without one of the two details. Intake accepts it, with a reminder.

        `phone_channel` is the channel that the edition calls a phone, if it has one.
        """
        ready = self.readiness
        return self.channel == phone_channel and not (ready and ready.meeting_id_given and ready.host_key_given)

    @property
    def digest(self) -> str:
        """The digest of the content; of `phone` only what is kept."""
        ready = self.readiness
        content = self.model_dump(exclude={"phone"}, exclude_none=True)
        content["phone"] = None if ready is None else [ready.meeting_id_given, ready.host_key_given]
        return content_digest(content)


def of_person(own: OwnSubmission, person: Person) -> Submission:
    """The submission of a person: what they sent, for the account and the requester of their token.

    Raises ValidationError for a token whose name or address of mail is none.
    """
    return Submission(
        account_id=person.account_id,
        requester=RequesterBody(
            requester_id=person.requester_id,
            role=person.role or "",
            licensed=person.licensed,
            name=person.name,
            email=person.email,
        ),
        **{name: getattr(own, name) for name in OwnSubmission.model_fields if name in own.model_fields_set}
        | ({} if own.country or not person.country else {"country": person.country}),
    )


def accept(
    submission: Submission,
    *,
    client: str,
    authenticated_by: AuthenticatedBy,
    request_id: str,
    received_at: datetime,
) -> SupportRequestSubmitted:
    """The event of `submission`, which intake received at `received_at`."""
    who = submission.requester
    return SupportRequestSubmitted(
        request_id=request_id,
        client=client,
        authenticated_by=authenticated_by,
        account_id=submission.account_id,
        requester=Requester(
            requester_id=who.requester_id, role=who.role, licensed=who.licensed, name=who.name, email=who.email
        ),
        channel=submission.channel,
        subject=submission.subject,
        description=submission.description,
        fields=submission.fields,
        received_at=received_at,
        submission_digest=submission.digest,
        language=submission.language,
        country=submission.country,
        phone=submission.readiness,
        opened_by=submission.opened_by,
    )


def partition_key(event: SupportRequestSubmitted) -> str:
    """The account's id, so that its requests stay in order and meet its entitlement; else the request's own id."""
    return event.account_id or event.request_id
