"""The load of chats is judged by what is in Kafka and what customers saw: whatever is lost or doubled is found."""

from collections.abc import Callable
from typing import Any

import pytest

from tests.bench.chat_load import Customer, differences
from tests.harness.conversation import Conversation


def customer() -> Customer:
    """One who wrote and was answered, and has seen both."""
    found = Customer(1, Conversation("http://127.0.0.1:1", "token", 1), ["asked", "answered"])
    found.conversation.request_id = "c1"
    found.conversation.said = [{"id": "a1", "text": "asked"}, {"id": "a2", "text": "answered"}]
    return found


def log() -> dict[str, Any]:
    """What Kafka has of it."""
    return {"requests": {"c1": "Chat 1"}, "decided": ["c1"], "texts": {"c1": {"a1": "asked", "a2": "answered"}}}


def test_what_is_there_once_and_was_seen_once_is_right() -> None:
    """Else what is planted below would not be what is found."""
    assert list(differences([customer()], **log())) == []


@pytest.mark.parametrize(
    ("plant", "found"),
    [
        (lambda _, log: log["requests"].clear(), "0 requests and 1 decisions of 1"),
        (lambda _, log: log["decided"].append("c1"), "1 requests and 2 decisions of 1"),
        (lambda _, log: log["requests"].update(c2="Chat 1"), "2 requests and 1 decisions of 1"),
        (lambda _, log: log["texts"]["c1"].pop("a1"), "2 messages were written, 1 are in Kafka"),
        (lambda _, log: log["texts"]["c1"].update(a3="asked"), "2 messages were written, 3 are in Kafka"),
        (lambda one, _: one.conversation.said.pop(), "saw 1 messages of 2"),
        (lambda one, _: one.conversation.said.reverse(), "in another order"),
        (lambda one, _: setattr(one.conversation, "doubled", 1), "1 messages came twice"),
    ],
)
def test_what_is_lost_or_doubled_is_found(plant: Callable[[Customer, dict[str, Any]], object], found: str) -> None:
    """A load that loses a message would look fast."""
    one, kafka = customer(), log()
    plant(one, kafka)
    assert any(found in line for line in differences([one], **kafka))
