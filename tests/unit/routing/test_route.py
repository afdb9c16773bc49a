"""What a decision says beside the channels: priority, promises, rights, numbers, and how it came about."""

import json
from datetime import UTC, datetime, timedelta
from itertools import product
from typing import Any

import pytest

from shared.business_time.config import CalendarConfig
from shared.contracts import wire
from shared.contracts.structs import Account, Decision
from shared.contracts.vocabulary import CoverageStatus, OpenedBy
from shared.messages.catalogues import messages_in
from shared.policy.deadlines import has_target
from shared.policy.files import load_edition
from shared.policy.model import Edition, PhoneDirectory
from shared.policy.request_words import NotInEdition
from shared.routing.entitlement import Entitlement, anonymous, covered, not_covered, terms_of
from shared.routing.rendering import in_words_of
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.asking import (
    ENVIRONMENTS,
    IMPACTS,
    MONDAY_NOON,
    PLANS,
    PRIORITIES,
    REQUEST_TYPES,
    WORKAROUNDS,
    account,
    contact,
    phone_ready,
    request,
    requester,
)

FRIDAY_EVENING = datetime(2026, 11, 20, 17, tzinfo=UTC)  # 18:00 in Madrid, where business hours end
IMPACT_FOR: dict[str, str] = {"P1": "down", "P2": "significant", "P3": "general", "P4": "information"}
NOT_COVERED: tuple[CoverageStatus, ...] = (
    *("unknown_account", "withdrawn", "no_account", "anonymous"),
    *("plan_not_in_edition", "not_yet_valid", "expired"),
)
EDITION = load_edition("guidelines-2021")  # both editions have the same words and names
SENTENCES = in_words_of(messages_in("en"), EDITION)
LATER = MONDAY_NOON + timedelta(days=1)
UNCOVERED: dict[CoverageStatus, dict[str, Any]] = {
    "plan_not_in_edition": {"plan": "platinum"},
    "not_yet_valid": {"valid_from": LATER},
    "expired": {"valid_until": MONDAY_NOON},
}


def entitlement(role: str = "admin", licensed: bool = True, **given: Any) -> Entitlement:
    """A known account, that of `account` unless `given` says otherwise."""
    return held_by(account(**given), role, licensed)


def held_by(of: Account, role: str = "admin", licensed: bool = True) -> Entitlement:
    """What that account gives to somebody, by the producer's word, on Monday noon."""
    return covered(terms_of(of), requester(role, licensed), EDITION, MONDAY_NOON)


def nobody(standing: CoverageStatus) -> Entitlement:
    """A licensed owner, says the producer, of an account that covers nobody."""
    if standing == "anonymous":
        return anonymous(EDITION)
    if standing in ("unknown_account", "withdrawn", "no_account"):
        return not_covered(standing, requester("owner", True), EDITION)
    return entitlement("owner", **UNCOVERED[standing])


def because(decision: Decision, rule: str) -> str:
    """Why that rule of the trace answered as it did, in English."""
    return next(SENTENCES(step.reason, **step.facts) for step in decision.trace if step.rule == rule)


def urgency(decision: Decision) -> str:
    """Why the priority is what it is, in English."""
    return because(decision, decision.priority_rule)


def phone_of(rules: Rulebook) -> PhoneDirectory:
    """The phone directory of an edition that has one."""
    assert rules.edition.phone is not None
    return rules.edition.phone


def notes(decision: Decision) -> list[str]:
    """The codes of the notes beside the phone numbers."""
    return [note.code for note in decision.notes]


def test_the_example_of_the_interface_comes_out_as_written(guidelines: Rulebook) -> None:
    """Scripts are written against this very shape: names, order of fields, instants with a Z."""
    decision = route(request(phone=phone_ready()), entitlement(), guidelines, MONDAY_NOON)
    text = wire.encode(decision).decode()
    assert text.startswith('{"assigned_channel":"phone","assigned_tier":"tier2","priority":"P1","needs_triage":false,')
    assert '"phone":{"eligible":true,"tier":"tier2","rule":"premier.tier2"}' in text
    assert '"help_center":{"eligible":true,"tier":"self_service","rule":"everyone.self_service"}' in text
    first = '"milestones":{"first_response":{"target_seconds":3600,"hours":"elapsed","promise":"objective",'
    assert first + '"due_at":"2026-11-23T13:00:00Z"}' in text
    assert '"restoration":{"target_seconds":14400,"hours":"elapsed","promise":"objective",' in text
    assert '"due_at":"2026-11-23T16:00:00Z"}' in text
    assert '"escalation":{"automated":true,"technical_account_manager":true,"customer_requested":true}' in text
    number = '{"country":"ES","as_printed":"+34 932207485 ext. 2","dial":"+34932207485","e164":"+34932207485",'
    assert f'"phone_numbers":[{number}"extension":"2"}}],"edition":"guidelines-2021","policy_sha256":"' in text


