"""What a policy may say and its author has probably not noticed: each warning with its place and its sentence."""

from pathlib import Path
from typing import NamedTuple

import pytest

from shared.messages.catalogues import languages, messages_in
from shared.policy.document import Source
from shared.policy.files import check_edition, load_edition
from shared.policy.loader import Checked, check
from shared.policy.mistakes import PolicyError, PolicyWarning
from tests.unit.policy.section import section
from tests.unit.policy.small_edition import FILE, SMALL, DictShelf, changed, line_of, mistakes

# A plan with targets has automated escalation, so that there is no warning.
QUIET = changed("plans: [premier]\n    priorities: [P3]", "plans: [premier, premier_plus]\n    priorities: [P3]")
UPDATED = changed(
    "  restoration:\n    name:",
    "  periodic_update: {name: {es: n, en: u}, starts: submitted, again: at_fulfilment, "
    "fulfilled_by: [agent_replied]}\n"
    "  restoration:\n    name:",
    QUIET,
)
BASE = changed("edition: small", "edition: base", QUIET)
CHILD = "edition: child\nextends: base\n"


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


# --- what can never happen --------------------------------------------------------------------------------------------

LEVELS = "  - {kind: warning, level: 0, share: 0.5, called: case_tier}\n"
LEVELS += "  - {kind: escalation, level: 1, share: 1.0, called: tier2}\n"
REPEATED = ", repeat: {every_seconds: 30m, times: 5}}\n"
NEXT = "  - {kind: escalation, level: 2, after_deadline_seconds: %s, called: tier2}\n"


def levels(text: str) -> str:
    """The small edition with these levels."""
    return changed(LEVELS, text, QUIET)


@pytest.mark.parametrize(
    ("after", "warned"), [("20m", True), ("30m", True), ("30m 1s", False), ("2h", False)], ids=lambda each: str(each)
)
def test_a_repetition_that_is_never_made_is_named(after: str, warned: bool) -> None:
    """The next level ends the repetitions of the one before it; where it always comes first, there are none."""
    text = levels(LEVELS.replace("called: tier2}\n", "called: tier2" + REPEATED) + NEXT % after)
    line = line_of("times: 5", text)
    sentence = "is never made: on every target, level 2 comes first"
    expected = [f"{FILE}:{line}: warning: escalation_levels[1].repeat: {sentence}"] if warned else []
    assert shown(text) == expected


def test_a_repetition_that_is_made_on_one_target_is_no_warning() -> None:
    """Levels at a share come later on a longer target: 30 minutes fit into half of an hour, but not of 90 seconds."""
    text = levels(LEVELS.replace("tier2}\n", "tier2, repeat: {every_seconds: 20m, times: 1}}\n")
                  + "  - {kind: escalation, level: 2, share: 1.5, called: tier2}\n")  # fmt: skip
    assert shown(text) == []


def test_a_repetition_of_a_warning_ends_at_the_deadline() -> None:
    """Also where no level comes after it."""
    text = levels(LEVELS.replace("called: case_tier}\n", "called: case_tier, repeat: {every_seconds: 2h, times: 1}}\n"))
    (found,) = shown(text)
    assert "escalation_levels[0].repeat: is never made: on every target, the next level or the deadline" in found


def test_levels_that_call_nobody_are_named() -> None:
    """Escalations need a plan with automated escalation; whoever reads the levels believes that somebody is called."""
    (found,) = shown(changed("automated_escalation: true", "automated_escalation: false", QUIET))
    assert "escalation_levels[1]: calls nobody, nor does any later level" in found
    (found,) = shown(SMALL)
    assert "no plan that has targets has automated_escalation" in found
    assert shown(changed(section("targets", QUIET), "targets: []\n", QUIET)) == []
    only_warnings = changed(LEVELS.splitlines(keepends=True)[1], "", SMALL)
    assert shown(only_warnings) == []


def test_a_plan_that_includes_the_access_of_another_and_not_its_promises_is_named() -> None:
    """`includes` opens channels; who adds a better plan believes that it has the promises of the lesser one as well."""
    better = "  platinum: {name: {es: p, en: p}, includes: premier, priority_response: true}\naccount_types:"
    (found,) = shown(changed("account_types:", better, QUIET))
    assert "plans.platinum.includes: brings no promises: premier has targets, and platinum has none" in found
    for_all = changed("plans: [premier, premier_plus]\n    priorities: [P3]", "priorities: [P3]", QUIET)
    assert shown(changed("account_types:", better, for_all)) == []


# --- updates before the first response --------------------------------------------------------------------------------


def update(target: str, hours: str, response: str = "1h", response_hours: str = "elapsed") -> list[str]:
    """The warnings about an update of this target beside a first response of that one, for premier P1."""
    first = f"target_seconds: {response}\n    hours: {response_hours}"
    text = changed("target_seconds: 1h\n    hours: elapsed", first, UPDATED)
    added = "{plans: [premier_plus, premier], priorities: [P4, P1], milestone: periodic_update, promise: objective, "
    added += f"target_seconds: {target}, hours: {hours}}}"
    return shown(changed("\ntargets:\n", f"\ntargets:\n  - {added}\n", text))


