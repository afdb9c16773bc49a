"""[pure] A condition in words: who and what meets it, every key of it."""

from collections.abc import Iterable

from shared.messages.messages import Messages
from shared.policy.condition import Condition


def in_words(when: Condition, messages: Messages) -> str:
    """The people and requests that meet a condition; "everyone" if it asks for nothing."""
    return ", ".join(_parts(when, messages)) or messages("policy.everyone")


def alternatives(any_of: Iterable[Condition], messages: Messages, between: str = "; ") -> str:
    """The same for conditions of which one is enough, for people."""
    return between.join(in_words(when, messages) for when in any_of)


def requests(any_of: Iterable[Condition], messages: Messages) -> str:
    """The same for the rules of requests, a line each; "otherwise" if any request meets them."""
    return "\n".join(", ".join(_parts(when, messages)) or messages("policy.otherwise") for when in any_of)


def _parts(when: Condition, messages: Messages) -> list[str]:
    parts = []
    if when.roles is not None or when.licensed is not None:
        people = messages.one_of([messages.name("role", role) for role in when.roles or ()])
        people = people or messages("policy.anyone")
        licence = {True: "policy.licensed", False: "policy.unlicensed"}
        parts.append(people if when.licensed is None else messages(licence[when.licensed], people=people))
    if when.account_types is not None:
        parts.append(messages("need.account_type", account_types=when.account_types))
    if when.paid is not None:
        parts.append(messages("need.paid" if when.paid else "need.not_paid"))
    if when.plans is not None:
        parts.append(messages("need.plan", plans=when.plans))
    if when.channels is not None:
        parts.append(messages("need.channel", channels=when.channels))
    if when.languages is not None:
        parts.append(messages("need.language", languages=when.languages))
    if when.countries is not None:
        parts.append(messages("need.country", countries=when.countries))
    parts += [messages("need.field", field=name, values=values) for name, values in when.fields.items()]
    return parts
