"""Activity: the fields of each type, the scopes that it needs, and the instants that it may have."""

import json
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError

from services.intake.activity import RULES, Activity, check, record
from services.intake.words import AnyEdition
from shared.contracts import wire
from shared.contracts.registry import type_of
from shared.contracts.structs import ActivityRecorded, Actor
from shared.contracts.vocabulary import ACTIVITY_TYPES, ActivityType
from shared.messages.catalogues import messages_in
from shared.policy.editions import EditionLibrary
from shared.web.api_keys import ApiKey
from shared.web.errors import InvalidFields, MissingScope
from tests.harness.other_words import other_words
from tests.harness.shipped import shipped_edition

WORDS = AnyEdition(EditionLibrary([shipped_edition("guidelines-2021"), other_words()]))
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
DESK = ApiKey(name="desk", sha256="0" * 64, scopes=("agent",))
EVERY_SCOPE = ("agent", "backfill", "admin")
TERMS = {"restoration": {"target_seconds": 3600, "hours": "elapsed", "promise": "objective"}}
SAMPLE: dict[str, Any] = {
    "text": "We are on it.",
    "to": "waiting_on_customer",
    "until": "2026-11-24T09:00:00Z",
    "milestone": "restoration",
    "retracts": "1c0f2e4d6b8a90718293a4b5c6d7e8f9",
    "milestones": TERMS,
    "fields": {"impact": "down", "workaround": "none"},
    "reason": "Heard from the customer.",
    "accepted": True,
    "plan": "premier_plus",
    "edition": "objectives-2024",
    "policy_sha256": "0123456789abcdef" * 4,
}


def _read(**given: Any) -> Activity:
    return Activity.model_validate_json(json.dumps(given))


def _wrong(activity: Activity, scopes: Any = EVERY_SCOPE, submitted_at: datetime | None = None) -> dict[str, str]:
    try:
        check(activity, WORDS, scopes, received_at=NOW, submitted_at=submitted_at)
    except InvalidFields as refused:
        return {error.field: messages_in("en")(error.code, **error.facts) for error in refused.errors}
    return {}


def _needed(kind: str) -> dict[str, Any]:
    rule = RULES[kind]  # type: ignore[index]  # a word of the vocabulary
    return {name: SAMPLE[name] for name in (*rule.needs, *rule.one_of[:1])}


def test_every_type_of_the_vocabulary_is_accepted() -> None:
    """A new word must not slip through without a rule."""
    assert set(RULES) == set(ACTIVITY_TYPES)


@pytest.mark.parametrize("kind", RULES)
def test_the_required_fields_of_a_type_are_sufficient(kind: str) -> None:
    """The smallest body of each type."""
    assert _wrong(_read(type=kind, **_needed(kind))) == {}


@pytest.mark.parametrize("kind", RULES)
def test_a_type_without_a_required_field_is_refused_with_that_field(kind: str) -> None:
    """status_changed to nothing, a reprioritisation of nothing, a refreshed entitlement without terms."""
    needed = _needed(kind)
    wrong = _wrong(_read(type=kind))
    assert set(wrong) == set(needed)


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("field", SAMPLE)
def test_a_field_is_accepted_for_its_types_and_refused_for_others(kind: str, field: str) -> None:
    """An ignored field must not be accepted, or the client would believe that it had an effect."""
    rule = RULES[kind]  # type: ignore[index]  # a word of the vocabulary
    belongs = field in (*rule.needs, *rule.one_of, *rule.may)
    wrong = _wrong(_read(type=kind, **(_needed(kind) | {field: SAMPLE[field]})))
    assert (field not in wrong) is belongs


@pytest.mark.parametrize("one_of", ["fields", "milestones"])
def test_one_change_is_sufficient_for_a_reprioritisation(one_of: str) -> None:
    """An agent corrects what the customer said, or an admin sets terms."""
    assert _wrong(_read(type="reprioritised", **{one_of: SAMPLE[one_of]})) == {}


def test_only_the_backfill_scope_sets_when_something_happened() -> None:
    """Nobody backdates a reply into "met"."""
    reported = _read(type="agent_replied", at="2026-11-23T11:00:00Z")
    with pytest.raises(MissingScope, match=r"refusal\.backfill"):
        check(reported, WORDS, ("agent", "admin"), received_at=NOW, submitted_at=None)
    check(reported, WORDS, ("agent", "backfill"), received_at=NOW, submitted_at=None)


