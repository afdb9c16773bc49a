"""[pure] Decides the recorded requests by one edition: the router's own topology, with the entitlements of that time.

So a resubmission is dropped as the router drops it, and what the edition cannot say is refused with the router's cause.
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import NamedTuple

import msgspec

from services.replay.backtest.recorded_order import RecordedDecision, RecordedOrder
from services.replay.dead_letters import PublishedDeadLetters
from services.replay.log import FAR_FUTURE, Log, Spool
from services.replay.slice_runner import EPOCH, TICK, SliceRunner, timestamp_of
from services.router.deduplication import KEPT_FOR
from services.router.topology import RouterTopology
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import (
    Account,
    CaseRouted,
    Contact,
    EntitlementSet,
    EntitlementWithdrawn,
)
from shared.contracts.topics import CASES, ENTITLEMENTS, REQUESTS, ROUTER_STORES
from shared.kafka import serde
from shared.kafka.record import Record
from shared.kafka.serde import Envelope
from shared.messages.reason import Reason
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.routing.rulebook import Rulebooks
from shared.streams.task_state import TIMERS_PER_SLICE

_SHOWN = 300  # characters of the router's message

Report = Callable[[int], None]  # how many more records have been read


class Window(NamedTuple):
    """The part of a log that counts: requests received at `since` or later, everything up to `until`."""

    since: datetime
    until: datetime


class _Request(msgspec.Struct, frozen=True):
    request_id: str


_request_decoder = msgspec.json.Decoder(_Request)


class DecidingRouter:
    """Decides the requests of a log by `edition`, and writes their cases to `cases`.

    `refused` has the requests that have no case there, by their ids: the router dead-letters them, or the log no longer
    has what the edition asks about.
    """

    def __init__(self, log: Log, edition: Edition, order: RecordedOrder, cases: Spool, report: Report) -> None:
        self.refused: dict[str, Reason] = {}
        self._log, self._order, self._cases, self._report = log, order, cases, report
        self._edition, self._rules = edition, Rulebooks(EditionLibrary.single(edition))
        self._ends = [0] * log.partitions

    def decide(self, window: Window) -> Mapping[str, Reason]:
        """Decide the requests of all partitions, and those of the day before, which tell resubmissions."""
        for partition in range(self._log.partitions):
            self._decide_partition(partition, window)
        return self.refused

    def _decide_partition(self, partition: int, window: Window) -> None:
        topology = RouterTopology(self._rules, partitions=self._log.partitions, trace=lambda _: "")
        runner = SliceRunner("router", topology, self._log, partition)
        requests = runner.cursors[REQUESTS.name]
        refused = PublishedDeadLetters(self._log, "router", (ENTITLEMENTS,), partition)
        while requests.head is not None:
            request = requests.take()
            self._report(1)
            written = timestamp_of(request)
            if written > window.until or written + KEPT_FOR < window.since:
                continue
            decided = self._order.of(partition, request.offset)
            self._read_entitlements(runner, refused, request, decided)
            now = written if decided is None else decided.at
            if decided is not None and self._is_compacted(partition, decided.used):
                case = self._recorded_case(decided)
                if case is not None and self._knows_more(case):
                    self.refused.setdefault(case.case_id, Reason("backtest.entitlement_deleted"))
                    continue
                self._restore_entitlement(runner, topology, case, decided, now)
            self._decide_request(runner, request, now)

    def _decide_request(self, runner: SliceRunner, request: Record, now: datetime) -> None:
        attempt = runner.attempt([request], now, timers=TIMERS_PER_SLICE)
        runner.commit(attempt)
        for event in attempt.events:
            place = request.partition if event.partition is None else event.partition
            offset, self._ends[place] = self._ends[place], self._ends[place] + 1
            case = Record(CASES.name, place, offset, request.timestamp_ms, event.key, event.value, event.headers)
            self._cases.add(case)
        for letter in attempt.dead_letters:
            if (request_id := _request_id(request)) is not None:
                self.refused.setdefault(request_id, _refusal(letter.cause, letter.message[:_SHOWN]))

    def _read_entitlements(
        self, runner: SliceRunner, refused: PublishedDeadLetters, request: Record, decided: RecordedDecision | None
    ) -> None:
        """Read the entitlements that the router had read before it decided the request."""
        entitlements = runner.cursors[ENTITLEMENTS.name]
        while (head := entitlements.head) is not None:
            later = head.timestamp_ms > request.timestamp_ms if decided is None else head.offset >= decided.entitlements
            if later:
                return
            self._report(1)
            runner.commit(runner.attempt([entitlements.take()], _read_at(head, refused), timers=0))

    def _is_compacted(self, partition: int, used: int | None) -> bool:
        """Whether the entitlement that a case was decided with was deleted, since there is a later one."""
        return used is not None and not self._log.has(ENTITLEMENTS.name, partition, used)

    def _recorded_case(self, decided: RecordedDecision) -> CaseRouted | None:
        case = serde.decode(self._log.record(CASES.name, decided.partition, decided.number))[1]
        return case if isinstance(case, CaseRouted) else None

    def _knows_more(self, case: CaseRouted) -> bool:
        """Whether the edition has the word of an account that the recorded one did not have: it asks for the rest of
        the account, which the case does not pin.
        """
        word, edition = case.entitlement.not_in_edition, self._edition
        return word is not None and any(
            word in words for words in (edition.plans, edition.account_types, edition.roles)
        )

    def _restore_entitlement(
        self,
        runner: SliceRunner,
        topology: RouterTopology,
        case: CaseRouted | None,
        decided: RecordedDecision,
        now: datetime,
    ) -> None:
        """Give the router the entitlement that the case pins, in place of the deleted record.

        Its instant is not in the log, so it replaces what is known, and every later record replaces it.
        """
        if case is None or case.account_id is None:
            return
        event = _pinned_entitlement(case, case.account_id)
        envelope = Envelope("restored", "/frontline/backtest", type_of(event), now, case.account_id, None)
        written = serde.to_output(ENTITLEMENTS, case.account_id, envelope, wire.encode(event))
        attempt = runner.attempt([], now, timers=0)
        attempt.slice.overlay.delete(ROUTER_STORES[0], case.account_id.encode())
        topology.process(
            Record(ENTITLEMENTS.name, 0, decided.used or 0, 0, written.key, written.value, written.headers),
            attempt.slice.overlay,
        )
        runner.commit(attempt)


def _pinned_entitlement(case: CaseRouted, account_id: str) -> EntitlementSet | EntitlementWithdrawn:
    """The entitlement of a case as the event that it was made of, as far as the case needs it.

    One that did not count at the receipt does not count now either, and an unknown word is unknown again.
    """
    used = case.entitlement
    if used.standing == "withdrawn":
        return EntitlementWithdrawn(account_id=account_id, withdrawn_at=EPOCH)
    contacts: tuple[Contact, ...] = ()
    if used.requester_from == "contact_list":
        contacts = (Contact(requester_id=case.requester_id, role=used.role, licensed=used.licensed),)
    account = Account(
        account_id=account_id,
        plan=used.not_in_edition or used.plan,
        account_type=used.account_type,
        paid=used.paid,
        country=used.country,
        calendar=used.calendar,
        contacts=contacts,
        valid_from=case.received_at + TICK if used.standing == "not_yet_valid" else None,
        valid_until=case.received_at if used.standing == "expired" else None,
    )
    return EntitlementSet(account=account, set_at=EPOCH)


def _read_at(record: Record, refused: PublishedDeadLetters) -> datetime:
    """An instant at which the router's verdict on this entitlement is the one in the log: whether its own instant was
    too far ahead. Where the log may have lost the dead letter, the timestamp of the record.
    """
    written = timestamp_of(record)
    letter = refused.of(record)
    if letter is not None:
        return letter.at
    return written if refused.may_be_deleted(record.topic, written) else FAR_FUTURE


def _refusal(cause: str, message: str) -> Reason:
    if cause == "not_in_edition":
        return Reason("backtest.unknown_words_of_request", message=message)
    return Reason("backtest.refused", cause=cause, message=message)


def _request_id(request: Record) -> str | None:
    try:
        # A withheld value is refused as one of a wrong type.
        return _request_decoder.decode(request.value).request_id  # type: ignore[arg-type]  # that raises TypeError
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError, TypeError):
        return None
