"""[pure] A decision as clients read it: reason codes with facts, each with its sentence."""

from collections.abc import Callable, Iterable, Mapping
from typing import Any, Protocol

from shared.messages.messages import Messages
from shared.policy.model import Edition
from shared.routing.rendering import in_words_of, with_remarks


class ShownEvent(Protocol):
    """One event of a request, as clients see it."""

    @property
    def id(self) -> str:
        """Stable; later events sort after it."""

    @property
    def type(self) -> str:
        """The CloudEvents type."""

    @property
    def data(self) -> Mapping[str, Any]:
        """Its fields."""


def status_with_sentences(
    request: Mapping[str, Any],
    events: Iterable[ShownEvent],
    messages: Messages,
    edition_of: Callable[[str], Edition | None],
) -> dict[str, Any]:
    """The answer about a request: itself with its decision in words, and its events, which do not repeat the decision.

    `edition_of` is as in `with_sentences`.
    """
    listed = [{"id": event.id, "type": event.type, **event.data} for event in events]
    for event in listed:
        event.pop("decision", None)
    return {**with_sentences(request, messages, edition_of), "events": listed}


def with_sentences(
    event: Mapping[str, Any], messages: Messages, edition_of: Callable[[str], Edition | None]
) -> dict[str, Any]:
    """An event or a request with the sentences of its `decision`, if it has one, in the language of `messages`.

    `edition_of` finds an edition by its digest: it has names and notes of its own.
    """
    decision = event.get("decision")
    if decision is None:
        return dict(event)
    edition = edition_of(decision["policy_sha256"])
    words = messages if edition is None else in_words_of(messages, edition)
    reason, numbers = decision["priority_reason"], decision["phone_numbers"]
    shown = {
        **decision,
        "priority_because": None if reason is None else words.reason(reason),
        "phone_numbers": None if numbers is None else with_remarks(numbers, words),
        "notes": [{**note, "text": words.reason(note)} for note in decision["notes"] or ()],
    }
    return {**event, "decision": shown}
