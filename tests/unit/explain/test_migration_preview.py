"""`frontline policy migrate`: what would change for an open case, before anything is sent."""

import io
from datetime import timedelta
from typing import Any

from rich.console import Console

from services.cli.policy.migration.view import as_data, show
from shared.contracts.topics import ACTIVITY, CASES, Topic
from shared.explain.case_log import CaseLog
from shared.explain.migration_preview import Candidate, Editions, candidate, preview, to_edition, to_plan
from shared.messages.catalogues import messages_in
from shared.messages.messages import Messages
from shared.messages.reason import Reason
from shared.policy.digest import policy_sha256
from shared.policy.editions import EditionLibrary
from shared.routing.rendering import in_words_of
from shared.sla.pinned_edition import PinnedEdition, short_of
from tests.topology.escalation.desk import CASE, LIBRARY, NEXT, TaskDesk, as_record, at, minutes

NOW = PinnedEdition(policy_sha256(LIBRARY.editions[0]), LIBRARY.editions[0])
LATER = PinnedEdition(policy_sha256(NEXT.editions[0]), NEXT.editions[0])
EDITIONS: Editions = {short_of(each.sha256): each for each in (NOW, LATER)}


def words_in(language: str) -> Messages:
    """The sentences of a language, with the words of the edition of these cases."""
    return in_words_of(messages_in(language), NOW.edition)


class Case:
    """A case that is lived through, and what its log says of it."""

    def __init__(self, desk: TaskDesk | None = None, **given: Any) -> None:
        self.desk = desk or TaskDesk()
        self.log = CaseLog()
        self._pipe(CASES, self.desk.case(**given))

    def record_activity(self, kind: str, **given: Any) -> None:
        """Somebody does something to it."""
        self._pipe(ACTIVITY, self.desk.activity(kind, **given))

    def passes(self, span: timedelta) -> None:
        """Time goes by."""
        self.desk.passes(span)

    @property
    def candidate(self) -> Candidate:
        """The case as the command finds it."""
        found = candidate(self.log, EDITIONS, self.desk.driver.now)
        assert isinstance(found, Candidate)
        return found

    def to_edition(self) -> dict[str, Any]:
        """What the later edition would change now."""
        now = self.desk.driver.now
        return preview(self.candidate, [to_edition(self.candidate, LATER, now)], EDITIONS, now)

    def _pipe(self, topic: Topic, event: Any) -> None:
        value, headers = as_record(topic, CASE, event)
        record = self.desk.driver.record(topic, CASE, value, headers)
        self.log.take(record)
        self.desk.driver.pipe_slice([record])


def test_a_preview_shows_each_clock_before_and_after() -> None:
    """P1 of Premier+, half an hour old: the same deadlines as commitments, and hourly updates."""
    case = Case(plan="premier_plus")
    case.passes(minutes(30))
    shown = case.to_edition()
    assert shown["edition"] == {"before": "guidelines-2021", "after": "objectives-2024"}
    changed = {clock["milestone"]: (clock["before"], clock["after"]) for clock in shown["clocks"]}
    before, after = changed["first_response"]
    assert (before["promise"], after["promise"]) == ("objective", "commitment")
    assert before["due_at"] == after["due_at"] == "2026-11-23T13:00:00Z"
    assert changed["periodic_update"][0] is None
    assert changed["periodic_update"][1]["due_at"] == "2026-11-23T13:00:00Z"
    assert (shown["breaches"], shown["problem"]) == ([], None)


def test_a_preview_ends_a_status_at_its_time() -> None:
    """The case waited until half past; twenty minutes later its clocks run again, before the migration and after it."""
    case = Case(plan="premier_plus")
    case.record_activity("status_changed", to="waiting_on_customer", until=at(0.5))
    case.passes(minutes(50))
    before, after = next(
        (clock["before"], clock["after"])
        for clock in case.to_edition()["clocks"]
        if clock["milestone"] == "restoration"
    )
    assert (before["stage"], before["due_at"]) == ("running", "2026-11-23T16:30:00Z")
    assert (after["stage"], after["due_at"]) == ("running", "2026-11-23T16:30:00Z")


