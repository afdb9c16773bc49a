"""`frontline dead-letters` on a real Kafka: lists causes, shows content only when asked, sends back byte for byte."""

import asyncio
import json
import re
import uuid
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from itertools import count
from typing import Any

import pytest
import pytest_asyncio
from aiokafka import AIOKafkaConsumer, AIOKafkaProducer
from aiokafka.errors import KafkaError
from aiokafka.structs import ConsumerRecord, TopicPartition

from frontline_testkit.log import EventLog
from services.cli.dead_letters import app
from services.router.topology import RouterTopology
from shared.contracts.topics import ACTIVITY, CASES, ENTITLEMENTS, REQUESTS
from shared.kafka import dead_letters
from shared.kafka.dead_letter_log import Found, read_all
from shared.kafka.dead_letter_replay import replayer
from shared.kafka.dead_letters import DeadLetter
from shared.kafka.partitioning import partition_for, partitioner
from shared.kafka.record import Record
from shared.kafka.settings import KafkaSettings
from shared.kafka.topic_admin import apply_topics
from shared.routing.rulebook import Rulebooks
from shared.wall_clock import utc_now
from tests.harness.asking import account, entitlement_set, request
from tests.harness.intake import editions, log_of, running_intake
from tests.harness.topology_driver import TopologyDriver
from tests.topology.router.router_task import as_record, case_of

SECRET = "the customer's own words"
_OFFSETS = count(1_000_000)  # of source records that are not there
HEADERS = (("ce_id", b"\xff\x00"), ("dlt-cause", b"not ours"))


@dataclass
class Desk:
    """Dead letters of one test on the shared topic of activity, distinguished by the key."""

    bootstrap: str
    key: bytes
    producer: AIOKafkaProducer
    capsys: pytest.CaptureFixture[str]
    own: dict[str, str] = field(default_factory=dict)  # the place of each dead letter that was written, by its id

    async def source(self, value: bytes, partition: int, key: bytes | None = None) -> int:
        """A record of the source topic; returns its offset."""
        sent = await self.producer.send_and_wait(ACTIVITY.name, value, key=key or self.key, partition=partition)
        return int(sent.offset)

    async def write(self, **about: Any) -> str:
        """Write a dead letter, by default of a record that no other one is of; returns its id."""
        partition, offset = about.pop("partition", partition_for(self.key, 6)), about.pop("offset", next(_OFFSETS))
        record = Record(
            *(ACTIVITY.name, partition, offset, about.pop("timestamp_ms", -1), self.key),
            *(about.pop("value", SECRET.encode()), HEADERS),
        )
        cause = about.pop("cause", "a_cause")
        output = dead_letters.to_output(DeadLetter(cause, "why", "escalation", utc_now(), record, **about))
        sent = await self.producer.send_and_wait(
            output.topic, output.value, key=output.key, partition=output.partition, headers=[*output.headers]
        )
        self.own[f"{ACTIVITY.name}:{partition}:{offset}"] = f"{sent.topic}:{sent.partition}:{sent.offset}"
        return f"{ACTIVITY.name}:{partition}:{offset}"

    async def listed(self) -> dict[str, Any]:
        """What `list --json` has of activity, by id."""
        _, out, _ = await self.run("list", "--topic", ACTIVITY.name, "--json")
        return {line["id"]: line for line in map(json.loads, out.splitlines())}

    async def run(self, *words: str) -> tuple[int, str, str]:
        """Run the command; exit code, standard output, standard error."""
        self.capsys.readouterr()
        command: Callable[..., Any] = app
        code = await asyncio.to_thread(
            command, [*words, "--kafka", self.bootstrap], exit_on_error=False, result_action="return_value"
        )
        output = self.capsys.readouterr()
        return code, output.out, output.err

    async def sent_back(self) -> list[ConsumerRecord]:
        """What the source topic has of this test's key.

        A transaction is committed before each partition has its marker, so it waits until nothing is undecided.
        """
        consumer, of_all = (
            AIOKafkaConsumer(bootstrap_servers=self.bootstrap, isolation_level=level, auto_offset_reset="earliest")
            for level in ("read_committed", "read_uncommitted")
        )
        await consumer.start()
        await of_all.start()
        try:
            places = [TopicPartition(ACTIVITY.name, partition) for partition in range(6)]
            consumer.assign(places)
            async with asyncio.timeout(10):
                while (ends := await consumer.end_offsets(places)) != await of_all.end_offsets(places):
                    pass
            found: list[ConsumerRecord] = []
            while any([await consumer.position(place) < ends[place] for place in places]):
                for records in (await consumer.getmany(timeout_ms=50)).values():
                    found += [record for record in records if record.key == self.key]
            return found
        finally:
            await consumer.stop()
            await of_all.stop()


