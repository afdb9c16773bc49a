"""[pure] Whether the editions know the words of a call.

The words of a request are those of the edition in force at its receipt. Activity and entitlements may have words of any
configured edition: which one counts is decided later, by the edition that a case pins. Every wrong word is named at
once, also beside other wrong fields, so these checks also read a body that is no complete call.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, NamedTuple

from services.intake.request import Submission
from shared.contracts.vocabulary import STATUS_KINDS
from shared.policy.base import language_ranges
from shared.policy.case_rules import WITHDRAWN, looks_like
from shared.policy.editions import EditionLibrary
from shared.policy.impossible_accounts import AccountWords, impossible_by
from shared.policy.model import Edition, ImpossibleAccount
from shared.policy.request_words import MISSING, UNKNOWN_FIELD, wrong_words
from shared.web.errors import FieldError, field_path

Json = Any
_OF_THE_TOKEN = ("account_id", "requester")
WITH_WORDS = {
    "channel",
    "requester",
    "fields",
    "language",
}  # the parts of a request that `wrong_words_of_request` reads


def wrong_words_of_request(edition: Edition, languages: Iterable[str], body: Json) -> list[FieldError]:
    """The wrong words in the body of a request by `edition`, and fields of the edition that stand beside `fields`.

    `languages` are those that can be answered in beside the edition's.
    """
    if not isinstance(body, Mapping):
        return []
    misplaced = [name for name in edition.fields if name in body and name not in Submission.model_fields]
    fields = body.get("fields", {})
    texts = {name: value for name, value in _mapping(fields).items() if isinstance(value, str)}
    channel, role = body.get("channel"), _mapping(body.get("requester")).get("role")
    errors = [FieldError(name, "field.belongs_in", {"place": f"fields.{name}"}) for name in misplaced]
    found = wrong_words(
        edition,
        channel=channel if isinstance(channel, str) else next(iter(edition.channels)),
        role=role if isinstance(role, str) else None,
        fields=texts,
    )
    for place, what, allowed in found:
        name = place.removeprefix("fields.")
        if what == MISSING and (name in misplaced or not isinstance(fields, Mapping) or name in fields):
            continue  # reported where it stands, or as a wrong value
        if what == UNKNOWN_FIELD:
            errors.append(_no_field(place, allowed))
        else:
            code = "field.required.one_of" if what == MISSING else "field.one_of"
            errors.append(FieldError(place, code, {"allowed": allowed}))
    known = tuple(dict.fromkeys((*languages, *edition.languages)))
    return errors + list(_language_errors(known, body.get("language")))


def wrong_words_of_own_request(edition: Edition, languages: Iterable[str], body: Json) -> list[FieldError]:
    """The same for the body of a person with a signed token, who does not say who they are: the token does."""
    claimed = [FieldError(name, "field.of_the_token") for name in _OF_THE_TOKEN if name in _mapping(body)]
    return claimed + wrong_words_of_request(edition, languages, body)


def _no_field(place: str, allowed: Iterable[str]) -> FieldError:
    there = tuple(allowed)
    return FieldError(place, "field.no_such", {"allowed": there}) if there else FieldError(place, "field.unknown")


def _language_errors(known: tuple[str, ...], language: Json) -> Iterator[FieldError]:
    """A region of a language that is there is fine."""
    if isinstance(language, str) and {each.lower() for each in known}.isdisjoint(language_ranges(language)):
        yield FieldError("language", "field.one_of", {"allowed": known})


class AnyEdition:
    """The words of all configured editions, in their order, those of the first edition first."""

    def __init__(self, configured: EditionLibrary) -> None:
        self._configured = configured
        editions = configured.editions
        self.plans = _union(edition.plans for edition in editions)
        self.account_types = _union(edition.account_types for edition in editions)
        self.roles = _union(edition.roles for edition in editions)
        self.milestones = _union(edition.milestones for edition in editions)
        self.statuses = _union((STATUS_KINDS, (WITHDRAWN,), *(edition.statuses for edition in editions)))
        self.calendars = tuple(sorted({name for edition in editions for name in edition.calendars}))
        self.fields: dict[str, tuple[str, ...]] = {
            name: _union(edition.fields[name].values for edition in editions if name in edition.fields)
            for name in _union(edition.fields for edition in editions)
        }

    def wrong_words_of_activity(self, body: Json) -> list[FieldError]:
        """The wrong words in the body of an activity: of its plan, its fields, and its milestones with their terms.

        A status may have any name, but not one that people would take for another.
        """
        body = _mapping(body)
        errors = [*_not_among(self.plans, "plan", body.get("plan"))]
        errors += _not_among(self.milestones, "milestone", body.get("milestone"))
        for name, terms in _mapping(body.get("milestones")).items():
            if name not in self.milestones:
                place = field_path(("milestones", name))
                errors.append(FieldError(place, "field.no_such_milestone", {"allowed": self.milestones}))
            place = f"milestones.{name}.calendar"
            errors += _not_among(self.calendars, place, _mapping(terms).get("calendar"))
        status = body.get("to") if body.get("type") == "status_changed" else None
        if isinstance(status, str) and status not in self.statuses:
            other = looks_like(status, self.statuses)
            errors += [] if other is None else [FieldError("to", "field.looks_like", {"known": other})]
        for name, value in _mapping(body.get("fields")).items():
            if name not in self.fields:
                errors.append(_no_field(field_path(("fields", name)), self.fields))
            else:
                errors += _not_among(self.fields[name], f"fields.{name}", value)
        return errors

    def wrong_words_of_entitlement(self, body: Json) -> list[FieldError]:
        """The wrong words in the body of an entitlement: of the account, and of the people that it names."""
        body = _mapping(body)
        errors = [*_not_among(self.plans, "plan", body.get("plan"))]
        errors += _not_among(self.account_types, "account_type", body.get("account_type"))
        errors += _not_among(self.calendars, "calendar", body.get("calendar"))
        contacts = body.get("contacts", ())
        for index, contact in enumerate(contacts if isinstance(contacts, list | tuple) else ()):
            errors += _not_among(self.roles, f"contacts.{index}.role", _mapping(contact).get("role"))
        return errors

    def contradiction(self, account: AccountWords, in_force: Edition) -> "Contradiction | None":
        """What makes such an account impossible, by the edition in force, or by the first that knows its words."""
        knowing = (edition for edition in (in_force, *self._configured.editions) if account.known_to(edition))
        edition = next(knowing, in_force)
        rule = impossible_by(edition, account)
        return None if rule is None else Contradiction(edition, rule)


class Contradiction(NamedTuple):
    """A rule by which no account may be like this one, and its edition."""

    edition: Edition
    rule: ImpossibleAccount

    def error(self, language: str) -> FieldError:
        """What is wrong with the plan, with the note of the rule in `language`."""
        facts = {"rule": self.rule.id, "edition": self.edition.edition}
        note = self.edition.remark(self.rule.note, language)
        if note is None:
            return FieldError("plan", "field.impossible_account", facts)
        return FieldError("plan", "field.impossible_account.because", {**facts, "note": note})


# Reads the body of a call again, as plain JSON, for wrong words beside its other wrong fields.
FindWrongWords = Callable[[Json], list[FieldError]]


def _union(each_edition: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(word for words in each_edition for word in words))


def _not_among(known: tuple[str, ...], place: str, word: Json) -> Iterator[FieldError]:
    """Values of another type are reported as such."""
    if isinstance(word, str) and word not in known:
        yield FieldError(place, "field.one_of", {"allowed": known})


def _mapping(value: Json) -> Mapping[str, Json]:
    return value if isinstance(value, Mapping) else {}
