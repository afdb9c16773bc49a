"""What an edition promises: priorities, targets, milestones, statuses, levels, and who may ask."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from services.cli.policy.edition_view import EditionView
from services.cli.policy.fitted_table import FittedTable
from shared.explain.edition_words import behaviour, capital, condition_of, how_long, reached
from shared.messages.messages import Messages
from shared.policy.condition import Condition
from shared.policy.condition_words import alternatives, in_words, requests
from shared.policy.start_name import start_name


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
            view.with_note(capital(in_words(condition_of(target), messages)), target.note),
            ", ".join(target.priorities or view.edition.priorities),
            messages.name("milestone", target.milestone),
            how_long(target, messages),
            messages.name("promise", target.promise),
        )
    yield table


def milestones(view: EditionView) -> Iterator[RenderableType]:
    """The row of each milestone in words, and what statuses count as."""
    messages, edition = view.messages, view.edition
    table = FittedTable(
        messages("policy.milestones"), _headings(messages, "milestone", "starts", "fulfilled_by", "behaviour")
    )
    for milestone, row in edition.milestones.items():
        fulfilled = ", ".join(view.names("activity", row.fulfilled_by))
        name = capital(messages.name("milestone", milestone))
        table.add(name, start_name(row.starts, messages), fulfilled, "\n".join(behaviour(row, messages)))
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


def levels(view: EditionView) -> Iterator[RenderableType]:
    """Whom to call when, and who may ask for an escalation."""
    messages = view.messages
    table = FittedTable(
        messages("policy.levels"), [*_headings(messages, "at_share"), "", *_headings(messages, "called")]
    )
    for level in view.edition.escalation_levels:
        kind = messages(f"policy.{level.kind}", level=level.level)
        called = capital(messages.name("called", level.called))
        table.add(reached(level, messages), kind, view.with_note(called, level.note))
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
