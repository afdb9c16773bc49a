"""docs/contracts.md is about the contract that there is."""

import re

from shared.contracts.intake import ActivityRecorded
from shared.contracts.registry import TYPES
from shared.contracts.topics import TOPICS
from shared.kafka import serde
from shared.kafka.record import Record
from tests.contract.tree import ROOT

PAGE = (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8")


def test_the_table_lists_each_type_with_its_topic() -> None:
    """In the order of the registry, so that the page is read like the code."""
    rows = re.findall(r"^\| `(frontline\.\S+)` \| `(\S+)`( \(compacted\))? \| (.+) \|$", PAGE, re.MULTILINE)
    topics = {model: topic for topic in TOPICS for model in topic.events}
    expected = [(ce_type, topics[model].name, topics[model].policy == "compact") for ce_type, model in TYPES.items()]
    assert [(ce_type, topic, bool(compacted)) for ce_type, topic, compacted, _ in rows] == expected
    for ce_type, _, _, key in rows:
        assert key.replace("`", "") == topics[TYPES[ce_type]].key
    assert ActivityRecorded in topics


def test_the_example_is_an_event() -> None:
    """It is copied by people who write their first producer."""
    example = PAGE.split("```")[1]
    headers = tuple((name, value.encode()) for name, value in re.findall(r"([a-z_-]+)=(\S+)", example))
    value = re.search(r"^value +(.+)$", example, re.MULTILINE)
    assert value
    envelope, event = serde.decode(Record("support.entitlements.v1", 0, 0, 0, b"acme", value[1].encode(), headers))
    output = serde.to_output(next(t for t in TOPICS if t.name == "support.entitlements.v1"), "acme", envelope, b"{}")
    assert output.headers == headers
    assert envelope.type == event.TYPE
