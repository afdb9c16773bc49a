"""An edition as tables for people: who may ask where, what is promised, whom to call."""

from collections.abc import Iterator, Mapping
from itertools import groupby

from rich import box
from rich.console import RenderableType
from rich.table import Table
from rich.text import Text

from services.cli.policy.words import Words
from shared.business_time.config import WEEKDAYS, Periods, Weekday
from shared.contracts.base import format_instant
from shared.contracts.vocabulary import CHANNELS, PLANS, PRIORITIES, TIERS, Channel, Language, Plan, Tier
from shared.policy.digest import policy_sha256
from shared.policy.durations import format_duration
from shared.policy.model import (
    Condition,
    CustomerEscalationCondition,
    Edition,
    EscalationLevel,
    PriorityCondition,
)


def tables(edition: Edition, language: Language) -> Iterator[RenderableType]:
    """Everything that `edition` says, piece by piece."""
    words = Words(language)
    yield from _header(edition, words)
    for table in (_matrix, _priorities, _priority_rules, _targets, _levels, _directory, _calendars, _resources):
        yield Text()
        yield from table(edition, words)
    if edition.notes:
        yield Text()
        yield Text(words("notes"), style="bold")
        yield from (Text(f"· {edition.remark(note, language)}") for note in edition.notes)


def _header(edition: Edition, words: Words) -> Iterator[RenderableType]:
    yield Text(f"{edition.edition}: {edition.title[words.language]}", style="bold")
    yield Text(f"{words('effective_from')} {format_instant(edition.effective_from)}")
    yield Text(f"{words('digest')} {policy_sha256(edition)}", overflow="fold")
    first, last = edition.holiday_years
    versions = {"tzdata": edition.tzdata_version, "holidays": edition.holidays_version}
    yield Text(words("resolved_with", **versions, first=first, last=last), style="dim")


def _matrix(edition: Edition, words: Words) -> Iterator[RenderableType]:
    table = _table(words("who_may"), words("channel"), *(edition.plans[plan].name[words.language] for plan in PLANS))
    for channel in CHANNELS:
        policy = edition.channels[channel]
        name = Text(policy.name[words.language])
        if policy.requires != Condition():
            name.append(f"\n{words('needs', what=_person(edition, policy.requires, words))}", style="dim")
        table.add_row(name, *(_who(edition, plan, channel, words) for plan in PLANS))
    for right in ("priority_response", "automated_escalation", "technical_account_manager"):
        held = (words("yes" if getattr(edition.plans[plan], right) else "no") for plan in PLANS)
        table.add_row(words(right), *held)
    yield table


def _who(edition: Edition, plan: Plan, channel: Channel, words: Words) -> str:
    """Who the plan's own rules let in, tier by tier; what comes with another plan is named, not repeated."""
    lines = []
    for tier in TIERS:
        people = list(_let_in(edition, plan, channel, tier, words))
        if people:
            lines.append(f"{words(tier)}: {words.or_else(people)}")
    included = edition.plans[plan].includes
    if included is not None and any(
        channel in rule.channels and included in rule.plans and plan not in rule.plans for rule in edition.access
    ):
        lines.append(words("includes", plan=edition.plans[included].name[words.language]))
    return "\n".join(lines) or words("nobody")


def _let_in(edition: Edition, plan: Plan, channel: Channel, tier: Tier, words: Words) -> Iterator[str]:
    for rule in edition.access:
        if plan in rule.plans and channel in rule.channels and rule.tier == tier:
            yield from (_person(edition, when, words) for when in rule.any_of)


def _person(edition: Edition, when: Condition, words: Words) -> str:
    """A condition as the people who meet it."""
    if when == Condition():
        return words("everyone")
    parts = []
    if when.roles is not None or when.licensed is not None or when.account_types is not None:
        people = words.any_of(when.roles) if when.roles else words("anyone")
        licence = {True: "licensed", False: "unlicensed"}
        parts.append(people if when.licensed is None else words(licence[when.licensed], people=people))
    if when.account_types is not None:
        parts.append(words("of_accounts", types=words.any_of(when.account_types)))
    if when.paid is not None:
        parts.append(words("paid" if when.paid else "unpaid"))
    if isinstance(when, CustomerEscalationCondition) and when.plans is not None:
        parts.append(
            words("with_plans", plans=words.or_else(edition.plans[plan].name[words.language] for plan in when.plans))
        )
    return " ".join(parts)


def _priorities(edition: Edition, words: Words) -> Iterator[RenderableType]:
    table = _table(words("priorities"), words("priority"), words("definition"), words("resources"))
    for priority in PRIORITIES:
        text = edition.priorities[priority]
        table.add_row(priority, text.definition[words.language], text.resources[words.language])
    yield table


def _priority_rules(edition: Edition, words: Words) -> Iterator[RenderableType]:
    table = _table(words("rules"), words("priority"), words("when"), words("rule"), whole=(2,))
    for rule in edition.priority_rules:
        table.add_row(rule.priority, words.or_else(_claim(when, words) for when in rule.any_of), rule.id)
    yield table


