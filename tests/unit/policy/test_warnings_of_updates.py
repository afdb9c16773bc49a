"""An update that is due before the first response is a warning, whatever hours the two targets count."""

import pytest

from tests.unit.policy.section import section
from tests.unit.policy.small_edition import changed, mistakes
from tests.unit.policy.warned import UPDATED, shown


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
