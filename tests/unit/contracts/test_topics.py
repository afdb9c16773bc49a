"""The registry of topics: how long each is kept, and how many copies a record needs."""

from datetime import timedelta

import pytest

from shared.contracts.topics import TOPICS, min_insync_replicas

KEPT_DAYS = {
    "support.requests.v1": 90,
    "support.cases.v1": 400,
    "support.activity.v1": 400,
    "support.escalations.v1": 400,
    "support.requests.v1-dlt": 30,
    "support.entitlements.v1-dlt": 30,
    "support.cases.v1-dlt": 30,
    "support.activity.v1-dlt": 30,
}


def test_each_topic_is_kept_as_long_as_documented() -> None:
    """A year of cases and what happened to them, and some weeks more to compare with; other topics are compacted."""
    kept = {topic.name: topic.retention for topic in TOPICS if topic.policy == "delete"}
    assert kept == {name: timedelta(days=days) for name, days in KEPT_DAYS.items()}


@pytest.mark.parametrize(("copies", "needed"), [(1, 1), (2, 1), (3, 2), (4, 3), (9, 8)])
def test_a_record_needs_all_copies_but_one(copies: int, needed: int) -> None:
    """So that one broker may be away; a topic of one or two copies could not be written to otherwise."""
    assert min_insync_replicas(copies) == needed
    assert all(topic.config(copies)["min.insync.replicas"] == str(needed) for topic in TOPICS)
