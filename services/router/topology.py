"""[pure] Entitlements and requests in, decided cases out: what one router task does with each record.

A case is preceded by the edition that decided it, at the first decision of this task by that edition.
"""

from collections.abc import Callable, Iterator, Mapping
from datetime import datetime
from functools import partial

import msgspec

from services.router import deduplication
from services.router.deduplication import RecentIndex
from services.router.published_editions import SOURCE, PublishedEditions
from shared.business_time.errors import CalendarError
from shared.contracts import wire
from shared.contracts.ids import deterministic_id
from shared.contracts.structs import CaseRouted, CausedBy, SupportRequestSubmitted
from shared.contracts.topics import CASES, EDITIONS, ENTITLEMENTS, REQUESTS, ROUTER_SOURCES, ROUTER_STORES, Topic
from shared.kafka import entitlement_record, serde
from shared.kafka.faults import PoisonRecord
from shared.kafka.partitioning import partition_for
from shared.kafka.record import Record
from shared.kafka.record_checks import check_id, check_key, checked_key
from shared.kafka.serde import Envelope
from shared.policy.model import Edition
from shared.policy.request_words import NotInEdition
from shared.routing.decision_event import case_routed
from shared.routing.entitlement import AccountTerms, Entitlement, anonymous, covered, not_covered, terms_of
from shared.routing.entitlement_order import Dated, verdict
from shared.routing.route import route
from shared.routing.rulebook import Rules
from shared.streams.isolation import Isolation
from shared.streams.overlay import Overlay
from shared.streams.processor import Postponed, Timer
from shared.streams.task_state import TIMERS_PER_SLICE

_ENTITLEMENT_STORE, _REQUEST_STORE, _EDITION_STORE = ROUTER_STORES


class OnFile(msgspec.Struct, frozen=True, array_like=True):
    """An account as the router keeps it. No terms: its entitlement was withdrawn."""

    offset: int  # of its record in support.entitlements.v1
    terms: AccountTerms | None
    at: datetime  # when it was set or withdrawn: an older record that comes later does not count


