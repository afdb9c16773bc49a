"""The differences of two editions as lines for people.

Words of an edition (plans, channels, roles, field values and the like) appear as the document has them, in every
language. Everything else is from the catalogue.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import groupby
from typing import Any

from rich.text import Text

from services.cli.policy.diff import NOT_IN_EDITION, Change
from shared.messages.messages import Messages

_RIGHTS = {
    "automated": "policy.automated_escalation",
    "customer_requested": "diff.on_request",
    "technical_account_manager": "policy.technical_account_manager",
}


_TRAITS = {
    ("paid", True): "diff.paid",
    ("paid", False): "diff.unpaid",
    ("licensed", True): "diff.licensed",
    ("licensed", False): "diff.unlicensed",
}


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
        case "words":
            word = f"{subject['field']} {subject['word']}" if "field" in subject else subject["word"]
            return f"{messages('diff.word.' + subject['kind'])} {word}"
        case "targets":
            named = " ".join(subject[name] for name in ("plan", "priority", "milestone"))
            return ", ".join((named, *_situation(subject, messages)))
        case "priorities":
            return ", ".join(_situation(subject, messages)) or messages("diff.any_request")
        case "channels":
            return f"{subject['channel']}: {_people(subject, messages)}"
        case "escalation":
            return f"{messages(_RIGHTS[subject['right']])}: {_people(subject, messages)}"
        case _:
            return str(subject["field"])


def _people(subject: Mapping[str, Any], messages: Messages) -> str:
    anybody = () if subject["roles"] is not None else (messages("diff.any_role"),)
    return ", ".join((*_situation(subject, messages), *anybody))


def _situation(subject: Mapping[str, Any], messages: Messages) -> Iterator[str]:
    """The words of the editions that an answer depends on."""
    for name in ("plans", "account_types", "paid", "licensed", "roles", "channels", "languages", "countries"):
        words = subject.get(name)
        if words is None:
            continue
        if isinstance(words, bool):
            yield messages(_TRAITS[name, words])
        else:
            yield messages.one_of([messages(f"diff.other.{name}") if word is None else word for word in words])
    for field, values in subject.get("fields", {}).items():
        yield f"{field} {messages.one_of(values)}"


def _value(change: Change, value: Any, messages: Messages) -> str:
    if value == NOT_IN_EDITION:
        return messages("diff.not_in_edition")
    match change.section:
        case "words":
            return messages("diff.not_in_edition") if value is None else str(value)
        case "targets":
            return _target(value, messages)
        case "priorities":
            return str(value) if isinstance(value, str) else messages.one_of(value)
        case "channels":
            return messages("diff.closed") if value is None else str(value)
        case "escalation":
            return messages("explain.yes" if value else "explain.no")
    if value is None:
        return messages("diff.nothing")
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _target(value: Mapping[str, Any], messages: Messages) -> str:
    if "promise" not in value:
        if value["reason"] is None:
            return messages("diff.no_target")
        return messages("diff.no_target_because", why=_why_none(value["reason"], messages))
    if value.get("target_business_days") is not None:
        length = messages(f"policy.business_days.{value['until']}", days=value["target_business_days"])
    else:
        length = messages("diff.length", seconds=value["target_seconds"], hours=value["hours"])
    details = [messages.name("promise", value["promise"])]
    if value.get("open_at_least") is not None:
        details.append(messages("diff.open_at_least", seconds=value["open_at_least"]))
    if value.get("calendar") is not None:
        details.append(messages("diff.calendar", calendar=value["calendar"]))
    if value["paused_by"]:
        details.append(messages("diff.paused_by", statuses=value["paused_by"]))
    return f"{length} ({'; '.join(details)})"


def _why_none(reason: str, messages: Messages) -> str:
    """The name of a reason, or the sentence that the edition has for one of its own."""
    if messages.knows(f"name.no_target.{reason}"):
        return messages.name("no_target", reason)
    return messages.find(f"no_target.{reason}") or reason
