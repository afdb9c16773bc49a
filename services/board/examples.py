"""Examples of answers about cases, in the words of an edition: a request, its decision, and a case that is under way.

They are computed and not written: the decision is the router's own; the row, the clocks and the explanation are those
that the board makes of it. So an example is right in whatever edition is configured.
"""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

import msgspec

from services.board.answers import case_answer, row_answer
from services.board.case_table import cells, columns
from services.board.csv_text import line
from services.board.fold import NOTHING, columns_of, go_on, of_request, row_of
from shared.business_time.instants import to_micros
from shared.contracts.base import format_instant
from shared.contracts.structs import (
    Account,
    ActivityRecorded,
    Actor,
    CaseRouted,
    CausedBy,
    Contact,
    Requester,
    SupportRequestSubmitted,
)
from shared.contracts.topics import REQUESTS
from shared.contracts.vocabulary import ActivityType
from shared.explain.case_log import CaseLog
from shared.explain.explanation import explanation
from shared.explain.logged_case import LoggedCase
from shared.messages.catalogues import messages_in
from shared.policy.impossible_accounts import AccountWords, impossible_by
from shared.policy.model import Edition
from shared.routing.decision_event import case_routed
from shared.routing.entitlement import covered, terms_of
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from shared.sla.pinned_edition import KnownEditions, PinnedEdition, short_of
from shared.web.example import Example, Examples

ACCOUNT, REQUESTER, CLIENT, AGENT = "acme", "ana", "shop", "desk-7"
CASE_ID = "202611238d2f5b0c9e2a4d6f8a1b3c5d7e9f0a2b1c0f2e4d6b8a9071"
RECEIVED_AT = datetime(2026, 11, 23, 10, tzinfo=UTC)
AS_OF = RECEIVED_AT + timedelta(minutes=12)
CURSOR = "WzE3OTU0MjgwMDAwMDAwMDAsIDQyXQ"
CHANGE = to_micros(AS_OF)
_ASKED = CausedBy(topic=REQUESTS.name, partition=0, offset=0)


def _activity(kind: ActivityType, *, minutes: int, **given: Any) -> ActivityRecorded:
    at = RECEIVED_AT + timedelta(minutes=minutes)
    return ActivityRecorded(
        case_id=CASE_ID,
        activity_id=f"1c0f2e4d6b8a90718293a4b5c6d7e8{minutes:02d}",
        type=kind,
        at=at,
        recorded_at=at,
        client=CLIENT,
        actor=Actor(kind="agent", id=AGENT),
        **given,
    )


_DONE = (_activity("assigned", minutes=4, to=AGENT), _activity("agent_replied", minutes=10, text="We are on it."))


class ExamplesOfCases:
    """The examples in the words of `edition`."""

    def __init__(self, edition: Edition) -> None:
        self._edition, self._rules = edition, Rulebook(edition)
        self._pinned = PinnedEdition(self._rules.policy_sha256, edition)
        self.request = self._request()
        self.case = self._route(self.request)
        self._log = CaseLog(
            cases=[((0, 0), self.case)],
            activity=[((0, number), each) for number, each in enumerate(_DONE)],
        )
        self.row = self._row()

    def answers(self) -> Mapping[str, Examples]:
        """The examples of answers, by the name of their model."""
        page = {"cases": [self.listed(for_desk=True)], "next_cursor": CURSOR, "as_of": format_instant(AS_OF)}
        own = {"cases": [self.listed(for_desk=False)], "next_cursor": None, "as_of": format_instant(AS_OF)}
        return {
            "CasePage": {
                "for_the_desk": Example("The first page, for an agent", page),
                "for_a_customer": Example("The last page, for a customer", own),
            },
            "WholeCase": {
                "for_the_desk": Example("A case that an agent has answered", self.whole(for_desk=True)),
                "for_a_customer": Example("The same for its customer", self.whole(for_desk=False)),
            },
        }

    def event_stream(self) -> str:
        """The beginning of a stream of changes."""
        data = msgspec.json.encode(self.listed(for_desk=True)).decode()
        return f"id: {CHANGE}-5c0ffee5\nevent: case\ndata: {data}\n\n"

    def tables(self) -> Mapping[str, str]:
        """The beginning of the table as CSV, by the names of calls."""
        table = line(columns(for_desk=True)) + line(cells(self.row, for_desk=True))
        return {"listCases": table, "listCasesCsv": table}

    def listed(self, *, for_desk: bool) -> dict[str, Any]:
        """The case in a list."""
        return row_answer(self.row, for_desk=for_desk)

    def whole(self, *, for_desk: bool) -> dict[str, Any]:
        """The case with all that is to be said of it."""
        explained = explanation(self._log, self.case, self._editions, AS_OF, messages_in())
        answer = case_answer(self.row, LoggedCase(self.request, self._log), explained, for_desk=for_desk)
        found: dict[str, Any] = msgspec.json.decode(msgspec.json.encode({**answer, "as_of": format_instant(AS_OF)}))
        return found

    @property
    def _editions(self) -> dict[bytes, PinnedEdition]:
        return {short_of(self._pinned.sha256): self._pinned}

    def _row(self) -> dict[str, Any]:
        known = KnownEditions(self._editions)
        folded = go_on(NOTHING._replace(spoken=of_request(self.request)), self._log, known)
        if folded is None:
            raise LookupError("an example takes no reply back")
        row = row_of(self.case, folded, known, to_micros(AS_OF))
        unchanged = {"case_id": self.case.case_id, "change": CHANGE, "updated_at": CHANGE}
        return {**columns_of(self.request), **row.case, **unchanged}

    def _request(self) -> SupportRequestSubmitted:
        edition = self._edition
        language = "en" if "en" in edition.languages else edition.languages[0]
        for channel in edition.channels:
            request = SupportRequestSubmitted(
                request_id=CASE_ID,
                client=CLIENT,
                authenticated_by="api_key",
                account_id=ACCOUNT,
                requester=Requester(
                    requester_id=REQUESTER,
                    role=next(iter(edition.roles)),
                    licensed=True,
                    name="Ana",
                    email="ana@acme.example",
                ),
                channel=channel,
                subject="Nobody can join",
                description="Since ten o'clock every call drops after a minute.",
                fields={name: next(iter(field.values)) for name, field in edition.fields.items()},
                received_at=RECEIVED_AT,
                submission_digest="0" * 64,
                language=language,
            )
            decided = self._route(request)
            if decided.assigned_channel == channel and any(terms.due_at for terms in decided.milestones.values()):
                break
        return request

    def _route(self, request: SupportRequestSubmitted) -> CaseRouted:
        who = request.requester
        plan = list(self._edition.plans)[-1]
        possible = (
            kind
            for kind in self._edition.account_types
            if impossible_by(self._edition, AccountWords(plan, kind, True, None)) is None
        )
        account = Account(
            account_id=ACCOUNT,
            plan=plan,
            account_type=next(possible, next(iter(self._edition.account_types))),
            paid=True,
            contacts=(Contact(requester_id=REQUESTER, role=who.role, licensed=True),),
        )
        entitlement = covered(terms_of(account), who, self._edition, RECEIVED_AT)
        decision = route(request, entitlement, self._rules, RECEIVED_AT)
        return case_routed(request, decision, self._edition, observed_at=RECEIVED_AT, caused_by=_ASKED)