@pytest_asyncio.fixture
async def desk(bootstrap: str, capsys: pytest.CaptureFixture[str]) -> Any:
    """A desk with the registry's topics made."""
    await apply_topics(KafkaSettings(kafka_bootstrap=bootstrap))
    producer = AIOKafkaProducer(bootstrap_servers=bootstrap)
    await producer.start()
    yield Desk(bootstrap, uuid.uuid4().hex.encode(), producer, capsys)
    await producer.stop()


async def test_list_has_causes_and_no_content(desk: Desk) -> None:
    """The list is what an operator sees first, perhaps with others looking on."""
    dead_letter, other = await desk.write(), await desk.write(value=None)
    code, out, _ = await desk.run("list", "--topic", ACTIVITY.name, "--json")
    listed = {line["id"]: line for line in map(json.loads, out.splitlines())}
    assert code == 0
    assert {dead_letter, other} <= listed.keys()
    assert (listed[dead_letter]["cause"], listed[dead_letter]["message"], listed[dead_letter]["offset"]) == (
        "a_cause",
        "why",
        int(dead_letter.rpartition(":")[2]),
    )
    assert (listed[dead_letter]["bytes"], listed[other]["bytes"]) == (len(SECRET), None)
    assert SECRET not in out
    _, text, _ = await desk.run("list", "--cause", "a_cause")
    assert dead_letter in text
    assert SECRET not in text


async def test_a_record_that_is_no_dead_letter_is_listed_as_such(desk: Desk) -> None:
    """Somebody else wrote to the topic: it is reported, and it does not stop the list."""
    sent = await desk.producer.send_and_wait(dead_letters.topic_of(ACTIVITY.name), b"hello", partition=0)
    _, out, _ = await desk.run("list", "--topic", ACTIVITY.name, "--json")
    place = f"{ACTIVITY.name}-dlt:0:{sent.offset}"
    assert "the last headers are" in next(json.loads(line) for line in out.splitlines() if place in line)["problem"]
    code, _, err = await desk.run("replay", place)
    assert code == 1
    assert "the last headers are" in err


async def test_show_shows_content_only_when_asked(desk: Desk) -> None:
    """`--value` is the operator's own decision."""
    dead_letter = await desk.write()
    code, out, _ = await desk.run("show", dead_letter, "--json")
    assert code == 0
    assert SECRET not in out
    assert json.loads(out)["headers"] == ["ce_id", "dlt-cause"]
    _, out, _ = await desk.run("show", dead_letter, "--value", "--json")
    shown = json.loads(out)
    assert (shown["value"], shown["key"]) == (SECRET, desk.key.decode())
    assert shown["headers"] == [["ce_id", {"base64": "/wA="}], ["dlt-cause", "not ours"]]


async def test_replay_sends_back_byte_for_byte_to_the_right_partition(desk: Desk) -> None:
    """After a fix the record is processed as if it were new, where its key belongs; a wrong partition is put right."""
    right = partition_for(desk.key, 6)
    dead_letter, misplaced = await desk.write(), await desk.write(partition=(right + 1) % 6, value=b"astray")
    code, out, err = await desk.run("replay", dead_letter, misplaced)
    assert (code, err) == (0, "")
    assert out.splitlines() == [f"{dead_letter}: replayed", f"{misplaced}: replayed"]
    first, second = await desk.sent_back()
    assert (first.value, first.headers, first.partition) == (SECRET.encode(), HEADERS, right)
    assert (second.value, second.headers, second.partition) == (b"astray", HEADERS, right)


async def test_replay_by_reference_reads_the_source(desk: Desk) -> None:
    """The dead letter has no value, only the offset of the record."""
    right = partition_for(desk.key, 6)
    offset = await desk.source(b"large", right)
    kept = await desk.write(by_reference=True, offset=offset)
    deleted = await desk.write(by_reference=True)
    code, out, err = await desk.run("replay", kept, deleted)
    assert code == 1
    assert out == f"{kept}: replayed\n"
    assert "its value was not kept, and its source no longer has it: support.activity.v1[" in err
    assert [record.value for record in await desk.sent_back()] == [b"large", b"large"]


