"""`frontline deadline`: when a target is due, and the ledger that explains it."""

from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from services.cli.calendar_input import Line, calendar_of, calendar_reason, holidays_in
from services.cli.jsonl import BadInput, answer_lines
from services.cli.options import Lang
from shared.business_time import hours
from shared.business_time.business_days import Until, business_days_target
from shared.business_time.calendar import BusinessCalendar
from shared.business_time.errors import CalendarError
from shared.business_time.instants import length
from shared.business_time.ledger import LedgerEntry, by_pause
from shared.contracts.base import Instant, format_instant
from shared.contracts.vocabulary import Hours
from shared.explain.clock_ledger import as_data, seconds
from shared.explain.ledger_reasons import because
from shared.messages.catalogues import messages_in
from shared.messages.reason import Reason


class Question(Line):
    """One line: a target from a start in one kind of hours, with pauses. Elapsed hours need no calendar.

    The target is a time or a number of business days. `open_at_least_seconds` is for `elapsed_then_next_open`.
    """

    start: Instant
    target_seconds: Annotated[float, Field(strict=True, gt=0)] | None = None
    target_business_days: Annotated[int, Field(strict=True, ge=1)] | None = None
    until: Until | None = None
    open_at_least_seconds: Annotated[float, Field(strict=True, ge=0)] = 0
    calendar: dict[str, Any] | None = None
    pauses: tuple[tuple[Instant, Instant], ...] = ()
    hours: Hours = "business"


def deadline(
    file: Path | None = None,
    *,
    ledger: bool = False,
    lang: Lang = None,
    json: bool = False,
) -> int:
    """Compute when targets are due: JSON lines in, JSON lines out.

    A line is {"calendar": {…}, "start": "…Z", "target_seconds": 3600, "pauses": [["…Z", "…Z"]], "hours": "business"};
    hours is business, elapsed or elapsed_then_next_open, with which "open_at_least_seconds" may go. The answer is
    {"deadline": "…Z"}. In place of target_seconds a line may have "target_business_days": 2 with "until": "same_time"
    or "end_of_day"; the answer then has the open time that they come to as "target_seconds".

    Parameters
    ----------
    file
        The file with the lines. By default standard input.
    ledger
        Add each interval from the start to the deadline, counted or skipped, with its reason.
    lang
        The language of errors, such as en or es. With --ledger, it adds the reason of each interval in words.
    json
        Accepted for symmetry with other commands; the answers are JSON lines in any case.
    """
    return answer_lines(lambda line: answer(line, with_ledger=ledger, language=lang), file, lang)


def answer(line: dict[str, Any], *, with_ledger: bool, language: str | None = None) -> dict[str, Any]:
    """The answer to one line. Raises BadInput."""
    try:
        question = Question.model_validate(line)
    except ValidationError as error:
        raise BadInput.from_validation(error) from error
    _check_combination(question)
    calendar = calendar_of(question.calendar)
    try:
        target = _target(question, calendar)
        least = _duration(question.open_at_least_seconds, "open_at_least_seconds")
        due = hours.due(question.start, target, question.hours, calendar, question.pauses, least)
        reply: dict[str, Any] = {"deadline": format_instant(due)}
        if question.target_business_days is not None:
            reply["target_seconds"] = seconds(length(target))
        if with_ledger:
            entries = hours.ledger(question.start, due, target, question.hours, calendar, question.pauses, least)
            reply["ledger"] = _shown(entries, question, language)
    except CalendarError as error:
        field = "target_seconds" if error.field == "target" else error.field or "calendar"
        raise BadInput(field, calendar_reason(error)) from error
    return reply


def _check_combination(question: Question) -> None:
    """Raises BadInput for fields that do not go together: to ignore one would change the answer."""
    in_days = question.target_business_days is not None
    if in_days == (question.target_seconds is not None):
        raise BadInput("target_seconds", Reason("field.deadline.one_target"))
    if question.until is not None and not in_days:
        raise BadInput("until", Reason("field.deadline.until"))
    if in_days and question.hours != "business":
        raise BadInput("hours", Reason("field.deadline.business_days_hours"))
    if question.open_at_least_seconds and question.hours != "elapsed_then_next_open":
        raise BadInput("open_at_least_seconds", Reason("field.deadline.open_at_least"))


def _target(question: Question, calendar: BusinessCalendar | None) -> timedelta:
    if question.target_business_days is None:
        return _duration(question.target_seconds or 0, "target_seconds")
    until = question.until or "same_time"
    return business_days_target(question.start, question.target_business_days, until, hours.needed(calendar))


def _duration(given: float, field: str) -> timedelta:
    try:
        return timedelta(seconds=given)
    except OverflowError as error:
        raise BadInput(field, Reason("field.calendar.target")) from error


def _shown(entries: Iterable[LedgerEntry], question: Question, language: str | None) -> list[dict[str, Any]]:
    shown = [
        as_data(entry, None if number is None else f"pauses.{number}")
        for entry, number in by_pause(entries, question.pauses)
    ]
    if language is not None:
        messages = messages_in(language)
        for entry in shown:
            entry["because"] = because(entry, messages, holidays_in(question.calendar, entry, language))
    return shown
