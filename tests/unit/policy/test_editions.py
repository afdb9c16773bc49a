"""Which edition a request falls under, and the digest that names it."""

import gc
import subprocess
import sys
import weakref
from datetime import UTC, datetime, timedelta, timezone

import pytest

from shared.policy.digest import edition_from_json, edition_to_json, policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.files import load_library
from shared.policy.mistakes import PolicyError
from shared.policy.model import Edition
from shared.policy.priority import priority_rule
from shared.policy.promises import CaseKind, promised
from shared.policy.regional import calendar_by_rule
from shared.policy.request_words import complete
from tests.harness.asking import situation
from tests.unit.policy.small_edition import SMALL, changed, edition

TICK = timedelta(microseconds=1)
START_2021, START_2024 = datetime(2021, 1, 1, tzinfo=UTC), datetime(2024, 1, 1, tzinfo=UTC)


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(1999, 1, 1, tzinfo=UTC), "guidelines-2021"),
        (START_2021 - TICK, "guidelines-2021"),
        (START_2021, "guidelines-2021"),
        (START_2024 - TICK, "guidelines-2021"),
        (START_2024, "objectives-2024"),
        (START_2024.astimezone(timezone(timedelta(hours=14))), "objectives-2024"),
        (datetime(2024, 1, 1, 0, 30, tzinfo=timezone(timedelta(hours=1))), "guidelines-2021"),
        (datetime(9999, 1, 1, tzinfo=UTC), "objectives-2024"),
    ],
)
def test_the_edition_in_force_is_the_latest_that_has_started(
    at: datetime, expected: str, guidelines: Edition, objectives: Edition
) -> None:
    """Its first instant included, whatever zone the instant is written in; before the first, the first."""
    for library in (EditionLibrary((guidelines, objectives)), EditionLibrary((objectives, guidelines))):
        assert library.effective_at(at).edition == expected


def test_a_single_edition_is_always_in_force(objectives: Edition) -> None:
    """`--policy` names the edition, whatever the instant."""
    library = EditionLibrary.single(objectives)
    assert library.effective_at(datetime(1999, 1, 1, tzinfo=UTC)) is objectives


def test_an_edition_is_found_by_its_digest(guidelines: Edition, objectives: Edition) -> None:
    """A case names the edition that it was decided under."""
    library = EditionLibrary((guidelines, objectives))
    assert library.by_digest(policy_sha256(objectives)) is objectives
    assert library.by_digest("0" * 64) is None


def test_two_editions_cannot_start_together_nor_be_called_alike(shipped: dict[str, Edition]) -> None:
    """Which of them counts would be a guess. `demo` starts when the guidelines do, since it extends them."""
    with pytest.raises(PolicyError, match=r"effective_from: is 2021-01-01T00:00:00\+00:00, and so is that of"):
        EditionLibrary((shipped["guidelines-2021"], shipped["demo"]))
    with pytest.raises(PolicyError, match="listed twice"):
        load_library(["demo", "demo"])
    with pytest.raises(PolicyError, match="at least one edition"):
        EditionLibrary(())


def test_the_mistakes_of_all_editions_are_named_together() -> None:
    """An operator who lists two wrong names learns of both."""
    with pytest.raises(PolicyError) as refused:
        load_library(["no-such", "guidelines-2021", "neither"])
    assert [mistake.file for mistake in refused.value.mistakes] == ["no-such", "neither"]


def test_an_edition_survives_being_written_down_with_its_digest(shipped: dict[str, Edition]) -> None:
    """Escalation keeps the editions of its cases in its changelog and must find them unchanged, years later."""
    for each in shipped.values():
        written = edition_to_json(each)
        again = edition_from_json(written)
        assert again == each
        assert list(again.channels) == list(each.channels)
        assert edition_to_json(again) == written
        assert policy_sha256(again) == policy_sha256(each)


def test_an_edition_of_other_versions_is_read_back_as_it_was(guidelines: Edition) -> None:
    """Its holidays were resolved by an older version of the package, which is part of the digest."""
    old = guidelines.model_copy(update={"tzdata_version": "2019a", "holidays_version": "0.1"})
    again = edition_from_json(edition_to_json(old))
    assert (again.tzdata_version, again.holidays_version) == ("2019a", "0.1")
    assert policy_sha256(again) == policy_sha256(old) != policy_sha256(guidelines)


def test_the_digest_is_the_same_in_every_process() -> None:
    """Router and escalation are different processes, whose hashes of text differ, and so may their locales."""
    imports = "from shared.policy.files import load_edition; from shared.policy.digest import policy_sha256"
    ask = f"{imports}; print(policy_sha256(load_edition('demo')))"
    runs = [
        subprocess.run(
            [sys.executable, "-c", ask],
            env={"PYTHONHASHSEED": seed, "LANG": locale, "LC_ALL": locale, "LANGUAGE": locale, "TZ": zone},
            capture_output=True,
            text=True,
            check=True,
        )
        for seed, locale, zone in (("1", "C", "UTC"), ("2", "th_TH.UTF-8", "Asia/Tokyo"))
    ]
    assert runs[0].stdout == runs[1].stdout
    assert len(runs[0].stdout.strip()) == 64


def test_layout_and_comments_do_not_change_the_digest_and_every_rule_does() -> None:
    """Two files with the same content are the same edition."""
    same = changed("{es: Artículos, en: Articles}", "\n    es: 'Artículos'  # articles\n    en: Articles")
    assert policy_sha256(edition(same)) == policy_sha256(edition())
    for old, new in (("share: 0.5", "share: 0.6"), ("Artículos", "Artículo"), ("2026-12-25", "2026-12-24")):
        assert policy_sha256(edition(changed(old, new))) != policy_sha256(edition()), new


def test_the_order_of_channels_is_part_of_the_digest() -> None:
    """The first open channel is the last resort, so order decides something."""
    line = "  bot: {name: {es: Bot, en: Bot}, staffed: false}\n"
    moved = changed(line, "").replace("  help_center: {name", f"{line}  help_center: {{name")
    assert policy_sha256(edition(moved)) != policy_sha256(edition())


def test_what_is_worked_out_for_one_edition_is_not_used_for_another() -> None:
    """An edited copy is another edition, also where it takes the place of one in memory."""
    for seconds in range(1, 60):
        each = edition(changed("target_seconds: 9000", f"target_seconds: {seconds}")) if seconds % 20 == 0 else None
        each = each or edition_of(seconds)
        asked = situation(each, plan="premier")
        assert promised(each, CaseKind(asked, "P3", "tier1")).terms["first_response"].target_seconds == seconds
        assert priority_rule(each, asked).priority == "P1"


_SMALL = edition(SMALL)


def edition_of(seconds: int) -> Edition:
    """The small edition with that target, a copy whose identity may be that of one before it."""
    targets = (_SMALL.targets[0], _SMALL.targets[1].model_copy(update={"target_seconds": seconds}))
    return _SMALL.model_copy(update={"targets": targets})


def test_what_is_worked_out_for_an_edition_is_dropped_with_it() -> None:
    """A process that reads many editions, such as a replay, must not keep them all."""
    each = edition()
    asked = situation(each, plan="premier")
    promised(each, CaseKind(asked, "P3", "tier1"))
    priority_rule(each, asked)
    calendar_by_rule(each, asked)
    complete(each, channel="phone", fields=asked.fields)
    policy_sha256(each)
    gone = weakref.ref(each)
    del each
    gc.collect()
    assert gone() is None
