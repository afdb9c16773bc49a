"""The words of a request and of an account are those of the editions, and a refusal lists the ones that there are."""

import json
from collections.abc import Mapping
from datetime import UTC, datetime
from functools import partial
from typing import Any

import pytest

from services.intake import entitlement
from services.intake.body import parse
from services.intake.commands import check_submission
from services.intake.entitlement import EntitlementBody, account_of
from services.intake.request import Submission
from services.intake.words import AnyEdition, wrong_words_of_request
from shared.messages.catalogues import languages, messages_in
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.web.errors import InvalidFields, MissingScope
from tests.harness.intake import submission
from tests.harness.other_words import other_words
from tests.harness.shipped import shipped_edition

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
GUIDELINES, OTHER = shipped_edition("guidelines-2021"), other_words()
BOTH = AnyEdition(EditionLibrary([GUIDELINES, OTHER]))
# A request to the other company.
OTHERS: Mapping[str, Any] = {
    "requester": {"requester_id": "u1", "role": "boss", "licensed": True},
    "channel": "whatsapp",
    "fields": {"severity": "S1", "product": "scales"},
}


def _said(refused: InvalidFields, language: str = "en") -> dict[str, str]:
    return {error.field: messages_in(language)(error.code, **error.facts) for error in refused.errors}


def _wrong(edition: Edition, body: Any, language: str = "en") -> dict[str, str]:
    """What is wrong with the body of a request, as the call finds it."""
    try:
        read = parse(json.dumps(body).encode(), Submission, partial(wrong_words_of_request, edition, languages()))
        check_submission(read, ("submit",), edition)
    except InvalidFields as refused:
        return _said(refused, language)
    return {}


def test_a_request_in_the_words_of_its_edition_is_accepted() -> None:
    """No code knows them: a company writes a file and asks what it likes."""
    assert _wrong(GUIDELINES, submission()) == {}
    assert _wrong(OTHER, submission(**OTHERS)) == {}


def test_every_unknown_word_is_refused_at_once_with_the_ones_that_there_are() -> None:
    """What one edition calls right is wrong under another; one round trip is enough to learn all of it."""
    assert _wrong(OTHER, submission()) == {
        "channel": "must be one of faq, whatsapp, hotline",
        "requester.role": "must be one of boss, clerk",
        "fields.impact": "is none of the fields severity, product",
        "fields.workaround": "is none of the fields severity, product",
        "fields.environment": "is none of the fields severity, product",
        "fields.request_type": "is none of the fields severity, product",
        "fields.severity": "is required: one of S1, S2, S3",
    }


def test_unknown_words_are_listed_beside_other_wrong_fields() -> None:
    """A body that no model can be made of has its words checked as well."""
    body = submission(channel="fax", subject=7, impact="huge", requester={"role": "boss"})
    assert _wrong(GUIDELINES, body) == {
        "subject": "must be a text",
        "requester.requester_id": "is required",
        "requester.licensed": "is required",
        "channel": "must be one of help_center, bot, community, billing, social, chat, web_ticket, phone",
        "requester.role": "must be one of owner, admin, member",
        "fields.impact": "must be one of down, severely_degraded, critical, significant, general, information",
    }


@pytest.mark.parametrize(
    "body", [None, 7, [], "text", {"fields": None}, {"fields": [1], "requester": [], "channel": {}}]
)
def test_a_body_of_any_shape_is_refused_and_breaks_nothing(body: Any) -> None:
    """It is read a second time for its words, and has no model that says what is where."""
    wrong = _wrong(GUIDELINES, body)
    assert wrong
    assert ("body" in wrong) == (not isinstance(body, dict)) == (len(wrong) == 1)


@pytest.mark.parametrize("name", ["impact", "workaround", "environment", "request_type"])
def test_a_field_of_the_edition_beside_fields_is_refused_with_the_place_where_it_belongs(name: str) -> None:
    """Clients of old sent them there. The field is named once, not as missing under `fields` too."""
    body = submission(**{name: ...}) | {name: "none"}
    assert _wrong(GUIDELINES, body) == {name: f"belongs to the fields of the request: write it under fields.{name}"}