def test_every_claim_has_the_priority_of_the_design(any_edition: Rulebook) -> None:
    """All 72 combinations against the four sentences of DESIGN section 3, said once more here."""
    for impact, workaround, environment in product(IMPACTS, WORKAROUNDS, ENVIRONMENTS):
        if environment != "production" or impact == "information":
            expected = "P4"
        elif impact == "general" or workaround == "full":
            expected = "P3"
        elif impact == "significant" or workaround == "partial":
            expected = "P2"
        else:
            expected = "P1"
        asked = request(impact=impact, workaround=workaround, environment=environment)
        decision = route(asked, entitlement(), any_edition, MONDAY_NOON)
        assert decision.priority == expected
        assert urgency(decision).startswith(f"{expected} because ")


@pytest.mark.parametrize(
    ("says", "why"),
    [
        ({"environment": "beta"}, "P4 because environment is beta"),
        ({"impact": "information"}, "P4 because impact is information"),
        ({"workaround": "full"}, "P3 because workaround is full"),
        ({"impact": "significant"}, "P2 because impact is significant"),
        ({}, "P1 because no earlier rule applies to impact down, workaround none, environment production"),
    ],
)
def test_the_priority_names_what_decided_it(guidelines: Rulebook, says: dict[str, str], why: str) -> None:
    """Of three claims usually one decides; the customer who disagrees should hear about that one."""
    assert urgency(route(request(**says), entitlement(), guidelines, MONDAY_NOON)) == why


@pytest.mark.parametrize("plan", ["premier", "premier_plus"])
@pytest.mark.parametrize(
    ("priority", "first", "restoration"),
    [
        # Monday 12:00Z is 13:00 in Madrid, open 09:00 to 18:00
        ("P1", "2026-11-23T13:00:00Z", "2026-11-23T16:00:00Z"),
        ("P2", "2026-11-23T16:00:00Z", "2026-11-24T11:00:00Z"),
        ("P3", "2026-11-24T12:00:00Z", None),
        ("P4", "2026-11-24T12:00:00Z", None),
    ],
)
def test_paid_support_is_promised_the_targets_of_the_table(
    guidelines: Rulebook, plan: str, priority: str, first: str, restoration: str | None
) -> None:
    """P1 round the clock, P2 in regional business hours, P3 and P4 within a day and answered in business hours."""
    decision = route(request(impact=IMPACT_FOR[priority]), entitlement(plan=plan), guidelines, MONDAY_NOON)
    milestones = decision.milestones
    assert milestones["first_response"].due_at == datetime.fromisoformat(first)
    assert milestones["restoration"].due_at == (datetime.fromisoformat(restoration) if restoration else None)
    if restoration is None:
        assert milestones["restoration"].reason == "not_promised"


def test_business_hours_wait_for_monday_and_the_clock_does_not(guidelines: Rulebook) -> None:
    """The same Friday evening: P1 is due within the hour, P2 on Monday at one, and P3 not before P2."""
    due = {
        priority: route(request(impact=IMPACT_FOR[priority]), entitlement(), guidelines, FRIDAY_EVENING)
        .milestones["first_response"]
        .due_at
        for priority in PRIORITIES
    }
    assert due["P1"] == FRIDAY_EVENING + timedelta(hours=1)
    assert due["P2"] == due["P3"] == due["P4"] == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_no_target_says_why(guidelines: Rulebook) -> None:
    """ "Nothing promised" has three causes, and the customer's next question depends on which."""

    def reasons(asked: str, plan: str, impact: str = "down") -> set[str | None]:
        decision = route(request(channel=asked, impact=impact), entitlement(plan=plan), guidelines, MONDAY_NOON)
        terms = (decision.milestones[name] for name in ("first_response", "restoration"))
        return {each.reason for each in terms if each.target_seconds is None}

    assert reasons("web_ticket", "access") == {"no_priority_response"}
    assert reasons("help_center", "premier_plus") == {"self_service"}
    assert reasons("help_center", "access") == {"self_service"}
    assert reasons("web_ticket", "premier", "general") == {"not_promised"}
    assert reasons("web_ticket", "premier") == set()


