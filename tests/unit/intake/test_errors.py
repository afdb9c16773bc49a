"""Refusals: one entry for each wrong field, with sentences of ours, and never the value that was sent."""

import json
import re
import typing
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError

from services.intake import errors as intake_errors
from services.intake.activity import Activity
from services.intake.entitlement import EntitlementBody
from services.intake.fields import Body
from services.intake.request import Submission
from shared.messages.catalogues import languages, messages_in
from shared.web import errors
from shared.web.errors import FieldError, InvalidFields, Refusal, field_errors, json_error
from shared.web.problem import render
from tests.harness.intake import submission

MARK = "7fSecretWordOfTheCustomer"
BODIES: list[type[Body]] = [Submission, Activity, EntitlementBody]
_ALL = {**vars(errors), **vars(intake_errors)}
_REFUSALS = [kind for kind in _ALL.values() if isinstance(kind, type) and issubclass(kind, Refusal)]
KINDS = [kind for kind in _REFUSALS if hasattr(kind, "kind")]  # the others are families

# Any JSON whose texts all hold MARK, keyed by names of real fields, so that values of every kind land in every field.
_names = st.sampled_from(
    sorted({name for body in BODIES for name in body.model_fields} | {"role", "licensed", "meeting_id", "restoration"})
)
_leaves = (
    st.sampled_from([MARK, f"{MARK} 2026-13-45", f"{MARK}@", f"\u0000{MARK}"])
    | st.integers()
    | st.booleans()
    | st.none()
)
_documents = st.recursive(
    _leaves, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(_names, inner, max_size=6), max_leaves=20
)


def _refusal(body: type[Body], data: str) -> Refusal | None:
    try:
        body.model_validate_json(data)
    except ValidationError as error:
        return json_error(error) or InvalidFields(field_errors(error))
    return None


@pytest.mark.parametrize("body", BODIES)
@given(document=_documents)
def test_no_refusal_repeats_what_was_sent(body: type[Body], document: Any) -> None:
    """A description, a host key or a name must not come back in an answer, nor reach a log by that way."""
    refusal = _refusal(body, json.dumps(document))
    if refusal is not None:
        assert MARK not in bytes(render(refusal).body).decode()


@pytest.mark.parametrize("body", BODIES)
@given(document=_documents)
def test_every_wrong_field_is_named_once(body: type[Body], document: Any) -> None:
    """One line for each; none for a body that is not even JSON."""
    refusal = _refusal(body, json.dumps(document))
    if refusal is not None:
        fields = [error.field for error in refusal.errors]
        assert len(fields) == len(set(fields)) >= 1


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"channel": ...}, "channel", "is required"),
        ({"channel": "by post"}, "channel", "must be a word of 1 to 40 letters, digits, _, . or -"),
        ({"fields": {"impact": "h" * 41}}, "fields.impact", "must be a word of 1 to 40 letters, digits, _, . or -"),
        ({"fields": {"impact": 1}}, "fields.impact", "must be a text"),
        ({"fields": ["down"]}, "fields", "must be an object"),
        ({"opened_by": "somebody"}, "opened_by", "must be one of customer, agent"),
        ({"plan": "premier_plus"}, "plan", "is not a known field"),
        ({"subject": 7}, "subject", "must be a text"),
        ({"subject": "s" * 201}, "subject", "must have at most 200 characters"),
        ({"subject": " \n"}, "subject", "must not be empty"),
        ({"description": "d" * 20_001}, "description", "must have at most 20000 characters"),
        ({"account_id": ""}, "account_id", "must not be empty"),
        ({"account_id": "a\u200bb"}, "account_id", "must not have control or invisible characters"),
        ({"requester": "u1"}, "requester", "must be an object"),
        ({"requester": {"requester_id": "u", "role": "", "licensed": True}}, "requester.role", "must be a word"),
        ({"requester": {"requester_id": "u", "role": "owner", "licensed": 1}}, "requester.licensed", "true or false"),
        ({"country": "ESP"}, "country", "must be an ISO 3166-1"),
        ({"language": "f"}, "language", "must be a BCP 47 language tag"),
        ({"phone": {"meeting_id": 1}}, "phone.meeting_id", "must be a text"),
        ({"a b <script>": 1}, "?", "is not a known field"),
    ],
)
def test_a_wrong_field_is_described_in_plain_words(given: dict[str, Any], field: str, message: str) -> None:
    """The developer of a client can correct it without our documentation; odd names are not repeated."""
    refusal = _refusal(Submission, json.dumps(submission(**given)))
    assert refusal is not None
    assert [error.field for error in refusal.errors] == [field]
    assert message in messages_in("en")(refusal.errors[0].code, **refusal.errors[0].facts)


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        ({"milestones": {}}, "milestones", "must have at least 1 entry"),
        ({"milestones": {"resolution": {"target_seconds": None, "paused_by": [str(n) for n in range(21)]}}},
         "milestones.resolution.paused_by", "must have at most 20 entries"),
        ({"policy_sha256": "abc"}, "policy_sha256", "must be a SHA-256"),
    ],
)  # fmt: skip
def test_a_wrong_field_of_an_activity_is_described_in_plain_words(
    given: dict[str, Any], field: str, message: str
) -> None:
    """Each kind of error of a body has a sentence of ours; the names of pydantic's kinds mean nothing to a client."""
    refusal = _refusal(Activity, json.dumps({"type": "reprioritised", **given}))
    assert refusal is not None
    assert [error.field for error in refusal.errors] == [field]
    assert message in messages_in("en")(refusal.errors[0].code, **refusal.errors[0].facts)


