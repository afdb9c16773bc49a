"""`frontline decide`: decisions without Kafka, one JSON line out for each JSON line in.

It is the router's own `route`, so what it prints is what the router would publish, with a sentence (`because`) beside
each reason code and its facts.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Annotated, Any

from cyclopts import Parameter
from pydantic import ConfigDict, Strict, ValidationError

from services.cli.calendar_input import calendar_reason
from services.cli.edition_choice import library_of
from services.cli.jsonl import BadInput, answer_lines
from services.cli.options import BAD_INPUT, Lang
from shared.business_time.errors import CalendarError
from shared.contracts import structs, wire
from shared.contracts.base import CountryCode, Instant, Part
from shared.contracts.contacts import named_again
from shared.contracts.intake import Account, Contact, Requester
from shared.contracts.vocabulary import Language, OpenedBy, Word
from shared.kafka.settings import BadSettings
from shared.messages.catalogues import messages_in
from shared.messages.reason import Reason
from shared.policy.editions import EditionLibrary
from shared.policy.mistakes import PolicyError
from shared.policy.model import Edition
from shared.policy.request_words import MISSING, UNKNOWN_FIELD, NotInEdition, WrongWord
from shared.routing.entitlement import Entitlement, covered, not_covered, terms_of
from shared.routing.rendering import in_words_of, with_sentences
from shared.routing.route import Asked, route
from shared.routing.rulebook import Rulebooks

# Unknown fields are mistakes here: a misspelt word must not silently decide otherwise.
_EXACT = ConfigDict(extra="forbid", hide_input_in_errors=True)


class ContactLine(Contact):
    """A person that the account names."""

    model_config = _EXACT


class AccountLine(Account):
    """What the account owns."""

    model_config = _EXACT

    contacts: Annotated[tuple[ContactLine, ...], Strict(False)] = ()


class RequesterLine(Requester):
    """Who asks; believed unless the account's contacts say otherwise."""

    model_config = _EXACT


class PhoneLine(Part):
    """What phone support asks callers for, as intake takes it."""

    model_config = _EXACT

    meeting_id: str | None = None
    host_key: str | None = None


class RequestLine(Part):
    """What is asked, as in POST /v1/support-requests. A field with a default may be left out."""

    model_config = _EXACT

    channel: Word
    fields: dict[Word, Word] = {}  # noqa: RUF012 - copied for each line
    language: Language | None = None
    country: CountryCode | None = None
    phone: PhoneLine | None = None
    opened_by: OpenedBy = "customer"


class DecideLine(Part):
    """One line of input. `account` null: the producer named an account whose entitlement was never set."""

    model_config = _EXACT

    account: AccountLine | None
    requester: RequesterLine
    request: RequestLine
    at: Instant


def decide(
    file: Path | None = None,
    *,
    policy: str | None = None,
    lang: Lang = None,
    json: Annotated[bool, Parameter(negative=())] = False,
) -> int:
    """Decide requests without Kafka: JSON lines in, JSON lines out.

    A decision says which channels are open, who takes the request, how urgent it is and what is promised. There is one
    for each line, in order. A line that cannot be answered gives its error in its place; the others go on, and the exit
    code is 2.

    Parameters
    ----------
    file:
        Where to read; standard input if not given, or for -.
    policy:
        The edition to decide by, a name or a file, whatever `at` says. Without it, those of FRONTLINE_POLICIES (by
        default guidelines-2021), by their effective dates.
    lang:
        The language of every `because` and of errors; by default that of the request, else English.
    json:
        Accepted as everywhere; the output is always JSON.
    """
    try:
        library = library_of(policy)
    except (PolicyError, BadSettings) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    return answer_lines(decider(library, lang), file, lang, language_of_request)


def decider(library: EditionLibrary, language: str | None = None) -> Callable[[dict[str, Any]], Any]:
    """What answers a line by the editions of `library`, in `language` or else in that of the request.

    The answer raises BadInput.
    """
    rulebooks = Rulebooks(library)

    def answer(line: dict[str, Any]) -> Any:
        try:
            asked = DecideLine.model_validate(line)
        except ValidationError as error:
            raise BadInput.from_validation(error) from None
        if asked.account is not None and (again := named_again(asked.account.contacts)):
            raise BadInput(f"account.contacts.{again[0]}.requester_id", Reason("field.named_twice"))
        rules = rulebooks.at(asked.at)
        try:
            decision = route(_asked(asked.request), _entitlement(asked, rules.edition), rules, asked.at)
        except NotInEdition as error:
            raise BadInput(f"request.{error.wrong[0].place}", _wrong_word(error.wrong[0], rules.edition)) from None
        except CalendarError as error:  # an instant at the ends of the calendar, for which no deadline can be computed
            raise BadInput("at", calendar_reason(error)) from None
        messages = in_words_of(messages_in(language or asked.request.language), rules.edition)
        return with_sentences(decision, messages)

    return answer


def language_of_request(line: dict[str, Any]) -> str | None:
    """The language that a line asks for, also if the line is wrong elsewhere; None if it names none."""
    request = line.get("request")
    language = request.get("language") if isinstance(request, dict) else None
    return language if isinstance(language, str) else None


def _entitlement(asked: DecideLine, edition: Edition) -> Entitlement:
    requester = wire.from_model(structs.Requester, asked.requester)
    if asked.account is None:
        return not_covered("unknown_account", requester, edition)
    return covered(terms_of(wire.from_model(structs.Account, asked.account)), requester, edition, asked.at)


def _asked(request: RequestLine) -> Asked:
    phone = None if request.phone is None else _readiness(request.phone)
    return Asked(request.channel, request.fields, request.language, request.country, phone, request.opened_by)


def _wrong_word(wrong: WrongWord, edition: Edition) -> Reason:
    """Why a word of a request is wrong, with what the edition allows there."""
    if wrong.what == MISSING:
        return Reason("field.required_one_of", allowed=list(wrong.allowed))
    if wrong.what == UNKNOWN_FIELD:
        return Reason("field.not_in_edition", edition=edition.edition, allowed=list(wrong.allowed) or ["–"])
    return Reason("field.one_of", allowed=list(wrong.allowed))


def _readiness(phone: PhoneLine) -> structs.PhoneReadiness:
    given = [value is not None and bool(value.strip()) for value in (phone.meeting_id, phone.host_key)]
    return structs.PhoneReadiness(meeting_id_given=given[0], host_key_given=given[1])
