"""What became of the most recent requests: submitted, decided, the life of their clocks, closed.

A view of support.requests, support.cases and support.escalations, bounded in number and kept as compact bytes (a
decided request with its clocks takes some 650 bytes). It forgets the oldest first, and reads the end of the topics
again after a restart. Nobody's text is kept: no subject, no description.

Events come in one order that does not depend on which topic was read first: the submission, the decision, then
what happened to the clocks, in the order of their topic. Their ids are the same in every instance and after a restart.
"""

from collections import OrderedDict, deque
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import msgspec

from shared.contracts import wire
from shared.contracts.structs import (
    CaseClosed,
    CaseRouted,
    CaseStatusEvent,
    Decision,
    EscalationEvent,
    SupportRequestSubmitted,
)
from shared.web.watchers import Watchers

MAX_EVENTS = 100  # of one request: the newest are kept
MAX_EARLY = 1_000  # requests whose decision was read before their submission
_NOT_SHOWN = frozenset(
    {"case_id", "account_id", "generation", "observed_at", "caused_by", "at", "priority", "tzdata_version"}
)
# What the edition says of a milestone that a case is promised.
_TARGET = ("target_seconds", "target_business_days", "until", "hours", "open_at_least", "calendar", "promise")

_NEVER = datetime.min.replace(tzinfo=UTC)


