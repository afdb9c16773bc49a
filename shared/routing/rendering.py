"""[pure] A decision for people: the sentences of its reasons, in the language of `messages`, beside codes and facts."""

from collections.abc import Mapping
from typing import Any

import msgspec

from shared.contracts.structs import Decision, EntitlementUsed
from shared.messages.messages import Messages
from shared.policy.model import ChannelPolicy, Edition, PlanPolicy


def in_words_of(messages: Messages, edition: Edition) -> Messages:
    """`messages` with the names and notes that an edition has of its own.

    In the fallback language plans and channels are called by their words, which is what operators type.
    """
    language, phone = messages.language, edition.phone
    own = {"note.tariffs": _text(phone.tariff_note, language), "note.have_at_hand": _text(phone.have_at_hand, language)}
    if not messages.is_fallback:
        named: dict[str, Mapping[Any, PlanPolicy | ChannelPolicy]] = {
            "plan": edition.plans,
            "channel": edition.channels,
        }
        for kind, policies in named.items():
            own |= {
                f"name.{kind}.{word}": policy.name[language]
                for word, policy in policies.items()
                if language in policy.name
            }
    return messages.with_own(own)


def with_sentences(decision: Decision, messages: Messages) -> dict[str, Any]:
    """A decision as JSON data, with a `because` for each reason; notes are `{code, facts, text}`."""
    shown: dict[str, Any] = msgspec.to_builtins(decision)
    shown["entitlement"] = entitlement_in_full(decision.entitlement)
    for step in shown["trace"]:
        step["because"] = messages(step["reason"], **step.get("facts", {}))
    for verdict in shown["channels"].values():
        if verdict.get("reason") is not None:
            verdict["because"] = messages(verdict["reason"], **verdict.get("facts", {}))
    shown["priority_because"] = because(shown, shown["priority_rule"])
    shown["notes"] = [{**note, "text": messages.reason(note)} for note in shown.get("notes", ())]
    return shown


def entitlement_in_full(used: EntitlementUsed) -> dict[str, Any]:
    """As JSON data, with the usual values that an event leaves out."""
    return {"standing": used.standing, "requester_from": used.requester_from, **msgspec.to_builtins(used)}


def because(shown: Mapping[str, Any], rule: str) -> str:
    """The sentence of the step of a rule; "" where it was not asked."""
    return next((step["because"] for step in shown["trace"] if step["rule"] == rule), "")


def _text(text: Mapping[Any, str], language: str) -> str:
    return text.get(language) or next(iter(text.values()))