def test_first_response_and_restoration_are_always_stated(any_edition: Rulebook) -> None:
    """A reader must not have to tell "not promised" from "forgotten"."""
    for plan, impact, channel in product(PLANS, IMPACTS, ("web_ticket", "help_center")):
        decision = route(request(channel=channel, impact=impact), entitlement(plan=plan), any_edition, MONDAY_NOON)
        for milestone in ("first_response", "restoration"):
            terms = decision.milestones[milestone]
            assert (not has_target(terms)) == (terms.reason is not None) == (terms.due_at is None)


def test_an_edition_may_promise_updates_and_commitments(objectives: Rulebook) -> None:
    """The second edition's promises differ in kind and number, and need no other code."""
    p1 = route(request(), entitlement(), objectives, MONDAY_NOON).milestones
    assert (p1["first_response"].promise, p1["restoration"].promise) == ("commitment", "commitment")
    assert p1["periodic_update"].due_at == MONDAY_NOON + timedelta(hours=1)
    premier = route(request(), entitlement(plan="premier"), objectives, MONDAY_NOON).milestones
    assert (premier["first_response"].promise, premier["restoration"].promise) == ("commitment", "objective")
    access = route(request(), entitlement(plan="access"), objectives, MONDAY_NOON).milestones
    assert (access["first_response"].promise, access["first_response"].target_seconds) == ("objective", 4 * 3600)


def test_next_response_has_no_deadline_yet() -> None:
    """Its clock starts at the customer's next message, which nobody has written."""
    edition = load_edition("guidelines-2021")
    target = edition.targets[0].model_copy(update={"milestone": "next_response"})
    rules = Rulebook(edition.model_copy(update={"targets": (target, *edition.targets)}))
    terms = route(request(), entitlement(), rules, MONDAY_NOON).milestones["next_response"]
    assert (terms.target_seconds, terms.due_at) == (3600, None)


def test_a_calendar_that_never_opens_has_no_deadline_but_a_decision() -> None:
    """Such a calendar is legal; the request is decided all the same."""
    edition = load_edition("guidelines-2021")
    calendars = edition.calendars | {"never": CalendarConfig(timezone="Europe/Madrid", hours={})}
    rules = Rulebook(edition.model_copy(update={"calendars": calendars}))
    decision = route(request(impact="significant"), entitlement(calendar="never"), rules, MONDAY_NOON)
    assert (decision.calendar, decision.milestones["first_response"].due_at) == ("never", None)
    assert decision.milestones["first_response"].target_seconds == 4 * 3600


@pytest.mark.parametrize("standing", NOT_COVERED)
@pytest.mark.parametrize("channel", ["phone", "chat", "web_ticket", "help_center"])
def test_who_is_not_covered_gets_self_service_with_the_reason(
    any_edition: Rulebook, standing: CoverageStatus, channel: str
) -> None:
    """Nothing is dropped and nothing is believed: a claimed licensed owner opens no desk without an account."""
    decision = route(request(channel=channel), nobody(standing), any_edition, MONDAY_NOON)
    assert decision.assigned_tier == "self_service"
    assert decision.entitlement.standing != "covered"
    assert decision.phone_numbers == ()
    rights = decision.escalation
    assert (rights.automated, rights.technical_account_manager, rights.customer_requested) == (False, False, False)
    assert {name for name, verdict in decision.channels.items() if not verdict.eligible} == {
        "chat",
        "web_ticket",
        "phone",
    }
    assert decision.channels["phone"].rule == "entitlement.known"
    assert (decision.milestones["first_response"].target_seconds, decision.priority) == (None, "P1")