async def test_show_reads_the_value_of_a_dead_letter_by_reference_from_the_source(desk: Desk) -> None:
    """Whoever has to decide what to do with it wants to see it, as long as it is anywhere; if not, the reason."""
    right = partition_for(desk.key, 6)
    kept = await desk.write(by_reference=True, offset=await desk.source(SECRET.encode(), right))
    _, out, _ = await desk.run("show", kept, "--json")
    assert (SECRET in out, "problem" in json.loads(out)) == (False, False)
    code, out, _ = await desk.run("show", kept, "--value", "--json")
    shown = json.loads(out)
    assert (code, shown["key"], shown["value"], "problem" in shown) == (0, desk.key.decode(), SECRET, False)
    deleted = await desk.write(by_reference=True)
    code, out, _ = await desk.run("show", deleted, "--value", "--json")
    shown = json.loads(out)
    place = f"{ACTIVITY.name}[{right}]@{deleted.rpartition(':')[2]}"
    missing = f"its value was not kept, and its source no longer has it: {place} is deleted"
    assert (code, shown["value"], shown["problem"]) == (0, None, missing)


@pytest.mark.parametrize("differs", ["key", "timestamp"])
async def test_another_record_at_the_place_of_a_dead_letter_by_reference_is_not_taken_for_it(
    desk: Desk, differs: str
) -> None:
    """A topic that was created again, or lost the end of its log, has another record there: not this customer's."""
    right = partition_for(desk.key, 6)
    about: dict[str, Any] = {"timestamp_ms": 1} if differs == "timestamp" else {}
    offset = await desk.source(SECRET.encode(), right, b"another" if differs == "key" else None)
    dead_letter = await desk.write(by_reference=True, offset=offset, **about)
    before = len(await desk.sent_back())
    _, out, _ = await desk.run("show", dead_letter, "--value")
    assert (SECRET in out, f"@{offset} is another record now" in out) == (False, True)
    code, _, err = await desk.run("replay", dead_letter)
    assert (code, f"@{offset} is another record now" in err) == (1, True)
    assert len(await desk.sent_back()) == before


async def test_replay_all_takes_what_topic_and_cause_leave(desk: Desk) -> None:
    """A fixed cause is replayed as a whole, and nothing else with it."""
    dead_letter = await desk.write()
    code, out, _ = await desk.run("replay", "--all", "--topic", ACTIVITY.name, "--cause", "another_cause", "--json")
    assert (code, out) == (0, "")
    code, out, _ = await desk.run("replay", "--all", "--topic", ACTIVITY.name, "--cause", "a_cause", "--json")
    assert {"id": dead_letter, "replayed": True, "problem": None} in map(json.loads, out.splitlines())
    assert [record.value for record in await desk.sent_back()] == [SECRET.encode()]


async def test_an_id_is_the_place_of_the_record_in_its_source_topic(desk: Desk) -> None:
    """Whoever looks there with another program finds the record that failed. `show` has its own place as well."""
    right = partition_for(desk.key, 6)
    offset = await desk.source(b"broken", right)
    dead_letter = await desk.write(offset=offset)
    assert dead_letter == f"{ACTIVITY.name}:{right}:{offset}"
    for name in (dead_letter, desk.own[dead_letter]):
        _, out, _ = await desk.run("show", name, "--json")
        shown = json.loads(out)
        assert (shown["id"], shown["dead_letter"]) == (dead_letter, desk.own[dead_letter])


async def test_two_dead_letters_of_one_place_go_by_their_own_places(desk: Desk) -> None:
    """A topic that was created again has other records at the same offsets: neither may be replayed for the other."""
    offset = next(_OFFSETS)
    shared = await desk.write(offset=offset, value=b"first")
    first = desk.own[shared]
    await desk.write(offset=offset, value=b"second")
    second = desk.own[shared]
    listed = await desk.listed()
    assert {first, second} <= listed.keys()
    assert shared not in listed
    code, out, err = await desk.run("replay", shared)
    assert (code, out, err) == (1, "", f"{shared}: several dead letters have this id; name one of {first}, {second}\n")
    assert (await desk.run("replay", second))[0] == 0
    assert [record.value for record in await desk.sent_back()] == [b"second"]


