"""The id of each call: that of the first call with its key, on the same day and across midnight."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.publisher import Publisher
from services.intake.request_ids import AFTER_MIDNIGHT, RequestIds
from shared.contracts.request_ids import day_of, is_of_client, key_valid_until
from shared.contracts.structs import SupportRequestSubmitted
from shared.kafka.settings import KafkaSettings
from shared.observability.health import Readiness
from shared.web.errors import CatchingUp
from tests.harness.asking import request

NEW, OLD = b"n" * 32, b"o" * 32
MIDNIGHT = datetime(2028, 2, 29, tzinfo=UTC)  # of a leap day
SECOND = timedelta(seconds=1)


@dataclass
class Instances:
    """Several intakes whose common topic is read at once by each of them, unless it is held back."""

    secrets: list[tuple[bytes, ...]]
    ids: list[RequestIds] = field(default_factory=list)

    def __post_init__(self) -> None:
        kafka = KafkaSettings(kafka_bootstrap="127.0.0.1:1")
        for secrets in self.secrets:
            publisher = Publisher(kafka, (), timeout=1, linger_ms=0, readiness=Readiness())
            publisher._connected = True
            ids = RequestIds(secrets, 1000, kafka, publisher, lambda: MIDNIGHT)
            ids.tail.caught_up.set()
            self.ids.append(ids)

    async def submits(self, instance: int, now: datetime, key: str = "k", *, settled: bool = True) -> str:
        """A client calls an instance, which has read the topic up to its end if `settled`."""
        if settled:
            self.ids[instance]._read_at = now + timedelta(days=3)
        made = await self.ids[instance].of("shop", "acme", key, now)
        for each in self.ids:
            each.accepted(_event(made), now)
        return made


def _event(made: str) -> SupportRequestSubmitted:
    return request(request_id=made)


@given(st.integers(0, 2 * 86_400 * 10**6), st.lists(st.tuples(st.integers(0, 1), st.integers(0, 2 * 86_400 * 10**6))))
async def test_a_retry_has_the_same_id_from_any_intake_while_the_key_is_valid(
    first: int, retries: list[tuple[int, int]]
) -> None:
    """At any instant, midnight included, in any order."""
    instances = Instances([(NEW,), (NEW,)])
    began = MIDNIGHT + timedelta(microseconds=first)
    made = await instances.submits(0, began)
    day = day_of(made)
    assert day == began.date()
    until = key_valid_until(day)
    for instance, later in sorted(retries, key=lambda each: each[1]):
        at = began + timedelta(microseconds=later)
        if at < until:
            assert await instances.submits(instance, at) == made


@pytest.mark.parametrize(
    ("first", "retry", "same"),
    [
        (MIDNIGHT - timedelta(microseconds=1), MIDNIGHT, True),
        (MIDNIGHT, MIDNIGHT + 2 * timedelta(days=1) - timedelta(microseconds=1), True),
        (MIDNIGHT, MIDNIGHT + 2 * timedelta(days=1), False),
        (MIDNIGHT - timedelta(microseconds=1), MIDNIGHT + timedelta(days=1) - timedelta(microseconds=1), True),
        (MIDNIGHT - timedelta(microseconds=1), MIDNIGHT + timedelta(days=1), False),
        (MIDNIGHT, MIDNIGHT - timedelta(microseconds=1), True),  # the clock of the other instance is behind
    ],
)
async def test_the_window_ends_with_the_day_after_the_first_receipt(
    first: datetime, retry: datetime, same: bool
) -> None:
    """Then the key names a new request, with an id of its own."""
    instances = Instances([(NEW,), (NEW,)])
    made = await instances.submits(0, first)
    assert (await instances.submits(1, retry) == made) is same


async def test_ids_are_recognised_under_every_secret_while_secrets_are_replaced() -> None:
    """An instance that makes ids by the new secret recognises those of the old one, and the other way round."""
    instances = Instances([(OLD, NEW), (NEW, OLD)])
    made = await instances.submits(0, MIDNIGHT)
    assert await instances.submits(1, MIDNIGHT + 30 * timedelta(hours=1)) == made
    other = await instances.submits(1, MIDNIGHT, "k2")
    assert await instances.submits(0, MIDNIGHT + SECOND, "k2") == other
    assert is_of_client([OLD], made, "shop")
    assert is_of_client([NEW], other, "shop")


async def test_an_unknown_key_is_refused_while_the_ids_are_being_read() -> None:
    """It may be a retry from before midnight. A known key is answered."""
    instances = Instances([(NEW,)])
    made = await instances.submits(0, MIDNIGHT - SECOND)
    instances.ids[0].tail.caught_up.clear()
    with pytest.raises(CatchingUp, match=r"refusal\.reading_keys"):
        await instances.submits(0, MIDNIGHT, "other")
    assert await instances.submits(0, MIDNIGHT) == made


@pytest.mark.parametrize("later", [timedelta(0), AFTER_MIDNIGHT, timedelta(hours=20)])
async def test_an_unknown_key_of_a_new_day_waits_until_the_topic_is_read_to_its_end(later: timedelta) -> None:
    """Another instance may have acknowledged an id of yesterday a moment ago. Here Kafka does not answer."""
    instances = Instances([(NEW,)])
    with pytest.raises(CatchingUp):
        await instances.submits(0, MIDNIGHT + later, settled=False)


async def test_while_kafka_is_away_an_unknown_key_waits_for_nothing() -> None:
    """The publisher refuses the call at once, with the reason. A known key is answered."""
    instances = Instances([(NEW,)])
    (ids,) = instances.ids
    made = await instances.submits(0, MIDNIGHT - SECOND)
    ids.tail.caught_up.clear()
    ids._publisher._connected = False
    assert await ids.of("shop", "acme", "k", MIDNIGHT) == made
    assert await ids.of("shop", "acme", "other", MIDNIGHT) == ids.new("shop", "acme", "other", MIDNIGHT)


async def test_a_call_finds_the_id_of_one_that_is_being_published() -> None:
    """Two calls with one key on both sides of midnight are one request, before Kafka has answered either."""
    (ids,) = Instances([(NEW,)]).ids
    made = ids.new("shop", "acme", "k", MIDNIGHT - SECOND)
    with ids.keys.claim(made, "0" * 64):
        assert await ids.of("shop", "acme", "k", MIDNIGHT + SECOND) == made


async def test_an_id_that_was_not_acknowledged_is_used_again_after_midnight() -> None:
    """The call may have been written: its retry must not be another request."""
    (ids,) = Instances([(NEW,)]).ids
    made = ids.new("shop", "acme", "k", MIDNIGHT - SECOND)
    ids.maybe_written(_event(made), MIDNIGHT - SECOND)
    assert await ids.of("shop", "acme", "k", MIDNIGHT + SECOND) == made


async def test_another_kafka_knows_no_ids() -> None:
    """An answer by the ids of the former Kafka would acknowledge what nobody has."""
    instances = Instances([(NEW,)])
    made = await instances.submits(0, MIDNIGHT - SECOND)
    instances.ids[0].clear()
    with pytest.raises(CatchingUp):
        await instances.submits(0, MIDNIGHT)
    instances.ids[0].tail.caught_up.set()
    assert await instances.submits(0, MIDNIGHT) != made