@pytest.mark.parametrize("standing", NOT_COVERED)
def test_whoever_no_account_covers_has_the_terms_that_the_edition_names(standing: CoverageStatus) -> None:
    """An unknown account and an anonymous visitor must not come to differ by an edit of one of them."""
    found, least = nobody(standing), EDITION.not_covered
    assert (found.profile.plan, found.profile.account_type, found.profile.paid) == (
        least.plan,
        least.account_type,
        False,
    )
    assert (found.country, found.calendar) == (None, None)
    if standing == "anonymous":
        assert (found.profile.role, found.profile.licensed) == (least.role, False)


@pytest.mark.parametrize(
    ("given", "word"),
    [
        ({"plan": "platinum"}, "platinum"),
        ({"account_type": "ngo"}, "ngo"),
        ({"contacts": [contact(role="chief")]}, "chief"),
    ],
)
def test_an_account_with_a_word_that_the_edition_lacks_is_not_covered_and_somebody_looks(
    guidelines: Rulebook, given: dict[str, Any], word: str
) -> None:
    """The edition may be older than the plan: self-service at once, the word in the decision, and a person to look."""
    decision = route(request(), entitlement(**given), guidelines, MONDAY_NOON)
    used = decision.entitlement
    assert (used.standing, used.not_in_edition) == ("plan_not_in_edition", word)
    assert (decision.assigned_tier, decision.needs_triage) == ("self_service", True)


def test_an_entitlement_counts_from_its_first_instant_until_before_its_last(guidelines: Rulebook) -> None:
    """Half-open, at the instant of receipt."""
    until = MONDAY_NOON + timedelta(hours=1)
    terms = terms_of(account(valid_from=MONDAY_NOON, valid_until=until))
    tick = timedelta(microseconds=1)
    found = [
        covered(terms, requester(), guidelines.edition, at).profile.standing
        for at in (MONDAY_NOON - tick, MONDAY_NOON, until - tick, until)
    ]
    assert found == ["not_yet_valid", "covered", "covered", "expired"]


@pytest.mark.parametrize("standing", ["covered", *NOT_COVERED])
@pytest.mark.parametrize("channel", ["phone", "help_center", "billing"])
def test_a_billing_request_goes_to_the_billing_team_whoever_asks_wherever(
    any_edition: Rulebook, standing: CoverageStatus, channel: str
) -> None:
    """Also an anonymous one. The channels say what they always say, the priority is by the rules; no times."""
    held = entitlement("member", False) if standing == "covered" else nobody(standing)
    asked = request(channel=channel, request_type="billing", impact="significant")
    decision = route(asked, held, any_edition, MONDAY_NOON)
    other = route(request(channel=channel, impact="significant"), held, any_edition, MONDAY_NOON)
    assert (decision.assigned_channel, decision.assigned_tier, decision.priority) == ("billing", "billing", "P2")
    assert {terms.reason for terms in decision.milestones.values()} == {"billing_team"}
    assert decision.channels == other.channels
    assert decision.needs_triage == other.needs_triage
    if channel != "billing":
        sent = next(step for step in decision.trace if step.rule == "billing.team")
        assert (sent.outcome, sent.reason) == (True, "channel.sent")
        assert because(decision, "billing.team").endswith(f"asked for {SENTENCES.name('channel', channel)}")
    assert SENTENCES("no_target.billing_team") == "The billing team answers without promised times."


def test_billing_keeps_the_right_to_ask_for_an_escalation(any_edition: Rulebook) -> None:
    """It is unchanged by where the case went."""
    decision = route(request(request_type="billing"), entitlement(), any_edition, MONDAY_NOON)
    assert decision.escalation.customer_requested


@pytest.mark.parametrize(
    ("given", "place"),
    [
        ({"channel": "fax"}, "channel"),
        ({"impact": "awful"}, "fields.impact"),
        ({"fields": {"impact": "down"}}, "fields.workaround"),
        ({"fields": {**request().fields, "mood": "bad"}}, "fields.mood"),
    ],
)
def test_a_request_with_words_that_the_edition_lacks_is_refused_with_what_is_allowed(
    guidelines: Rulebook, given: dict[str, Any], place: str
) -> None:
    """Intake answers 422 with it, the router's dead letter has it."""
    with pytest.raises(NotInEdition) as refused:
        route(request(**given), entitlement(), guidelines, MONDAY_NOON)
    assert place in [each.place for each in refused.value.wrong]
    assert all(each.allowed for each in refused.value.wrong)


