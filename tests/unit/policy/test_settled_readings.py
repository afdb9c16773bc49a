"""Where the guidelines contradict themselves or are silent, a note beside the rule says how they are read.

Whoever compares the edition with the guidelines finds the difference; without its note it looks like a mistake.
"""

from collections.abc import Callable, Mapping
from itertools import product
from typing import NamedTuple

import pytest

from services.cli.policy.fitted_table import FittedTable
from services.cli.policy.show import tables
from shared.contracts.structs import Decision
from shared.messages.catalogues import messages_in
from shared.policy.model import Edition
from shared.routing.entitlement import covered, not_covered, terms_of
from shared.routing.rendering import in_words_of, with_sentences
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.asking import CHANNELS, MONDAY_NOON, account, phone_ready, request, requester

Notes = Callable[[Edition], dict[str, str | None]]


class Settled(NamedTuple):
    """A reading: the notes that say so, what each must name, and what `policy show` has before the note."""

    notes: Notes
    names: tuple[str, ...]
    shown_after: dict[str, str]  # language -> the beginning of the line or row


def _of(section: str, *names: str) -> Notes:
    """The notes of these items of a section: a list of rules with ids, or a mapping by name."""

    def notes(edition: Edition) -> dict[str, str | None]:
        items = getattr(edition, section)
        by_name = items if isinstance(items, Mapping) else {rule.id: rule for rule in items}
        return {name: by_name[name].note for name in names}

    return notes


SETTLED = {
    "web ticket and chat: the text against the matrix": Settled(
        _of("access", "access.tier1.chat_and_ticket"),
        ("text", "web tickets", "chat", "matrix"),
        {"en": "· Chat, web ticket, Access: ", "es": "· Chat con un agente, Incidencia web, Acceso: "},
    ),
    "phone: the text against the footnote": Settled(
        _of("access", "access.tier1.phone"),
        ("footnote", "API", "text"),
        {"en": "· Phone, Access: ", "es": "· Teléfono, Acceso: "},
    ),
    "paid support gives all that access gives": Settled(
        _of("plans", "premier", "premier_plus"),
        ("Access", "matrix", "unlicensed administrators"),
        {"en": "· Premier: ", "es": "· Premier: "},
    ),
    "owners count as admins": Settled(
        _of("roles", "owner"),
        ("owners", "phone", "administrator"),
        {"en": "· Owner counts as admin and member. ", "es": "· Propietario cuenta como administrador y miembro. "},
    ),
    "business_plus counts as business": Settled(
        _of("account_types", "business_plus"),
        ("Business Plus", "Business"),
        {"en": "· Business+ counts as Business. ", "es": "· Business Plus cuenta como Business. "},
    ),
    "development counts as alpha and beta": Settled(
        _of("priority_rules", "priority.not_production_or_information"),
        ("alpha", "beta", "development"),
        {"en": "P4 | ", "es": "P4 | "},
    ),
    "a full workaround is P3": Settled(
        _of("priority_rules", "priority.general_or_full_workaround"),
        ("full workaround",),
        {"en": "P3 | ", "es": "P3 | "},
    ),
    "times are objectives on both plans": Settled(
        _of("targets", "P1.first_response"),
        ("consequence", "objectives", "both plans"),
        {"en": "Plan Premier or Premier+", "es": "El plan Premier o Premier+"},
    ),
    "extra work outside business hours": Settled(
        _of("targets", "P2.first_response", "P2.restoration"),
        ("outside", "not promised"),
        {"en": "Plan Premier or Premier+", "es": "El plan Premier o Premier+"},
    ),
    "P3 and P4 wait until the desk has been open": Settled(
        _of("targets", "P3_P4.first_response"),
        ("4 h", "ours"),
        {"en": "Plan Premier or Premier+", "es": "El plan Premier o Premier+"},
    ),
}


@pytest.mark.parametrize("reading", SETTLED)
def test_a_settled_reading_has_its_note(reading: str, guidelines: Edition) -> None:
    """The note stands beside the rule that follows the reading, where `frontline explain` quotes it."""
    notes = SETTLED[reading].notes(guidelines)
    assert notes
    for note in notes.values():
        assert note is not None
        assert [name for name in SETTLED[reading].names if name not in note] == []


@pytest.mark.parametrize(("reading", "language"), list(product(SETTLED, ("en", "es"))))
def test_policy_show_has_the_note_beside_its_rule(reading: str, language: str, guidelines: Edition) -> None:
    """In the language of the reader, in the very line or row of the rule."""
    lines = shown(guidelines, language)
    for note in SETTLED[reading].notes(guidelines).values():
        text = guidelines.remark(note, language)
        assert text is not None
        assert (text == note) is (language == "en")
        assert [line for line in lines if line.startswith(SETTLED[reading].shown_after[language]) and text in line]


