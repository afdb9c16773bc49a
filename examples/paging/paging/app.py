"""The consumer as a FastStream app.

FastStream's defaults are not for records that must not be lost. Each of these settings is here for a reason:

- `MANUAL`: the default (`ACK_FIRST`) commits in the background, so a record whose handler fails is lost. `ACK` commits
  even if the handler raises. `NACK_ON_ERROR` reads a record that always fails again for ever, without a pause.
- The handler never raises. An acknowledgement commits the position of the whole consumer, so that of the next record
  would also commit the one that failed. So `Paging.take` returns when the record is done with, however long that takes.
- `read_committed`: without it, events of aborted transactions would page people.
- `earliest`: a new group begins with the oldest record. The default is the newest, and would skip what came before.
- `allow_auto_create_topics=False`: FastStream makes missing topics, with one partition. Frontline makes its own.
- `graceful_timeout`: at the end FastStream waits 15 s for a handler. This one may be waiting for the pager; its record
  comes again.
- A decoder that does nothing: what is no JSON would otherwise fail before the handler could keep it.
"""

from faststream import AckPolicy, FastStream
from faststream.kafka import KafkaBroker, KafkaMessage

from paging.handling import Paging, Record
from paging.journal import Journal
from paging.pager import HttpPager, Pager, PrintingPager
from paging.settings import Settings

GRACE_SECONDS = 1.0


def make_app(settings: Settings) -> FastStream:
    """The consumer with these settings."""
    broker = KafkaBroker(settings.kafka, allow_auto_create_topics=False, graceful_timeout=GRACE_SECONDS)
    journal = Journal(settings.journal)
    pager: Pager = PrintingPager() if settings.url is None else HttpPager(settings.url)
    paging = Paging(pager, journal)

    @broker.subscriber(
        settings.topic,
        group_id=settings.group,
        group_instance_id=settings.instance,
        ack_policy=AckPolicy.MANUAL,
        isolation_level="read_committed",
        auto_offset_reset="earliest",
        decoder=_undecoded,
    )
    async def on_record(message: KafkaMessage) -> None:
        await paging.take(_record_of(message))
        await message.ack()

    return FastStream(broker, after_shutdown=[pager.close, journal.close])


async def _undecoded(message: KafkaMessage) -> bytes:
    return bytes(message.body or b"")


def _record_of(message: KafkaMessage) -> Record:
    raw = message.raw_message
    assert not isinstance(raw, tuple)  # noqa: S101 - the subscriber takes one record at a time
    headers = {name: value.decode(errors="replace") for name, value in raw.headers}
    return Record(raw.topic, raw.partition, raw.offset, headers, raw.value)
