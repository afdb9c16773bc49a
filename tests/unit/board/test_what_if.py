"""The what-if: the same answers as `frontline decide` and `frontline deadline`, and every wrong field named."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from html import unescape
from itertools import product
from typing import Any
from urllib.parse import urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from services.board.policy.question import Question, Wrong, example, read
from services.board.policy.what_if import Answer, answer
from services.cli.deadline import answer as deadline
from services.cli.decide import decider
from shared.contracts import wire
from shared.contracts.base import format_instant
from shared.messages.catalogues import messages_in
from shared.policy.countries import COUNTRIES
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.routing.rulebook import Rulebook
from tests.harness.examples import examples
from tests.harness.policy_pages import NOON, get
from tests.unit.board.editions import ALL, edition

EN = messages_in("en")


@pytest.fixture(scope="module", autouse=True)
def _loaded() -> None:
    """Load the editions before Hypothesis draws, which it times; at import every worker would load them."""
    for name in ALL:
        rules_of(name)


@cache
def rules_of(name: str) -> Rulebook:
    """The rules of the edition with that name."""
    return Rulebook(edition(name))


@cache
def decider_of(name: str, language: str) -> Callable[[dict[str, Any]], Any]:
    """What `frontline decide` answers by that edition alone."""
    return decider(EditionLibrary.single(edition(name)), language)


@st.composite
def questions(draw: st.DrawFn) -> tuple[str, Question]:
    """A question to any edition, in its words."""
    name = draw(st.sampled_from(ALL))
    of = edition(name)
    at = NOON + timedelta(seconds=draw(st.integers(-300 * 86_400, 800 * 86_400)))
    fields = {each: draw(st.sampled_from(list(field.values))) for each, field in of.fields.items()}
    question = Question(
        who=draw(st.sampled_from(["covered", "covered", "covered", "unknown_account"])),  # mostly with a deadline
        plan=draw(st.sampled_from([*of.plans, *[next(reversed(of.plans))] * len(of.plans)])),
        account_type=draw(st.sampled_from(list(of.account_types))),
        paid=draw(st.sampled_from([True, True, False])),
        country=draw(st.none() | st.sampled_from(sorted(COUNTRIES))),
        role=draw(st.sampled_from(list(of.roles))),
        licensed=draw(st.sampled_from([True, True, False])),
        channel=draw(st.sampled_from([*of.channels, *[name for name in of.channels if of.channels[name].staffed] * 4])),
        fields=fields,
        language=draw(st.none() | st.sampled_from(["en", "es-MX", "ja"])),
        opened_by=draw(st.sampled_from(["customer", "customer", "customer", "agent"])),
        at=at,
        zone="UTC",
    )
    return name, question


def line_of(asked: Question) -> dict[str, Any]:
    """The question as a line of `frontline decide`."""
    account = {
        "account_id": "acme", "plan": asked.plan, "account_type": asked.account_type, "paid": asked.paid,
        "country": asked.country, "contacts": [],
    }  # fmt: skip
    request = {"channel": asked.channel, "fields": asked.fields, "language": asked.language}
    return {
        "account": account if asked.who == "covered" else None,
        "requester": {"requester_id": "u1", "role": asked.role, "licensed": asked.licensed},
        "request": request | {"country": asked.country, "opened_by": asked.opened_by},
        "at": format_instant(asked.at),
    }


@settings(deadline=None)
@given(asked=questions(), language=st.sampled_from(["en", "es"]))
def test_an_answer_is_that_of_frontline_decide(asked: tuple[str, Question], language: str) -> None:
    """Two commands that answer one question differently would both be worthless."""
    name, question = asked
    shown: Any = answer(question, rules_of(name), messages_in(language)).shown
    decided = decider_of(name, language)(line_of(question))
    assert json.loads(wire.encode(shown)) == json.loads(wire.encode(decided))


def check_deadlines(name: str, question: Question, language: str = "en") -> Answer:
    """The answer, each deadline and ledger of which is that of `frontline deadline`."""
    of = edition(name)
    found = answer(question, rules_of(name), messages_in(language))
    shown_of = {each.milestone: each for each in found.milestones}
    for milestone, terms in found.decision.milestones.items():
        shown = shown_of.pop(milestone)
        assert shown.due_at == terms.due_at
        if terms.due_at is None:
            continue
        config = of.calendars[terms.calendar or found.decision.calendar].model_dump(mode="json", exclude_unset=True)
        line: dict[str, Any] = {"hours": terms.hours, "target_seconds": terms.target_seconds}
        if terms.target_business_days is not None:
            line = {"target_business_days": terms.target_business_days, "until": terms.until}
        if terms.open_at_least is not None:
            line["open_at_least_seconds"] = terms.open_at_least
        expected = deadline({"start": format_instant(question.at), "calendar": config, **line}, with_ledger=True)
        assert format_instant(terms.due_at) == expected["deadline"]
        counted = [{key: value for key, value in each.items() if key != "because"} for each in shown.ledger]
        assert counted == expected["ledger"]
    assert shown_of == {}
    return found


@settings(deadline=None)
@given(asked=questions(), language=st.sampled_from(["en", "es"]))
def test_each_deadline_and_its_ledger_are_those_of_frontline_deadline(
    asked: tuple[str, Question], language: str
) -> None:
    """The picture shows how the deadline came about, so it must be the deadline's own ledger."""
    check_deadlines(*asked, language)


