"""[pure] What is open to the person who looks at the form, by the rules that the router decides by.

It is an offer, and not the decision: the router decides once a request is sent, by its own table of entitlements.
"""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple

import msgspec

from shared.contracts.structs import Account, ChannelVerdict, Requester
from shared.identity.person import Person
from shared.messages.messages import Messages
from shared.policy.base import in_language
from shared.policy.model import Edition
from shared.routing.access import HELP
from shared.routing.entitlement import Entitlement, anonymous, covered, not_covered, terms_of
from shared.routing.rendering import with_remarks
from shared.routing.route import Asked, route
from shared.routing.rulebook import Rulebook


class Choice(NamedTuple):
    """A channel as the form offers it. `why` is why it is closed, `help` its help text."""

    word: str
    name: str
    staffed: bool
    is_open: bool
    tier: int  # its place from least to most; of a closed one the least
    why: str
    help: str
    is_phone: bool


class Offer(NamedTuple):
    """What the form shows: channels with people first, of these the highest tier first.

    `plan` is that of a covered person, `calling` what to know before a call.
    """

    choices: tuple[Choice, ...]
    plan: str | None
    standing: str
    numbers: tuple[Mapping[str, Any], ...]
    calling: tuple[str, ...]

    @property
    def first(self) -> str:
        """The channel that is chosen at first: of the open ones with people that of the highest tier."""
        return next((choice.word for choice in self.choices if choice.is_open), "")


def entitlement_of(person: Person | None, account: Account | None, edition: Edition, at: datetime) -> Entitlement:
    """What covers somebody: the account's entitlement as intake knows it, and the word of the token."""
    if person is None:
        return anonymous(edition)
    requester = Requester(requester_id=person.requester_id, role=person.role or "", licensed=person.licensed)
    if account is None:
        return not_covered("unknown_account", requester, edition)
    return covered(terms_of(account), requester, edition, at)


def offer(
    entitlement: Entitlement, rules: Rulebook, country: str | None, language: str, words: Messages, at: datetime
) -> Offer:
    """What is open, in `words`. Where rules ask for fields, each counts as its default here, else as its mildest."""
    edition = rules.edition
    fields = {name: field.default or next(reversed(field.values)) for name, field in edition.fields.items()}
    phone = None if edition.phone is None else edition.phone.channel
    asked = phone if phone is not None else next(iter(edition.channels))
    decision = route(Asked(asked, fields, language, country), entitlement, rules, at)
    tiers = [*edition.tiers]
    choices = [
        Choice(
            word=word,
            name=edition.channels[word].name_in(word, language),
            staffed=edition.channels[word].staffed,
            is_open=verdict.eligible,
            tier=-1 if verdict.tier is None else tiers.index(verdict.tier),
            why="" if verdict.eligible else _why(verdict, words),
            help=help_of(edition, word, language),
            is_phone=word == phone,
        )
        for word, verdict in decision.channels.items()
    ]
    profile = entitlement.profile
    plan = edition.plans[profile.plan].name_in(profile.plan, language) if entitlement.known else None
    return Offer(
        choices=tuple(sorted(choices, key=lambda choice: (not choice.staffed, -choice.tier))),
        plan=plan,
        standing=profile.standing,
        numbers=tuple(with_remarks(msgspec.to_builtins(decision.phone_numbers), words)),
        calling=tuple(words.reason(note) for note in decision.notes if note.code != HELP),
    )


def _why(verdict: ChannelVerdict, words: Messages) -> str:
    return "" if verdict.reason is None else words(verdict.reason, **verdict.facts)


def help_of(edition: Edition, channel: str, language: str) -> str:
    """The help text of a channel; "" if it has none."""
    resource = edition.channels[channel].resource
    return "" if resource is None else in_language(edition.resources[resource], language)
