"""An edition that extends another may leave out what the other has: `policy check` names what is no longer there."""

from typing import NamedTuple

import pytest

from shared.messages.catalogues import languages, messages_in
from shared.policy.mistakes import PolicyError
from tests.unit.policy.section import section
from tests.unit.policy.small_edition import FILE, changed
from tests.unit.policy.warned import BASE, CHILD, QUIET, checked, others_than_monotony, shown


class Warned(NamedTuple):
    """The fields of an edition that extends `base`, and a warning that they get."""

    fields: str
    field: str
    sentence: str


VANISHED = {
    "promises of a list of targets": Warned(
        "targets: [{plans: [premier, premier_plus], priorities: [P2], milestone: first_response, target_seconds: 1h, "
        "hours: elapsed, promise: objective}]\n",
        "targets",
        "replaces the targets of base; no longer promised: premier P1/P3 first_response, "
        "premier_plus P3 first_response",
    ),
    "all promises": Warned(
        "targets: []\n",
        "targets",
        "replaces the targets of base; no longer promised: premier P1/P2/P3 first_response, "
        "premier_plus P3 first_response",
    ),
    "rules of a list with a new id": Warned(
        "priority_rules: [{id: p9, priority: P1, any_of: [{}]}]\n",
        "priority_rules",
        "replaces the list of base; no longer in it: p4, p2, p1",
    ),
    "rules of a section that replaces": Warned(
        "replace: [priority_rules]\npriority_rules: [{id: p1, priority: P1, any_of: [{}]}]\n",
        "priority_rules",
        "replaces the list of base; no longer in it: p4, p2",
    ),
    "levels": Warned(
        "escalation_levels: [{kind: escalation, level: 1, share: 1.0, called: tier2}]\n",
        "escalation_levels",
        "replaces the levels of base; no longer in it: warning 0",
    ),
    "names of a mapping that replaces": Warned(
        "replace: [calendars]\nregional_hours: {countries: {ES: south}}\ncalendars:\n"
        '  south: {timezone: Europe/Rome, hours: {tue: [["08:00", "18:00"]]}, holidays: []}\n',
        "calendars",
        "replaces what base has here; no longer in it: spain",
    ),
    "names of an emptied mapping": Warned(
        "channels: {help_center: {resource: null}}\nresources: {}\n",
        "resources",
        "replaces what base has here; no longer in it: articles",
    ),
    "phone numbers of a country": Warned(
        "phone: {countries: {}}\n", "phone.countries", "replaces what base has here; no longer in it: ES"
    ),
    "calendars of countries": Warned(
        "regional_hours: {countries: {}}\n",
        "regional_hours.countries",
        "replaces what base has here; these countries have the default calendar now: ES",
    ),
    "all calendars of countries": Warned(
        "replace: [regional_hours]\nregional_hours: {default: south, countries: {ES: spain}}\n",
        "regional_hours.regions",
        "replaces what base has here; these countries have the default calendar now: PT, IT",
    ),
    "a country of a region": Warned(
        "regional_hours: {regions: {south: [PT]}}\n",
        "regional_hours.regions",
        "replaces what base has here; these countries have the default calendar now: IT",
    ),
}


@pytest.mark.parametrize("warned", VANISHED.values(), ids=VANISHED.keys())
def test_what_is_no_longer_there_is_named(warned: Warned) -> None:
    """By its name, so that a manager notices: a promise that is missing is one that nobody keeps."""
    text = CHILD + warned.fields
    line = next(number for number, each in enumerate(text.splitlines(), 1) if each.startswith(_outermost(warned.field)))
    assert shown(text) == [f"{FILE}:{line}: warning: {warned.field}: {warned.sentence}"]


def _outermost(field: str) -> str:
    return f"{field.partition('.')[0]}:"