def test_a_preview_says_what_would_be_breached_by_the_migration_itself() -> None:
    """Nobody shall send it to find out."""
    case = Case(plan="premier_plus")
    case.passes(minutes(30))
    case.record_activity("agent_replied")
    case.passes(minutes(70))
    assert case.to_edition()["breaches"] == [{"milestone": "periodic_update", "instance": 1}]


def test_a_preview_is_what_escalation_then_publishes() -> None:
    """The same functions work it out: a preview that could differ would be worse than none."""
    case = Case(plan="premier_plus")
    case.passes(minutes(30))
    case.record_activity("agent_replied")
    case.passes(minutes(70))
    shown = case.to_edition()
    case.desk.goes_on_with(type(LIBRARY)([*LIBRARY.editions, *NEXT.editions]))
    effects = case.desk.record_activity("policy_migrated", edition="objectives-2024", policy_sha256=LATER.sha256)
    assert [words.split()[0] for words in effects if "breached" in words] == ["periodic_update"]
    assert len([words for words in effects if "restated" in words]) == len(shown["restated"])


def test_a_preview_counts_a_receipt_by_a_clock_that_is_behind() -> None:
    """As escalation does: the case was answered at once, so that nothing of it is late."""
    case = Case(plan="premier_plus")
    received = case.desk.driver.now - timedelta(seconds=2)
    case.record_activity("agent_replied", at=received, recorded_at=received)
    case.passes(minutes(90))
    stages = {clock["milestone"]: clock["before"] for clock in case.to_edition()["clocks"]}
    assert "first_response" not in stages
    assert case.to_edition()["breaches"] == [{"milestone": "periodic_update", "instance": 1}]


def test_looking_changes_nothing() -> None:
    """Two looks in a row see the same."""
    case = Case(plan="premier_plus")
    case.passes(minutes(30))
    one = case.candidate
    now = case.desk.driver.now
    looks = [preview(one, [to_edition(one, LATER, now)], EDITIONS, now) for _ in range(2)]
    assert looks[0] == looks[1]


def test_another_plan_is_previewed_like_another_edition() -> None:
    """And both together in one go."""
    case = Case(plan="premier")
    case.passes(minutes(30))
    one, now = case.candidate, at(0.5)
    shown = preview(one, [to_edition(one, LATER, now), to_plan(one, "access", now)], EDITIONS, now)
    assert shown["plan"] == {"before": "premier", "after": "access"}
    assert shown["edition"]["after"] == "objectives-2024"
    first = next(clock for clock in shown["clocks"] if clock["milestone"] == "first_response")
    assert first["after"]["target_seconds"] == 4 * 3600


def test_what_is_over_or_cannot_be_told_is_no_candidate() -> None:
    """A closed case owes nothing; one whose edition nobody has cannot be previewed."""
    case = Case(plan="premier_plus")
    assert candidate(CaseLog(), EDITIONS, at(0)) is None
    unknown = candidate(case.log, {}, at(0))
    assert unknown == Reason("migrate.unknown_edition", edition="guidelines-2021", policy_sha256=NOW.sha256)
    case.record_activity("closed")
    assert candidate(case.log, EDITIONS, at(0)) is None


def test_an_edition_without_the_calendar_of_the_case_is_a_problem_that_is_told() -> None:
    """Escalation would dead-letter the migration."""
    case = Case(plan="premier_plus")
    calendars = {name: config for name, config in LATER.edition.calendars.items() if name != "Europe/Madrid"}
    lacking = LATER.edition.model_copy(update={"calendars": {"moon": next(iter(calendars.values()))}})
    target = PinnedEdition("ab" * 32, lacking)
    editions = {**EDITIONS, short_of(target.sha256): target}
    now = case.desk.driver.now
    shown = preview(case.candidate, [to_edition(case.candidate, target, now)], editions, now)
    named = Reason("migrate.unknown_calendar", edition=lacking.edition, calendar="spain")
    assert shown["problem"] == named
    assert shown["clocks"] == []


