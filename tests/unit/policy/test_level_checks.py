"""The levels of an edition ascend on each of its targets, also on those in business days, which vary in length."""

import pytest

from shared.policy.calendar_year import CalendarYear
from tests.unit.policy.small_edition import changed, mistakes

NINE_TO_SIX = 'hours: {mon: [["09:00", "18:00"]], tue: [["09:00", "18:00"]]}'
CLOSES_EARLY = NINE_TO_SIX + ', overrides: {"2026-12-29": [["09:00", "13:00"]]}'
AT_HALF = "{kind: warning, level: 0, share: 0.5, called: case_tier}"
ONE_DAY, END_OF_DAY = "target_business_days: 1", "target_business_days: 1, until: end_of_day"


def before(level: int, distance: str) -> str:
    """A warning so long before the deadline."""
    return f"{{kind: warning, level: {level}, before_deadline_seconds: {distance}, called: case_tier}}"


def after(level: int, distance: str) -> str:
    """An escalation so long after the deadline."""
    return f"{{kind: escalation, level: {level}, after_deadline_seconds: {distance}, called: tier2}}"


def at(level: int, share: float) -> str:
    """An escalation at a share of the target."""
    return f"{{kind: escalation, level: {level}, share: {share}, called: tier2}}"


def small(levels: list[str], *targets: str, hours: str = NINE_TO_SIX, elsewhere: str = NINE_TO_SIX) -> str:
    """The small edition with these levels and targets, and one calendar for all; nobody has that of `elsewhere`."""
    text = changed('hours: {tue: [["09:00", "18:00"]]}', hours)
    text = changed('hours: {mon: [["09:00", "18:00"]]}', elsewhere, text)
    text = changed("  countries: {ES: spain}\n", "", text)
    end, sections = text.index("customer_escalation:"), ["targets:"]
    sections += [
        f"  - {{priorities: [P{n}], milestone: restoration, promise: objective, {t}}}" for n, t in enumerate(targets, 1)
    ]
    sections += ["escalation_levels:", *(f"  - {level}" for level in levels)]
    return text[: text.index("targets:\n")] + "\n".join(sections) + "\n" + text[end:]


@pytest.mark.parametrize(
    ("target", "levels", "hours", "found"),
    [
        # one business day until the same time is nine open hours, whenever the case begins
        pytest.param(ONE_DAY, [AT_HALF, before(1, "4h 29m")], NINE_TO_SIX, None, id="half, then a little less before"),
        pytest.param(
            ONE_DAY,
            [AT_HALF, before(1, "4h 30m")],
            NINE_TO_SIX,
            ("9h", "2026-01-05T16:59:59.999999Z"),
            id="half, then as long before",
        ),
        pytest.param(
            ONE_DAY,
            [AT_HALF, before(1, "2h")],
            CLOSES_EARLY,
            ("4h", "2026-12-29T11:59:59.999999Z"),
            id="to a date that closes early",
        ),
        pytest.param(
            ONE_DAY,
            [before(0, "10h"), before(1, "9h")],
            NINE_TO_SIX,
            ("9h", "2026-01-05T16:59:59.999999Z"),
            id="both before the start",
        ),
        # until the end of the day it is up to eighteen: then more than half of it is left where the first one calls
        pytest.param(
            END_OF_DAY,
            [before(0, "8h 50m"), AT_HALF.replace("0,", "1,", 1)],
            NINE_TO_SIX,
            ("18h", "2026-01-05T08:00:00Z"),
            id="as long before, then half",
        ),
        pytest.param(
            END_OF_DAY,
            [at(1, 1.25), after(2, "4h 30m")],
            NINE_TO_SIX,
            ("18h", "2026-01-05T08:00:00Z"),
            id="a share beyond the deadline, then a distance",
        ),
        pytest.param(
            ONE_DAY,
            [after(1, "4h 30m"), at(2, 1.5)],
            NINE_TO_SIX,
            ("9h", "2026-01-05T16:59:59.999999Z"),
            id="a distance, then a share beyond the deadline",
        ),
        pytest.param(
            ONE_DAY, [after(1, "4h"), at(2, 1.5)], NINE_TO_SIX, None, id="a distance, then a share far enough"
        ),
        pytest.param(
            ONE_DAY, [before(0, "30d"), after(1, "0s")], NINE_TO_SIX, None, id="a warning, then an escalation"
        ),
        pytest.param(
            "target_business_days: 3", [AT_HALF, before(1, "13h")], NINE_TO_SIX, None, id="three days are long"
        ),
    ],
)
def test_levels_that_do_not_ascend_on_a_target_in_business_days_are_a_mistake(
    target: str, levels: list[str], hours: str, found: tuple[str, str] | None
) -> None:
    """At the shortest and at the longest open time that it comes to; the mistake names a case."""
    named = [(each.field, each.message) for each in mistakes(small(levels, target, hours=hours))]
    if found is None:
        assert named == []
    else:
        length, opened = found
        case = f"targets[0], which is {length} of open time for a case of {opened} by calendar south"
        assert named == [("escalation_levels[1]", f"does not come after the step before it on {case}")]


def test_only_the_calendars_that_a_case_may_have_are_tried() -> None:
    """One that is there for nobody counts for nothing; one that a target names counts for that target."""
    levels, an_hour = [AT_HALF, before(1, "2h")], 'hours: {mon: [["09:00", "10:00"]]}'
    assert mistakes(small(levels, ONE_DAY, elsewhere=an_hour)) == ()
    named = mistakes(small(levels, ONE_DAY, f"{ONE_DAY}, calendar: spain", elsewhere=an_hour))
    assert [(each.field, "targets[1]" in each.message) for each in named] == [("escalation_levels[1]", True)]


def test_a_level_that_is_wrong_on_a_fixed_target_is_named_once() -> None:
    """The check of business days would name it again."""
    (mistake,) = mistakes(small([AT_HALF, before(1, "30d")], ONE_DAY, "target_seconds: 1h, hours: elapsed"))
    assert mistake.message == "does not come after the step before it on the 1h of targets[1]"


def test_a_calendar_with_a_mistake_hides_no_mistake_of_levels() -> None:
    """And is named once itself."""
    text = small([AT_HALF, before(1, "30d")], ONE_DAY, elsewhere='hours: {mon: [["09:00", "25:00"]]}')
    assert [each.field.split(".")[0] for each in mistakes(text)] == ["escalation_levels[1]", "calendars"]


@pytest.mark.parametrize("target", ["target_seconds: 1h, hours: elapsed", ONE_DAY])
def test_an_escalation_before_a_warning_is_a_mistake_on_any_target(target: str) -> None:
    """Warnings come first: the other way round they descend on each target."""
    assert [each.field for each in mistakes(small([at(0, 1.0), before(1, "10m")], target))] == ["escalation_levels[1]"]


def test_levels_whose_order_is_the_same_on_every_target_need_no_calendar(monkeypatch: pytest.MonkeyPatch) -> None:
    """An edition is loaded at each start: shares, or warnings before escalations, take no year of a calendar."""
    monkeypatch.setattr(CalendarYear, "business_days", None)
    assert mistakes(small([AT_HALF, at(1, 1.0), at(2, 1.5)], ONE_DAY)) == ()
    assert mistakes(small([AT_HALF, after(1, "1h")], ONE_DAY)) == ()