def test_all_fields_beside_fields_are_named_at_once() -> None:
    """The whole of an old body."""
    body = submission(fields=...)
    body |= {"impact": "down", "workaround": "none", "environment": "production", "request_type": "technical"}
    wrong = _wrong(GUIDELINES, body, "es")
    assert set(wrong) == {"impact", "workaround", "environment", "request_type"}
    assert wrong["impact"] == "es uno de los campos de la solicitud: va en fields.impact"


def test_a_field_of_another_edition_beside_fields_is_just_unknown() -> None:
    """The other company asks no impact, so there is no better place for one."""
    assert _wrong(OTHER, submission(**OTHERS) | {"impact": "down"}) == {"impact": "is not a known field"}


def test_a_field_with_a_default_may_be_left_out_and_another_may_not() -> None:
    """The form that asks it shows the default; a program that knows nothing of it need not."""
    assert _wrong(OTHER, submission(**{**OTHERS, "fields": {"severity": "S2"}})) == {}
    required = {"fields.severity": "is required: one of S1, S2, S3"}
    assert _wrong(OTHER, submission(**{**OTHERS, "fields": {"product": "tills"}})) == required
    assert _wrong(OTHER, submission(**{**OTHERS, "fields": ...})) == required


@pytest.mark.parametrize("name", ["a b", "<script>", "x" * 41, "é", ""])
def test_the_name_of_an_unknown_field_is_repeated_only_if_it_looks_like_one(name: str) -> None:
    """The caller chose it; it may be anything."""
    wrong = _wrong(GUIDELINES, submission(fields={**submission()["fields"], name: "down"}))
    assert len(wrong) >= 1
    assert not name or name not in "".join(wrong.values())
    assert "script" not in "".join(wrong)


@pytest.mark.parametrize(
    ("edition", "language", "wrong"),
    [
        (GUIDELINES, None, False),
        (GUIDELINES, "es", False),
        (GUIDELINES, "es-MX", False),
        (GUIDELINES, "EN", False),
        (GUIDELINES, "fr", True),
        (GUIDELINES, "pt-BR", True),
        (OTHER, "pt-BR", False),
        (OTHER, "pt-br", False),
        (OTHER, "es", False),
        (OTHER, "fr", True),
    ],
)
def test_a_language_that_neither_a_catalogue_nor_the_edition_has_is_refused(
    edition: Edition, language: str | None, wrong: bool
) -> None:
    """Nobody could be answered in it; a region of one that is there is fine."""
    others = OTHERS if edition is OTHER else {}
    known = "en, es" if edition is GUIDELINES else "en, es, pt-BR"
    found = _wrong(edition, submission(**others, language=language))
    assert found == ({"language": f"must be one of {known}"} if wrong else {})


def test_only_a_desk_opens_a_case_on_a_customers_behalf() -> None:
    """It owes no first response then, so a customer's own client must not say so."""
    read = Submission.model_validate(submission(opened_by="agent"))
    with pytest.raises(MissingScope, match=r"refusal\.opened_by"):
        check_submission(read, ("submit", "backfill"), GUIDELINES)
    check_submission(read, ("submit", "agent"), GUIDELINES)
    check_submission(Submission.model_validate(submission(opened_by="customer")), ("submit",), GUIDELINES)


ACCOUNT: Mapping[str, Any] = {"plan": "premier", "account_type": "enterprise", "paid": True}
GOLD: Mapping[str, Any] = {"plan": "gold", "account_type": "chain", "paid": True}


def _wrong_account(body: Mapping[str, Any], in_force: Edition = GUIDELINES, language: str = "en") -> dict[str, str]:
    try:
        read = parse(json.dumps(body).encode(), EntitlementBody, BOTH.wrong_words_of_entitlement)
        entitlement.check(read, BOTH, in_force, language)
    except InvalidFields as refused:
        return _said(refused, language)
    return {}