class RouterTopology:
    """One partition of the router.

    `partitions` is how many the topics have: a case goes to the partition of its own id, not to the task's. `trace`
    makes the traceparent of what follows from a record. `resubmitted` is called for each request that is dropped
    because it was decided already, and `superseded` for each record of an entitlement that is older than the known one,
    once the transaction has committed.
    """

    sources: tuple[Topic, ...] = ROUTER_SOURCES
    sinks: tuple[Topic, ...] = (CASES, EDITIONS)
    stores: tuple[str, ...] = ROUTER_STORES
    read_first: tuple[Topic, ...] = (ENTITLEMENTS,)  # a request is decided by what was acknowledged before it

    def __init__(
        self,
        rules: Rules,
        *,
        partitions: int,
        trace: Callable[[str | None], str],
        resubmitted: Callable[[], None] = lambda: None,
        superseded: Callable[[Record], None] = lambda _: None,
    ) -> None:
        self._rules = rules
        self._partitions = partitions
        self._trace = trace
        self._resubmitted = resubmitted
        self._superseded = superseded
        self._recent = RecentIndex()
        self._editions = PublishedEditions(partitions=partitions, trace=trace)
        self._on_file = msgspec.msgpack.Decoder(OnFile)

    def process(self, record: Record, overlay: Overlay) -> None:
        """Take an entitlement over, or decide a request."""
        if record.topic == ENTITLEMENTS.name:
            self._take_entitlement(record, overlay)
        else:
            self._take_request(record, overlay)

    def due_timers(self, overlay: Overlay) -> Iterator[Timer]:
        """The requests whose ids can no longer be used, oldest first."""
        due = self._recent.next_expiry()
        if due is not None:
            for key in self._recent.expired(TIMERS_PER_SLICE, partial(overlay.get, _REQUEST_STORE)):
                yield Timer(deduplication.micros(due), _REQUEST_STORE, key)

    def fire(self, timer: Timer, overlay: Overlay) -> None:
        """Delete the entry of a request."""
        overlay.delete(timer.store, timer.key)

    def isolate(self, timer: Timer, error: Exception, until: datetime, overlay: Overlay) -> None:
        """Keep a request as if it had just arrived; time here is that of the log. To keep it longer is harmless."""
        self._recent.postpone(timer.key)
        overlay.isolations.append(Isolation(self.timer_ids(timer), error, until))

    def postponed(self) -> Postponed:
        """The requests whose entries could not be deleted."""
        return self._recent.postponed()

    def timer_ids(self, timer: Timer) -> Mapping[str, str]:
        """The request whose entry is to be deleted."""
        return {"request_id": timer.key.decode()}

    def next_due(self) -> datetime | None:
        """The instant that the log has reached, if by then the oldest known id can no longer be used."""
        return self._recent.next_expiry()

    def store_changed(self, store: str, key: bytes, value: bytes | None) -> None:
        """Keep the indexes of known requests and of published editions."""
        if store == _REQUEST_STORE:
            self._recent.changed(key, value)
        elif store == _EDITION_STORE:
            self._editions.changed(key)

    def _take_entitlement(self, record: Record, overlay: Overlay) -> None:
        stated = entitlement_record.read(record)
        key = stated.account_id.encode()
        stored = overlay.get(_ENTITLEMENT_STORE, key)
        known: OnFile | None = None if stored is None else self._on_file.decode(stored)
        outcome = verdict(
            None if known is None else Dated(known.at, known.offset),
            Dated(stated.at, record.offset),
            overlay.now,
            by_intake=stated.by_intake,
        )
        if outcome == "from_the_future":
            raise stated.from_the_future
        # The tombstone of a withdrawal says nothing new: the account keeps the offset of the event.
        repeated = stated.event is None and known is not None and known.terms is None
        if outcome == "superseded":
            if not repeated:
                overlay.on_commit(partial(self._superseded, record))
            return
        offset = known.offset if known is not None and repeated else record.offset
        terms = None if stated.account is None else terms_of(stated.account)
        overlay.put(_ENTITLEMENT_STORE, key, msgspec.msgpack.encode(OnFile(offset, terms, stated.at)))

    def _take_request(self, record: Record, overlay: Overlay) -> None:
        envelope, request = serde.decode(record)
        if not isinstance(request, SupportRequestSubmitted):
            raise PoisonRecord("unexpected_type", f"{envelope.type} has no place on {REQUESTS.name}")
        request_key = check_id(request.request_id, "request_id")
        check_key(
            checked_key(record), request.account_id or request.request_id, "account_id, or request_id without one"
        )
        seen = deduplication.compare(overlay.get(_REQUEST_STORE, request_key), request.submission_digest)
        if seen == "resubmitted":
            overlay.on_commit(self._resubmitted)
            return
        if seen == "conflict":
            raise PoisonRecord(
                "conflict",
                f"request {request.request_id} was submitted before, with other content: nothing was changed",
            )
        overlay.put(
            _REQUEST_STORE,
            request_key,
            deduplication.entry(request.received_at, request.submission_digest, overlay.now),
        )
        self._decide(record, envelope, request, overlay)

    def _decide(self, record: Record, cause: Envelope, request: SupportRequestSubmitted, overlay: Overlay) -> None:
        rules = self._rules.at(request.received_at)
        entitlement = self._entitlement(request, rules.edition, overlay)
        try:
            decision = route(request, entitlement, rules, request.received_at)
        except NotInEdition as error:  # its producer writes to the topic by itself, or intake has other editions
            raise PoisonRecord("not_in_edition", str(error)) from None
        except CalendarError as error:  # no deadline can be computed at the ends of the calendar
            raise PoisonRecord("malformed_event", f"received_at: {error}") from None
        case = case_routed(
            request,
            decision,
            rules.edition,
            observed_at=overlay.now,
            caused_by=CausedBy(
                partition=record.partition,
                topic=record.topic,
                offset=record.offset,
                positions=overlay.positions_beside(record.topic),
            ),
        )
        envelope = Envelope(
            deterministic_id(CaseRouted.TYPE, record.topic, str(record.partition), str(record.offset)),
            SOURCE,
            CaseRouted.TYPE,
            overlay.now,
            request.request_id,
            self._trace(cause.traceparent),
        )
        if rules.policy_sha256 not in self._editions.digests:
            self._editions.publish(rules.edition, overlay, cause.traceparent)
        partition = partition_for(request.request_id.encode(), self._partitions)
        overlay.emit(serde.to_output(CASES, request.request_id, envelope, wire.encode(case), partition=partition))

    def _entitlement(self, request: SupportRequestSubmitted, edition: Edition, overlay: Overlay) -> Entitlement:
        """What covers the requester at the receipt, in words that `edition` has."""
        if request.authenticated_by == "anonymous":
            return anonymous(edition)
        if request.account_id is None:
            return not_covered("no_account", request.requester, edition)
        stored = overlay.get(_ENTITLEMENT_STORE, request.account_id.encode())
        if stored is None:
            return not_covered("unknown_account", request.requester, edition)
        on_file: OnFile = self._on_file.decode(stored)
        if on_file.terms is None:
            return not_covered("withdrawn", request.requester, edition, on_file.offset)
        return covered(on_file.terms, request.requester, edition, request.received_at, on_file.offset)