def test_only_the_admin_scope_sets_terms() -> None:
    """Terms are promises."""
    reported = _read(type="reprioritised", milestones=TERMS)
    with pytest.raises(MissingScope, match=r"refusal\.terms"):
        check(reported, WORDS, ("agent", "backfill"), received_at=NOW, submitted_at=None)


@pytest.mark.parametrize(
    ("offset", "submitted", "wrong"),
    [
        (timedelta(0), None, False),
        (timedelta(microseconds=1), None, True),
        (timedelta(hours=-1), timedelta(hours=-1), False),
        (timedelta(hours=-1, microseconds=-1), timedelta(hours=-1), True),
        (timedelta(days=-400), None, False),
    ],
    ids=["now", "future", "at-submission", "before-the-case", "case-unknown-here"],
)
def test_activity_in_the_future_or_before_its_case_is_refused(
    offset: timedelta, submitted: timedelta | None, wrong: bool
) -> None:
    """Both ends are inclusive; escalation checks a case that intake does not know."""
    reported = _read(type="agent_replied", at=(NOW + offset).isoformat())
    assert bool(_wrong(reported, submitted_at=None if submitted is None else NOW + submitted)) is wrong


@pytest.mark.parametrize(
    ("terms", "fields"),
    [
        ({"target_seconds": 60}, ["hours", "promise"]),
        ({"target_seconds": 60, "hours": "business", "promise": "objective", "reason": "not_promised"}, ["reason"]),
        ({"target_seconds": None}, ["reason"]),
        ({"target_seconds": None, "reason": "not_promised", "hours": "elapsed"}, ["hours"]),
        ({"target_seconds": None, "reason": "not_promised"}, []),
        ({}, ["reason"]),
        ({"reason": "not_promised", "until": "end_of_day", "calendar": "spain"}, ["calendar", "until"]),
        ({"target_business_days": 2, "promise": "objective"}, []),
        ({"target_business_days": 2, "until": "end_of_day", "hours": "business", "promise": "objective"}, []),
        ({"target_business_days": 2}, ["promise"]),
        ({"target_business_days": 2, "hours": "elapsed", "promise": "objective"}, ["hours"]),
        (
            {"target_business_days": 2, "target_seconds": 60, "hours": "business", "promise": "objective"},
            ["target_business_days"],
        ),
        ({"target_seconds": 60, "until": "same_time", "hours": "business", "promise": "objective"}, ["until"]),
        (
            {"target_seconds": 60, "open_at_least": 5, "hours": "elapsed_then_next_open", "promise": "objective"},
            [],
        ),
        ({"target_seconds": 60, "open_at_least": 5, "hours": "business", "promise": "objective"}, ["open_at_least"]),
        ({"target_seconds": 60, "calendar": "spain", "hours": "business", "promise": "objective"}, []),
        ({"target_seconds": 60, "calendar": "moon", "hours": "business", "promise": "objective"}, ["calendar"]),
    ],
)
def test_terms_are_a_target_or_the_reason_for_none(terms: dict[str, Any], fields: list[str]) -> None:
    """A clock without hours or without a kind of promise could not be reported on."""
    wrong = _wrong(_read(type="reprioritised", milestones={"resolution": terms}))
    assert sorted(wrong) == [f"milestones.resolution.{field}" for field in fields]


def test_all_wrong_fields_are_listed_at_once() -> None:
    """A client needs one round trip to correct a body, not three."""
    fields = {"impact": "awful", "colour": "red"}
    wrong = _wrong(_read(type="status_changed", fields=fields, accepted=True, at="2030-01-01T00:00:00Z"))
    assert set(wrong) == {"to", "fields", "fields.impact", "fields.colour", "accepted", "at"}


def test_a_target_in_business_days_is_published_with_what_goes_without_saying() -> None:
    """Readers of the event need not know the defaults: hours of business, and the same time of day."""
    reported = _read(
        type="reprioritised", milestones={"resolution": {"target_business_days": 2, "promise": "objective"}}
    )
    event = _recorded(reported)
    assert event.milestones is not None
    terms = event.milestones["resolution"]
    assert (terms.target_seconds, terms.target_business_days, terms.hours, terms.until) == (
        None,
        2,
        "business",
        "same_time",
    )


