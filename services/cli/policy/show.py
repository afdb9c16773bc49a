"""An edition as tables for people: who may ask where, what is promised, whom to call."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from services.cli.policy.edition_view import EditionView
from services.cli.policy.fitted_table import FittedTable
from services.cli.policy.show_access import fields, matrix, sent
from services.cli.policy.show_promises import levels, milestones, priorities, priority_rules, targets
from shared.contracts.base import format_instant
from shared.contracts.vocabulary import Language
from shared.explain.edition_words import capital, countries_of, open_hours, zones_of
from shared.messages.messages import Messages
from shared.policy.base import in_language
from shared.policy.condition_words import alternatives
from shared.policy.digest import policy_sha256
from shared.policy.model import Edition


def tables(edition: Edition, messages: Messages, language: Language | None = None) -> Iterator[RenderableType]:
    """The whole content of `edition`, table by table; its own texts in `language`, by default that of `messages`."""
    view = EditionView.of(edition, messages, language)
    yield from _header(view)
    for table in (
        *(matrix, fields, sent, priorities, priority_rules, targets, milestones, levels),
        *(_directory, _calendar_rules, _calendars, _resources, _notes),
    ):
        for index, part in enumerate(table(view)):
            if index == 0:
                yield Text()
            yield part


def _header(view: EditionView) -> Iterator[RenderableType]:
    edition, messages = view.edition, view.messages
    yield Text(f"{edition.edition}: {view.text(edition.title)}", style="bold")
    yield Text(f"{messages('policy.effective_from')} {format_instant(edition.effective_from)}")
    yield Text(f"{messages('policy.digest')} {policy_sha256(edition)}", overflow="fold")
    first, last = edition.holiday_years
    versions = {"tzdata": edition.tzdata_version, "holidays": edition.holidays_version}
    yield Text(messages("policy.resolved_with", **versions, first=first, last=last), style="dim")


def _directory(view: EditionView) -> Iterator[RenderableType]:
    messages, phone = view.messages, view.edition.phone
    if phone is None:
        return
    headings = [messages(f"policy.{name}") for name in ("country", "number", "dial", "note")]
    table = FittedTable(messages("policy.directory"), headings, whole=(1, 2))
    for code, directory in phone.countries.items():
        name = f"{in_language(directory.name, view.language)} ({code})"
        for number in directory.numbers:
            reason = view.edition.remark(number.unverified, view.language)
            note = messages("policy.unverified", reason=reason) if reason else ""
            table.add(name, number.as_printed, number.dial, note)
            name = ""
    yield table
    yield Text(view.text(phone.have_at_hand))
    yield Text(view.text(phone.tariff_note))


def _calendar_rules(view: EditionView) -> Iterator[RenderableType]:
    """The calendars that are chosen by a condition, before the countries have a say."""
    messages, rules = view.messages, view.edition.regional_hours.rules
    if rules:
        headings = [messages(f"policy.{name}") for name in ("when", "calendar", "rule")]
        table = FittedTable(messages("policy.calendar_rules"), headings)
        for rule in rules:
            when = capital(alternatives(rule.any_of, messages, "\n"))
            table.add(view.with_note(when, rule.note), rule.calendar, rule.id)
        yield table


def _calendars(view: EditionView) -> Iterator[RenderableType]:
    messages, regional = view.messages, view.edition.regional_hours
    headings = [messages(f"policy.{name}") for name in ("calendar", "open_hours", "holidays", "countries")]
    table = FittedTable(messages("policy.calendars"), headings, whole=(1,))
    for name, calendar in view.edition.calendars.items():
        countries = countries_of(view.edition, name)
        others = [messages("policy.all_other")] if name == regional.default else []
        members = calendar.union or (calendar,)
        zones = "\n".join(zones_of(calendar))
        holidays = {date for member in members for date in member.dated_holidays}
        table.add(
            Text(name).append(f"\n{zones}", style="dim"),
            "\n".join(open_hours(calendar, messages)),
            str(len(holidays) or messages("policy.no")),
            " ".join((*countries, *others)),
        )
    yield table


def _resources(view: EditionView) -> Iterator[RenderableType]:
    if view.edition.resources:
        yield Text(view.messages("policy.help"), style="bold")
        yield from (Text(f"· {view.text(text)}") for text in view.edition.resources.values())


def _notes(view: EditionView) -> Iterator[RenderableType]:
    if view.edition.notes:
        yield Text(view.messages("policy.notes"), style="bold")
        yield from (Text(f"· {view.edition.remark(note, view.language)}") for note in view.edition.notes)