@pytest.mark.parametrize("name", ALL)
def test_every_target_of_an_edition_can_be_asked_for_and_is_explained(name: str) -> None:
    """Also those that chance seldom meets; from a Saturday night, when most calendars are closed."""
    of = edition(name)
    places = {
        target.id or f"targets[{index}]": target
        for index, target in enumerate(of.targets)
        if of.milestones[target.milestone].starts_at_submission
    }
    asked: dict[str, Question] = {}
    for question in questions_of(of):
        for each in answer(question, rules_of(name), EN).milestones:
            if each.due_at is not None:
                asked.setdefault(each.by.rule, question)
        if asked.keys() == places.keys():
            break
    assert asked.keys() == places.keys()
    for place, question in asked.items():
        found = check_deadlines(name, question)
        by = next(each.by for each in found.milestones if each.by.rule == place)
        assert (by.source, by.note) == (places[place].source or "", places[place].note or "")


def questions_of(of: Edition) -> Iterator[Question]:
    """A question for each way to be asked that the rules of an edition tell apart, up to many."""
    targets = of.targets
    languages = {None, *(each for target in targets for each in target.languages or ())}
    countries = {None, *(each for target in targets for each in target.countries or ())}
    kinds = {next(reversed(of.account_types)), *(each for target in targets for each in target.account_types or ())}
    staffed = [name for name, channel in of.channels.items() if channel.staffed]
    said = [
        dict(zip(of.fields, values, strict=True)) for values in product(*(each.values for each in of.fields.values()))
    ]
    people = product(of.plans, sorted(kinds), of.roles, (True, False), staffed)
    saturday = datetime(2026, 11, 28, 23, 30, tzinfo=UTC)
    nobody = Question("covered", "", "", True, None, "", False, "", {}, None, "customer", saturday, "UTC")
    for (plan, kind, role, licensed, channel), fields in product(people, said):
        for language, country in product(sorted(languages, key=str), sorted(countries, key=str)):
            person = nobody._replace(plan=plan, account_type=kind, role=role, licensed=licensed, country=country)
            yield person._replace(channel=channel, fields=fields, language=language)


def test_nobody_who_is_signed_in_is_anonymous() -> None:
    """Whatever is claimed about them is not believed."""
    typed = example(edition("guidelines-2021"), NOON, "UTC") | {"who": "anonymous", "channel": "bot"}
    found = asked_of("guidelines-2021", typed)
    assert found.decision.entitlement.standing == "anonymous"
    assert not found.decision.entitlement.licensed


@pytest.mark.parametrize("name", ALL)
def test_the_example_of_any_edition_has_an_answer(name: str) -> None:
    """What is shown first must be worth reading: no mistake, and an account that there may be."""
    found = asked_of(name, example(edition(name), NOON, "UTC"))
    assert found.impossible == ""
    page = get(edition(name), "/policy/what-if")
    assert page.status_code == 200
    assert found.decision.priority in page.text


def asked_of(name: str, typed: dict[str, str]) -> Answer:
    """The answer to a form that is right."""
    question = read(typed, edition(name), NOON)
    assert isinstance(question, Question), question
    return answer(question, rules_of(name), EN)


WRONG = {
    "who": "me", "plan": "gold", "account_type": "", "paid": "maybe", "country": "Spain", "role": "boss",
    "licensed": "", "channel": "fax", "fields.impact": "huge", "fields.colour": "red", "language": "español",
    "opened_by": "nobody", "at": "yesterday", "zone": "Mars/Base",
}  # fmt: skip