def _claim(when: PriorityCondition, words: Words) -> str:
    parts = [
        f"{words(name)} {' / '.join(value.replace('_', ' ') for value in values)}"
        for name, values in (
            ("impact", when.impacts),
            ("workaround", when.workarounds),
            ("environment", when.environments),
        )
        if values is not None
    ]
    return ", ".join(parts) or words("otherwise")


def _targets(edition: Edition, words: Words) -> Iterator[RenderableType]:
    columns = ("plan", "priority", "milestone", "target", "hours", "promise")
    table = _table(words("targets"), *(words(column) for column in columns), whole=(2, 3))
    for target in edition.targets:
        table.add_row(
            ", ".join(edition.plans[plan].name[words.language] for plan in target.plans),
            ", ".join(target.priorities),
            words(target.milestone),
            format_duration(target.target_seconds),
            words(f"hours.{target.hours}"),
            words(target.promise),
        )
    yield table
    notes = dict.fromkeys(target.note for target in edition.targets if target.note)
    yield from (Text(f"· {edition.remark(note, words.language)}", style="dim") for note in notes)


def _levels(edition: Edition, words: Words) -> Iterator[RenderableType]:
    table = _table(words("levels"), words("at_share"), "", words("called"))
    for level in edition.escalation_levels:
        kind = words("warning") if level.kind == "warning" else words("escalation", level=level.level)
        table.add_row(_when(level, words), kind, words(f"called.{level.called}"))
    yield table
    asked = edition.customer_escalation
    yield Text(
        words(
            "by_customer",
            who="; ".join(_person(edition, when, words) for when in asked.any_of),
            types=words.any_of(asked.request_types),
            opened=format_duration(asked.wait_after_submission_seconds),
            rejected=format_duration(asked.wait_after_rejection_seconds),
        )
    )


def _when(level: EscalationLevel, words: Words) -> str:
    """At how much of a target a level comes, and how often again."""
    if level.share is not None:
        when = f"{level.share:.0%}"
    elif level.before_deadline_seconds is not None:
        when = words("before_deadline", span=format_duration(level.before_deadline_seconds))
    else:
        when = words("after_deadline", span=format_duration(level.after_deadline_seconds or 0))
    if level.repeat is None:
        return when
    every = format_duration(level.repeat.every_seconds)
    return f"{when}, {words('repeats', every=every, times=level.repeat.times)}"


def _directory(edition: Edition, words: Words) -> Iterator[RenderableType]:
    table = _table(words("directory"), words("country"), words("number"), words("dial"), words("note"), whole=(1, 2))
    for code, directory in edition.phone.countries.items():
        name = f"{directory.name[words.language]} ({code})"
        for number in directory.numbers:
            note = words("unverified", reason=number.unverified) if number.unverified else ""
            table.add_row(name, number.as_printed, number.dial, note)
            name = ""
    yield table
    yield Text(edition.phone.have_at_hand[words.language])
    yield Text(edition.phone.tariff_note[words.language])


def _calendars(edition: Edition, words: Words) -> Iterator[RenderableType]:
    columns = ("calendar", "zone", "holidays", "countries")
    table = _table(words("calendars"), *(words(column) for column in columns), whole=(0, 1))
    regional = edition.regional_hours
    for name, calendar in edition.calendars.items():
        countries = [code for code, own in (*regional.countries.items(), *regional.regions.items()) if own == name]
        others = [words("all_other")] if name == regional.default else []
        table.add_row(
            name,
            "\n".join((calendar.timezone, *_weekly(calendar.hours, words))),
            str(len(calendar.holidays) or words("no")),
            " ".join((*countries, *others)),
        )
    yield table


def _weekly(hours: Mapping[Weekday, Periods], words: Words) -> Iterator[str]:
    """Days that open alike, a line for each stretch of them: mon–fri 09:00–18:00."""
    for periods, days in groupby(WEEKDAYS, key=lambda day: hours.get(day, ())):
        stretch = [words(day) for day in days]
        if periods:
            named = stretch[0] if len(stretch) == 1 else f"{stretch[0]}–{stretch[-1]}"
            yield f"{named} {', '.join(f'{opens}–{closes}' for opens, closes in periods)}"


def _resources(edition: Edition, words: Words) -> Iterator[RenderableType]:
    yield Text(words("help"), style="bold")
    yield from (Text(f"· {text[words.language]}") for text in edition.resources.values())


def _table(title: str, *columns: str, whole: tuple[int, ...] = ()) -> Table:
    """A table whose columns at the indexes `whole` are not broken over lines."""
    table = Table(title=title, title_justify="left", title_style="bold", box=box.SIMPLE_HEAD, pad_edge=False)
    for index, column in enumerate(columns):
        table.add_column(column, overflow="fold", no_wrap=index in whole)
    return table