def test_people_read_a_line_for_each_case_and_each_clock() -> None:
    """What changes, what would be breached, and that nothing was sent."""
    case = Case(plan="premier_plus")
    case.passes(minutes(100))
    out = io.StringIO()
    show([case.to_edition()], Console(file=out, soft_wrap=True, highlight=False), words_in("en"), sent=False)
    text = out.getvalue()
    assert "edition guidelines-2021 -> objectives-2024" in text
    assert "periodic update: not promised -> objective of 1 h round the clock, due 2026-11-23T13:00:00Z, late" in text
    assert "late  new breach" in text
    assert "1 case would change, 1 new breach. Nothing was sent; --send sends it." in text


def test_people_read_a_preview_in_their_language() -> None:
    """Words of the editions stay as they are; the data has the sentence of a problem beside its code and facts."""
    case = Case(plan="premier_plus")
    case.passes(minutes(100))
    out = io.StringIO()
    refused = {**case.to_edition(), "problem": Reason("migrate.unknown_calendar", edition="x", calendar="spain")}
    show([case.to_edition(), refused], Console(file=out, soft_wrap=True), words_in("es"), sent=False)
    text = out.getvalue()
    assert "Caso" in text
    assert "edición guidelines-2021 -> objectives-2024" in text
    assert "actualización periódica: no prometido -> objetivo de 1 h" in text
    assert "  sin cambios: la edición x no tiene el calendario spain, por el que cuenta el caso" in text
    assert "cambiaría 1 caso, 2 incumplimientos nuevos; 1 caso no se puede cambiar. No se envió nada" in text
    assert as_data(refused, messages_in("es"))["problem"] == {
        "code": "migrate.unknown_calendar",
        "facts": {"edition": "x", "calendar": "spain"},
        "because": "la edición x no tiene el calendario spain, por el que cuenta el caso",
    }


def test_an_edition_and_a_plan_are_previewed_in_the_order_in_which_they_are_sent() -> None:
    """The plan may be one that only the new edition has, and then the migration comes first for a reason."""
    plans = {name: plan for name, plan in NOW.edition.plans.items() if name != "premier_plus"}
    older = EditionLibrary.single(NOW.edition.model_copy(update={"plans": plans}))
    pinned = PinnedEdition(policy_sha256(older.editions[0]), older.editions[0])
    case = Case(TaskDesk(older, routed_by=older), plan="premier")
    editions = {short_of(each.sha256): each for each in (pinned, LATER)}
    one, now = candidate(case.log, editions, at(0.5)), at(0.5)
    assert isinstance(one, Candidate)
    shown = preview(one, [to_edition(one, LATER, now), to_plan(one, "premier_plus", now)], editions, now)
    assert (shown["problem"], shown["plan"]["after"]) == (None, "premier_plus")


def test_an_edition_that_a_refused_migration_names_is_no_edition_of_the_case() -> None:
    """Nobody counts by it, so `explain` lacks nothing without it."""
    case = Case(plan="premier_plus")
    case.record_activity("policy_migrated", edition="lost", policy_sha256="f" * 64)
    case.log.dead_letters = case.desk.driver.dead_letters
    assert case.log.named_editions == {NOW.sha256: "guidelines-2021"}
    case.record_activity("policy_migrated", edition=LATER.edition.edition, policy_sha256=LATER.sha256)
    assert LATER.sha256 in case.log.named_editions


def test_what_the_log_says_does_not_steer_the_terminal() -> None:
    """The name of an edition is whatever its writer gave it."""
    case = Case(plan="premier_plus")
    found = case.to_edition()
    found["edition"]["after"] = "\x1b[2Jlater"
    out = io.StringIO()
    show([found], Console(file=out, soft_wrap=True, highlight=False), words_in("en"), sent=False)
    assert "\x1b" not in out.getvalue()
    assert "\N{REPLACEMENT CHARACTER}[2Jlater" in out.getvalue()