def test_a_field_with_a_default_may_be_left_out(guidelines: Rulebook) -> None:
    """The decision is that of the default."""
    workaround = guidelines.edition.fields["workaround"].model_copy(update={"default": "full"})
    fields = guidelines.edition.fields | {"workaround": workaround}
    rules = Rulebook(guidelines.edition.model_copy(update={"fields": fields}))
    given = {name: value for name, value in request().fields.items() if name != "workaround"}
    assert route(request(fields=given), entitlement(), rules, MONDAY_NOON).priority == "P3"


def with_(edition: Edition, **changes: Any) -> Rulebook:
    """The rules of `edition` with these sections instead."""
    return Rulebook(Edition.model_validate(edition.model_dump() | changes))


def test_a_calendar_is_chosen_by_condition_before_the_country(guidelines: Rulebook) -> None:
    """Plan, language, channel, field: whatever the rule asks; the calendar that the entitlement names outranks it."""
    hours = guidelines.edition.regional_hours.model_dump()
    japanese_outage = {"languages": ["ja"], "fields": {"impact": ["down"]}}
    hours["rules"] = [{"id": "tokyo", "any_of": [japanese_outage], "calendar": "japan"}]
    rules = with_(guidelines.edition, regional_hours=hours)
    in_japanese = route(request(language="ja-JP"), entitlement(), rules, MONDAY_NOON)
    assert in_japanese.calendar == "japan"
    assert because(in_japanese, "calendar") == "japan, by rule tokyo"
    assert route(request(language="ja", impact="general"), entitlement(), rules, MONDAY_NOON).calendar == "spain"
    assert route(request(language="es"), entitlement(), rules, MONDAY_NOON).calendar == "spain"
    assert route(request(language="ja"), entitlement(calendar="france"), rules, MONDAY_NOON).calendar == "france"


@pytest.mark.parametrize(("opened_by", "reason"), [("customer", None), ("agent", "opened_by_agent")])
def test_an_agent_who_opens_a_case_owes_no_first_response(
    guidelines: Rulebook, opened_by: OpenedBy, reason: str | None
) -> None:
    """Where the edition says that only the customer's submission starts it."""
    milestones = guidelines.edition.model_dump()["milestones"]
    milestones["first_response"]["opened_by"] = ["customer"]
    rules = with_(guidelines.edition, milestones=milestones)
    decision = route(request(opened_by=opened_by), entitlement(), rules, MONDAY_NOON)
    assert decision.milestones["first_response"].reason == reason
    assert decision.milestones["restoration"].target_seconds == 4 * 3600


@pytest.mark.parametrize(
    ("standing", "looked_at"),
    [
        *(("unknown_account", True), ("withdrawn", True), ("plan_not_in_edition", True)),
        *(("not_yet_valid", True), ("expired", True), ("no_account", False), ("anonymous", False)),
    ],
)
def test_a_person_looks_where_an_account_was_named_that_does_not_cover(
    any_edition: Rulebook, standing: CoverageStatus, looked_at: bool
) -> None:
    """Someone believes to be a customer: either they or we are wrong. A visitor is nobody's mistake."""
    assert route(request(), nobody(standing), any_edition, MONDAY_NOON).needs_triage is looked_at


def test_nobody_has_to_look_at_an_unlicensed_requester(any_edition: Rulebook) -> None:
    """The account is known and the answer certain, however urgent the claim; impact is what the customer says."""
    decision = route(request(), entitlement("member", False), any_edition, MONDAY_NOON)
    assert (decision.assigned_tier, decision.needs_triage, decision.priority) == ("self_service", False, "P1")


def test_the_contact_list_outranks_the_claim(guidelines: Rulebook) -> None:
    """The account knows who its admins are; a producer only knows what it was told."""
    listed = held_by(account([contact("u1", "member", False)]), "owner")
    decision = route(request(), listed, guidelines, MONDAY_NOON)
    used = decision.entitlement
    assert (used.role, used.licensed, used.requester_from) == ("member", False, "contact_list")
    assert decision.assigned_tier == "self_service"
    assert because(decision, "requester.contact_list") == "the account's contact list says who asks: unlicensed member"


