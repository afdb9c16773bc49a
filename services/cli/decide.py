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
from services.cli.jsonl import BadInput, answer_lines
from services.cli.options import BAD_INPUT, Lang
from shared.business_time.errors import CalendarError
from shared.contracts import structs, wire
from shared.contracts.base import CountryCode, Instant, Part
from shared.contracts.intake import Account, Contact, Requester
from shared.contracts.vocabulary import Channel, Environment, Impact, Language, RequestType, Workaround
from shared.kafka.settings import BadSettings, load
from shared.messages.catalogues import messages_in
from shared.policy.editions import EditionLibrary
from shared.policy.files import load_edition, load_library
from shared.policy.mistakes import PolicyError
from shared.policy.settings import PolicySettings
from shared.routing.entitlement import covered, not_covered, terms_of
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
    """What is asked. The last three are as in POST /v1/support-requests."""

    model_config = _EXACT

    channel: Channel
    impact: Impact
    workaround: Workaround
    environment: Environment
    request_type: RequestType
    language: Language | None = None
    country: CountryCode | None = None
    phone: PhoneLine | None = None


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
        library = _library(policy)
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
        requester = wire.from_model(structs.Requester, asked.requester)
        if asked.account is None:
            entitlement = not_covered("unknown_account", requester)
        else:
            entitlement = covered(terms_of(wire.from_model(structs.Account, asked.account)), requester)
        try:
            rules = rulebooks.at(asked.at)
            decision = route(_asked(asked.request), entitlement, rules, asked.at)
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


def _library(policy: str | None) -> EditionLibrary:
    if policy is not None:
        return EditionLibrary.single(load_edition(policy))
    return load_library(load(PolicySettings).policies)


def _asked(request: RequestLine) -> Asked:
    return Asked(
        request.channel,
        request.impact,
        request.workaround,
        request.environment,
        request.request_type,
        request.country,
        None if request.phone is None else _readiness(request.phone),
    )


def _readiness(phone: PhoneLine) -> structs.PhoneReadiness:
    given = [value is not None and bool(value.strip()) for value in (phone.meeting_id, phone.host_key)]
    return structs.PhoneReadiness(meeting_id_given=given[0], host_key_given=given[1])
