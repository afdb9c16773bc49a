"""The parts of intake, and the step that all calls share: publishing an event."""

import asyncio
from collections.abc import Callable
from datetime import datetime, timedelta

from fastapi.requests import HTTPConnection
from prometheus_client import Gauge

from services.intake.accounts import Accounts
from services.intake.editions import Editions
from services.intake.entitlement_calls import EntitlementCalls
from services.intake.publisher import Publisher
from services.intake.recent_cases import RecentCases
from services.intake.request_ids import RequestIds
from services.intake.request_status import RecentRequests
from services.intake.settings import Settings
from services.intake.used_keys import RecentDigests, UsedKeys
from services.intake.words import AnyEdition
from shared.contracts import wire
from shared.contracts.registry import struct_for, type_of
from shared.contracts.request_ids import activity_id
from shared.contracts.structs import CaseRouted, EscalationEvent, Event, SupportRequestSubmitted
from shared.contracts.topics import ACTIVITY, CASES, EDITIONS, ENTITLEMENTS, ESCALATIONS, REQUESTS, Topic
from shared.contracts.vocabulary import INTAKE_SOURCE
from shared.explain.rebuilt_cases import RebuiltCases
from shared.kafka import serde
from shared.kafka.faststream_client import Written
from shared.kafka.partitioning import partitioner
from shared.kafka.record import Record
from shared.kafka.tail import Since, Tail
from shared.observability import tracing
from shared.observability.health import Readiness
from shared.policy.editions import EditionLibrary
from shared.web.callers import Caller, Callers
from shared.web.errors import Refusal
from shared.web.gate import Gate
from shared.web.places import Places
from shared.web.service_clock import ServiceClock
from shared.web.stream import Streams

RECENT = Gauge("frontline_intake_recent_requests", "Requests that the view of recent requests holds")
CASE_BYTES = Gauge("frontline_intake_recent_cases_bytes", "Bytes of the cases that the pages can show")
ACCOUNTS = Gauge("frontline_intake_accounts", "Accounts that the view of entitlements knows, withdrawn ones included")
_EVENTS_PER_REQUEST = 10  # events of escalation per request that the view of recent requests reads at the start