def test_a_contact_list_that_does_not_name_the_requester_changes_nothing(guidelines: Rulebook) -> None:
    """Lists are for the people who matter most, seldom for everyone."""
    other = held_by(account([contact("u2", "member", False)]))
    decision = route(request(), other, guidelines, MONDAY_NOON)
    assert (decision.assigned_tier, decision.entitlement.requester_from) == ("tier2", "producer_claim")


def test_of_a_contact_listed_twice_the_first_entry_counts(guidelines: Rulebook) -> None:
    """Whatever counts, it must not depend on anything but the list."""
    twice = account([contact("u1", "admin", True), contact("u1", "member", False)])
    decision = route(request(), held_by(twice), guidelines, MONDAY_NOON)
    assert decision.entitlement.role == "admin"


@pytest.mark.parametrize(
    ("given", "of_request", "calendar"),
    [
        ({"calendar": "japan"}, "DE", "japan"),
        ({"calendar": "no-such"}, "DE", "spain"),
        ({}, "DE", "spain"),
        ({"country": None}, "DE", "germany"),
        ({"country": "PT"}, None, "region-western-europe"),
    ],
)
def test_the_entitlement_chooses_the_calendar(
    guidelines: Rulebook, given: dict[str, Any], of_request: str | None, calendar: str
) -> None:
    """Else a requester could move a deadline by claiming to be somewhere else."""
    decision = route(request(country=of_request), entitlement(**given), guidelines, MONDAY_NOON)
    assert decision.calendar == calendar


@pytest.mark.parametrize("given", [{"country": None}, {"country": "AQ"}])
def test_without_a_calendar_of_the_country_the_default_counts(guidelines: Rulebook, given: dict[str, Any]) -> None:
    """There is always a calendar, and the trace says how it came about."""
    decision = route(request(), entitlement(**given), guidelines, MONDAY_NOON)
    assert decision.calendar == guidelines.edition.regional_hours.default
    assert decision.calendar in because(decision, "calendar")


def test_every_country_of_the_directory_gets_its_own_numbers(guidelines: Rulebook) -> None:
    """All numbers of the country, in the vendor's order, and of no other."""
    for country, directory in phone_of(guidelines).countries.items():
        decision = route(request(country=country), entitlement(country=None), guidelines, MONDAY_NOON)
        assert [number.as_printed for number in decision.phone_numbers] == [n.as_printed for n in directory.numbers]
        assert {number.country for number in decision.phone_numbers} == {country}


def test_the_requesters_country_outranks_the_accounts_for_numbers(guidelines: Rulebook) -> None:
    """A traveller calls from where they are."""
    decision = route(request(country="FR"), entitlement(country="ES"), guidelines, MONDAY_NOON)
    assert {number.country for number in decision.phone_numbers} == {"FR"}


@pytest.mark.parametrize("country", [None, "PT"])
def test_a_country_without_numbers_gets_the_whole_directory_and_a_note(
    guidelines: Rulebook, country: str | None
) -> None:
    """Any number is better than none, if one knows that it is abroad."""
    decision = route(request(), entitlement(country=country), guidelines, MONDAY_NOON)
    assert {number.country for number in decision.phone_numbers} == set(phone_of(guidelines).countries)
    assert len(decision.phone_numbers) == 22
    assert {"note.whole_directory", "note.country_unknown"} & set(notes(decision))


def test_numbers_come_with_every_decision_that_opens_the_phone(guidelines: Rulebook) -> None:
    """Also when something else was asked for; where the phone is closed, a number would only mislead."""
    asked_by_ticket = route(request(channel="web_ticket"), entitlement(), guidelines, MONDAY_NOON)
    assert asked_by_ticket.phone_numbers
    assert notes(asked_by_ticket) == ["note.tariffs"]
    closed = route(request(), entitlement("member", False), guidelines, MONDAY_NOON)
    assert (closed.phone_numbers, set(notes(closed))) == ((), {"note.help"})


