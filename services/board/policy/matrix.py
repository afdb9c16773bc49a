"""[pure] An edition as a support manager reads it: who may ask where, what is promised, who is called, by which rules.

Each rule is in it once, with its id, or its place in the edition where it has none, and with its source and its note.
What a cell says has the numbers of the rules that say it.
"""

from collections.abc import Iterator, Mapping, Sequence
from datetime import date, datetime
from typing import NamedTuple

from services.board.policy.access_table import ChannelRow, Right, channel_rows, rights
from services.board.policy.calendar_table import CalendarRow, calendar_rows
from services.board.policy.directory_table import Directory, directory_of
from services.board.policy.rule_list import Rule, Rules, alternatives_of
from services.board.policy.target_grid import TargetGrid, target_grid
from shared.contracts.vocabulary import Language
from shared.explain.edition_words import (
    EditionWords,
    behaviour,
    capital,
    condition_of,
    how_long,
    reached,
)
from shared.messages.messages import Messages
from shared.policy.condition import Condition
from shared.policy.condition_words import in_words
from shared.policy.digest import policy_sha256
from shared.policy.model import Edition, Target
from shared.policy.start_name import start_name


class Head(NamedTuple):
    """Which edition it is, and what its dates were made with."""

    edition: str
    title: str
    effective_from: datetime
    sha256: str
    source: str
    tzdata: str
    holidays: str
    years: tuple[int, int]


class Remark(NamedTuple):
    """What is to be known of a word of the edition."""

    subject: str
    text: str


class Question(NamedTuple):
    """What a request says besides its text: a field, what a form asks, and its values."""

    name: str
    question: str
    values: tuple[str, ...]


class PriorityRow(NamedTuple):
    """A priority, how the edition defines it, and what is put to work."""

    name: str
    definition: str
    resources: str


class MilestoneEntry(NamedTuple):
    """A milestone: what starts and fulfils its clocks, and what else they do."""

    name: str
    starts: str
    fulfilled_by: str
    behaviour: tuple[str, ...]


class LevelRow(NamedTuple):
    """When somebody is called, and who. `is_warning`: before the deadline."""

    when: str
    kind: str
    is_warning: bool
    called: str
    note: str


class Asking(NamedTuple):
    """Who may ask for an escalation, for which requests, how long after the submission and after a rejection."""

    who: tuple[str, ...]
    requests: tuple[str, ...]
    waits: str
    source: str


class Matrix(NamedTuple):
    """The whole edition. `plans` are the columns of `channels` and `rights`."""

    head: Head
    plans: tuple[str, ...]
    channels: tuple[ChannelRow, ...]
    rights: tuple[Right, ...]
    remarks: tuple[Remark, ...]
    access_rules: tuple[Rule, ...]
    impossible: tuple[Rule, ...]
    assignments: tuple[Rule, ...]
    without_targets: tuple[Remark, ...]
    fields: tuple[Question, ...]
    priorities: tuple[PriorityRow, ...]
    priority_rules: tuple[Rule, ...]
    targets: TargetGrid
    target_rules: tuple[Rule, ...]
    milestones: tuple[MilestoneEntry, ...]
    statuses: tuple[tuple[str, str], ...]
    status_rules: tuple[str, ...]
    levels: tuple[LevelRow, ...]
    acknowledged: str
    addressees: tuple[str, ...]
    asking: Asking | None
    calendar_rules: tuple[Rule, ...]
    calendars: tuple[CalendarRow, ...]
    directory: Directory | None
    resources: tuple[str, ...]
    notes: tuple[str, ...]


def matrix(edition: Edition, messages: Messages, today: date, language: Language | None = None) -> Matrix:
    """`edition` in the words of `messages`, its own texts in `language`, by default that of `messages`.

    `today` is the date from which holidays are listed.
    """
    view = EditionWords.of(edition, messages, language)
    words = view.messages
    access = Rules(view, "access", edition.access)
    targets = Rules(view, "targets", edition.targets)
    regional = edition.regional_hours
    return Matrix(
        head=_head(view),
        plans=tuple(map(capital, view.names("plan", list(edition.plans)))),
        channels=tuple(channel_rows(view, access)),
        rights=tuple(rights(view)),
        remarks=tuple(_remarks(view)),
        access_rules=access.listed(
            lambda rule: tuple(in_words(when, words) for when in rule.any_of),
            lambda rule: words(
                "policy.page.opens",
                channels=list(rule.channels),
                plans=list(rule.plans),
                tier=rule.tier,
            ),
        ),
        impossible=Rules(view, "impossible_accounts", edition.impossible_accounts).listed(
            lambda rule: (in_words(rule, words),), lambda _: ""
        ),
        assignments=Rules(view, "assignments", edition.assignments).listed(
            lambda rule: alternatives_of(rule.any_of, words), lambda rule: words.name("channel", rule.channel)
        ),
        without_targets=tuple(
            Remark(capital(words.name("tier", name)), view.text(tier.no_targets.because))
            for name, tier in edition.tiers.items()
            if tier.no_targets is not None
        ),
        fields=tuple(_fields(view)),
        priorities=tuple(
            PriorityRow(name, view.text(text.definition), view.text(text.resources))
            for name, text in edition.priorities.items()
        ),
        priority_rules=Rules(view, "priority_rules", edition.priority_rules).listed(
            lambda rule: alternatives_of(rule.any_of, words), lambda rule: rule.priority
        ),
        targets=target_grid(view, targets),
        target_rules=targets.listed(
            lambda rule: (_of_target(rule, edition, words),),
            lambda rule: words(
                "policy.page.promises",
                milestone=rule.milestone,
                length=how_long(rule, words),
                promise=rule.promise,
            ),
        ),
        milestones=tuple(_milestones(view)),
        statuses=(
            *((status, words.name("status", kind)) for status, kind in edition.statuses.items()),
            (words("policy.other_statuses"), words.name("status", "open")),
        ),
        status_rules=tuple(_status_rules(view)),
        levels=tuple(_levels(view)),
        acknowledged=words("policy.acknowledged", silence=words.span(edition.acknowledgement.silence_seconds)),
        addressees=tuple(view.names("called", list(edition.addressees))),
        asking=_asking(view),
        calendar_rules=Rules(view, "regional_hours.rules", regional.rules).listed(
            lambda rule: alternatives_of(rule.any_of, words), lambda rule: rule.calendar
        ),
        calendars=tuple(calendar_rows(view, today)),
        directory=directory_of(view),
        resources=tuple(map(view.text, edition.resources.values())),
        notes=tuple(map(view.remark, edition.notes)),
    )


