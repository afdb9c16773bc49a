"""[pure] Examples of the bodies that intake takes and of its answers, in the words of an edition.

They are computed and not written: words are the edition's, the decision is the router's own, sentences are those of the
catalogue. So an example is right in whatever edition is configured, and cannot fall behind the code.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from services.intake.activity import Activity
from services.intake.entitlement import EntitlementBody, account_of
from services.intake.form import form_of
from services.intake.request import OwnSubmission, Submission, accept
from shared.contracts.base import format_instant
from shared.contracts.request_ids import key_valid_until
from shared.contracts.structs import (
    Account,
    CaseRouted,
    CausedBy,
    ClockStarted,
    Decision,
    SupportRequestSubmitted,
)
from shared.contracts.topics import ESCALATIONS, REQUESTS
from shared.contracts.vocabulary import StatusKind
from shared.policy.base import in_language
from shared.policy.impossible_accounts import AccountWords, impossible_by
from shared.policy.model import Edition
from shared.routing.decision_event import case_routed
from shared.routing.entitlement import covered, terms_of
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from shared.web.example import Example, Examples

Json = Any
ACCOUNT, REQUESTER, CLIENT = "acme", "ana", "shop"
REQUEST_ID = "202611238d2f5b0c9e2a4d6f8a1b3c5d7e9f0a2b1c0f2e4d6b8a9071"
ACTIVITY_ID = "1c0f2e4d6b8a90718293a4b5c6d7e8f9"
KEY = "order-1742"
RECEIVED_AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
_DECIDED_AFTER = timedelta(milliseconds=12)
_LANGUAGE = "en"
_OPEN: StatusKind = "open"


ShowStatus = Callable[[SupportRequestSubmitted, CaseRouted, Decision, tuple[ClockStarted, ...]], Json]


class ExamplesOf:
    """The examples in the words of `edition`. `show_status` makes the answer about a request, as intake does."""

    def __init__(self, edition: Edition, show_status: ShowStatus) -> None:
        self._edition = edition
        self._rules = Rulebook(edition)
        self._show_status = show_status
        self._contact = {"requester_id": REQUESTER, "role": next(iter(edition.roles)), "licensed": True}

    def bodies(self) -> Mapping[str, Examples]:
        """The examples of bodies, by the name of their model."""
        return {
            Submission.__name__: self.submissions(),
            OwnSubmission.__name__: {"own": self._own()},
            Activity.__name__: self.activities(),
            EntitlementBody.__name__: {"contacts": Example("An account with a contact list", self.entitlement())},
        }

    def answers(self) -> Mapping[str, Examples]:
        """The examples of answers, by the name of their model."""
        decided, undecided = self._statuses()
        return {
            "Submitted": self._submitted(),
            "Recorded": {
                "accepted": Example("Kafka has the activity", {"activity_id": ACTIVITY_ID}),
                "on_closed_case": Example(
                    "The case was closed: nobody owes an answer", {"activity_id": ACTIVITY_ID, "case_status": "closed"}
                ),
            },
            "RequestStatus": {
                "decided": Example("The router has decided, and a clock runs", decided),
                "submitted": Example("The router has not decided yet", undecided),
            },
            "Account": {"entitlement": Example("The entitlement as it is stored", _plain(self._account))},
            "EditionDocument": {"shortened": Example("Shortened: lists have one entry here", self._shortened())},
        }

    def event_stream(self) -> str:
        """The beginning of a stream of Server-Sent Events."""
        submitted = self._statuses()[1]["events"][0]
        data = msgspec.json.encode({"at": submitted["at"]}).decode()
        return f"id: {submitted['id']}\nevent: {submitted['type']}\ndata: {data}\n\n"

    def entitlement(self) -> Json:
        """The body that gives an account the highest plan, of the first account type that may have it."""
        edition, country = self._edition, "ES"
        plan = list(edition.plans)[-1]
        possible = (
            kind
            for kind in edition.account_types
            if impossible_by(edition, AccountWords(plan, kind, True, country)) is None
        )
        return {
            "plan": plan,
            "account_type": next(possible, next(iter(edition.account_types))),
            "paid": True,
            "country": country,
            "contacts": [{**self._contact, "email": "ana@acme.example"}],
        }

    def submissions(self) -> Examples:
        """On a channel that promises something; by phone, if the edition has one; of somebody without an account."""
        usual = {
            "account_id": ACCOUNT,
            "requester": {**self._contact, "name": "Ana"},
            "channel": self._channel(),
            "subject": "Nobody can join",
            "description": "Since ten o'clock every call drops after a minute.",
            "fields": {name: next(iter(field.values)) for name, field in self._edition.fields.items()},
            "language": self._language(),
            "country": "ES",
        }
        found = {"outage": Example("Nothing works", usual)}
        if self._edition.phone is not None:
            at_hand = {"meeting_id": "918 273 645", "host_key": "557331"}
            call = {**usual, "channel": self._edition.phone.channel, "phone": at_hand}
            found["call"] = Example("By phone, with what callers are asked for at hand", call)
        unknown = {name: value for name, value in usual.items() if name not in ("account_id", "country")}
        return {**found, "no_account": Example("The account is not known", unknown)}

    def _own(self) -> Example:
        usual = self.submissions()["outage"].value
        own = {name: value for name, value in usual.items() if name in OwnSubmission.model_fields}
        return Example("With a signed token, which says whose request it is", own)

    def activities(self) -> Examples:
        """What a customer reports, and what a desk does."""
        status = next(iter(self._edition.statuses), _OPEN)
        return {
            "customer_replied": Example("The customer wrote", {"type": "customer_replied", "text": "Still broken."}),
            "agent_replied": Example("An agent answered", {"type": "agent_replied", "text": "We are on it."}),
            "status_changed": Example("Another status", {"type": "status_changed", "to": status}),
            **self._reprioritised(),
            "resolved": Example("It works again", {"type": "resolved"}),
            "escalation_requested": Example(
                "The customer asks for more", {"type": "escalation_requested", "reason": "A hospital is waiting."}
            ),
            "closed": Example("The case is done", {"type": "closed"}),
        }

    def _reprioritised(self) -> Examples:
        for name, field in self._edition.fields.items():
            body = {"type": "reprioritised", "fields": {name: list(field.values)[-1]}, "reason": "Only one room."}
            return {"reprioritised": Example("Not what was reported", body)}
        return {}

    @property
    def _account(self) -> Account:
        return account_of(EntitlementBody.model_validate_json(msgspec.json.encode(self.entitlement())), ACCOUNT)

    def _language(self) -> str:
        languages = self._edition.languages
        return _LANGUAGE if _LANGUAGE in languages else languages[0]

    def _submitted(self) -> Examples:
        usual = {
            "request_id": REQUEST_ID,
            "status_url": f"/v1/support-requests/{REQUEST_ID}",
            "key_valid_until": format_instant(key_valid_until(RECEIVED_AT.date())),
        }
        found = {"accepted": Example("Kafka has the request", usual)}
        phone = self._edition.phone
        if phone is None:
            return found
        reminded = {**usual, "reminders": [in_language(phone.have_at_hand, self._language())]}
        return {**found, "call": Example("By phone, without what callers are asked for", reminded)}

    def _channel(self) -> str:
        """The first channel that is open to this requester and promises a deadline; else the first one."""
        for channel in self._edition.channels:
            decision = self._decision(self._request(channel))
            if decision.assigned_channel == channel and _promised(decision):
                return channel
        return next(iter(self._edition.channels))

    def _request(self, channel: str) -> SupportRequestSubmitted:
        fields = {name: next(iter(field.values)) for name, field in self._edition.fields.items()}
        submission = Submission.model_validate(
            {
                "account_id": ACCOUNT,
                "requester": self._contact,
                "channel": channel,
                "subject": ".",
                "description": ".",
                "fields": fields,
            }
        )
        return accept(
            submission, client=CLIENT, authenticated_by="api_key", request_id=REQUEST_ID, received_at=RECEIVED_AT
        )

    def _decision(self, request: SupportRequestSubmitted) -> Decision:
        entitlement = covered(terms_of(self._account), request.requester, self._edition, RECEIVED_AT)
        return route(request, entitlement, self._rules, RECEIVED_AT)

    def _statuses(self) -> tuple[Json, Json]:
        """The answers about the same request, once it is decided and before."""
        request = self._request(self._channel())
        decision = self._decision(request)
        cause = CausedBy(topic=REQUESTS.name, partition=0, offset=0)
        case = case_routed(request, decision, self._edition, observed_at=RECEIVED_AT + _DECIDED_AFTER, caused_by=cause)
        shown = _plain(self._show_status(request, case, decision, tuple(_clocks(case))))
        undecided = {**shown, "status": "submitted", "decision": None, "events": shown["events"][:1]}
        return shown, undecided

    def _shortened(self) -> Json:
        form = form_of(self._edition).model_dump(mode="json")
        first = {name: value[:1] if isinstance(value, list) else value for name, value in form.items()}
        for field in first["fields"]:
            field["values"] = field["values"][:1]
        document = {"edition": self._edition.edition, "title": form["title"]}
        return {"policy_sha256": self._rules.policy_sha256, "form": first, "document": document}


def _promised(decision: Decision) -> list[str]:
    return [name for name, terms in decision.milestones.items() if terms.due_at is not None]


def _clocks(case: CaseRouted) -> Iterator[ClockStarted]:
    """The clock of the first promise, as escalation publishes its start."""
    for name, terms in case.milestones.items():
        if terms.due_at is not None:
            yield ClockStarted(
                case_id=case.case_id,
                account_id=case.account_id,
                priority=case.priority,
                milestone=name,
                promise="objective",
                instance=1,
                generation=1,
                due_at=terms.due_at,
                at=RECEIVED_AT,
                observed_at=case.observed_at,
                caused_by=CausedBy(topic=ESCALATIONS.name, partition=0, offset=0),
            )
            return


def _plain(value: Any) -> Json:
    """`value` as plain JSON."""
    return msgspec.json.decode(msgspec.json.encode(value))
