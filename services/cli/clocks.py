"""`frontline clocks`: the SLA clocks of a case at an instant, computed from its events.

The command calls the same fold as escalation, without Kafka and without timers. What a milestone is, and which statuses
pause it, is the edition's; the terms of a line outrank that.
"""

import sys
from collections.abc import Callable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any, Self

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError, model_validator
from pydantic_core import PydanticCustomError

from services.cli.calendar_input import Line, calendar_of, calendar_reason, holidays_in
from services.cli.edition_choice import library_of
from services.cli.jsonl import BadInput, answer_lines
from services.cli.options import BAD_INPUT, Lang
from shared.business_time.errors import CalendarError
from shared.business_time.instants import Micros, from_micros, to_micros
from shared.contracts.base import Instant, format_instant
from shared.contracts.structs import MilestoneTerms
from shared.contracts.terms import BusinessDays, TargetSeconds
from shared.contracts.vocabulary import (
    ActivityType,
    Hours,
    Promise,
    ReopenMode,
    Status,
    StatusKind,
    Until,
)
from shared.explain.clock_ledger import as_data, ledger_of, seconds
from shared.explain.ledger_reasons import because
from shared.kafka.settings import BadSettings
from shared.messages.catalogues import messages_in
from shared.messages.reason import Reason
from shared.policy.case_rules import CaseRules
from shared.policy.editions import EditionLibrary
from shared.policy.milestones import MilestoneRow
from shared.policy.mistakes import PolicyError
from shared.sla.clock import Activity, CasePolicy, Clock, Pause
from shared.sla.event_time import is_before
from shared.sla.fold import as_of, fold
from shared.sla.order import recorded_by
from shared.sla.pinned_edition import PinnedEdition


class Terms(Line):
    """The terms of a milestone. A field that an event omits keeps its value; elsewhere it has its default.

    `reason` and `due_at` are ignored; they are allowed so that the milestones of `frontline decide` are valid input.
    """

    target_seconds: Annotated[TargetSeconds, Field(strict=True)] | None = None
    target_business_days: Annotated[BusinessDays, Field(strict=True)] | None = None
    until: Until | None = None
    open_at_least: Annotated[TargetSeconds, Field(strict=True)] | None = None
    calendar: str | None = None
    hours: Hours | None = None
    paused_by: tuple[str, ...] | None = None
    reopen: ReopenMode | None = None
    promise: Promise | None = None
    reason: str | None = None
    due_at: str | None = None

    @model_validator(mode="after")
    def _has_one_length(self) -> Self:
        if self.target_business_days is None and "target_seconds" not in self.model_fields_set:
            raise PydanticCustomError("missing", "Field required")
        if self.target_business_days is not None and self.target_seconds is not None:
            raise PydanticCustomError("one_length", "has both target_seconds and target_business_days")
        if self.target_business_days is not None and self.hours not in (None, "business"):
            raise PydanticCustomError("business_days", "business days count in business hours")
        return self

    def over(self, row: MilestoneRow, known: MilestoneTerms | None) -> MilestoneTerms:
        """The complete terms: omitted fields come from `known`, or from the edition's `row` if `known` is None."""
        base = known or MilestoneTerms(
            target_seconds=None,
            hours="business",
            promise="objective",
            paused_by=row.paused_by,
            reopen=row.reopen_mode,
        )
        given = self.model_dump(include=_INHERITED, exclude_none=True)
        days = self.target_business_days
        if days is not None:
            given["hours"] = "business"
        return msgspec.structs.replace(
            base,
            **given,
            target_seconds=self.target_seconds,
            target_business_days=days,
            until=None if days is None else self.until or base.until or "same_time",
        )


_INHERITED = {"hours", "paused_by", "reopen", "promise", "open_at_least", "calendar"}