@pytest.mark.parametrize("account", [ACCOUNT, GOLD])
def test_an_account_may_have_the_words_of_any_configured_edition(account: Mapping[str, Any]) -> None:
    """Also of one that is not in force: an account is set before the edition that knows its plan begins."""
    assert _wrong_account(account) == {}
    person = {"requester_id": "u1", "role": "clerk", "licensed": True}
    assert _wrong_account({**account, "contacts": [person, {**person, "requester_id": "u2", "role": "owner"}]}) == {}


def test_every_word_of_an_account_that_no_edition_has_is_refused_at_once() -> None:
    """With those that one has, and beside other wrong fields."""
    person = {"requester_id": "u1", "role": "king", "licensed": "yes"}
    body = {"plan": "platinum", "account_type": "club", "calendar": "moon", "contacts": [person]}
    wrong = _wrong_account(body)
    calendars = wrong.pop("calendar").removeprefix("must be one of ").split(", ")
    assert {"counter", "spain"} < set(calendars)
    assert calendars == sorted(calendars)
    assert wrong == {
        "paid": "is required",
        "contacts.0.licensed": "must be true or false",
        "plan": "must be one of access, premier, premier_plus, bronze, silver, gold",
        "account_type": "must be one of free, pro, business, business_plus, education, enterprise, api, shop, chain",
        "contacts.0.role": "must be one of owner, admin, member, boss, clerk",
    }
    assert set(_wrong_account({**body, "paid": True, "contacts": [{**person, "licensed": True}]})) == {
        "plan",
        "account_type",
        "calendar",
        "contacts.0.role",
    }


def test_a_person_is_on_a_contact_list_once() -> None:
    """With two entries, two roles would be true."""
    person = {"requester_id": "u", "role": "owner", "licensed": True}
    assert _wrong_account({**ACCOUNT, "contacts": [person, person]}) == {"contacts.1.requester_id": "is named twice"}


@pytest.mark.parametrize("in_force", [GUIDELINES, OTHER], ids=["another-in-force", "in-force"])
def test_what_the_edition_calls_impossible_is_refused_with_the_rule_and_its_note(in_force: Edition) -> None:
    """By the edition in force, or by the first that knows the words of the account."""
    assert _wrong_account({**GOLD, "paid": False}, in_force) == {
        "plan": "contradicts the rest of the account, by rule gold.paid of edition acme-2026: Gold is never given away."
    }
    assert _wrong_account({**GOLD, "plan": "silver", "paid": False}, in_force) == {}


def test_a_rule_without_a_note_is_named_all_the_same() -> None:
    """Who set the account up can look it up."""
    rule = OTHER.impossible_accounts[0].model_copy(update={"note": None})
    edition = OTHER.model_copy(update={"impossible_accounts": (rule,)})
    assert _wrong_account({**GOLD, "paid": False}, edition) == {
        "plan": "contradicts the rest of the account, by rule gold.paid of edition acme-2026"
    }


@pytest.mark.parametrize(
    ("start", "end", "wrong"),
    [
        (None, None, False),
        ("2026-01-01T00:00:00Z", None, False),
        (None, "2026-01-01T00:00:00Z", False),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00.000001Z", False),
        ("2026-01-01T00:00:00Z", "2026-01-01T00:00:00Z", True),
        ("2026-01-01T01:00:00+01:00", "2025-12-31T23:00:00Z", True),
    ],
)
def test_an_entitlement_ends_after_it_begins(start: str | None, end: str | None, wrong: bool) -> None:
    """One that never counts is a slip of the pen."""
    found = _wrong_account({**ACCOUNT, "valid_from": start, "valid_until": end})
    assert found == ({"valid_until": "must be after 2026-01-01T00:00:00Z"} if wrong else {})


def test_the_event_of_an_entitlement_has_its_term() -> None:
    """Contracts run out; nobody has to be there to withdraw them."""
    body = EntitlementBody.model_validate_json(
        json.dumps({**ACCOUNT, "valid_from": "2026-01-01T00:00:00Z", "valid_until": "2027-01-01T00:00:00+01:00"})
    )
    account = account_of(body, "acme")
    assert account.valid_from == datetime(2026, 1, 1, tzinfo=UTC)
    assert account.valid_until == datetime(2026, 12, 31, 23, tzinfo=UTC)
