"""Open cases outlive a version: one that knows more words neither moves nor stops them."""

import subprocess
import sys
from datetime import timedelta

import msgspec
import pytest

from shared.contracts.topics import ACTIVITY
from shared.contracts.vocabulary import IMPACTS
from shared.sla.errors import InputRefused
from shared.sla.pinned_edition import PinnedEdition
from tests.harness.grown_vocabulary import SOURCE, grown, sets_of_words
from tests.topology.escalation.desk import CASE, LIBRARY, TaskDesk, as_record, minutes
from tests.topology.escalation.going_on import Outcome, Saved, go_on

# Sets whose words are stored by their position: a new word comes last there (tests/unit/sla/test_case_state.py).
BY_POSITION = {"Impact", "Workaround", "Environment", "Milestone", "ActivityType"}
ALL = {name: "last" if name in BY_POSITION else "first" for name in sets_of_words()}


def saved_by_this_version() -> Saved:
    """A case, warned of already; then everything that looks into its edition happens to it."""
    desk = TaskDesk()
    desk.opens(plan="premier_plus")
    desk.passes(minutes(46))
    happens: tuple[tuple[str, dict[str, str]], ...] = (
        ("agent_replied", {}),
        ("reprioritised", {"impact": "significant"}),
        ("customer_replied", {}),
        ("entitlement_refreshed", {"plan": "premier"}),
        ("reprioritised", {"impact": "down"}),
        ("escalation_requested", {}),
        ("customer_replied", {}),
    )
    activity = []
    for number, (kind, given) in enumerate(happens, 1):
        at = desk.driver.now + minutes(7) * number
        value, headers = as_record(ACTIVITY, CASE, desk.activity(kind, at=at, recorded_at=at, **given))
        activity.append((7.0, value, list(headers)))
    return Saved(desk.driver.now, dict(desk.driver.changelogs), CASE, activity)


def in_a_version_with(words: dict[str, str], saved: Saved) -> Outcome:
    """The same task, taken over by a process with more words."""
    run = subprocess.run(
        [sys.executable, "-m", "tests.harness.grown_vocabulary", "tests.topology.escalation.going_on"]
        + [f"{name}={where}" for name, where in words.items()],
        input=msgspec.msgpack.encode(saved),
        capture_output=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr.decode()
    return msgspec.msgpack.decode(run.stdout, type=Outcome)


@pytest.mark.parametrize(
    "words",
    [{"Plan": "first"}, {"Plan": "last"}, {"Channel": "last"}, {"Priority": "first"}, ALL],
    ids=lambda words: "all" if len(words) > 1 else "-".join(*words.items()),
)
def test_a_version_with_more_words_publishes_what_this_one_does(words: dict[str, str]) -> None:
    """A customer's deadline does not move because somebody else has bought a plan that did not exist before."""
    saved = saved_by_this_version()
    here = go_on(saved)
    assert (here.dead_letters, here.failed_timers, len(here.published) > 5) == ([], 0, True)
    assert in_a_version_with(words, saved) == here


def test_every_set_of_words_grows() -> None:
    """Or the test above would prove nothing."""
    assert {"Plan", "Channel", "Impact", "ActivityType", "RefusalReason"} <= set(ALL)
    assert grown(SOURCE.read_text(encoding="utf-8"), ALL).count('"zz"') == len(ALL)


@pytest.mark.parametrize(
    ("kind", "given", "cause"),
    [
        ("entitlement_refreshed", {"plan": "zz"}, "unknown_word"),
        ("reprioritised", {"impact": "zz"}, ""),
    ],
)
def test_a_new_word_is_refused_where_the_edition_of_the_case_does_not_know_it(
    kind: str, given: dict[str, str], cause: str
) -> None:
    """The activity is dead-lettered with a sentence that says what to do, and the case goes on as before.

    An impact is decided by the edition's own last rule, which takes whatever comes.
    """
    saved = saved_by_this_version()
    at = saved.now + timedelta(minutes=1)
    word = {"plan": "access"} if kind == "entitlement_refreshed" else {"impact": "down"}
    value, headers = as_record(ACTIVITY, CASE, TaskDesk().activity(kind, at=at, recorded_at=at, **word))
    data = msgspec.json.decode(value) | given
    saved.activity = [(1.0, msgspec.json.encode(data), list(headers))]
    outcome = in_a_version_with({"Plan": "last", "Impact": "last"}, saved)
    assert outcome.failed_timers == 0
    assert [letter.partition(":")[0] for letter in outcome.dead_letters] == [cause] * bool(cause)


def test_an_edition_that_cannot_decide_a_new_word_still_decides_the_others() -> None:
    """One word that none of its rules takes must not break the table of priorities for every case that pins it."""
    edition = LIBRARY.editions[0]
    without = [
        rule.model_copy(
            update={
                "any_of": tuple(
                    when.model_copy(update={"impacts": tuple(set(when.impacts or IMPACTS) - {"information"})})
                    for when in rule.any_of
                )
            }
        )
        for rule in edition.priority_rules
    ]
    pinned = PinnedEdition("", edition.model_copy(update={"priority_rules": tuple(without)}))
    assert pinned.priority("down", "none", "production") == "P1"
    with pytest.raises(InputRefused, match="has no priority for impact information") as caught:
        pinned.priority("information", "none", "production")
    assert caught.value.cause == "unknown_word"
