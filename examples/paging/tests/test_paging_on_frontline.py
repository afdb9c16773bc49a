"""The consumer as a process, on a real Frontline with a real Kafka."""

import asyncio
import signal
import uuid

import pytest
from confluent_kafka import Producer
from confluent_kafka.admin import AdminClient
from confluent_kafka.cimpl import NewTopic

from frontline_testkit import Frontline, events, samples
from paging.journal import Journal
from running import Consumer, PagingService, eventually


def test_a_missed_promise_pages_each_level_once(
    frontline: Frontline, consumer: Consumer, service: PagingService
) -> None:
    """From the request to the page; an hour passes in no time."""
    consumer.start()
    case = frontline.submit(frontline.set_entitlement(plan="premier_plus"), impact="down")
    frontline.wait_for("case.routed", case=case)
    frontline.advance(minutes=91)
    second = frontline.wait_for(events.EscalationRaised, case=case, milestone="first_response", level=2)
    eventually(lambda: any(page["called"] == second.data.called for page in service.pages(case)))
    raised = frontline.events(events.EscalationRaised, case=case)
    assert [page["key"] for page in service.pages(case)] == [":".join(event.identity) for event in raised]


@pytest.mark.parametrize("ended_by", [signal.SIGKILL, signal.SIGTERM])
def test_while_the_pager_is_down_no_page_is_lost_even_if_the_consumer_ends(
    frontline: Frontline, consumer: Consumer, service: PagingService, ended_by: signal.Signals
) -> None:
    """At least once is what the offset says, which is committed after the page; once is what the journal adds."""
    service.status = 503
    consumer.start()
    case = frontline.submit(frontline.set_entitlement(plan="premier_plus"), impact="down")
    frontline.wait_for("case.routed", case=case)
    frontline.advance(minutes=61)
    raised = frontline.wait_for("escalation.raised", case=case)
    eventually(lambda: service.refusals)
    consumer.end(ended_by)
    service.status = 204
    consumer.start()
    eventually(lambda: service.pages(case))
    assert [page["key"] for page in service.pages(case)] == [":".join(raised.identity)]


def test_a_bad_record_and_a_repeated_one_stop_nothing(
    frontline: Frontline, consumer: Consumer, service: PagingService
) -> None:
    """On a topic of this test's own, since Frontline's should have no bad records."""
    topic = f"paging-test-{uuid.uuid4().hex}"
    admin = AdminClient({"bootstrap.servers": frontline.kafka})
    admin.create_topics([NewTopic(topic, 1, 1)])[topic].result()
    first = samples.load(events.EscalationRaised)
    last = first.changed(id="the last", case_id="another-case")
    producer = Producer({"bootstrap.servers": frontline.kafka})
    for event, value in ((first, first.value), (first, b"{"), (first, first.value), (last, last.value)):
        producer.produce(topic, key=event.key, value=value, headers=list(event.headers))
    assert producer.flush(10) == 0
    consumer.start(PAGING_TOPIC=topic)
    eventually(lambda: service.pages("another-case"))
    assert len(service.pages(first.data.case_id)) == 1
    journal = Journal(consumer.journal)
    assert [offset for _, _, offset, _ in journal.kept()] == [1]
    asyncio.run(journal.close())
