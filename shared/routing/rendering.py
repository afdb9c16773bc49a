"""[pure] A decision for people: the sentences of its reasons, in the language of `messages`, beside codes and facts."""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import msgspec

from shared.contracts.structs import Decision, EntitlementUsed
from shared.contracts.vocabulary import Language
from shared.messages.messages import Messages
from shared.policy.base import Named, in_language
from shared.policy.model import Edition


def in_words_of(messages: Messages, edition: Edition, language: Language | None = None) -> Messages:
    """`messages` with what `edition` calls its words, and with the notes and reasons that it has of its own.

    They are in `language`, by default that of `messages`; or in the edition's first language where it lacks that one.
    """
    return messages.with_own(dict(own_texts(edition, language or messages.language)))


def own_texts(edition: Edition, language: Language) -> Iterator[tuple[str, str]]:
    """Each text of the edition by its code. One without a text in `language` has it in the edition's fallback."""
    named: dict[str, Mapping[str, Named]] = {
        "plan": edition.plans,
        "account_type": edition.account_types,
        "role": edition.roles,
        "channel": edition.channels,
        "tier": edition.tiers,
        "field": edition.fields,
        "milestone": edition.milestones,
        "called": edition.addressees,
        **{f"value.{name}": field.values for name, field in edition.fields.items()},
    }
    for kind, entries in named.items():
        for word, entry in entries.items():
            yield f"name.{kind}.{word}", entry.name_in(word, language)
    for tier in edition.tiers.values():
        if tier.no_targets is not None:
            yield f"no_target.{tier.no_targets.reason}", in_language(tier.no_targets.because, language)
    for resource, text in edition.resources.items():
        yield f"name.resource.{resource}", in_language(text, language)
    if edition.phone is not None:
        yield "note.tariffs", in_language(edition.phone.tariff_note, language)
        yield "note.have_at_hand", in_language(edition.phone.have_at_hand, language)
        for country in edition.phone.countries.values():
            for number in country.numbers:
                if number.unverified is not None:
                    yield f"remark.{number.unverified}", edition.remark(number.unverified, language) or ""


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
    shown["phone_numbers"] = with_remarks(shown["phone_numbers"], messages)
    return shown


def with_remarks(numbers: Iterable[Mapping[str, Any]], messages: Messages) -> list[dict[str, Any]]:
    """Phone numbers as JSON data, with the remark of an unverified one in the language of `messages`."""
    shown = [dict(number) for number in numbers]
    for number in shown:
        remark = number.get("unverified")
        if remark is not None:
            number["unverified"] = messages.find(f"remark.{remark}") or remark
    return shown


def entitlement_in_full(used: EntitlementUsed) -> dict[str, Any]:
    """As JSON data, with the usual values that an event leaves out."""
    return {"standing": used.standing, "requester_from": used.requester_from, **msgspec.to_builtins(used)}


def because(shown: Mapping[str, Any], rule: str) -> str:
    """The sentence of the step of a rule; "" where it was not asked."""
    return next((step["because"] for step in shown["trace"] if step["rule"] == rule), "")
