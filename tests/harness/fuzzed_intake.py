"""What Schemathesis may send to intake: its document, narrowed to what is right by an edition."""

from collections.abc import Iterable
from functools import partial
from typing import Any

from shared.policy.impossible_accounts import AccountWords, impossible_by
from shared.policy.model import Edition
from tests.harness.fuzzing import SIMPLE, Fuzzed, replace_pattern

Json = Any
_FUTURE = "2999-01-01T00:00:00Z"
_COUNTRIES = ("ES", "JP", "US")


def fuzzed_intake(url: str, key: str, edition: Edition) -> Fuzzed:
    """The intake at that address, which goes by that edition."""
    return Fuzzed(url, key, partial(narrow, edition=edition), "followSupportRequest", by_parameters=False)


def narrow(document: Json, edition: Edition) -> None:
    """Leave of `document` what is right by `edition`, whatever was called before."""
    replace_pattern(document, SIMPLE)
    _drop_keys(document)
    _without_tokens(document)
    schemas = document["components"]["schemas"]
    fields = {name: {"enum": [*field.values]} for name, field in edition.fields.items()}
    submission, activity, entitlement = (
        schemas[name]["properties"] for name in ("Submission", "Activity", "EntitlementBody")
    )
    submission["channel"] = _one_of(edition.channels)
    for body in (submission, entitlement):
        body["country"] = _one_of(_COUNTRIES)  # else one call for each country of the world
    submission["language"] = _one_of(edition.languages)
    needed = [name for name, field in edition.fields.items() if field.default is None]
    submission["fields"] = {"type": "object", "properties": fields, "required": needed, "additionalProperties": False}
    schemas["Submission"]["required"].append("fields")
    schemas["RequesterBody"]["properties"]["role"] = _one_of(edition.roles)
    activity["at"] = {"type": "null"}  # a chain of calls knows when its case was submitted
    activity["until"] = {"enum": [_FUTURE, None]}
    activity["milestone"] = _one_of(edition.milestones)
    activity["plan"] = _one_of(edition.plans)
    activity["fields"] = {"type": "object", "properties": fields, "additionalProperties": False, "minProperties": 1}
    terms = {name: {"$ref": "#/components/schemas/TermsBody"} for name in edition.milestones}
    activity["milestones"] = {"type": "object", "properties": terms, "additionalProperties": False, "minProperties": 1}
    schemas["TermsBody"]["properties"]["calendar"] = _one_of(edition.calendars)
    entitlement["plan"] = _one_of(edition.plans)
    entitlement["account_type"] = _one_of(_possible_with_any_plan(edition))
    entitlement["paid"] = {"const": True}
    entitlement["calendar"] = _one_of(edition.calendars)
    entitlement["contacts"] |= {"maxItems": 1}  # else one may be named twice
    entitlement["valid_from"] = {"type": "null"}
    entitlement["valid_until"] = {"enum": [_FUTURE, None]}
    schemas["ContactBody"]["properties"]["role"] = _one_of(edition.roles)


def _one_of(words: Iterable[str]) -> Json:
    return {"enum": [*words]}


def _possible_with_any_plan(edition: Edition) -> list[str]:
    return [
        kind
        for kind in edition.account_types
        if not any(impossible_by(edition, AccountWords(plan, kind, True, None)) for plan in edition.plans)
    ]


def _drop_keys(document: Json) -> None:
    """Another body under a key that was used is a conflict."""
    for call in (call for methods in document["paths"].values() for call in methods.values()):
        call["parameters"] = [each for each in call.get("parameters", ()) if each["name"] != "Idempotency-Key"]


def _without_tokens(document: Json) -> None:
    """A caller with an API key sends the body of a client, not that of a signed-in person."""
    content = document["paths"]["/v1/support-requests"]["post"]["requestBody"]["content"]["application/json"]
    content["schema"] = content["schema"]["oneOf"][0]
    content["examples"].pop("own")