class _Happened(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """One event of escalation: its offset, type, instant, and the other fields that clients see."""

    offset: int
    type: str
    at: datetime
    fields: dict[str, Any]


class _Decision(msgspec.Struct, array_like=True, frozen=True, gc=False):
    """What clients see of a decision.

    `outcome` is the place of the part that many requests share, as bytes kept once; while the edition is not known, it
    is the event itself.
    """

    decided_at: datetime
    due_at: dict[str, datetime | None]
    outcome: int | bytes


class _Entry(msgspec.Struct, array_like=True):
    """One request."""

    account_id: str | None
    channel: str
    received_at: datetime
    decision: _Decision | None = None
    happened: list[_Happened] = []
    closed: bool = False


@dataclass(frozen=True, slots=True)
class StatusEvent:
    """One event as clients see it. `id` is stable, and later events of the request sort after it."""

    id: str
    type: str
    data: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Status:
    """A request as clients see it."""

    request: dict[str, Any]
    events: tuple[StatusEvent, ...]


_entries = msgspec.msgpack.Decoder(_Entry)
_encoder = msgspec.msgpack.Encoder()


class RecentRequests:
    """The view. All of it runs in the event loop's thread; `watchers` are told of changes.

    `whole` works the whole decision of a case out again; None while the edition that it names is not known.
    """

    def __init__(self, limit: int, whole: Callable[[CaseRouted], Decision | None]) -> None:
        self._limit = limit
        self._whole = whole
        self._entries: dict[str, bytes] = {}
        self._order: deque[str] = deque()
        self._places: dict[bytes, int] = {}  # bounded by the editions: their outcomes, by country for numbers
        self._outcomes: list[bytes] = []
        self._early: OrderedDict[str, _Entry] = OrderedDict()
        self.watchers = Watchers()

    def __len__(self) -> int:
        return len(self._entries)

    def clear(self) -> None:
        """Forget every request."""
        forgotten = [*self._entries]
        self._entries.clear()
        self._order.clear()
        self._early.clear()
        for request_id in forgotten:
            self.watchers.notify(request_id)

    def submitted(self, event: SupportRequestSubmitted) -> None:
        """A request was accepted. Where one with this id is known, the first counts, as it does for the router."""
        if event.request_id in self._entries:
            return
        early = self._early.pop(event.request_id, None)
        entry = _Entry(
            event.account_id,
            event.channel,
            event.received_at,
            early.decision if early else None,
            early.happened if early else [],
            early.closed if early else False,
        )
        self._store(event.request_id, entry)
        self._order.append(event.request_id)
        if len(self._order) > self._limit:
            oldest = self._order.popleft()
            del self._entries[oldest]
            self.watchers.notify(oldest)

    def routed(self, case: CaseRouted) -> None:
        """A request was decided."""
        entry = self._load(case.case_id)
        if entry.decision is not None:
            return
        entry.decision = self._completed(case)
        self._keep(case.case_id, entry)

    def happened(self, event: EscalationEvent, offset: int) -> None:
        """Something happened to a case, one of its clocks or what the customer asked; `offset` is the record's."""
        entry = self._load(event.case_id)
        if entry.happened and entry.happened[-1].offset >= offset:
            return
        fields = {
            name: value
            for name in type(event).__struct_fields__
            if name not in _NOT_SHOWN and (value := getattr(event, name)) is not None
        }
        if isinstance(event, CaseStatusEvent):
            entry.closed = isinstance(event, CaseClosed)
        entry.happened = [*entry.happened[-(MAX_EVENTS - 1) :], _Happened(offset, event.TYPE, event.at, fields)]
        self._keep(event.case_id, entry)

    def submitted_at(self, request_id: str) -> datetime | None:
        """When the request was received, or None if it is not (or no longer) among the recent ones."""
        blob = self._entries.get(request_id)
        return None if blob is None else _entries.decode(blob).received_at

    def is_closed(self, request_id: str) -> bool:
        """Whether the case of a request is closed or withdrawn, by the last event of escalation that says so.

        False also where this view has no such event: it is a view of the most recent requests and events.
        """
        return self._load(request_id).closed

    def status(self, request_id: str) -> Status | None:
        """What became of a request, or None if it is not (or no longer) among the recent ones."""
        blob = self._entries.get(request_id)
        if blob is None:
            return None
        entry = _entries.decode(blob)
        if entry.decision is not None and isinstance(entry.decision.outcome, bytes):
            entry.decision = self._completed(wire.decode(CaseRouted, entry.decision.outcome))
            self._entries[request_id] = _encoder.encode(entry)
        decision = self._decision(entry.decision)
        request = {
            "request_id": request_id,
            "status": "submitted" if decision is None else "routed",
            "account_id": entry.account_id,
            "channel": entry.channel,
            "received_at": entry.received_at,
            "decision": decision,
        }
        events = [StatusEvent("submitted", SupportRequestSubmitted.TYPE, {"at": entry.received_at})]
        if entry.decision is not None:  # clock events follow the decision, whichever was read first
            events.append(
                StatusEvent("routed", CaseRouted.TYPE, {"at": entry.decision.decided_at, "decision": decision})
            )
            events += [
                StatusEvent(f"clock-{each.offset}", each.type, {"at": each.at, **each.fields})
                for each in entry.happened
            ]
        return Status(request, tuple(events))

    def _load(self, request_id: str) -> _Entry:
        blob = self._entries.get(request_id)
        if blob is not None:
            return _entries.decode(blob)
        return self._early.get(request_id) or _Entry(None, "", _NEVER)

    def _keep(self, request_id: str, entry: _Entry) -> None:
        if request_id in self._entries:
            self._store(request_id, entry)
            return
        # Its submission has not been read yet, or is older than what this view reads: wait for it, but not for ever.
        self._early[request_id] = entry
        if len(self._early) > MAX_EARLY:
            self._early.popitem(last=False)

    def _store(self, request_id: str, entry: _Entry) -> None:
        self._entries[request_id] = _encoder.encode(entry)
        self.watchers.notify(request_id)

    def _completed(self, case: CaseRouted) -> _Decision:
        whole = self._whole(case)
        return _Decision(
            case.observed_at,
            {name: terms.due_at for name, terms in case.milestones.items()},
            wire.encode(case) if whole is None else self._share(msgspec.json.encode(_outcome(whole))),
        )

    def _share(self, outcome: bytes) -> int:
        place = self._places.get(outcome)
        if place is None:
            place = self._places[outcome] = len(self._outcomes)
            self._outcomes.append(outcome)
        return place

    def _decision(self, decision: _Decision | None) -> dict[str, Any] | None:
        if decision is None:
            return None
        if isinstance(decision.outcome, int):
            outcome = self._outcomes[decision.outcome]
        else:
            outcome = msgspec.json.encode(_core(wire.decode(CaseRouted, decision.outcome)))
        shown: dict[str, Any] = msgspec.json.decode(outcome)
        for name, terms in shown["milestones"].items():
            terms["due_at"] = decision.due_at.get(name)
        return shown


def _outcome(decision: Decision) -> dict[str, Any]:
    """What clients see of a decision beside its instants: the policy has few distinct outcomes, so it is kept once."""
    step = next((step for step in decision.trace if step.rule == decision.priority_rule), None)
    return {
        **_core(decision),
        "priority_reason": None if step is None else {"code": step.reason, "facts": step.facts},
        "milestones": {
            name: {field: getattr(terms, field) for field in _TARGET} | {"reason": terms.reason, "due_at": None}
            for name, terms in decision.milestones.items()
        },
        "escalation": decision.escalation,
        "phone_numbers": decision.phone_numbers,
        "notes": decision.notes,
    }


def _core(decided: Decision | CaseRouted) -> dict[str, Any]:
    """The part of it that the event of a case carries; what only the edition tells is null."""
    return {
        "assigned_channel": decided.assigned_channel,
        "assigned_tier": decided.assigned_tier,
        "priority": decided.priority,
        "priority_rule": decided.priority_rule,
        "priority_reason": None,
        "needs_triage": decided.needs_triage,
        "milestones": {
            name: dict.fromkeys(_TARGET) | {"reason": terms.reason, "due_at": None}
            for name, terms in decided.milestones.items()
        },
        "escalation": {
            "automated": decided.escalation.automated,
            "technical_account_manager": None,
            "customer_requested": decided.escalation.customer_requested,
        },
        "phone_numbers": None,
        "edition": decided.edition,
        "policy_sha256": decided.policy_sha256,
        "notes": None,
    }