@pytest.mark.parametrize(
    ("given", "field", "message"),
    [
        (
            {"type": "reprioritised", "fields": {"impact": "awful"}},
            "fields.impact",
            "must be one of down, severely_degraded, critical, significant, general, information",
        ),
        (
            {"type": "reprioritised", "fields": {"colour": "red"}},
            "fields.colour",
            "is none of the fields impact, workaround, environment, request_type, severity, product",
        ),
        (
            {"type": "milestone_reached", "milestone": "moon_landing"},
            "milestone",
            "must be one of first_response, next_response, periodic_update, restoration, resolution, first_answer",
        ),
        (
            {"type": "reprioritised", "milestones": {"moon_landing": TERMS["restoration"]}},
            "milestones.moon_landing",
            "is none of the milestones first_response, next_response, periodic_update, restoration, resolution, "
            "first_answer",
        ),
        (
            {"type": "entitlement_refreshed", "plan": "platinum"},
            "plan",
            "must be one of access, premier, premier_plus, bronze, silver, gold",
        ),
    ],
)
def test_a_word_that_no_configured_edition_has_is_refused_with_those_that_one_has(
    given: dict[str, Any], field: str, message: str
) -> None:
    """Which edition a case pins is not known here: the words of each are accepted."""
    assert _wrong(_read(**given)) == {field: message}


@pytest.mark.parametrize(
    "given",
    [
        {"type": "reprioritised", "fields": {"severity": "S1"}},
        {"type": "milestone_reached", "milestone": "first_answer"},
        {"type": "acknowledged", "milestone": "restoration"},
        {"type": "entitlement_refreshed", "plan": "gold"},
    ],
)
def test_a_word_of_any_configured_edition_is_accepted(given: dict[str, Any]) -> None:
    """The pinned edition decides later: escalation dead-letters what that one does not know."""
    assert _wrong(_read(**given)) == {}


def test_somebody_can_be_assigned_to_nobody_but_not_by_leaving_it_out() -> None:
    """null is an answer: the case is given back. A client that forgot the field meant something else."""
    given_back = _read(type="assigned", to=None)
    assert _wrong(given_back) == {}
    event = _recorded(given_back)
    assert (event.type, event.to) == ("assigned", None)
    assert _wrong(_read(type="assigned")) == {"to": "is required for assigned"}
    assert set(_wrong(_read(type="handed_over", to=None))) == {"to"}
    assert _wrong(_read(type="assigned", to="ana")) == {}


@pytest.mark.parametrize(
    ("to", "message"),
    [
        ("Waiting for parts", None),
        ("Warten auf Teile", None),
        ("s" * 60, None),
        ("s" * 61, "must have at most 60 characters"),
        ("waiting-for parts", "differs from the status Waiting for parts in case, spaces or hyphens alone"),
        ("Waiting On Customer", "differs from the status waiting_on_customer in case, spaces or hyphens alone"),
        ("Closed", "differs from the status closed in case, spaces or hyphens alone"),
    ],
)
def test_a_status_has_any_name_that_nobody_takes_for_another(to: str, message: str | None) -> None:
    """One that looks like `closed` and counts as open would keep clocks running behind people's backs."""
    assert _wrong(_read(type="status_changed", to=to)) == ({} if message is None else {"to": message})


def test_who_a_case_is_assigned_to_may_have_a_longer_name_than_a_status() -> None:
    """It is an identifier of the desk's."""
    assert _wrong(_read(type="assigned", to="q" * 200)) == {}


@pytest.mark.parametrize(
    ("at", "until", "wrong"),
    [
        (None, NOW, True),
        (None, NOW + timedelta(microseconds=1), False),
        (NOW - timedelta(hours=2), NOW - timedelta(hours=1), False),
        (NOW - timedelta(hours=2), NOW - timedelta(hours=2), True),
    ],
    ids=["at-receipt", "after-receipt", "after-at", "at-at"],
)
def test_a_status_ends_after_it_begins(at: datetime | None, until: datetime, wrong: bool) -> None:
    """By the instant of the activity, which may have been reported late."""
    when = {} if at is None else {"at": at.isoformat()}
    found = _wrong(_read(type="status_changed", to="Parked", until=until.isoformat(), **when))
    assert set(found) == ({"until"} if wrong else set())