def _of_target(target: Target, edition: Edition, words: Messages) -> str:
    """The cases that a target is for: their priorities, and what else it asks."""
    of_priorities = words("policy.page.of_priorities", priorities=list(target.priorities or edition.priorities))
    rest = condition_of(target)
    return of_priorities if rest == Condition() else f"{of_priorities}, {in_words(rest, words)}"


def _head(view: EditionWords) -> Head:
    edition = view.edition
    return Head(
        edition.edition,
        view.text(edition.title),
        edition.effective_from,
        policy_sha256(edition),
        view.remark(edition.source),
        edition.tzdata_version,
        edition.holidays_version,
        edition.holiday_years,
    )


def _remarks(view: EditionWords) -> Iterator[Remark]:
    """What plans, roles and types of accounts are beside their rules, and what those count as whom nothing covers."""
    edition, words = view.edition, view.messages
    for name, plan in edition.plans.items():
        if plan.note is not None:
            yield Remark(capital(words.name("plan", name)), view.remark(plan.note))
    sections: tuple[tuple[str, Mapping[str, object]], ...] = (
        ("role", edition.roles),
        ("account_type", edition.account_types),
    )
    for kind, entries in sections:
        for name, entry in entries.items():
            yield from _counts_as(view, kind, name, entry)
    least = edition.not_covered
    facts = {"plan": least.plan, "account_type": least.account_type, "role": least.role}
    yield Remark("", words("policy.not_covered", **facts))


def _counts_as(view: EditionWords, kind: str, name: str, entry: object) -> Iterator[Remark]:
    others: Sequence[str] = getattr(entry, "counts_as", ())
    if others:
        said = view.messages("policy.counts_as", word=view.messages.name(kind, name), words=view.names(kind, others))
        yield Remark(capital(said), view.remark(getattr(entry, "note", None)))


def _fields(view: EditionWords) -> Iterator[Question]:
    words = view.messages
    for name, field in view.edition.fields.items():
        values = zip(field.values, view.names(f"value.{name}", list(field.values)), strict=True)
        shown = [words("policy.by_default", value=text) if value == field.default else text for value, text in values]
        yield Question(capital(words.name("field", name)), view.text(field.question), tuple(shown))


def _milestones(view: EditionWords) -> Iterator[MilestoneEntry]:
    words = view.messages
    for name, row in view.edition.milestones.items():
        yield MilestoneEntry(
            capital(words.name("milestone", name)),
            start_name(row.starts, words),
            ", ".join(view.names("activity", row.fulfilled_by)),
            tuple(behaviour(row, words)),
        )


def _status_rules(view: EditionWords) -> Iterator[str]:
    for name in ("reopened_by", "wait_ends_with"):
        if activities := getattr(view.edition, name):
            yield view.messages(f"policy.{name}", activities=view.names("activity", activities))


def _levels(view: EditionWords) -> Iterator[LevelRow]:
    words = view.messages
    for level in view.edition.escalation_levels:
        yield LevelRow(
            reached(level, words),
            words(f"policy.{level.kind}", level=level.level),
            level.kind == "warning",
            capital(words.name("called", level.called)),
            view.remark(level.note),
        )


def _asking(view: EditionWords) -> Asking | None:
    asking, words = view.edition.customer_escalation, view.messages
    if asking is None:
        return None
    opened, rejected = asking.wait_after_submission_seconds, asking.wait_after_rejection_seconds
    return Asking(
        tuple(in_words(when, words) for when in asking.any_of),
        () if asking.requires == Condition() else alternatives_of((asking.requires,), words),
        words("policy.waits", opened=words.span(opened), rejected=words.span(rejected)),
        view.remark(asking.source),
    )