@pytest.mark.parametrize(
    ("ready", "reminded"),
    [
        (None, True),
        (phone_ready(meeting_id=False), True),
        (phone_ready(host_key=False), True),
        (phone_ready(), False),
    ],
)
def test_a_caller_without_meeting_id_and_host_key_is_reminded(
    guidelines: Rulebook, ready: object, reminded: bool
) -> None:
    """The desk will ask for both."""
    decision = route(request(phone=ready, language="es"), entitlement(), guidelines, MONDAY_NOON)
    assert ("note.have_at_hand" in notes(decision)) is reminded
    assert "note.tariffs" in notes(decision)


def test_automated_escalation_follows_the_plan_and_requests_follow_the_right(any_edition: Rulebook) -> None:
    """The table of DESIGN section 3, for everyone and every type of request."""
    types = ("pro", "business_plus", "business", "enterprise", "education")
    roles: tuple[str, ...] = ("owner", "member")
    for plan, account_type, role, licensed, asked in product(PLANS, types, roles, (True, False), REQUEST_TYPES):
        held = entitlement(role, licensed, plan=plan, account_type=account_type)
        rights = route(request(request_type=asked), held, any_edition, MONDAY_NOON).escalation
        assert rights.automated == rights.technical_account_manager == (plan == "premier_plus")
        entitled = plan != "access" or account_type in ("business_plus", "enterprise", "education")
        assert rights.customer_requested == (role == "owner" and licensed and entitled and asked != "other")


def test_the_trace_tells_the_whole_way_and_quotes_nobody(guidelines: Rulebook) -> None:
    """Each rule in the order of asking; ids and customers' words stay out of it."""
    secret = "Zanzibar"
    asked = request(subject=secret, description=secret, request_id=secret, requester=requester(requester_id=secret))
    held = covered(
        terms_of(account(plan="access", account_type="pro", account_id=secret)), asked.requester, EDITION, MONDAY_NOON
    )
    decision = route(asked, held, guidelines, MONDAY_NOON)
    assert [(step.rule, step.outcome) for step in decision.trace] == [
        ("entitlement.known", True),
        ("requester.contact_list", False),
        ("access.tier1.phone", False),
        ("access.tier1.chat_and_ticket", True),
        ("escalation.customer_requested", False),
        ("priority.outage_without_workaround", True),
        ("target.first_response", False),
        ("target.restoration", False),
        ("calendar", True),
    ]
    assert secret.encode() not in wire.encode(decision)


def test_a_milestone_says_exactly_what_its_readers_are_told(guidelines: Rulebook) -> None:
    """Consumers compare these objects whole; how a clock pauses is the edition's business, which the case pins."""
    milestones = json.loads(wire.encode(route(request(), entitlement(), guidelines, MONDAY_NOON)))["milestones"]
    assert {name: set(told) for name, told in milestones.items()} == {
        "first_response": {"target_seconds", "hours", "promise", "due_at"},
        "restoration": {"target_seconds", "hours", "promise", "due_at"},
    }


@pytest.mark.parametrize(
    ("name", "fields_", "received", "due"),
    [
        # Friday 18:00 in Madrid: 24 h end on Saturday, the desk opens on Monday 09:00 and has been open 4 h at 13:00.
        ("guidelines-2021", {"impact": "general"}, "2026-11-27T17:00:00Z", "2026-11-30T12:00:00Z"),
        # Friday 09:00: 24 h end on Saturday, the desk was open 9 h by then.
        ("guidelines-2021", {"impact": "general"}, "2026-11-27T08:00:00Z", "2026-11-30T08:00:00Z"),
        ("guidelines-2021", {"workaround": "partial"}, "2026-11-27T17:00:00Z", "2026-11-30T12:00:00Z"),
        # The end of the next business day: Friday is day 0, also after its closing hour has begun to strike.
        ("objectives-2024", {"impact": "general"}, "2026-11-27T15:00:00Z", "2026-11-30T17:00:00Z"),
        ("objectives-2024", {"impact": "general"}, "2026-11-27T17:00:00Z", "2026-12-01T17:00:00Z"),
    ],
)
def test_the_deadline_of_a_decision_is_that_of_its_terms(
    name: str, fields_: dict[str, str], received: str, due: str
) -> None:
    """Open at least, business days and all: the clock that starts at the submission has the same."""
    rules = Rulebook(load_edition(name))
    decision = route(request(channel="web_ticket", **fields_), entitlement(), rules, datetime.fromisoformat(received))
    assert decision.milestones["first_response"].due_at == datetime.fromisoformat(due)