NOTHING = {
    "nothing": "",
    "a rule by its id": "priority_rules: [{id: p2, priority: P3}]\n",
    "the same promises": section("targets", QUIET),
    "the same promises, more of them, in another order": (
        "targets:\n"
        "  - {plans: [premier_plus], priorities: [P3, P4], milestone: first_response, target_seconds: 1h,"
        " hours: business, promise: objective}\n"
        "  - {plans: [premier], priorities: [P3, P2, P1], milestone: first_response, target_seconds: 1h,"
        " hours: business, promise: objective}\n"
    ),
    "a new calendar": "calendars: {north: {timezone: Europe/Oslo, hours: {}}}\n",
    "a country that moves to another calendar": "regional_hours: {regions: {south: [PT], spain: [IT]}}\n",
    "a country that gets its own calendar": "regional_hours: {countries: {IT: spain}, regions: {south: [PT]}}\n",
    "a list of values": "channels: {chat: {fallback: [help_center]}}\nnotes: [other]\n",
    "a section that says the same": "replace: [resources]\nresources: {articles: {es: A, en: A}}\n",
}


@pytest.mark.parametrize("fields", NOTHING.values(), ids=NOTHING.keys())
def test_what_leaves_nothing_out_is_no_warning(fields: str) -> None:
    """A warning that is always there is one that nobody reads."""
    assert shown(CHILD + fields) == []


def test_only_what_an_edition_itself_leaves_out_is_its_warning() -> None:
    """Of a chain, each edition has its own: whoever extends cannot change what the base decided."""
    middle = "edition: middle\nextends: base\ntargets: []\n"
    assert len(shown(middle)) == 1
    assert shown("edition: child\nextends: middle\n", middle=middle) == []
    found = shown(
        "edition: child\nextends: middle\npriority_rules: [{id: p, priority: P1, any_of: [{}]}]\n", middle=middle
    )
    assert [each.partition("warning: ")[2] for each in found] == [
        "priority_rules: replaces the list of middle; no longer in it: p4, p2, p1"
    ]


def test_many_names_are_counted_and_all_of_them_are_in_the_data() -> None:
    """A sentence that fills the screen is not read either."""
    names = [f"text_{number}" for number in range(30)]
    added = "".join(f"  {name}: {{es: x, en: x}}\n" for name in names)
    base = changed("regional_hours:\n", f"{added}regional_hours:\n", BASE)
    text = CHILD + "replace: [resources]\nresources: {articles: {es: A, en: A}}\n"
    (warning,) = others_than_monotony(checked(text, base=base))
    sentence = messages_in("en").reason(warning.reason)
    assert sentence.endswith("text_18, text_19 and 10 more")
    assert warning.reason.as_data()["facts"]["names"]["facts"]["names"] == names


def test_warnings_are_there_with_mistakes_too() -> None:
    """What was left out is often why the rest is wrong; a base with mistakes must not stop the comparison."""
    rules = "access:\n  - {id: new, plans: 7, channels: [chat], tier: tier1, any_of: [{}], source: us}\n"
    odd = "targets: [7, {plans: 7, priorities: [[]]}, {plans: [[1]]}]\nescalation_levels: [1]\nregional_hours: 5\n"
    for fields in (rules, odd):
        for base in (BASE, changed("  default: south", "  default: [south]", BASE)):
            with pytest.raises(PolicyError) as refused:
                checked(CHILD + fields, base=base)
            assert refused.value.warnings != ()
    base = BASE.replace("\naccess:\n", "\naccess:\n  - 7\n  - {id: [7]}\n").replace(
        "targets:\n", "targets:\n  - {plans: 7}\n"
    )
    with pytest.raises(PolicyError) as refused:
        checked(CHILD + "targets: []\naccess: []\n", base=base)
    assert [each.field for each in refused.value.warnings] == ["targets", "access"]


@pytest.mark.parametrize("language", languages())
def test_every_sentence_is_there_in_every_language(language: str) -> None:
    """A code is not a sentence."""
    messages = messages_in(language)
    for warned in VANISHED.values():
        for warning in checked(CHILD + warned.fields).warnings:
            assert not messages.reason(warning.reason).startswith("policy.")
