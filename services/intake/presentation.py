"""[pure] A decision as clients read it: reason codes with facts, each with its sentence."""

from collections.abc import Callable, Mapping
from typing import Any

from shared.messages.messages import Messages
from shared.policy.model import Edition
from shared.routing.rendering import in_words_of, with_remarks


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
