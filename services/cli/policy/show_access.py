"""Who may ask where: the channels of an edition by plan and tier, and where requests are sent."""

from collections.abc import Iterator

from rich.console import RenderableType
from rich.text import Text

from services.cli.policy.edition_view import EditionView
from services.cli.policy.fitted_table import FittedTable
from shared.explain.edition_words import adds, admitted, capital
from shared.policy.condition import Condition
from shared.policy.condition_words import in_words, requests
from shared.policy.model import RIGHTS


def matrix(view: EditionView) -> Iterator[RenderableType]:
    """Channel by plan: at which tier, for whom; then what else a plan gives, and which words count as others."""
    edition, messages = view.edition, view.messages
    plans = view.names("plan", list(edition.plans))
    table = FittedTable(messages("policy.who_may"), [messages("policy.channel"), *plans])
    for channel, policy in edition.channels.items():
        name = Text(capital(messages.name("channel", channel)))
        if policy.around_the_clock:
            name.append(f"\n{messages('policy.around_the_clock')}", style="dim")
        if policy.requires != Condition():
            name.append(f"\n{messages('policy.needs', what=in_words(policy.requires, messages))}", style="dim")
        if policy.fallback:
            name.append(f"\n{messages('policy.fallback', channels=policy.fallback)}", style="dim")
        table.add(name, *(_who(view, plan, channel) for plan in edition.plans))
    for right in RIGHTS:
        held = (getattr(policy, right) for policy in edition.plans.values())
        table.add(messages(f"policy.{right}"), *(messages("policy.yes" if has else "policy.no") for has in held))
    yield table
    yield from _notes(view)
    yield from _counting_as_others(view)
    yield from _impossible(view)


def _who(view: EditionView, plan: str, channel: str) -> str:
    """Who may use the channel by the plan's own rules, tier by tier; an included plan is only named."""
    lines = [f"{each.tier}: {each.people}" for each in admitted(view, plan, channel)]
    included = adds(view.edition, plan, channel)
    if included is not None:
        lines.append(view.messages("policy.includes", plan=included))
    return "\n".join(lines) or view.messages("policy.nobody")


def _notes(view: EditionView) -> Iterator[RenderableType]:
    """The notes of plans and of access rules, with where and for whom they hold."""
    for plan, policy in view.edition.plans.items():
        if policy.note is not None:
            yield view.with_note(f"· {capital(view.messages.name('plan', plan))}:", policy.note, " ")
    for rule in view.edition.access:
        if rule.note is not None:
            where = ", ".join((*view.names("channel", rule.channels), *view.names("plan", rule.plans)))
            yield view.with_note(f"· {capital(where)}:", rule.note, " ")


def _counting_as_others(view: EditionView) -> Iterator[RenderableType]:
    edition, messages = view.edition, view.messages
    for kind, entries in (("role", edition.roles), ("account_type", edition.account_types)):
        for word, entry in entries.items():
            if entry.counts_as:
                names = view.names(kind, entry.counts_as)
                shown = messages("policy.counts_as", word=messages.name(kind, word), words=names)
                yield view.with_note(f"· {capital(shown)}", entry.note, ". ")
    least = edition.not_covered
    facts = {"plan": least.plan, "account_type": least.account_type, "role": least.role}
    yield Text(f"· {messages('policy.not_covered', **facts)}")


def _impossible(view: EditionView) -> Iterator[RenderableType]:
    for rule in view.edition.impossible_accounts:
        shown = view.messages("policy.no_account", what=in_words(rule, view.messages))
        yield view.with_note(f"· {shown}", rule.note, ". ")


def sent(view: EditionView) -> Iterator[RenderableType]:
    """Where requests go whatever channel they asked for."""
    messages = view.messages
    if view.edition.assignments:
        table = FittedTable(messages("policy.sent"), [messages(f"policy.{name}") for name in ("when", "channel")])
        for rule in view.edition.assignments:
            when = view.with_note(capital(requests(rule.any_of, messages)), rule.note)
            table.add(when, messages.name("channel", rule.channel))
        yield table
    if any(tier.no_targets for tier in view.edition.tiers.values()):
        yield Text(messages("policy.no_targets"), style="bold")
        for tier, policy in view.edition.tiers.items():
            if policy.no_targets is not None:
                yield Text(f"· {capital(messages.name('tier', tier))}: {view.text(policy.no_targets.because)}")


def fields(view: EditionView) -> Iterator[RenderableType]:
    """What a request says besides its text."""
    messages = view.messages
    if not view.edition.fields:
        return
    table = FittedTable(messages("policy.fields"), [messages(f"policy.{name}") for name in ("field", "values")])
    for name, field in view.edition.fields.items():
        shown = Text(capital(messages.name("field", name)))
        if field.question is not None:
            shown.append(f"\n{view.text(field.question)}", style="dim")
        values = [
            messages("policy.by_default", value=named) if value == field.default else named
            for value, named in zip(field.values, view.names(f"value.{name}", list(field.values)), strict=True)
        ]
        table.add(shown, ", ".join(values))
    yield table
