"""What is wrong with a service's topics: each reason names its topic, and what is as it was is no reason."""

import pytest

from shared.kafka.topic_changes import TopicChange, another_cluster, changes, no_topic_ids
from shared.kafka.topic_metadata import TopicFacts
from shared.messages.catalogues import messages_in

KNOWN = {"a": "id-of-a", "b": "id-of-b"}
AS_IT_WAS = {"a": TopicFacts("id-of-a", 6), "b": TopicFacts("id-of-b", 6)}


@pytest.mark.parametrize(
    ("now", "reason"),
    [
        pytest.param(None, "b is missing", id="missing"),
        pytest.param(TopicFacts("id-of-b", 12), "b has 12 partitions, FRONTLINE_PARTITIONS=6", id="grown"),
        pytest.param(TopicFacts("another", 6), "b was deleted and created again", id="created again"),
        pytest.param(TopicFacts("another", 12), "b was deleted and created again", id="created again, and larger"),
    ],
)
def test_each_reason_names_its_topic(now: TopicFacts | None, reason: str) -> None:
    """An operator has to know which of many topics it is; the loss of records comes before their number."""
    found = {"a": AS_IT_WAS["a"]} | ({"b": now} if now else {})
    found_changes = changes(["a", "b"], found, KNOWN, 6)
    assert {topic: str(change) for topic, change in found_changes.items()} == {"b": reason}
    assert messages_in("en").reason(found_changes["b"]) == reason


@pytest.mark.parametrize("change", [another_cluster("localhost:9092"), no_topic_ids()], ids=lambda change: change.code)
def test_a_change_of_the_cluster_reads_the_same_in_the_log_and_in_the_catalogue(change: TopicChange) -> None:
    """Operators compare the detail of a problem document with the log."""
    assert messages_in("en").reason(change) == str(change)


def test_unchanged_topics_have_no_problem() -> None:
    """No reason is given."""
    assert changes(["a", "b"], AS_IT_WAS, KNOWN, 6) == {}


def test_a_topic_without_a_known_id_may_have_any_id() -> None:
    """At its start a process knows no ids; what it needs to know of former ones is kept with the positions."""
    assert changes(["a", "b"], AS_IT_WAS, {}, 6) == {}


def test_other_topics_are_ignored() -> None:
    """Other systems share the cluster."""
    assert changes(["a"], {"a": AS_IT_WAS["a"], "z": TopicFacts("z", 1)}, {"z": "another"}, 6) == {}
