"""An edition as tables for people: who may ask where, what is promised, whom to call."""

from collections.abc import Iterator, Mapping, Sequence
from itertools import groupby

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from shared.business_time.config import WEEKDAYS, Periods, Weekday
from shared.contracts.base import format_instant
from shared.contracts.vocabulary import CHANNELS, PLANS, PRIORITIES, TIERS, Channel, Plan, Tier
from shared.messages.messages import Messages
from shared.policy.digest import policy_sha256
from shared.policy.model import (
    Condition,
    CustomerEscalationCondition,
    Edition,
    EscalationLevel,
    PriorityCondition,
    in_language,
)


def tables(edition: Edition, messages: Messages) -> Iterator[RenderableType]:
    """The whole content of `edition`, table by table."""
    yield from _header(edition, messages)
    for table in (_matrix, _priorities, _priority_rules, _targets, _levels, _directory, _calendars, _resources):
        yield Text()
        yield from table(edition, messages)
    if edition.notes:
        yield Text()
        yield Text(messages("policy.notes"), style="bold")
        yield from (Text(f"· {edition.remark(note, messages.language)}") for note in edition.notes)


def _header(edition: Edition, messages: Messages) -> Iterator[RenderableType]:
    yield Text(f"{edition.edition}: {in_language(edition.title, messages.language)}", style="bold")
    yield Text(f"{messages('policy.effective_from')} {format_instant(edition.effective_from)}")
    yield Text(f"{messages('policy.digest')} {policy_sha256(edition)}", overflow="fold")
    first, last = edition.holiday_years
    versions = {"tzdata": edition.tzdata_version, "holidays": edition.holidays_version}
    yield Text(messages("policy.resolved_with", **versions, first=first, last=last), style="dim")


def _matrix(edition: Edition, messages: Messages) -> Iterator[RenderableType]:
    table = _table(
        messages("policy.who_may"), messages("policy.channel"), *(_plan(edition, plan, messages) for plan in PLANS)
    )
    for channel in CHANNELS:
        policy = edition.channels[channel]
        name = Text(in_language(policy.name, messages.language))
        if policy.requires != Condition():
            name.append(f"\n{messages('policy.needs', what=_person(edition, policy.requires, messages))}", style="dim")
        table.add_row(name, *(_who(edition, plan, channel, messages) for plan in PLANS))
    for right in ("priority_response", "automated_escalation", "technical_account_manager"):
        held = (messages("policy.yes" if getattr(edition.plans[plan], right) else "policy.no") for plan in PLANS)
        table.add_row(messages(f"policy.{right}"), *held)
    yield table


def _who(edition: Edition, plan: Plan, channel: Channel, messages: Messages) -> str:
    """Who may use the channel by the plan's own rules, tier by tier; an included plan is only named."""
    lines = []
    for tier in TIERS:
        people = list(_admitted(edition, plan, channel, tier, messages))
        if people:
            lines.append(f"{messages.name('tier', tier)}: {messages.one_of(people)}")
    included = edition.plans[plan].includes
    if included is not None and any(
        channel in rule.channels and included in rule.plans and plan not in rule.plans for rule in edition.access
    ):
        lines.append(messages("policy.includes", plan=_plan(edition, included, messages)))
    return "\n".join(lines) or messages("policy.nobody")


def _admitted(edition: Edition, plan: Plan, channel: Channel, tier: Tier, messages: Messages) -> Iterator[str]:
    for rule in edition.access:
        if plan in rule.plans and channel in rule.channels and rule.tier == tier:
            yield from (_person(edition, when, messages) for when in rule.any_of)


def _person(edition: Edition, when: Condition, messages: Messages) -> str:
    """The people who meet a condition, in words."""
    if when == Condition():
        return messages("policy.everyone")
    parts = []
    if when.roles is not None or when.licensed is not None or when.account_types is not None:
        people = messages.one_of([messages(f"policy.people.{role}") for role in when.roles or ("anyone",)])
        licence = {True: "policy.licensed", False: "policy.unlicensed"}
        parts.append(people if when.licensed is None else messages(licence[when.licensed], people=people))
    if when.account_types is not None:
        parts.append(messages("policy.of_accounts", types=_names("account_type", when.account_types, messages)))
    if when.paid is not None:
        parts.append(messages("policy.paid" if when.paid else "policy.unpaid"))
    if isinstance(when, CustomerEscalationCondition) and when.plans is not None:
        parts.append(messages("policy.with_plans", plans=[_plan(edition, plan, messages) for plan in when.plans]))
    return " ".join(parts)


def _priorities(edition: Edition, messages: Messages) -> Iterator[RenderableType]:
    table = _table(
        messages("policy.priorities"),
        messages("policy.priority"),
        messages("policy.definition"),
        messages("policy.resources"),
    )
    for priority in PRIORITIES:
        text = edition.priorities[priority]
        table.add_row(
            priority, in_language(text.definition, messages.language), in_language(text.resources, messages.language)
        )
    yield table