async def test_what_was_replayed_says_so_with_the_time_and_the_new_place(desk: Desk) -> None:
    """After a fix an operator sees what is left to do, on any machine: the log has it, not a file."""
    done, left = await desk.write(), await desk.write()
    before = utc_now()
    assert (await desk.run("replay", done))[0] == 0
    (record,) = await desk.sent_back()
    listed = await desk.listed()
    (replayed,) = listed[done]["replayed"]
    assert before <= datetime.fromisoformat(replayed["at"]) <= utc_now()
    assert replayed["as"] == f"{ACTIVITY.name}:{record.partition}:{record.offset}"
    assert listed[left]["replayed"] == []
    _, text, _ = await desk.run("list", "--topic", ACTIVITY.name)
    assert [replayed["at"] in line for line in text.splitlines() if line.startswith((f"{done} ", f"{left} "))] == [
        True,
        False,
    ]
    _, out, _ = await desk.run("list", "--topic", ACTIVITY.name, "--pending", "--json")
    pending = {json.loads(line)["id"] for line in out.splitlines()}
    assert (left in pending, done in pending) == (True, False)


async def test_what_was_replayed_already_is_replayed_again_only_by_force(desk: Desk) -> None:
    """A second copy of a request that is older than 49 hours would be decided a second time."""
    dead_letter = await desk.write(cause="another_outage")
    assert (await desk.run("replay", dead_letter))[0] == 0
    code, out, err = await desk.run("replay", dead_letter)
    assert (code, out) == (1, "")
    assert re.fullmatch(f"{dead_letter}: was replayed already at .*Z, as {ACTIVITY.name}:.*; --force .*\n", err)
    code, out, err = await desk.run("replay", "--all", "--topic", ACTIVITY.name, "--cause", "another_outage")
    assert (code, dead_letter in out, f"{dead_letter}:" in err) == (0, False, False)
    assert re.search("^not replayed: [0-9]+ that were replayed already; --force", err, re.MULTILINE)
    assert len(await desk.sent_back()) == 1
    code, out, _ = await desk.run("replay", dead_letter, "--force")
    assert (code, out) == (0, f"{dead_letter}: replayed\n")
    assert len(await desk.sent_back()) == 2
    assert len((await desk.listed())[dead_letter]["replayed"]) == 2


async def test_who_reads_the_dead_letters_passes_over_the_note_of_a_replay(desk: Desk, bootstrap: str) -> None:
    """It is no dead letter: the consumers' kit does not give one to a test."""
    dead_letter = await desk.write()
    assert (await desk.run("replay", dead_letter))[0] == 0
    log = EventLog(bootstrap)
    try:
        notes = [each for each in await asyncio.to_thread(log.dead_letters) if (each.topic, each.value) == ("", "")]
        assert notes == []
    finally:
        log.close()


async def test_a_replay_that_another_one_has_replaced_writes_nothing(desk: Desk, bootstrap: str) -> None:
    """Two operators mend the same outage: what both have read as not replayed is written once."""
    await desk.write()
    settings = KafkaSettings(kafka_bootstrap=bootstrap)
    async with replayer(settings, utc_now) as older:
        (found,) = [each for each in await read_all(settings, [ACTIVITY.name]) if _is_of(each, desk.key)]
        async with replayer(settings, utc_now) as newer:
            await newer.replay(found)
        with pytest.raises(KafkaError):
            await older.replay(found)
    assert len(await desk.sent_back()) == 1


def _is_of(found: Found, key: bytes) -> bool:
    return found.dead_letter is not None and found.dead_letter.record.key == key


async def test_a_replayed_tombstone_keeps_its_timestamp(desk: Desk) -> None:
    """It withdraws an entitlement as of its timestamp: with that of today it would withdraw the present one."""
    three_weeks_ago = round((utc_now() - timedelta(weeks=3)).timestamp() * 1000)
    dead_letter = await desk.write(value=None, timestamp_ms=three_weeks_ago)
    await desk.run("replay", dead_letter)
    (record,) = await desk.sent_back()
    assert (record.value, record.timestamp) == (None, three_weeks_ago)


async def test_a_conflicting_request_is_not_replayed_unless_forced(desk: Desk) -> None:
    """The router knows an id for 49 hours: of an older conflict it would make a second decision of the case."""
    partition = partition_for(desk.key, 6)
    values = {cause: f"{cause} {desk.key.decode()}".encode() for cause in ("conflict", "not_in_edition")}
    ids = {}
    for cause, value in values.items():
        record = Record(REQUESTS.name, partition, next(_OFFSETS), -1, desk.key, value, HEADERS)
        letter = dead_letters.to_output(DeadLetter(cause, "why", "router", utc_now(), record))
        await desk.producer.send_and_wait(
            letter.topic, letter.value, key=letter.key, partition=letter.partition, headers=[*letter.headers]
        )
        ids[cause] = f"{REQUESTS.name}:{partition}:{record.offset}"

    async def replayed() -> list[bytes | None]:
        return [each.value for each in await log_of(desk.bootstrap, REQUESTS) if each.key == desk.key]

    code, out, err = await desk.run("replay", "--all", "--topic", REQUESTS.name, "--cause", "conflict")
    assert (code, out) == (0, "")
    assert re.match(f"not replayed: [0-9]+ of cause conflict in {REQUESTS.name}: another request with the same id", err)
    assert await replayed() == []
    code, out, _ = await desk.run("replay", *ids.values(), "--json")
    answers = {answer["id"]: answer["replayed"] for answer in map(json.loads, out.splitlines())}
    assert (code, answers) == (1, {ids["conflict"]: False, ids["not_in_edition"]: True})
    assert await replayed() == [values["not_in_edition"]]
    code, out, _ = await desk.run("replay", ids["conflict"], "--force")
    assert (code, out) == (0, f"{ids['conflict']}: replayed\n")
    assert await replayed() == [values["not_in_edition"], values["conflict"]]