def test_every_wrong_field_is_named_with_what_is_allowed() -> None:
    """Nobody should find one mistake after the other."""
    # An unknown account has no plan, so the two are asked apart.
    found = read({**WRONG, "who": "covered"}, edition("guidelines-2021"), NOON)
    assert isinstance(found, list)
    said = {each.field: EN.reason(each.why) for each in found}
    assert set(said) == {*WRONG, "fields.workaround", "fields.environment", "fields.request_type"} - {"who"}
    assert said["plan"] == "must be one of access, premier, premier_plus"
    assert said["account_type"].startswith("is required; must be one of free, pro")
    assert said["fields.workaround"] == "is required; must be one of none, partial, full"
    assert said["zone"] == "Mars/Base is not an IANA time zone, such as Europe/Madrid"
    assert [each.field for each in read({**WRONG}, edition("guidelines-2021"), NOON) if isinstance(each, Wrong)][
        :2
    ] == [
        "zone",
        "who",
    ]


@pytest.mark.parametrize(
    ("at", "zone", "instant"),
    [
        ("2026-11-23T10:04", "Europe/Madrid", "2026-11-23T09:04:00Z"),
        ("2026-11-23T10:04:30", "America/New_York", "2026-11-23T15:04:30Z"),
        ("2026-11-23T10:04:00Z", "Europe/Madrid", "2026-11-23T10:04:00Z"),
        ("", "Europe/Madrid", "2026-11-23T12:00:00Z"),
        ("2026-03-29T02:30", "Europe/Madrid", "2026-03-29T01:30:00Z"),  # clocks skip it: read as the time before
    ],
)
def test_a_time_without_a_zone_is_read_on_the_wall_clock_of_the_form(at: str, zone: str, instant: str) -> None:
    """A browser's field for date and time knows no zone."""
    of = edition("guidelines-2021")
    question = read({**example(of, NOON, "UTC"), "at": at, "zone": zone}, of, NOON)
    assert isinstance(question, Question)
    assert format_instant(question.at) == instant


@pytest.mark.parametrize("at", ["0001-01-01T00:00", "9999-12-31T23:59", "1969-12-31T23:59", "2026-02-30T10:00", "now"])
def test_an_instant_that_calendars_cannot_count_from_is_refused(at: str) -> None:
    """With a sentence, not a broken page."""
    of = edition("guidelines-2021")
    page = get(of, "/policy/what-if?" + urlencode({**example(of, NOON, "UTC"), "at": at}))
    assert page.status_code == 422
    assert 'id="wrong-at"' in page.text


@settings(deadline=None, max_examples=examples(25))
@given(
    typed=st.dictionaries(
        st.sampled_from([*WRONG, "fields.workaround", "fields.<i>"]), st.text(max_size=30).map("<i>{}".format)
    )
)
def test_whatever_an_address_says_is_answered_and_escaped(typed: dict[str, str]) -> None:
    """An address is anybody's: a mistake is an answer, and nothing of it becomes part of the page."""
    page = get(edition("guidelines-2021"), "/policy/what-if?" + urlencode(typed, errors="replace"))
    assert page.status_code == (422 if typed else 200)
    assert "<i>" not in page.text


def test_an_address_that_is_too_long_is_the_example() -> None:
    """No form sends so much."""
    assert get(edition("guidelines-2021"), "/policy/what-if?plan=" + "x" * 5_000).status_code == 200


def test_an_account_that_cannot_be_is_answered_with_a_warning() -> None:
    """There may be one from before the rule; but a manager should know."""
    typed = example(edition("guidelines-2021"), NOON, "UTC") | {"account_type": "free", "paid": "yes"}
    assert "A free account is not paid." in asked_of("guidelines-2021", typed).impossible


def test_a_promise_is_that_of_the_channel_that_the_case_goes_to() -> None:
    """Who may not call goes to the help center, where nobody is waited for, whatever phones promise."""
    unlicensed = {"plan": "premier", "account_type": "pro", "role": "member", "licensed": "no", "channel": "phone"}
    found = asked_of("guidelines-2021", example(edition("guidelines-2021"), NOON, "UTC") | unlicensed)
    assert [channel.name for channel in found.channels if channel.is_assigned] == ["help center"]
    assert found.first is None
    assert {each.by.rule for each in found.milestones} == {"channels"}


def test_a_question_is_read_again_from_its_address() -> None:
    """Who shares the address shares the answer, at whatever time it is opened."""
    of = edition("guidelines-2021")
    typed = example(of, NOON, "Europe/Madrid") | {"fields.impact": "significant", "country": "ES"}
    address = "/policy/what-if?" + urlencode(typed)
    first, later = (get(of, address, now) for now in (NOON, NOON + timedelta(days=400)))
    assert first.text == later.text
    assert "due Mon 23 Nov, 17:00 CET" in unescape(first.text)
    assert '<option value="significant" selected>' in first.text


def test_a_reason_is_in_the_readers_language() -> None:
    """Also for what is wrong."""
    page = get(edition("guidelines-2021"), "/policy/what-if?lang=es&plan=gold")
    assert "debe ser" in unescape(page.text)
    assert '<html lang="es">' in page.text