def shown(edition: Edition, language: str) -> list[str]:
    """What `policy show` prints, each row of a table as one line."""
    parts = tables(edition, messages_in(language))
    rows = (row for part in parts for row in (part.rows if isinstance(part, FittedTable) else [(part,)]))
    return [" | ".join(" / ".join(str(cell).splitlines()) for cell in row) for row in rows]


# --- what a decision says beside its channels ------------------------------------------------------------------------

CUSTOMERS = {
    "who may call": (account(), requester("owner", True)),
    "who may not call": (account(plan="access", account_type="pro"), requester("member", True)),
    "a free account": (account(plan="access", account_type="free", paid=False), requester("member", False)),
    "an unknown account": (None, requester("member", False)),
}


@pytest.fixture(scope="module")
def rules(guidelines: Edition) -> Rulebook:
    """The default edition, ready to decide."""
    return Rulebook(guidelines)


def decision_for(customer: str, channel: str, rules: Rulebook, *, ready: bool = False) -> Decision:
    """The decision for a customer's request on a channel."""
    held, person = CUSTOMERS[customer]
    terms = (
        not_covered("unknown_account", person, rules.edition)
        if held is None
        else covered(terms_of(held), person, rules.edition, MONDAY_NOON)
    )
    asked = request(channel=channel, requester=person, phone=phone_ready() if ready else None)
    return route(asked, terms, rules, MONDAY_NOON)


def texts_of(decision: Decision, language: str, rules: Rulebook) -> list[str]:
    """The sentences of its notes."""
    notes = with_sentences(decision, in_words_of(messages_in(language), rules.edition))["notes"]
    return [note["text"] for note in notes]


@pytest.mark.parametrize(("customer", "channel", "language"), list(product(CUSTOMERS, CHANNELS, ("en", "es"))))
def test_a_decision_says_tariffs_with_numbers_and_what_callers_need_to_callers(
    customer: str, channel: str, language: str, rules: Rulebook
) -> None:
    """Tariffs wherever a number is shown and nowhere else. Meeting ID and host key to who may call, asks for the phone
    and has not given them: anybody else would look for them in vain.
    """
    phone = rules.edition.phone
    assert phone is not None
    decision = decision_for(customer, channel, rules)
    texts = texts_of(decision, language, rules)
    may_call = decision.channels["phone"].eligible
    assert may_call is (customer == "who may call")
    assert bool(decision.phone_numbers) is may_call
    assert (phone.tariff_note[language] in texts) is may_call
    assert (phone.have_at_hand[language] in texts) is (may_call and channel == "phone")
    ready = texts_of(decision_for(customer, channel, rules, ready=True), language, rules)
    assert phone.have_at_hand[language] not in ready


@pytest.mark.parametrize(("customer", "channel", "language"), list(product(CUSTOMERS, CHANNELS, ("en", "es"))))
def test_whoever_is_refused_a_channel_reads_what_is_open_to_them(
    customer: str, channel: str, language: str, rules: Rulebook
) -> None:
    """The help texts of the open channels and of the account manager, in the guidelines' order; none of a closed one,
    and none for who was refused nothing.
    """
    edition = rules.edition
    decision = decision_for(customer, channel, rules)
    is_open = {edition.channels[name].resource for name, each in decision.channels.items() if each.eligible}
    helpful = [text[language] for name, text in edition.resources.items() if name in {*is_open, "account_manager"}]
    refused = not decision.channels[channel].eligible
    texts = texts_of(decision, language, rules)
    assert [text for text in texts if text in {each[language] for each in edition.resources.values()}] == (
        helpful if refused else []
    )


@pytest.mark.parametrize("language", ["en", "es", "es-MX"])
def test_why_a_number_is_unverified_is_in_the_language_of_the_reader(language: str, rules: Rulebook) -> None:
    """The remark of a Japanese number was in English for who reads the decision in Spanish."""
    customer = account(country="JP")
    terms = covered(terms_of(customer), requester(), rules.edition, MONDAY_NOON)
    decision = route(request(), terms, rules, MONDAY_NOON)
    (remark,) = [number.unverified for number in decision.phone_numbers if number.unverified]
    numbers = with_sentences(decision, in_words_of(messages_in(language), rules.edition))["phone_numbers"]
    (shown_to_them,) = [number["unverified"] for number in numbers if number.get("unverified")]
    assert shown_to_them == rules.edition.remark(remark, language[:2])
    assert (shown_to_them == remark) is (language == "en")