@pytest.mark.parametrize(
    ("target", "hours", "response", "response_hours", "warned"),
    [
        ("30m", "elapsed", "1h", "elapsed", "is due before"),
        ("1h", "elapsed", "1h", "elapsed", None),
        ("2h", "elapsed", "1h", "elapsed", None),
        ("30m", "business", "1h", "business", "is due before"),
        ("1h", "business", "1h", "business", None),
        ("30m", "business", "1h", "elapsed", "is due before"),
        ("1h", "business", "1h", "elapsed", None),
        ("1h", "elapsed_then_next_open", "1h", "elapsed", None),
        ("24h", "elapsed", "1h", "business", "can be due before"),
        ("24h", "elapsed", "1h", "elapsed_then_next_open", "can be due before"),
        ("1h", "elapsed_then_next_open", "2h", "elapsed_then_next_open", "is due before"),
        ("8h", "elapsed_then_next_open", "8h", "business", "can be due before"),
    ],
)
def test_an_update_before_the_first_response_is_named(
    target: str, hours: str, response: str, response_hours: str, warned: str | None
) -> None:
    """Its clock would be breached before anybody owes an answer. Equal deadlines are met by the same reply."""
    found = update(target, hours, response, response_hours)
    assert len(found) == (warned is not None), found
    if warned is not None:
        assert f"targets[0]: {warned} first_response" in found[0]
        assert "premier P1" in found[0]


def test_the_sentence_says_how_long_or_gives_an_example() -> None:
    """Numbers that the author can check."""
    assert update("30m", "elapsed")[0].endswith(
        "is due before first_response: after 30 min, and first_response after 1 h (premier P1)"
    )
    assert update("24h", "elapsed", "1h", "business")[0].endswith(
        "can be due before first_response for premier P1: of a case opened at 2026-01-01T00:00:00Z, it is due at "
        "2026-01-02T00:00:00Z, and first_response at 2026-01-05T09:00:00Z by the calendar spain"
    )


IN_AN_HOUR, AT_ONCE = (f"target_seconds: {length}, hours: elapsed" for length in ("1h", "1m"))


def targets(*rows: str) -> list[str]:
    """The warnings about these targets, in short: U is an update, R a first response, all objectives of premier P1."""
    kinds = {"U": "periodic_update", "R": "first_response"}
    written = [
        f"  - {{milestone: {kinds[kind]}, promise: objective, {rest.format(all='plans: [premier, premier_plus]')}}}\n"
        for kind, rest in (row.split(" ", 1) for row in rows)
    ]
    found = shown(changed(section("targets", UPDATED), f"targets:\n{''.join(written)}", UPDATED))
    return [each.partition("warning: ")[2].partition(" first_response")[0] for each in found]


@pytest.mark.parametrize(
    ("rows", "warned"),
    [
        (("R {all}, target_seconds: 1h, hours: elapsed", "U {all}, target_seconds: 30m, hours: elapsed"), True),
        (("R target_seconds: 1h, hours: elapsed", "U target_seconds: 30m, hours: elapsed"), True),
        (("R channels: [phone], target_seconds: 1h, hours: elapsed", "U target_seconds: 30m, hours: elapsed"), True),
        (
            (
                "R channels: [phone], target_seconds: 1h, hours: elapsed",
                "U channels: [chat, web_ticket], target_seconds: 30m, hours: elapsed",
            ),
            False,
        ),
        (
            ("R paid: true, target_seconds: 1h, hours: elapsed", "U paid: false, target_seconds: 1m, hours: elapsed"),
            False,
        ),
        ((f"R languages: [es], {IN_AN_HOUR}", f"U languages: [en], {AT_ONCE}"), False),
        ((f"R languages: [es], {IN_AN_HOUR}", f"U languages: [en, es-MX], {AT_ONCE}"), True),
        ((f"R languages: [es-MX], {IN_AN_HOUR}", f"U languages: [ES], {AT_ONCE}"), True),
        (
            (
                "R channels: [phone], target_seconds: 15m, hours: elapsed",
                "R target_seconds: 1h, hours: elapsed",
                "U channels: [phone], target_seconds: 30m, hours: elapsed",
            ),
            False,
        ),
        (
            (
                "R channels: [phone], target_seconds: 15m, hours: elapsed",
                "R target_seconds: 1h, hours: elapsed",
                "U target_seconds: 30m, hours: elapsed",
            ),
            True,
        ),
    ],
)
def test_only_targets_of_the_same_cases_are_compared(rows: tuple[str, ...], warned: bool) -> None:
    """Of the targets that a case meets, the first of each milestone counts."""
    assert targets(*rows) == ([f"targets[{len(rows) - 1}]: is due before"] if warned else [])


