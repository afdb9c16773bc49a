"""What a caller does: submit a request, report an activity on a case. The same for the calls and for the pages.

Each is acknowledged once Kafka has its event. The same Idempotency-Key of the same caller is the same occurrence.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from services.intake import activity as activities
from services.intake.activity import Activity
from services.intake.body import IdempotencyKey
from services.intake.errors import NotAcknowledged
from services.intake.request import OwnSubmission, RequesterBody, Submission, accept, of_person, partition_key
from services.intake.request_status import Status
from services.intake.service import Service, with_key
from services.intake.words import wrong_words_of_request
from shared.contracts.request_ids import day_of, key_valid_until
from shared.contracts.structs import SupportRequestSubmitted
from shared.contracts.topics import ACTIVITY, REQUESTS
from shared.identity.person import Person
from shared.identity.scopes import AGENT_SCOPE
from shared.messages.catalogues import languages
from shared.observability.logs import get_logger
from shared.policy.model import Edition
from shared.web.callers import Caller
from shared.web.errors import CatchingUp, FieldError, InvalidFields, MissingScope, NotFound, field_errors

_log = get_logger()


@dataclass(frozen=True, slots=True)
class Accepted:
    """A request that Kafka has. `key_valid_until`: until then, exclusive, its Idempotency-Key names it."""

    event: SupportRequestSubmitted
    key_valid_until: datetime | None
    lacks_phone_details: bool


async def submit(
    service: Service, caller: Caller, submission: Submission, key: IdempotencyKey, *, parent: str | None
) -> Accepted:
    """Submit a request. `parent` is the caller's traceparent.

    Raises InvalidFields or MissingScope for what the edition in force does not have or the caller may not say,
    IdempotencyConflict, CatchingUp or NotAcknowledged; the last two name the key.
    """
    now = service.clock()
    edition = service.editions.effective_at(now)  # the body may have taken a while
    check_submission(submission, caller.scopes, edition)
    ids, own_key = service.request_ids, caller.own_key(key.text)
    try:
        of = (caller.client, submission.account_id, own_key, now)
        request_id = await ids.of(*of) if key.is_given else ids.new(*of)
    except CatchingUp as refusal:
        raise with_key(refusal, key.text) from None
    # No other call may run between here and `claim`: it could have the same key.
    event = accept(
        submission,
        client=caller.client,
        authenticated_by=caller.authenticated_by,
        request_id=request_id,
        received_at=now,
    )
    with ids.keys.claim(request_id, event.submission_digest) as known:
        if not known:
            await _publish_request(service, event, key, parent)
    day = day_of(request_id)
    phone = None if edition.phone is None else edition.phone.channel
    return Accepted(
        event,
        key_valid_until(day) if key.is_given and day is not None else None,
        phone is not None and submission.lacks_phone_details(phone),
    )


async def _publish_request(
    service: Service, event: SupportRequestSubmitted, key: IdempotencyKey, parent: str | None
) -> None:
    """Publish `event`, and keep its id as that of `key`. Raises NotAcknowledged, which names the key."""
    try:
        await service.publish(
            REQUESTS,
            partition_key(event),
            event,
            event_id=event.request_id,
            subject=event.request_id,
            at=event.received_at,
            parent=parent,
        )
    except NotAcknowledged as refusal:
        if refusal.maybe_written:
            service.request_ids.maybe_written(event, event.received_at)
        raise with_key(refusal, key.text) from None
    service.request_ids.accepted(event, event.received_at)
    service.submitted(event)
    _log.debug("Request accepted", action="request.accepted", request_id=event.request_id, client=event.client)


async def report(
    service: Service, caller: Caller, case_id: str, reported: Activity, key: IdempotencyKey, *, parent: str | None
) -> tuple[str, bool]:
    """Report an activity on a case that `check_case` has admitted. Returns its id, and whether the case was closed.

    Raises InvalidFields, MissingScope, IdempotencyConflict, or NotAcknowledged, which names the key.
    """
    now = service.clock()
    submitted_at, closed = service.recent.submitted_at(case_id), service.recent.is_closed(case_id)
    activities.check(reported, service.words, caller.scopes, received_at=now, submitted_at=submitted_at)
    event = activities.record(
        reported,
        case_id=case_id,
        activity_id=service.new_activity_id(caller, case_id, key.text),
        client=caller.client,
        actor=caller.actor,
        received_at=now,
    )
    with service.activity_keys.claim(event.activity_id, reported.digest):
        try:
            # Publish a retry too: escalation drops it, unless it dead-lettered the first record, which could count now.
            await service.publish(
                ACTIVITY,
                case_id,
                event,
                event_id=event.activity_id,
                subject=case_id,
                at=now,
                parent=parent,
            )
        except NotAcknowledged as refusal:
            raise with_key(refusal, key.text) from None
        service.recent_activity.add(event.activity_id, reported.digest)
    _log.debug(f"Activity accepted: {event.type}", action="activity.accepted", case_id=case_id, client=caller.client)
    return event.activity_id, closed


def visible(service: Service, caller: Caller, request_id: str) -> Status:
    """The request, if this caller may see it. That of another is `not_found`, whether it exists or not."""
    if caller.sees_all or caller.owns(service.id_secrets, request_id):
        if (found := service.recent.status(request_id)) is not None:
            return found
        if not service.requests_tail.caught_up.is_set():
            raise CatchingUp("refusal.reading_requests", retry_after=2)
    raise NotFound("refusal.no_request", limit=service.settings.recent_requests)


def check_case(service: Service, caller: Caller, case_id: str) -> None:
    """Refuse a case of another for a caller without the scope agent. Raises MissingScope."""
    if AGENT_SCOPE not in caller.scopes and not caller.owns(service.id_secrets, case_id):
        raise MissingScope("refusal.case_of_another", scope=AGENT_SCOPE)


def check_submission(submission: Submission, scopes: Collection[str], edition: Edition) -> None:
    """Refuse words that `edition` does not have, and what the scopes do not permit.

    Raises InvalidFields or MissingScope.
    """
    errors = wrong_words_of_request(edition, languages(), submission.words)
    if errors:
        raise InvalidFields(errors)
    if submission.opened_by == "agent" and AGENT_SCOPE not in scopes:
        raise MissingScope("refusal.opened_by", scope=AGENT_SCOPE)


def submission_by(own: OwnSubmission, caller: Caller, edition: Edition) -> Submission:
    """What a person or a visitor of the pages sent, as a submission. Raises InvalidFields, as `submission_of`."""
    if caller.person is not None:
        return submission_of(own, caller.person, edition)
    nobody = RequesterBody(requester_id=caller.client, role=edition.not_covered.role, licensed=False)
    return Submission(requester=nobody, **{name: getattr(own, name) for name in own.model_fields_set})


def submission_of(own: OwnSubmission, person: Person, edition: Edition) -> Submission:
    """What a person sent, as a submission. Raises InvalidFields for a token that does not say who they are."""
    if person.role not in edition.roles:
        raise InvalidFields([FieldError("role", "field.token_role", {"allowed": tuple(edition.roles)})])
    try:
        return of_person(own, person)
    except ValidationError as error:
        raise InvalidFields(field_errors(error)) from None
