"""`frontline clocks`: the SLA clocks of a case at an instant, computed from its events.

The command calls the same fold as escalation, without Kafka and without timers.
"""

from collections.abc import Mapping
from pathlib import Path
from typing import Annotated, Any

import msgspec
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from services.cli.calendar_input import Line, calendar_of, calendar_reason, holidays_in
from services.cli.jsonl import BadInput, answer_lines
from services.cli.options import Lang
from shared.business_time.errors import CalendarError
from shared.business_time.instants import SECOND, Micros, from_micros, to_micros
from shared.contracts.base import Instant, format_instant
from shared.contracts.structs import MilestoneTerms
from shared.contracts.vocabulary import ActivityType, Hours, Milestone, Promise, ReopenMode
from shared.explain.clock_ledger import as_data, ledger_of, seconds
from shared.explain.ledger_reasons import because
from shared.messages.catalogues import messages_in
from shared.messages.reason import Reason
from shared.policy.milestones import MILESTONE_TABLE
from shared.sla.clock import Activity, CasePolicy, Clock, Pause
from shared.sla.event_time import is_before
from shared.sla.fold import as_of, fold


class Terms(Line):
    """The terms of a milestone. A field that an event omits keeps its value; elsewhere it has its default.

    `reason` and `due_at` are ignored; they are allowed so that the milestones of `frontline decide` are valid input.
    """

    target_seconds: Annotated[int, Field(strict=True, gt=0)] | None
    hours: Hours | None = None
    paused_by: tuple[str, ...] | None = None
    reopen: ReopenMode | None = None
    promise: Promise | None = None
    reason: str | None = None
    due_at: str | None = None

    def over(self, milestone: Milestone, known: MilestoneTerms | None) -> MilestoneTerms:
        """The complete terms: omitted fields come from `known`, or are defaults if `known` is None."""
        base = known or MilestoneTerms(
            target_seconds=None, hours="business", promise="objective", paused_by=MILESTONE_TABLE[milestone].paused_by
        )
        given = self.model_dump(include={"hours", "paused_by", "reopen", "promise"}, exclude_none=True)
        return msgspec.structs.replace(base, **given, target_seconds=self.target_seconds)


class Event(BaseModel):
    """An activity. Fields that do not concern clocks (its text, its author) are ignored.

    If `recorded_at` equals `at`, then `at` is the instant of receipt and not one that a client gave.
    """

    model_config = ConfigDict(frozen=True, extra="ignore")

    at: Instant
    type: ActivityType
    recorded_at: Instant | None = None
    to: str | None = None
    milestones: dict[Milestone, Terms] | None = None


class Question(Line):
    """One line: a case, its terms and events, and the instant `at` for which its clocks are wanted."""

    opened_at: Instant
    milestones: dict[Milestone, Terms]
    at: Instant
    calendar: dict[str, Any] | None = None
    status: str = "open"
    events: tuple[Event, ...] = ()


def clocks(
    file: Path | None = None,
    *,
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
    ledger
        Add to each clock its intervals up to the deadline (for a paused clock, up to `at`), each counted or skipped
        with the reason; a pause names the event that began it.
    lang
        The language of errors, such as en or es. With --ledger, it adds the reason of each interval in words.
    json
        Accepted for symmetry with other commands; the answers are JSON lines in any case.
    """
    return answer_lines(lambda line: answer(line, with_ledger=ledger, language=lang), file, lang)


def answer(line: dict[str, Any], *, with_ledger: bool = False, language: str | None = None) -> dict[str, Any]:
    """The answer to one line. Raises BadInput."""
    try:
        question = Question.model_validate(line)
    except ValidationError as error:
        raise BadInput.from_validation(error) from error
    calendar = calendar_of(question.calendar)
    try:
        opened_at, at = to_micros(question.opened_at, "opened_at"), to_micros(question.at, "at")
        if at < opened_at:
            raise BadInput("at", _before(question))
        terms = {milestone: given.over(milestone, None) for milestone, given in question.milestones.items()}
        history = [activity for activity in _history(question, terms, opened_at) if activity.at <= at]
        found = as_of(fold(CasePolicy(terms, calendar), opened_at, question.status, history), at)
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


def _history(question: Question, terms: Mapping[Milestone, MilestoneTerms], opened_at: Micros) -> list[Activity]:
    """The events as activities for the fold. Events at the same instant keep their order in the line."""
    known = dict(terms)
    history: list[Activity] = []
    for index, event in sorted(enumerate(question.events), key=lambda numbered: (numbered[1].at, numbered[0])):
        at = to_micros(event.at, f"events.{index}.at")
        if is_before(event.at, event.recorded_at, opened_at):
            raise BadInput(f"events.{index}.at", _before(question))
        if event.type == "status_changed" and not event.to:
            raise BadInput(f"events.{index}.to", Reason("field.required_for", type=event.type))
        if event.type == "reprioritised" and event.milestones is None:
            raise BadInput(f"events.{index}.milestones", Reason("field.required_for", type=event.type))
        new = None
        if event.milestones is not None:
            new = {
                milestone: given.over(milestone, known.get(milestone)) for milestone, given in event.milestones.items()
            }
            known |= new
        history.append(Activity(at, event.type, f"{index:09}", event.to, new))
    return history


def _before(question: Question) -> Reason:
    return Reason("field.before_the_case", submitted_at=format_instant(question.opened_at))


def _shown(clock: Clock, at: Micros) -> dict[str, Any]:
    used = clock.used(at)
    target = (clock.terms.target_seconds or 0) * SECOND
    return {
        "milestone": clock.milestone,
        "instance": clock.instance,
        "stage": clock.stage,
        "started_at": _text(clock.started_at),
        "due_at": _text(clock.due_at),
        "elapsed_seconds": seconds(used),
        "remaining_seconds": seconds(target - used),
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
    place = int(pause.by)
    at = max(question.events[place].at, question.opened_at)
    return {"status": pause.status, "event": f"events.{place}", "at": format_instant(at)}


def _text(at: Micros | None) -> str | None:
    return None if at is None else format_instant(from_micros(at))
