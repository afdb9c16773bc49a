"""[pure] What an edition gives a form to ask and to show: its fields and channels, its other words, all their texts.

Everything follows from the edition's document, so an answer is as old or new as its digest. The order is the edition's:
that of a form for fields, from worst to mildest for values, from least to most for tiers and plans. Texts are there in
every language of the edition.
"""

from collections.abc import Iterable, Mapping

from pydantic import BaseModel, ConfigDict

from shared.contracts.vocabulary import Language
from shared.policy.base import Named
from shared.policy.model import Edition

Texts = dict[Language, str]


class _Part(BaseModel):
    model_config = ConfigDict(frozen=True, extra="forbid")


class NamedWord(_Part):
    """A word of the edition, and what people call it."""

    word: str
    name: Texts


class FormValue(NamedWord):
    """A value of a field. `choice` is how a form offers it, in the customer's words."""

    choice: Texts


class FormField(NamedWord):
    """A field that a request asks, with its choices. One with a `default` may be left out."""

    question: Texts | None
    values: tuple[FormValue, ...]
    default: str | None


class FormChannel(NamedWord):
    """A channel: whether people answer there, whether at any hour, and the help text about it."""

    staffed: bool
    around_the_clock: bool
    resource: Texts | None


class FormPriority(_Part):
    """A priority, with its definition and the resources for it."""

    word: str
    definition: Texts | None
    resources: Texts | None


class FormPhone(_Part):
    """The channel that is a phone, and what to tell callers."""

    channel: str
    have_at_hand: Texts
    tariff_note: Texts


class Form(_Part):
    """What a form asks and shows. `languages` are the edition's, the fallback first."""

    edition: str
    title: Texts
    languages: tuple[Language, ...]
    fields: tuple[FormField, ...]
    channels: tuple[FormChannel, ...]
    roles: tuple[NamedWord, ...]
    account_types: tuple[NamedWord, ...]
    plans: tuple[NamedWord, ...]
    tiers: tuple[NamedWord, ...]
    priorities: tuple[FormPriority, ...]
    phone: FormPhone | None


def form_of(edition: Edition) -> Form:
    """The form of `edition`."""
    languages, phone = edition.languages, edition.phone
    return Form(
        edition=edition.edition,
        title=edition.title,
        languages=languages,
        fields=tuple(
            FormField(
                word=word,
                name=_name(field, word, languages),
                question=field.question,
                values=tuple(
                    FormValue(word=value, name=names, choice=named.choice or names)
                    for value, named in field.values.items()
                    for names in [_name(named, value, languages)]
                ),
                default=field.default,
            )
            for word, field in edition.fields.items()
        ),
        channels=tuple(
            FormChannel(
                word=word,
                name=_name(channel, word, languages),
                around_the_clock=channel.around_the_clock,
                staffed=channel.staffed,
                resource=None if channel.resource is None else edition.resources[channel.resource],
            )
            for word, channel in edition.channels.items()
        ),
        roles=_names(edition.roles, languages),
        account_types=_names(edition.account_types, languages),
        plans=_names(edition.plans, languages),
        tiers=_names(edition.tiers, languages),
        priorities=tuple(
            FormPriority(word=word, definition=text.definition, resources=text.resources)
            for word, text in edition.priorities.items()
        ),
        phone=None
        if phone is None
        else FormPhone(channel=phone.channel, have_at_hand=phone.have_at_hand, tariff_note=phone.tariff_note),
    )


def _names(entries: Mapping[str, Named], languages: Iterable[Language]) -> tuple[NamedWord, ...]:
    each = tuple(languages)
    return tuple(NamedWord(word=word, name=_name(entry, word, each)) for word, entry in entries.items())


def _name(entry: Named, word: str, languages: Iterable[Language]) -> Texts:
    return {language: entry.name_in(word, language) for language in languages}