@pytest.mark.parametrize("body", BODIES)
@given(document=_documents)
def test_every_field_error_has_a_sentence_of_its_own(body: type[Body], document: Any) -> None:
    """`field.not_valid` shows the name of an error kind in English, so no body may lead to it."""
    refusal = _refusal(body, json.dumps(document))
    assert "field.not_valid" not in {error.code for error in (refusal.errors if refusal else ())}


@pytest.mark.parametrize(
    "data", ["", "{", '{"a":1,}', "nul", '{"subject":"\\ud800"}', "[" * 1000, '{"a":"\x01"}', "{'a':1}"]
)
@pytest.mark.parametrize("language", languages())
def test_a_body_that_is_not_json_is_refused_with_the_position(data: str, language: str) -> None:
    """Broken JSON, a lone surrogate, a raw control character, endless nesting. The parser's English is not shown."""
    refusal = _refusal(Submission, data)
    assert refusal is not None
    assert refusal.status == 400
    detail = json.loads(bytes(render(refusal, language).body))["detail"]
    assert re.search({"en": r"line 1, column \d+$", "es": r"línea 1, columna \d+$"}[language], detail)


def test_kinds_and_titles_are_distinct() -> None:
    """Programs read `type`, and people `title`."""
    assert len(KINDS) >= 15
    assert len({kind.kind for kind in KINDS}) == len(KINDS)
    titles = {messages_in("en")(f"problem.{kind.kind}") for kind in KINDS}
    assert len(titles) == len(KINDS)
    assert all(title.endswith(".") for title in titles)


@pytest.mark.parametrize("kind", KINDS)
def test_a_problem_has_the_members_of_rfc_9457(kind: type[Refusal]) -> None:
    """type, title, status and detail, and `errors`, empty where no field is wrong."""
    reason: Any = [FieldError("a", "field.required")] if kind is InvalidFields else "refusal.crashed"
    answer = render(typing.cast(Any, kind)(reason))
    problem = json.loads(bytes(answer.body))
    assert answer.headers["content-type"] == "application/problem+json"
    assert problem["type"] == f"urn:frontline:problem:{kind.kind}"
    assert (problem["status"], answer.status_code) == (kind.status, kind.status)
    assert problem["title"]
    assert problem["detail"]
    assert isinstance(problem["errors"], list)


def test_a_problem_is_in_the_language_of_the_caller() -> None:
    """People see what a form answers; programs go by `type`, `status` and `field`, which stay."""
    refusal = InvalidFields([FieldError("subject", "field.too_long", {"limit": 200})])
    english, spanish = (json.loads(bytes(render(refusal, language).body)) for language in (None, "es"))
    assert spanish["title"] == "Hay campos incorrectos; no se aceptó nada."
    assert spanish["detail"] == "1 campo es incorrecto"
    assert spanish["errors"] == [{"field": "subject", "message": "puede tener 200 caracteres como mucho"}]
    assert (english["type"], english["status"]) == (spanish["type"], spanish["status"])
    assert render(refusal, "es").headers["content-language"] == "es"
    assert render(refusal).headers["content-language"] == "en"