@pytest.mark.parametrize("kind", RULES)
def test_the_event_has_the_type_and_the_fields_of_the_activity(kind: str) -> None:
    """One CloudEvents type for each type of activity; what is published can be read again."""
    event = _recorded(_read(type=kind, **_needed(kind)))
    assert type_of(event) == f"frontline.activity.{kind}.v1"
    assert (event.at, event.recorded_at, event.client) == (NOW, NOW, "desk")
    assert wire.decode(ActivityRecorded, wire.encode(event)) == event


def _recorded(reported: Activity, received_at: datetime = NOW, caller: ApiKey = DESK) -> ActivityRecorded:
    return record(
        reported, case_id="c1", activity_id="a1", client=caller.name, actor=caller.acts_as, received_at=received_at
    )


@pytest.mark.parametrize(
    ("scopes", "actor", "kind"),
    [
        (("submit",), None, "customer"),
        (("submit", "agent"), None, "agent"),
        (("agent",), "bot", "bot"),
        (("agent",), "system", "system"),
        (("submit",), "agent", "agent"),
        (("admin",), None, "customer"),
    ],
)
def test_the_actor_is_that_of_the_key(scopes: Any, actor: Any, kind: Any) -> None:
    """Whose reply it was is not for the body to claim."""
    caller = ApiKey(name="desk", sha256="0" * 64, scopes=scopes, actor=actor)
    recorded = _recorded(_read(type="customer_replied"), caller=caller)
    assert (recorded.actor, recorded.client) == (Actor(kind=kind, id="desk"), "desk")


@pytest.mark.parametrize("kind", ACTIVITY_TYPES)
def test_without_the_scope_of_agents_only_what_customers_say_is_admitted(kind: ActivityType) -> None:
    """A customer-facing backend must not answer its own promises, nor accept its own escalations."""
    reported = _read(type=kind, **_needed(kind))
    check(reported, WORDS, EVERY_SCOPE, received_at=NOW, submitted_at=None)
    if kind in ("customer_replied", "resolved", "withdrawn", "escalation_requested"):
        check(reported, WORDS, ("submit",), received_at=NOW, submitted_at=None)
    else:
        with pytest.raises(MissingScope, match=r"refusal\.agents_activity"):
            check(reported, WORDS, ("submit", "backfill", "admin"), received_at=NOW, submitted_at=None)


def test_a_body_cannot_name_the_actor() -> None:
    """It is an unknown field, as every field is that clients have no say in."""
    with pytest.raises(ValidationError, match=r"(?s)actor.*Extra inputs"):
        _read(type="resolved", actor={"kind": "agent", "id": "ana"})


def _digest(**given: Any) -> str | None:
    reported = _read(**given)
    return _recorded(reported).activity_digest


def test_a_retry_has_the_digest_of_the_first() -> None:
    """However its JSON is laid out, in which zone it says an instant, and whenever it is received."""
    at, same = "2026-11-23T11:00:00Z", "2026-11-23T12:00:00+01:00"
    laid_out = Activity.model_validate_json(
        f'{{ "text": null, "to": "open",\n "at": "{same}", "type": "status_changed"}}'
    )
    later = _recorded(laid_out, NOW + timedelta(hours=1))
    assert later.activity_digest == _digest(type="status_changed", to="open", at=at)


@pytest.mark.parametrize("field", SAMPLE)
def test_other_content_has_another_digest(field: str) -> None:
    """Whatever differs: a key that is used for two occurrences would lose one of them."""
    kind = next(kind for kind, rule in RULES.items() if field in (*rule.needs, *rule.one_of, *rule.may))
    usual = _needed(kind) | {field: SAMPLE[field]}
    other: Any = (
        {
            "milestones": {**TERMS, "resolution": TERMS["restoration"]},
            "fields": {"impact": "down"},
            "accepted": False,
            "plan": "access",
            "milestone": "resolution",
            "until": "2026-11-24T10:00:00Z",
            "policy_sha256": "ab" * 32,
        }.get(field)
        if field != "text"
        else "More."
    )
    if other is None:
        other = SAMPLE[field] + " more"
    found = {
        _digest(type=kind, **usual),
        _digest(type=kind, **(usual | {field: other})),
        _digest(type=kind, **usual, at="2026-11-23T11:00:00Z"),
        _digest(type="agent_replied"),
    }
    assert len(found) == 4


def test_an_activity_of_another_type_has_another_digest() -> None:
    """Most types carry nothing but themselves."""
    plain = [kind for kind in RULES if not _needed(kind)]
    assert len({_digest(type=kind) for kind in plain}) == len(plain)