def _priority_rules(edition: Edition, messages: Messages) -> Iterator[RenderableType]:
    table = _table(
        messages("policy.rules"),
        messages("policy.priority"),
        messages("policy.when"),
        messages("policy.rule"),
        no_wrap=(2,),
    )
    for rule in edition.priority_rules:
        table.add_row(rule.priority, messages.one_of([_claim(when, messages) for when in rule.any_of]), rule.id)
    yield table


def _claim(when: PriorityCondition, messages: Messages) -> str:
    parts = [
        f"{messages(f'policy.{name}')} {' / '.join(messages.name(name, value) for value in values)}"
        for name, values in (
            ("impact", when.impacts),
            ("workaround", when.workarounds),
            ("environment", when.environments),
        )
        if values is not None
    ]
    return ", ".join(parts) or messages("policy.otherwise")


def _targets(edition: Edition, messages: Messages) -> Iterator[RenderableType]:
    columns = ("plan", "priority", "milestone", "target", "hours", "promise")
    table = _table(messages("policy.targets"), *(messages(f"policy.{column}") for column in columns), no_wrap=(2, 3))
    for target in edition.targets:
        table.add_row(
            ", ".join(_plan(edition, plan, messages) for plan in target.plans),
            ", ".join(target.priorities),
            messages.name("milestone", target.milestone),
            messages.span(target.target_seconds),
            messages(f"policy.hours.{target.hours}"),
            messages.name("promise", target.promise),
        )
    yield table
    notes = dict.fromkeys(target.note for target in edition.targets if target.note)
    yield from (Text(f"· {edition.remark(note, messages.language)}", style="dim") for note in notes)


def _levels(edition: Edition, messages: Messages) -> Iterator[RenderableType]:
    table = _table(messages("policy.levels"), messages("policy.at_share"), "", messages("policy.called"))
    for level in edition.escalation_levels:
        kind = (
            messages("policy.warning") if level.kind == "warning" else messages("policy.escalation", level=level.level)
        )
        table.add_row(_when(level, messages), kind, messages.name("called", level.called))
    yield table
    asked = edition.customer_escalation
    yield Text(
        messages(
            "policy.by_customer",
            who="; ".join(_person(edition, when, messages) for when in asked.any_of),
            types=_names("request_type", asked.request_types, messages),
            opened=messages.span(asked.wait_after_submission_seconds),
            rejected=messages.span(asked.wait_after_rejection_seconds),
        )
    )


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


def _directory(edition: Edition, messages: Messages) -> Iterator[RenderableType]:
    table = _table(
        messages("policy.directory"),
        messages("policy.country"),
        messages("policy.number"),
        messages("policy.dial"),
        messages("policy.note"),
        no_wrap=(1, 2),
    )
    for code, directory in edition.phone.countries.items():
        name = f"{in_language(directory.name, messages.language)} ({code})"
        for number in directory.numbers:
            note = (
                messages("policy.unverified", reason=edition.remark(number.unverified, messages.language))
                if number.unverified
                else ""
            )
            table.add_row(name, number.as_printed, number.dial, note)
            name = ""
    yield table
    yield Text(in_language(edition.phone.have_at_hand, messages.language))
    yield Text(in_language(edition.phone.tariff_note, messages.language))


def _calendars(edition: Edition, messages: Messages) -> Iterator[RenderableType]:
    columns = ("calendar", "zone", "holidays", "countries")
    table = _table(messages("policy.calendars"), *(messages(f"policy.{column}") for column in columns), no_wrap=(0, 1))
    regional = edition.regional_hours
    for name, calendar in edition.calendars.items():
        countries = [code for code, own in (*regional.countries.items(), *regional.regions.items()) if own == name]
        others = [messages("policy.all_other")] if name == regional.default else []
        table.add_row(
            name,
            "\n".join((calendar.timezone, *_weekly(calendar.hours, messages))),
            str(len(calendar.holidays) or messages("policy.no")),
            " ".join((*countries, *others)),
        )
    yield table


def _weekly(hours: Mapping[Weekday, Periods], messages: Messages) -> Iterator[str]:
    """Consecutive days with the same hours as one line: mon–fri 09:00–18:00."""
    for periods, days in groupby(WEEKDAYS, key=lambda day: hours.get(day, ())):
        names = [messages.weekday(WEEKDAYS.index(day)) for day in days]
        if periods:
            span = names[0] if len(names) == 1 else f"{names[0]}–{names[-1]}"
            yield f"{span} {', '.join(f'{opens}–{closes}' for opens, closes in periods)}"


def _resources(edition: Edition, messages: Messages) -> Iterator[RenderableType]:
    yield Text(messages("policy.help"), style="bold")
    yield from (Text(f"· {in_language(text, messages.language)}") for text in edition.resources.values())


def _plan(edition: Edition, plan: Plan, messages: Messages) -> str:
    return in_language(edition.plans[plan].name, messages.language)


def _names(kind: str, words: Sequence[str], messages: Messages) -> list[str]:
    return [messages.name(kind, word) for word in words]


def _table(title: str, *columns: str, no_wrap: tuple[int, ...] = ()) -> Table:
    """A table whose columns at the indexes `no_wrap` are not broken over lines."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=index in no_wrap)
    return table
