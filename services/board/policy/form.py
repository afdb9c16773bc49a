"""[pure] The form of a what-if: what can be asked by an edition, in the reader's words, with what was chosen."""

from collections.abc import Iterable, Iterator, Mapping
from typing import NamedTuple

from services.board.policy.question import FIELDS, NO, OPENED_BY, WHO, YES, default_zone
from shared.explain.edition_words import capital
from shared.messages.messages import Messages
from shared.pages.moments import Moments, own_name, zone_named
from shared.policy.base import in_language
from shared.policy.condition import Condition
from shared.policy.countries import COUNTRIES
from shared.policy.model import Edition


class Option(NamedTuple):
    """A value of a field, and what it is called."""

    value: str
    text: str


class Choice(NamedTuple):
    """A field with one value of several. `wide` is one whose values are long."""

    name: str
    label: str
    options: tuple[Option, ...]
    chosen: str
    wide: bool = False


class Form(NamedTuple):
    """The fields: of the account and the person, of the request, and when."""

    person: tuple[Choice, ...]
    request: tuple[Choice, ...]
    at: str
    zone: Choice


def form_of(edition: Edition, typed: Mapping[str, str], words: Messages, language: str) -> Form:
    """The form for `edition`, with what was `typed`; `words` are those of the edition."""

    def choice(name: str, label: str, options: Iterable[Option], *, wide: bool = False) -> Choice:
        return Choice(name, words(label), tuple(options), typed.get(name, ""), wide)

    def named(kind: str, listed: Iterable[str]) -> Iterator[Option]:
        return (Option(word, capital(words.name(kind, word))) for word in listed)

    def said(field: str, listed: Iterable[str]) -> Iterator[Option]:
        return (Option(value, words(f"policy.what_if.{field}.{value}")) for value in listed)

    unsaid = Option("", words("policy.what_if.unsaid"))
    person = (
        choice("who", "policy.what_if.who", said("who", WHO), wide=True),
        choice("plan", "policy.plan", named("plan", edition.plans)),
        choice("account_type", "policy.what_if.account_type", named("account_type", edition.account_types)),
        choice("paid", "policy.what_if.paid", said("paid", (YES, NO))),
        choice("country", "policy.country", [unsaid, *_countries(words)]),
        choice("role", "policy.what_if.role", named("role", edition.roles)),
        choice("licensed", "policy.what_if.licensed", said("licensed", (YES, NO))),
    )
    request = (
        choice("channel", "policy.channel", named("channel", edition.channels), wide=True),
        *_fields(edition, typed, words, language),
        choice("language", "policy.what_if.language", [unsaid, *_languages(edition, typed)]),
        choice("opened_by", "policy.what_if.opened_by", said("opened_by", OPENED_BY)),
    )
    return Form(person, request, typed.get("at", ""), _zones(edition, typed, words))


def _fields(edition: Edition, typed: Mapping[str, str], words: Messages, language: str) -> Iterator[Choice]:
    for name, field in edition.fields.items():
        options = tuple(
            Option(value, _choice(words.name(f"value.{name}", value), each.choice, language))
            for value, each in field.values.items()
        )
        label = words.name("field", name) if field.question is None else in_language(field.question, language)
        yield Choice(FIELDS + name, capital(label), options, typed.get(FIELDS + name, field.default or ""), wide=True)


def _countries(words: Messages) -> list[Option]:
    """Every country by its name in the reader's language."""
    zone = zone_named("UTC")
    assert zone is not None  # noqa: S101 - every zone database has it
    moments = Moments(words.language, zone)
    return sorted((Option(code, moments.country(code)) for code in COUNTRIES), key=lambda each: each.text.casefold())


def _languages(edition: Edition, typed: Mapping[str, str]) -> Iterator[Option]:
    """The edition's languages, those that its rules ask about, and the one that was chosen."""
    conditions: list[Condition] = [
        *edition.targets,
        *(when for rule in edition.priority_rules for when in rule.any_of),
        *(when for rule in edition.assignments for when in rule.any_of),
        *(when for rule in edition.regional_hours.rules for when in rule.any_of),
        *(when for rule in edition.access for when in rule.any_of),
    ]
    named = [language for when in conditions for language in when.languages or ()]
    for tag in dict.fromkeys((*edition.languages, *named)):
        yield Option(tag, own_name(tag))
    chosen = typed.get("language", "")
    if chosen and chosen not in (*edition.languages, *named):
        yield Option(chosen, chosen)


def _zones(edition: Edition, typed: Mapping[str, str], words: Messages) -> Choice:
    """The zones of the edition's calendars, the default's first, UTC, and the one that was chosen."""
    of_calendars = sorted({calendar.timezone for calendar in edition.calendars.values()})
    chosen = typed.get("zone", "") or default_zone(edition)
    listed = dict.fromkeys((default_zone(edition), *of_calendars, "UTC", chosen))
    return Choice("zone", words("policy.what_if.zone"), tuple(Option(each, each) for each in listed), chosen, wide=True)


def _choice(name: str, text: Mapping[str, str] | None, language: str) -> str:
    """A value as a form offers it, else by its name."""
    return capital(name if text is None else in_language(text, language))
