"""`frontline deadline`: when a target is due, and the ledger that explains it."""

from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

from pydantic import Field, ValidationError

from services.cli.calendar_input import Line, calendar_of, calendar_reason, holidays_in
from services.cli.jsonl import BadInput, answer_lines
from services.cli.options import Lang
from shared.business_time import hours
from shared.business_time.errors import CalendarError
from shared.business_time.ledger import by_pause
from shared.contracts.base import Instant, format_instant
from shared.contracts.vocabulary import Hours
from shared.explain.clock_ledger import as_data
from shared.explain.ledger_reasons import because
from shared.messages.catalogues import messages_in
from shared.messages.reason import Reason


class Question(Line):
    """One line: a target from a start in one kind of hours, with pauses. Elapsed hours need no calendar."""

    start: Instant
    target_seconds: Annotated[float, Field(strict=True, gt=0)]
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
    hours is business, elapsed or elapsed_then_next_open. The answer is {"deadline": "…Z"}.

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
    calendar = calendar_of(question.calendar)
    try:
        target = timedelta(seconds=question.target_seconds)
        due = hours.due(question.start, target, question.hours, calendar, question.pauses)
        reply: dict[str, Any] = {"deadline": format_instant(due)}
        if with_ledger:
            entries = hours.ledger(question.start, due, target, question.hours, calendar, question.pauses)
            reply["ledger"] = [
                as_data(entry, None if number is None else f"pauses.{number}")
                for entry, number in by_pause(entries, question.pauses)
            ]
            if language is not None:
                messages = messages_in(language)
                for entry in reply["ledger"]:
                    entry["because"] = because(entry, messages, holidays_in(question.calendar, entry, language))
    except OverflowError as error:
        raise BadInput("target_seconds", Reason("field.calendar.target")) from error
    except CalendarError as error:
        field = "target_seconds" if error.field == "target" else error.field or "calendar"
        raise BadInput(field, calendar_reason(error)) from error
    return reply
