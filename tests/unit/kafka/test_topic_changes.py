"""What is wrong with a service's topics: each reason names its topic, and what is as it was is no reason."""

import pytest

from shared.kafka.topic_changes import changes
from shared.kafka.topic_metadata import TopicFacts

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
    assert changes(["a", "b"], found, KNOWN, 6) == {"b": reason}


def test_unchanged_topics_have_no_problem() -> None:
    """No reason is given."""
    assert changes(["a", "b"], AS_IT_WAS, KNOWN, 6) == {}


def test_a_topic_without_a_known_id_may_have_any_id() -> None:
    """At its start a process knows no ids; what it needs to know of former ones is kept with the positions."""
    assert changes(["a", "b"], AS_IT_WAS, {}, 6) == {}


def test_other_topics_are_ignored() -> None:
    """Other systems share the cluster."""
    assert changes(["a"], {"a": AS_IT_WAS["a"], "z": TopicFacts("z", 1)}, {"z": "another"}, 6) == {}