async def test_an_old_entitlement_that_was_on_a_wrong_partition_leaves_the_present_one(
    desk: Desk, bootstrap: str
) -> None:
    """`replay --all --cause wrong_partition` mends the past: the router and intake keep what was set since."""
    account_id = desk.key.decode()
    home = partition_for(desk.key, 6)
    old = entitlement_set(account(account_id=account_id, plan="access"), utc_now() - timedelta(weeks=3))
    value, headers = as_record(ENTITLEMENTS, account_id, old, "/acme/billing")
    misplaced = Record(ENTITLEMENTS.name, (home + 1) % 6, 0, -1, desk.key, value, headers)
    letter = dead_letters.to_output(DeadLetter("wrong_partition", "why", "router", utc_now(), misplaced))
    await desk.producer.send_and_wait(
        letter.topic, letter.value, key=letter.key, partition=letter.partition, headers=[*letter.headers]
    )
    async with running_intake(bootstrap) as intake, intake.client() as http:
        url = f"/v1/accounts/{account_id}/entitlement"
        body = {"plan": "premier_plus", "account_type": "enterprise", "paid": True}
        assert (await http.put(url, json=body)).status_code == 200
        code, _, err = await desk.run(
            "replay", "--all", "--topic", ENTITLEMENTS.name, "--cause", "wrong_partition", "--json"
        )
        assert (code, err) == (0, "")
        log = [record for record in await log_of(bootstrap, ENTITLEMENTS) if record.key == desk.key]
        assert [record.partition for record in log] == [home, home]
        await asyncio.wait_for(intake.service.accounts_tail.read_past(ENTITLEMENTS, home, log[-1].offset), 10)
        assert (await http.get(url)).json()["plan"] == "premier_plus"
    task = TopologyDriver(
        lambda _: RouterTopology(Rulebooks(editions()), partitions=6, trace=lambda _: ""),
        home,
        service="router",
        now=utc_now(),
        partition_of=partitioner(6),
    )
    task.pipe_slice(log)
    asked = request(account_id=account_id, received_at=utc_now())
    cases = task.pipe(REQUESTS, account_id, *as_record(REQUESTS, account_id, asked))
    assert case_of(next(each for each in cases if each.topic == CASES.name)).entitlement.plan == "premier_plus"


async def test_topics_that_are_missing_are_no_good_news(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    """Kafka hides topics from a principal without rights: "no dead letters" would be believed."""
    monkeypatch.setenv("FRONTLINE_NAMESPACE", "nobody")
    code, out, err = await desk.run("list")
    assert (code, out) == (1, "")
    assert "has no topics of Frontline" in err


@pytest.mark.parametrize(
    ("words", "code", "output"),
    [
        (
            ("show", "nonsense"),
            2,
            "nonsense is not the id of a dead letter; `list` shows ids, TOPIC:PARTITION:OFFSET",
        ),
        (
            ("show", "support.activity.v1:0:99999999"),
            1,
            "support.activity.v1:0:99999999: there is no dead letter with this id",
        ),
        (("show", "support.activity.v1:99:0"), 1, "support.activity.v1:99:0: there is no dead letter with this id"),
        (("replay",), 2, "name dead letters, or use --all"),
        (("replay", "support.activity.v1:0:1", "--all"), 2, "name dead letters, or use --all"),
        (("list", "--topic", "nonsense"), 2, "--topic nonsense is not one of support.requests.v1"),
    ],
)
async def test_a_wrong_call_is_explained_in_one_line(
    desk: Desk, words: tuple[str, ...], code: int, output: str
) -> None:
    """With the exit code that scripts rely on."""
    answer = await desk.run(*words)
    assert answer[0] == code
    assert answer[2].startswith(output)
