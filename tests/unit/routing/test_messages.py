"""The sentences of decisions: two languages that say the same, and English that is part of the contract."""

import re
from string import Formatter

import pytest

from shared.contracts.names import SPANISH
from shared.contracts.vocabulary import (
    ACCOUNT_TYPES,
    ACTIVITY_TYPES,
    CHANNELS,
    ENVIRONMENTS,
    IMPACTS,
    LANGUAGES,
    MILESTONES,
    PLANS,
    REQUEST_TYPES,
    ROLES,
    TIERS,
    WORKAROUNDS,
    Called,
    Promise,
    RefusalReason,
    Stage,
)
from shared.policy.files import load_edition
from shared.routing.messages import ENGLISH, WORDS, Words


def placeholders(sentence: str) -> list[str]:
    """What a sentence has room for."""
    return sorted(name for _, name, _, _ in Formatter().parse(sentence) if name is not None)


def test_every_sentence_is_there_in_every_language_with_the_same_room() -> None:
    """A sentence that only one language has would be an error in front of a customer."""
    assert set(WORDS) == set(LANGUAGES)
    for language in LANGUAGES:
        assert {name: placeholders(text) for name, text in WORDS[language].items()} == {
            name: placeholders(text) for name, text in WORDS["en"].items()
        }


def test_no_sentence_was_left_untranslated() -> None:
    """Copied and forgotten: the same text in both languages."""
    same = {name for name, text in WORDS["en"].items() if WORDS["es"][name] == text and re.search("[a-z]{3}", text)}
    assert same == set()


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("plan", PLANS),
        ("account_type", ACCOUNT_TYPES),
        ("role", ROLES),
        ("channel", CHANNELS),
        ("tier", TIERS),
        ("impact", IMPACTS),
        ("workaround", WORKAROUNDS),
        ("environment", ENVIRONMENTS),
        ("request_type", REQUEST_TYPES),
        ("milestone", MILESTONES),
        ("promise", Promise.__args__),  # type: ignore[attr-defined]  # a Literal has its words there
        ("stage", Stage.__args__),  # type: ignore[attr-defined]  # likewise
        ("called", Called.__args__),  # type: ignore[attr-defined]  # likewise
        ("activity", ACTIVITY_TYPES),
        ("refusal", RefusalReason.__args__),  # type: ignore[attr-defined]  # likewise
    ],
)
def test_every_word_of_the_vocabulary_has_a_spanish_name(kind: str, words: tuple[str, ...]) -> None:
    """A new word in the contract needs one."""
    assert list(SPANISH[kind]) == list(words)


def test_in_english_the_vocabulary_stands_for_itself() -> None:
    """Readers of the published trace look for these very words."""
    edition = load_edition("guidelines-2021")
    assert Words("en", edition).name("channel", "web_ticket") == "web_ticket"
    assert ENGLISH.one_of("plan", ("access", "premier", "premier_plus")) == "access, premier or premier_plus"


def test_in_spanish_plans_and_channels_have_the_names_of_the_edition() -> None:
    """An operator who sells "Oro" does not explain "Premier"."""
    edition = load_edition("guidelines-2021")
    gold = edition.plans["premier"].model_copy(update={"name": {"es": "Oro", "en": "Gold"}})
    words = Words("es", edition.model_copy(update={"plans": {**edition.plans, "premier": gold}}))
    assert words("need.plan", plans=words.one_of("plan", ("premier", "premier_plus"))) == "el plan Oro o Premier+"
    assert words.name("channel", "phone") == "Teléfono"


def test_spanish_alternatives_mind_the_sound_of_o() -> None:
    """ "o otro" is wrong, "u otro" is right; so it is before "ho"."""
    words = Words("es")
    assert words.one_of("status", ("abierto", "otro")) == "abierto u otro"
    assert words.one_of("status", ("hotel", "abierto")) == "hotel o abierto"


@pytest.mark.parametrize("language", LANGUAGES)
def test_what_was_said_can_be_read_back(language: str) -> None:
    """Every sentence gives back what it was made of, and no other sentence does."""
    words = Words(language)  # type: ignore[arg-type]  # one of LANGUAGES
    for name, text in WORDS[words.language].items():
        values = {place: f"<{place}>" for place in placeholders(text)}
        assert words.read(name, words(name, **values)) == values
        assert words.read(name, "something else entirely!") is None or placeholders(text) == ["because"]


