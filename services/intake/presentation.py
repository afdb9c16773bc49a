"""[pure] A decision as clients read it: reason codes with their facts, and the sentences beside them."""

from collections.abc import Mapping
from typing import Any

from shared.messages.messages import Messages
from shared.policy.editions import EditionLibrary
from shared.routing.rendering import in_words_of


def with_sentences(event: Mapping[str, Any], messages: Messages, editions: EditionLibrary) -> dict[str, Any]:
    """`event`, or a request, with the sentences of its `decision`, if it has one, in the language of `messages`."""
    decision = event.get("decision")
    if decision is None:
        return dict(event)
    edition = next((known for known in editions.editions if known.edition == decision["edition"]), None)
    words = messages if edition is None else in_words_of(messages, edition)
    reason = decision["priority_reason"]
    shown = {
        **decision,
        "priority_because": None if reason is None else words.reason(reason),
        "notes": [{**note, "text": words.reason(note)} for note in decision["notes"] or ()],
    }
    return {**event, "decision": shown}
