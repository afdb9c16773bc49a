"""The differences of two editions as lines for people.

Words of an edition (plans, channels, roles, field values and the like) appear as the document has them, in every
language. Everything else is from the catalogue.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from rich.text import Text

from services.cli.policy.diff import Change
from shared.messages.messages import Messages

_RIGHTS = {
    "automated": "policy.automated_escalation",
    "customer_requested": "diff.on_request",
    "technical_account_manager": "policy.technical_account_manager",
}
_FIELDS = {"impact": "policy.impact", "workaround": "policy.workaround", "environment": "policy.environment"}


def lines(changes: Iterable[Change], messages: Messages) -> Iterator[Text]:
    """A heading for each section, a line for each change."""
    for section, group in groupby(changes, key=lambda change: change.section):
        yield Text(f"\n{messages(f'diff.{section}')}", style="bold")
        for change in group:
            line = Text(f"  {_subject(change, messages)}: ")
            line.append(_value(change, change.before, messages), style="red")
            line.append(" -> ")
            line.append(_value(change, change.after, messages), style="green")
            yield line


def _subject(change: Change, messages: Messages) -> str:
    subject = change.subject
    match change.section:
        case "targets":
            return f"{subject['plan']} {subject['priority']} {subject['milestone']}"
        case "priorities":
            return ", ".join(f"{messages(code)} {subject[field]}" for field, code in _FIELDS.items())
        case "channels":
            return f"{subject['channel']}: {_people(subject, messages)}"
        case "escalation":
            return f"{messages(_RIGHTS[subject['right']])}: {_people(subject, messages)}"
        case _:
            return str(subject["field"])


def _people(people: Mapping[str, Any], messages: Messages) -> str:
    parts = [messages.one_of(people["plans"])]
    if people["account_types"] is not None:
        parts.append(messages.one_of(people["account_types"]))
    if people["paid"] is not None:
        parts.append(messages("policy.paid" if people["paid"] else "policy.unpaid"))
    if people["licensed"] is not None:
        parts.append(messages("diff.licensed" if people["licensed"] else "diff.unlicensed"))
    parts.append(messages("diff.any_role") if people["roles"] is None else messages.one_of(people["roles"]))
    return ", ".join(parts)


def _value(change: Change, value: Any, messages: Messages) -> str:
    match change.section:
        case "targets":
            return _target(value, messages)
        case "priorities":
            return str(value)
        case "channels":
            return messages("diff.closed") if value is None else str(value)
        case "escalation" if isinstance(value, list) and value:
            return messages.all_of(value)
        case "escalation":
            return messages("explain.yes" if value else "explain.no")
    if value is None:
        return messages("diff.nothing")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _target(value: Mapping[str, Any], messages: Messages) -> str:
    if value["target_seconds"] is None:
        if value["reason"] is None:
            return messages("diff.no_target")
        return messages("diff.no_target_because", why=messages.name("no_target", value["reason"]))
    terms = {"seconds": value["target_seconds"], "hours": value["hours"], "promise": value["promise"]}
    if value["paused_by"]:
        return messages("diff.promised_with_pauses", **terms, statuses=value["paused_by"])
    return messages("diff.promised", **terms)