class Event(BaseModel):
    """An activity. Fields that do not concern clocks (its text, its author) are ignored.

    If `recorded_at` equals `at`, then `at` is the instant of receipt and not one that a client gave. `retracts` is the
    `activity_id` of another event.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Instant
    type: ActivityType
    recorded_at: Instant | None = None
    activity_id: str | None = None
    to: str | None = None
    until: Instant | None = None
    milestone: str | None = None
    retracts: str | None = None
    milestones: dict[str, Terms] | None = None


class Question(Line):
    """One line: a case, its terms and events, and the instant `at` for which its clocks are wanted."""

    opened_at: Instant
    milestones: dict[str, Terms]
    at: Instant
    calendar: dict[str, Any] | None = None
    status: str = "open"
    statuses: dict[Status, StatusKind] = {}  # noqa: RUF012 - pydantic copies it
    events: tuple[Event, ...] = ()


def clocks(
    file: Path | None = None,
    *,
    policy: str | None = None,
    ledger: bool = False,
    lang: Lang = None,
    json: bool = False,
) -> int:
    """Compute SLA clocks of cases: JSON lines in, JSON lines out.

    A line is {"calendar": {…}, "opened_at": "…Z", "status": "open", "milestones": {"first_response":
    {"target_seconds": 7200, "hours": "business", "paused_by": []}}, "events": [{"at": "…Z", "type": "agent_replied"}],
    "at": "…Z"}. The answer is {"clocks": […], "next_due": "…Z"} at the instant `at`: later events are ignored. Seconds
    count in the milestone's hours; once the deadline has passed, remaining_seconds is negative by the overrun. An event
    before opened_at is refused, unless it is a receipt (recorded_at equals at), which counts from opened_at.

    Parameters
    ----------
    file
        The file with the lines. By default standard input.
    policy
        The edition that says what milestones and statuses are, a name or a file. Without it, those of
        FRONTLINE_POLICIES (by default guidelines-2021), by their effective dates. The terms of a line outrank it.
    ledger
        Add to each clock its intervals up to the deadline (for a paused clock, up to `at`), each counted or skipped
        with the reason; a pause names the event that began it.
    lang
        The language of errors, such as en or es. With --ledger, it adds the reason of each interval in words.
    json
        Accepted for symmetry with other commands; the answers are JSON lines in any case.
    """
    try:
        answer = answerer(library_of(policy), with_ledger=ledger, language=lang)
    except (PolicyError, BadSettings) as error:
        print(error, file=sys.stderr)
        return BAD_INPUT
    return answer_lines(answer, file, lang)


def answerer(
    library: EditionLibrary, *, with_ledger: bool = False, language: str | None = None
) -> Callable[[dict[str, Any]], dict[str, Any]]:
    """What answers a line by the edition of `library` in force when its case was opened. The answer raises BadInput."""
    pinned = {edition.edition: PinnedEdition("", edition) for edition in library.editions}

    def answer(line: dict[str, Any]) -> dict[str, Any]:
        try:
            question = Question.model_validate(line)
        except ValidationError as error:
            raise BadInput.from_validation(error) from error
        edition = pinned[library.effective_at(question.opened_at).edition]
        return _answer(question, edition, with_ledger=with_ledger, language=language)

    return answer


def _answer(question: Question, pinned: PinnedEdition, *, with_ledger: bool, language: str | None) -> dict[str, Any]:
    calendar = calendar_of(question.calendar)
    rules = _rules(question, pinned)
    try:
        opened_at, at = to_micros(question.opened_at, "opened_at"), to_micros(question.at, "at")
        if at < opened_at:
            raise BadInput("at", _before(question))
        terms = _over(question.milestones, rules, {}, "milestones")
        history = [activity for activity in _history(question, rules, terms, opened_at) if activity.at <= at]
        policy = CasePolicy(terms, calendar, rules, calendars=pinned.calendars)
        found = as_of(fold(policy, opened_at, question.status, history, at), at)
        shown = [_shown(clock, at) for clock in found]
        if with_ledger:
            for clock, each in zip(found, shown, strict=True):
                each["ledger"] = _ledger(question, clock, at, language)
        pending = [clock.due_at for clock in found if clock.due_at and clock.stage == "running" and not clock.late]
        return {
            "clocks": shown,
            "next_due": _text(min(pending, default=None)),
        }
    except CalendarError as error:
        raise BadInput(error.field or "calendar", calendar_reason(error)) from error


def _rules(question: Question, pinned: PinnedEdition) -> CaseRules:
    """The edition's rules, with the line's own statuses. Raises BadInput for a status that looks like a known one."""
    rules = pinned.rules
    if question.statuses:
        rules = replace(rules, statuses={**rules.statuses, **question.statuses})
    _check_status("status", question.status, rules)
    return rules


def _check_status(field: str, status: str, rules: CaseRules) -> None:
    meant = rules.meant_by(status)
    if meant is not None:
        raise BadInput(field, Reason("field.looks_like", known=meant))


def _over(
    given: Mapping[str, Terms], rules: CaseRules, known: Mapping[str, MilestoneTerms], field: str
) -> dict[str, MilestoneTerms]:
    """The complete terms of each milestone that is given."""
    for milestone in given:
        if milestone not in rules.milestones:
            raise BadInput(f"{field}.{milestone}", Reason("field.one_of", allowed=tuple(rules.milestones)))
    return {
        milestone: terms.over(rules.milestones[milestone], known.get(milestone)) for milestone, terms in given.items()
    }


def _history(
    question: Question, rules: CaseRules, terms: Mapping[str, MilestoneTerms], opened_at: Micros
) -> list[Activity]:
    """The events as activities for the fold. Events at the same instant keep their order in the line."""
    known = dict(terms)
    places = {event.activity_id: _place(index) for index, event in enumerate(question.events) if event.activity_id}
    history: list[Activity] = []
    for index, event in sorted(enumerate(question.events), key=lambda numbered: (numbered[1].at, numbered[0])):
        at = to_micros(event.at, f"events.{index}.at")
        if is_before(event.at, event.recorded_at, opened_at):
            raise BadInput(f"events.{index}.at", _before(question))
        needed = _NEEDS.get(event.type)
        if needed is not None and not getattr(event, needed):
            raise BadInput(f"events.{index}.{needed}", Reason("field.required_for", type=event.type))
        _check_words(event, index, rules)
        new = None
        if event.milestones is not None:
            new = _over(event.milestones, rules, known, f"events.{index}.milestones")
            known |= new
        until = None if event.until is None else to_micros(event.until, f"events.{index}.until")
        history.append(
            Activity(
                at,
                event.type,
                _place(index),
                event.to,
                new,
                until=until,
                milestone=event.milestone,
                retracts=places.get(event.retracts or ""),
            )
        )
    return history


# What an event of these types must say. A line has no fields from which a priority could follow.
_NEEDS: Mapping[str, str] = {
    "status_changed": "to",
    "reprioritised": "milestones",
    "acknowledged": "milestone",
    "milestone_reached": "milestone",
    "reply_retracted": "retracts",
}


def _check_words(event: Event, index: int, rules: CaseRules) -> None:
    """Raises BadInput for a status that looks like a known one, a status that ends before it begins, and a milestone
    that is not there.
    """
    if event.type in ("status_changed", "reopened") and event.to is not None:
        _check_status(f"events.{index}.to", event.to, rules)
    if event.until is not None and event.until <= event.at:
        raise BadInput(f"events.{index}.until", Reason("field.not_after", at=format_instant(event.at)))
    if event.milestone is not None and event.milestone not in rules.milestones:
        raise BadInput(f"events.{index}.milestone", Reason("field.one_of", allowed=tuple(rules.milestones)))


def _place(index: int) -> str:
    """An event's place in the line as the id of an activity: those of one instant are folded in this order."""
    return f"{index:09}"