class Service:
    """One running intake. `clock` is what dates its calls; by default the wall clock, watched for jumps."""

    def __init__(
        self,
        settings: Settings,
        callers: Callers,
        editions: EditionLibrary,
        clock: Callable[[], datetime] | None = None,
    ) -> None:
        self.settings = settings
        self._clock = ServiceClock("intake", settings, clock)
        self.test_clock = self._clock.test
        self.clock = clock = self._clock.now
        self.readiness = Readiness()
        self.gate = Gate(callers, settings.unauthenticated_rate)
        self.editions = editions
        self.published_editions = Editions(editions)
        self.words = AnyEdition(editions)
        self.recent = RecentRequests(settings.recent_requests, self.published_editions.whole_decision)
        self.cases = RecentCases(settings.recent_cases_mb * 1_000_000)
        self.rebuilt = RebuiltCases()
        self.recent_activity = RecentDigests(settings.recent_requests)
        self.activity_keys = UsedKeys(self.recent_activity.is_known, "refusal.key_of_another_activity")
        self.topics = settings.read_topics()
        self.accounts = Accounts(partitioner(settings.partitions), clock, lambda: self._clock.ahead)
        self.places = Places(settings.event_stream_limit, settings.event_streams_per_client)
        self.streams = Streams(self.places)
        self.publisher = Publisher(
            settings,
            (REQUESTS, ENTITLEMENTS, ACTIVITY, CASES, EDITIONS, ESCALATIONS),
            timeout=settings.publish_timeout_seconds,
            linger_ms=settings.publish_linger_ms,
            readiness=self.readiness,
            another_kafka=self._forget,
        )
        self.id_secrets = settings.id_secrets
        self.request_ids = RequestIds(self.id_secrets, settings.known_request_ids, settings, self.publisher, clock)
        since = Since(timedelta(hours=settings.recent_hours), settings.recent_requests)
        many = Since(since.ago, since.at_most * _EVENTS_PER_REQUEST)
        self.requests_tail = Tail(
            "recent_requests",
            settings,
            ((REQUESTS, since), (CASES, since), (ACTIVITY, since), (ESCALATIONS, many)),
            self._take_recent,
            self.publisher.watch,
        )
        self.accounts_tail = Tail(
            "accounts", settings, ((ENTITLEMENTS, None),), self.accounts.take, self.publisher.watch
        )
        self.entitlement_calls = EntitlementCalls(
            self.publisher,
            self.publish,
            self.accounts,
            self.accounts_tail,
            timeout=settings.publish_timeout_seconds,
            clock=clock,
            ahead=lambda: self._clock.ahead,
        )
        self.editions_tail = Tail(
            "editions", settings, ((EDITIONS, None),), self.published_editions.take, self.publisher.watch
        )
        RECENT.set_function(lambda: len(self.recent))
        CASE_BYTES.set_function(lambda: self.cases.size)
        ACCOUNTS.set_function(lambda: len(self.accounts))

    async def run(self) -> None:
        """Run the background tasks until cancelled."""
        if self.test_clock is not None:
            self.test_clock.warn("intake")
        async with asyncio.TaskGroup() as group:
            group.create_task(self._clock.report())
            group.create_task(self.publisher.run())
            await self.publisher.found.wait()  # on a new Kafka the topics have to be created before they can be read
            group.create_task(self.request_ids.run())
            group.create_task(self.requests_tail.run())
            group.create_task(self.accounts_tail.run())
            group.create_task(self.editions_tail.run())

    def _forget(self) -> None:
        """Clear the views of another Kafka: by them a repeated call would be acknowledged without a record."""
        for view in (self.request_ids, self.recent, self.cases, self.rebuilt, self.recent_activity, self.accounts):
            view.clear()

    async def count_chat(self, caller: Caller) -> None:
        """Count a message of a chat of `caller` against the rate of chats. Raises RateLimited."""
        await self.gate.count_as(f"chat of {caller.limited_as}", self.settings.chat_rate)

    async def publish(
        self, topic: Topic, key: str, event: Event, *, event_id: str, subject: str, at: datetime, parent: str | None
    ) -> Written:
        """Publish `event` and wait for Kafka's acknowledgement. Returns its place in the topic.

        `parent` is the caller's traceparent, if it sent one. Raises NotAcknowledged.
        """
        envelope = serde.Envelope(event_id, INTAKE_SOURCE, type_of(event), at, subject, tracing.child(parent))
        # Kafka compares this with its own clock. The producer would read the wall clock, which may have jumped.
        timestamp_ms = self._clock.timestamp_ms
        return await self.publisher.publish(
            serde.to_output(topic, key, envelope, wire.encode(event)), timestamp_ms=timestamp_ms
        )

    def new_activity_id(self, caller: Caller, case_id: str, key: str) -> str:
        """The id of what `caller` reports on a case under this Idempotency-Key."""
        return activity_id(self.id_secrets[0], client=caller.client, case_id=case_id, key=caller.own_key(key))

    def submitted(self, event: SupportRequestSubmitted) -> None:
        """Show a request that Kafka has."""
        self.recent.submitted(event)
        self.cases.submitted(event)

    def _take_recent(self, record: Record) -> None:
        self.cases.take(record)
        if record.topic == ACTIVITY.name:
            return
        envelope, data = serde.read(record)
        kind = struct_for(envelope.type)
        if kind is SupportRequestSubmitted:
            # The view has this instance's own submissions already; their events have the request's id.
            if self.recent.submitted_at(envelope.id) is None:
                self.submitted(wire.decode(SupportRequestSubmitted, data))
        elif kind is CaseRouted:
            self.recent.routed(wire.decode(CaseRouted, data))
        elif kind is not None and issubclass(kind, EscalationEvent):
            self.recent.happened(wire.decode(kind, data), record.offset)


def service_of(connection: HTTPConnection) -> Service:
    """The service whose application serves that call, or that WebSocket."""
    service: Service = connection.app.state.service
    return service


def with_key(refusal: Refusal, idempotency_key: str) -> Refusal:
    """Add the key of the call to its refusal: a repetition with this key cannot count twice."""
    refusal.headers["Idempotency-Key"] = idempotency_key
    refusal.extra["idempotency_key"] = idempotency_key
    refusal.advice.append("refusal.repeat_with_key")
    return refusal