@pytest.mark.parametrize(
    ("response", "update", "warned"),
    [
        ("target_business_days: 1", "target_seconds: 30m, hours: elapsed", True),
        ("target_business_days: 1", "target_business_days: 1", False),
        ("target_business_days: 1, until: end_of_day", "target_business_days: 1", True),
        ("target_business_days: 2", "target_business_days: 1", True),
        ("target_business_days: 1", "target_business_days: 2", False),
        ("target_seconds: 1h, hours: business", "target_business_days: 1", False),
    ],
)
def test_business_days_are_compared_by_their_deadlines(response: str, update: str, warned: bool) -> None:
    """They have no length of their own, so an example is looked for."""
    expected = ["targets[1]: can be due before"] if warned else []
    assert targets(f"R {{all}}, {response}", f"U {{all}}, {update}") == expected


def test_a_calendar_that_never_opens_has_no_deadline_to_compare() -> None:
    """It is a mistake, which is all that is reported."""
    text = changed(
        'hours: {mon: [["09:00", "18:00"]]}', "hours: {}", changed('{tue: [["09:00", "18:00"]]}', "{}", UPDATED)
    )
    text = changed("    hours: business\n    promise: objective\nescalation_levels:", "    hours: business\n"
                   "    promise: objective\n  - {plans: [premier], priorities: [P3], milestone: periodic_update, "
                   "target_seconds: 2h, hours: elapsed, promise: objective}\nescalation_levels:", text)  # fmt: skip
    assert [each.field for each in mistakes(text)] == ["calendars.spain", "calendars.south"]


# --- an own edition that hides a shipped one --------------------------------------------------------------------------


def test_an_own_edition_that_hides_a_shipped_one_is_named(tmp_path: Path) -> None:
    """By name or by file, and in each edition that extends it: the same name means two things."""
    (tmp_path / "demo.yaml").write_text("# ours\nedition: demo\nextends: guidelines-2021\n")
    (tmp_path / "ours.yaml").write_text("edition: ours\nextends: demo\n")
    sentence = "edition: is the name of a shipped edition as well: outside the shipped editions, demo means this file"
    expected = [f"{tmp_path / 'demo.yaml'}:2: warning: {sentence}"]
    for name in ("demo", "ours", str(tmp_path / "demo.yaml"), str(tmp_path / "ours.yaml")):
        assert in_words(check_edition(name, tmp_path)) == expected
    assert in_words(check_edition("objectives-2024", tmp_path)) == []
    assert in_words(check_edition(tmp_path / "demo.yaml")) == []  # it hides nothing where names are the shipped ones


def test_a_file_that_is_no_shipped_edition_hides_none(tmp_path: Path) -> None:
    """The parts of the shipped editions are no editions."""
    (tmp_path / "calendars.yaml").write_text("edition: calendars\nextends: demo\n")
    assert in_words(check_edition("calendars", tmp_path)) == []


# --- all of them ------------------------------------------------------------------------------------------------------


def test_a_warning_does_not_change_the_edition() -> None:
    """Services load without a look at warnings."""
    text = CHILD + "targets: []\n"
    shelf = DictShelf({"base.yaml": BASE})
    assert checked(text).edition.targets == ()
    assert check(Source(FILE, text), shelf).edition.edition == "child"


def test_the_shipped_editions_have_no_warnings() -> None:
    """`frontline policy check --strict` passes."""
    for name in ("demo", "guidelines-2021", "objectives-2024"):
        found = check_edition(name)
        assert found.warnings == ()
        assert found.edition == load_edition(name)


def test_warnings_are_in_the_order_of_the_files() -> None:
    """Those of the edition's own file first, from top to bottom."""
    text = CHILD + "targets: []\nregional_hours: {countries: {}}\nphone: {countries: {}}\n"
    base = levels(LEVELS.replace("case_tier}\n", "case_tier, repeat: {every_seconds: 2h, times: 1}}\n"))
    base = changed("edition: small", "edition: base", base)
    text = text.replace("targets: []\n", "")
    assert [(each.file, each.line) for each in others_than_monotony(checked(text, base=base))] == [
        (FILE, 3),
        (FILE, 4),
        ("base.yaml", line_of("every_seconds: 2h", base)),
    ]


@pytest.mark.parametrize("language", languages())
def test_every_sentence_is_there_in_every_language(language: str) -> None:
    """A code is not a sentence."""
    messages = messages_in(language)
    for warned in VANISHED.values():
        for warning in checked(CHILD + warned.fields).warnings:
            assert not messages.reason(warning.reason).startswith("policy.")


def checked(text: str, **others: str) -> Checked:
    """The edition and its warnings; `base` is there unless another one is given."""
    files = {f"{name}.yaml": other for name, other in {"base": BASE, **others}.items()}
    return check(Source(FILE, text), DictShelf(files))


def in_words(found: Checked) -> list[str]:
    """The warnings as `policy check` prints them, without those of test_monotony.py."""
    return [_line(warning) for warning in others_than_monotony(found)]


def others_than_monotony(found: Checked) -> list[PolicyWarning]:
    """Those that this file is about."""
    return [warning for warning in found.warnings if not warning.reason.code.startswith("policy.warning.urgent_")]


def _line(warning: PolicyWarning) -> str:
    return warning.text(messages_in("en"))


def shown(text: str, **others: str) -> list[str]:
    """The warnings about `text`."""
    return in_words(checked(text, **others))