def _before(question: Question) -> Reason:
    return Reason("field.before_the_case", submitted_at=format_instant(question.opened_at))


def _shown(clock: Clock, at: Micros) -> dict[str, Any]:
    used = clock.used(at)
    return {
        "milestone": clock.milestone,
        "instance": clock.instance,
        "stage": clock.stage,
        "started_at": _text(clock.started_at),
        "due_at": _text(clock.due_at),
        "elapsed_seconds": seconds(used),
        "remaining_seconds": seconds(clock.target - used),
        "breached_at": _text(clock.breached_at),
        "stopped_at": _text(clock.stopped_at),
    }


def _ledger(question: Question, clock: Clock, at: Micros, language: str | None) -> list[dict[str, Any]]:
    entries = [as_data(entry, _paused_by(question, pause)) for entry, pause in ledger_of(clock, at)]
    if language is not None:
        messages = messages_in(language)
        for entry in entries:
            entry["because"] = because(entry, messages, holidays_in(question.calendar, entry, language))
    return entries


def _paused_by(question: Question, pause: Pause | None) -> dict[str, Any] | None:
    """The event that began the pause, by its index in the line; "status" if the case was submitted in that status."""
    if pause is None:
        return None
    if not pause.by:
        return {"status": pause.status, "event": "status", "at": format_instant(question.opened_at)}
    place = int(recorded_by(pause.by))
    at = max(question.events[place].at, question.opened_at)
    return {"status": pause.status, "event": f"events.{place}", "at": format_instant(at)}


def _text(at: Micros | None) -> str | None:
    return None if at is None else format_instant(from_micros(at))
