"""What an edition promises: priorities, targets, milestones, statuses, levels, and who may ask."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from services.cli.policy.condition_view import alternatives, in_words, requests
from services.cli.policy.edition_view import EditionView, capital
from services.cli.policy.fitted_table import FittedTable
from services.cli.start_name import start_name
from shared.messages.messages import Messages
from shared.policy.condition import Condition
from shared.policy.milestones import MilestoneRow
from shared.policy.model import EscalationLevel, Target


def _headings(messages: Messages, *names: str) -> list[str]:
    return [messages(f"policy.{name}") for name in names]


def priorities(view: EditionView) -> Iterator[RenderableType]:
    """Each priority with its definition and its resources."""
    messages, listed = view.messages, view.edition.priorities
    table = FittedTable(messages("policy.priorities"), _headings(messages, "priority", "definition", "resources"))
    for priority, text in listed.items():
        table.add(priority, view.text(text.definition), view.text(text.resources))
    yield table


def priority_rules(view: EditionView) -> Iterator[RenderableType]:
    """How a priority follows."""
    messages = view.messages
    table = FittedTable(messages("policy.rules"), _headings(messages, "priority", "when", "rule"))
    for rule in view.edition.priority_rules:
        table.add(rule.priority, view.with_note(capital(requests(rule.any_of, messages)), rule.note), rule.id)
    yield table


def targets(view: EditionView) -> Iterator[RenderableType]:
    """Each target: for whom, how long, in which hours, what kind of promise."""
    messages = view.messages
    table = FittedTable(
        messages("policy.targets"), _headings(messages, "for_whom", "priority", "milestone", "target", "promise")
    )
    for target in view.edition.targets:
        table.add(
            view.with_note(capital(in_words(_condition_of(target), messages)), target.note),
            ", ".join(target.priorities or view.edition.priorities),
            messages.name("milestone", target.milestone),
            how_long(target, messages),
            messages.name("promise", target.promise),
        )
    yield table


def _condition_of(target: Target) -> Condition:
    return Condition(**{name: getattr(target, name) for name in Condition.model_fields})


def how_long(target: Target, messages: Messages) -> str:
    """The length of a target and its hours: 4 h, round the clock."""
    if target.target_business_days is not None:
        until = target.until or "same_time"
        length = messages(f"policy.business_days.{until}", days=target.target_business_days)
    else:
        hours = messages(f"policy.hours.{target.counts_in}")
        if target.open_at_least is not None:
            hours = messages("policy.open_at_least", hours=hours, span=messages.span(target.open_at_least))
        length = f"{messages.span(target.target_seconds or 0)}, {hours}"
    if target.calendar is not None:
        length = messages("policy.own_calendar", hours=length, calendar=target.calendar)
    return length


def milestones(view: EditionView) -> Iterator[RenderableType]:
    """The row of each milestone in words, and what statuses count as."""
    messages, edition = view.messages, view.edition
    table = FittedTable(
        messages("policy.milestones"), _headings(messages, "milestone", "starts", "fulfilled_by", "behaviour")
    )
    for milestone, row in edition.milestones.items():
        fulfilled = ", ".join(view.names("activity", row.fulfilled_by))
        name = capital(messages.name("milestone", milestone))
        table.add(name, start_name(row.starts, messages), fulfilled, "\n".join(_behaviour(row, messages)))
    yield table
    statuses = FittedTable(messages("policy.statuses"), _headings(messages, "status", "status_counts_as"))
    for status, kind in edition.statuses.items():
        statuses.add(status, messages.name("status", kind))
    statuses.add(messages("policy.other_statuses"), messages.name("status", "open"))
    yield statuses
    for name in ("reopened_by", "wait_ends_with"):
        activities = getattr(edition, name)
        if activities:
            yield Text(f"· {messages(f'policy.{name}', activities=view.names('activity', activities))}")


def _behaviour(row: MilestoneRow, messages: Messages) -> Iterator[str]:
    if row.again != "never":
        yield messages(f"policy.again.{row.again}")
    if row.reopened != "never":
        yield messages(f"policy.reopened.{row.reopened}")
    if row.counts_from != "case":
        yield messages(f"policy.counts_from.{row.counts_from}")
    if row.paused_by:
        yield messages("policy.paused_by", statuses=list(row.paused_by))
    if len(row.opened_by) == 1:
        yield messages(f"policy.opened_by.{row.opened_by[0]}")


def levels(view: EditionView) -> Iterator[RenderableType]:
    """Whom to call when, and who may ask for an escalation."""
    messages = view.messages
    table = FittedTable(
        messages("policy.levels"), [*_headings(messages, "at_share"), "", *_headings(messages, "called")]
    )
    for level in view.edition.escalation_levels:
        kind = messages(f"policy.{level.kind}", level=level.level)
        called = capital(messages.name("called", level.called))
        table.add(_when(level, messages), kind, view.with_note(called, level.note))
    if table.rows:
        yield table
        silence = messages.span(view.edition.acknowledgement.silence_seconds)
        yield Text(f"· {messages('policy.acknowledged', silence=silence)}")
    asking = view.edition.customer_escalation
    yield Text(messages("policy.on_request"), style="bold")
    if asking is None:
        yield Text(f"· {messages('policy.nobody_may_ask')}")
        return
    yield Text(f"· {messages('policy.who_may_ask', who=alternatives(asking.any_of, messages))}")
    if asking.requires != Condition():
        yield Text(f"· {messages('policy.which_requests', what=requests((asking.requires,), messages))}")
    opened, rejected = asking.wait_after_submission_seconds, asking.wait_after_rejection_seconds
    yield Text(f"· {messages('policy.waits', opened=messages.span(opened), rejected=messages.span(rejected))}")


def _when(level: EscalationLevel, messages: Messages) -> str:
    """When a level is reached, by share of the target or distance from the deadline, and how often it repeats."""
    if level.share is not None:
        when = messages.percent(level.share)
    elif level.before_deadline_seconds is not None:
        when = messages("policy.before_deadline", span=messages.span(level.before_deadline_seconds))
    else:
        when = messages("policy.after_deadline", span=messages.span(level.after_deadline_seconds or 0))
    if level.repeat is None:
        return when
    every = messages.span(level.repeat.every_seconds)
    return f"{when}, {messages('policy.repeats', every=every, times=level.repeat.times)}"