def test_the_published_english_is_as_it_always_was() -> None:
    """Written down once more: who changes one of these changes the published trace."""
    assert {name: text for name, text in WORDS["en"].items() if not name.startswith("asking.")} == {
        "and": "and",
        "or": "or",
        "not_covered.unknown_account": "the account is not known",
        "not_covered.withdrawn": "the account's entitlement was withdrawn",
        "not_covered.no_account": "the request names no account",
        "not_covered.anonymous": "the requester is anonymous, and an anonymous requester's claims are not believed",
        "account": "the account is known: plan {plan}, type {account_type}, {paid}",
        "paid": "paid",
        "not_paid": "not paid",
        "licensed": "licensed {role}",
        "unlicensed": "unlicensed {role}",
        "requester.contact_list": "the account's contact list says who asks: {who}",
        "requester.producer_claim": "no contact list names the requester, so the producer's word counts: {who}",
        "requester.nobody": "nobody vouches for the requester, who counts as {who}",
        "open": "{channel} is open at {tier}",
        "instead": "{channel} is open at {tier} and takes the place of {wanted}",
        "triage": "{why}: a person has to look",
        "not_for_everyone": "{channel} is not open to everyone, and {why}",
        "channel_needs": "{channel} needs {needs}; {facts}",
        "channel_on_plan_needs": "{channel} on plan {plan} needs {needs}; {facts}",
        "plan_opens_to_nobody": "plan {plan} does not open {channel} to anyone",
        "need.plan": "plan {plans}",
        "need.role": "the role {roles}",
        "need.licence": "a licence",
        "need.no_licence": "a requester without a licence",
        "need.account_type": "an account of type {account_types}",
        "need.paid": "a paid account",
        "need.not_paid": "an account that is not paid",
        "fact.plan": "the plan is {plan}",
        "fact.owner": "the requester is an owner",
        "fact.admin": "the requester is an admin",
        "fact.member": "the requester is a member",
        "fact.licence": "the requester has a licence",
        "fact.no_licence": "the requester has no licence",
        "fact.account_type": "the account is of type {account_type}",
        "fact.paid": "the account is paid",
        "fact.not_paid": "the account is not paid",
        "may_ask": "{who} of plan {plan}, account type {account_type}, may ask ({request_type})",
        "may_not_ask": "{who} of plan {plan}, account type {account_type}, may not ask ({request_type})",
        "priority": "{priority} because {claims}",
        "priority.no_earlier": "{priority} because no earlier rule applies to {claims}",
        "is.impact": "impact is {impact}",
        "is.workaround": "workaround is {workaround}",
        "is.environment": "environment is {environment}",
        "claim.impact": "impact {impact}",
        "claim.workaround": "workaround {workaround}",
        "claim.environment": "environment {environment}",
        "target": "{priority} on plan {plan}: {seconds} s {hours} ({promise})",
        "hours.elapsed": "round the clock",
        "hours.business": "in the business hours of its calendar",
        "hours.elapsed_then_next_open": "round the clock, then to the next open instant of its calendar",
        "no_target.no_priority_response": "plan {plan} has no priority response",
        "no_target.self_service": "nobody answers on a self-service channel, so there is nothing to wait for",
        "no_target.not_promised": "plan {plan} is not promised one for {priority}",
        "calendar": "{calendar}, because {because}",
        "calendar.named": "the entitlement names it",
        "calendar.no_country": "no country is known",
        "calendar.country_of_account": "the account's country is {country}",
        "calendar.country_of_requester": "the requester's country is {country}",
        "calendar.none_of_account": "country {country} of the account has no calendar of its own",
        "calendar.none_of_requester": "country {country} of the requester has no calendar of its own",
        "calendar.missing": "{because}; the entitlement names {named}, which this edition does not have",
        "phone.whole_directory": "There are no numbers for country {country}; these are those of all countries.",
        "phone.country_unknown": "The caller's country is not known; these are the numbers of all countries.",
    }
