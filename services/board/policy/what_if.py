"""[pure] The answer to a what-if: the decision that the router would make, and the ledger of each deadline.

It is the router's own `route` and the ledger's own count, as in `frontline decide` and `frontline deadline`.
"""

from collections.abc import Iterator, Mapping
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from services.board.policy.question import Question
from shared.business_time.hours import ledger
from shared.business_time.instants import to_micros
from shared.contracts.structs import DecidedMilestone, Decision, Requester
from shared.contracts.vocabulary import Promise
from shared.explain.clock_ledger import as_data
from shared.explain.ledger_reasons import because
from shared.messages.messages import Messages
from shared.messages.reason import Reason
from shared.policy.condition_words import in_words
from shared.policy.deadlines import has_target, target_of
from shared.policy.impossible_accounts import AccountWords, impossible_by
from shared.policy.model import Edition
from shared.policy.promises import CaseKind, Promises, promised
from shared.policy.start_name import start_name
from shared.policy.target_length import target_length
from shared.routing.entitlement import AccountTerms, Entitlement, anonymous, covered, not_covered
from shared.routing.rendering import in_words_of, with_sentences
from shared.routing.route import Asked, route, situation_of
from shared.routing.rulebook import Rulebook


class By(NamedTuple):
    """The rule behind a promise: its id or its place in the edition, with its own words."""

    rule: str
    source: str
    note: str


class Answered(NamedTuple):
    """A milestone of the decision, by its word and its name.

    With a target: `length`, `hours`, `promise`, and `due_at` with its `ledger` (as `frontline deadline` has it, with a
    sentence `because` for each interval) if its clock starts at the submission; else `starts` says what starts it. A
    calendar that never opens gives neither. Without a target, `none` says why.
    """

    milestone: str
    name: str
    length: str
    hours: str
    promise: Promise | None
    promise_name: str
    starts: str
    due_at: datetime | None
    ledger: tuple[Mapping[str, Any], ...]
    calendar: str
    zone: str
    none: str
    by: By


class Channel(NamedTuple):
    """A channel for this person: open at a tier, or why not, and the rule that says so."""

    name: str
    is_open: bool
    is_assigned: bool
    tier: str
    because: str
    rule: str


class Answer(NamedTuple):
    """The decision, as a struct and with its sentences as data, and what a page shows of it."""

    decision: Decision
    shown: Mapping[str, Any]
    at: datetime
    channels: tuple[Channel, ...]
    milestones: tuple[Answered, ...]
    steps: tuple[Mapping[str, Any], ...]
    impossible: str

    @property
    def first(self) -> Answered | None:
        """The promise that is due first."""
        timed = [each for each in self.milestones if each.due_at is not None]
        return min(timed, key=lambda each: each.due_at or self.at, default=None)


def answer(question: Question, rules: Rulebook, messages: Messages) -> Answer:
    """What the edition of `rules` decides, in the words of `messages`. Raises CalendarError for an instant that is too
    close to the ends of the calendar.
    """
    edition = rules.edition
    words = in_words_of(messages, edition)
    entitlement = _entitlement(question, edition)
    asked = Asked(question.channel, question.fields, question.language, question.country, opened_by=question.opened_by)
    decision = route(asked, entitlement, rules, question.at)
    shown = with_sentences(decision, words)
    situation = situation_of(asked, entitlement, rules)._replace(channel=decision.assigned_channel)
    kind = CaseKind(situation, decision.priority, decision.assigned_tier, question.opened_by)
    by = promised(edition, kind)
    return Answer(
        decision,
        shown,
        question.at,
        tuple(_channels(decision, shown, words)),
        tuple(_milestone(name, terms, decision, rules, question.at, words, by) for name, terms in _in_order(decision)),
        tuple(step for step in shown["trace"]),
        _impossible(question, edition, words),
    )


def _entitlement(question: Question, edition: Edition) -> Entitlement:
    if question.who == "anonymous":
        return anonymous(edition)
    requester = Requester(requester_id="", role=question.role, licensed=question.licensed)
    if question.who == "unknown_account":
        return not_covered("unknown_account", requester, edition)
    terms = AccountTerms(question.plan, question.account_type, question.paid, question.country, None, {})
    return covered(terms, requester, edition, question.at)


def _channels(decision: Decision, shown: Mapping[str, Any], words: Messages) -> Iterator[Channel]:
    for name, verdict in decision.channels.items():
        yield Channel(
            words.name("channel", name),
            verdict.eligible,
            name == decision.assigned_channel,
            "" if verdict.tier is None else words.name("tier", verdict.tier),
            shown["channels"][name].get("because", ""),
            verdict.rule,
        )


def _in_order(decision: Decision) -> list[tuple[str, DecidedMilestone]]:
    """What is due first at the front, then what starts later, then what has no target."""
    listed = list(decision.milestones.items())
    return sorted(listed, key=lambda each: (not has_target(each[1]), each[1].due_at is None, each[1].due_at or 0))


def _milestone(
    name: str,
    terms: DecidedMilestone,
    decision: Decision,
    rules: Rulebook,
    at: datetime,
    words: Messages,
    promises: Promises,
) -> Answered:
    edition = rules.edition
    calendar = terms.calendar or decision.calendar
    row = edition.milestones[name]
    timed = has_target(terms)
    return Answered(
        milestone=name,
        name=words.name("milestone", name),
        length=target_length(_length_of(terms), words) if timed else "",
        hours=_hours(terms, words) if timed else "",
        promise=terms.promise,
        promise_name="" if terms.promise is None else words.name("promise", terms.promise),
        starts="" if row.starts_at_submission else start_name(row.starts, words),
        due_at=terms.due_at,
        ledger=() if terms.due_at is None else tuple(_ledger(terms, terms.due_at, calendar, rules, at, words)),
        calendar=calendar,
        zone=edition.calendars[calendar].timezone,
        none="" if timed else _why_none(terms, decision, words),
        by=_by(promises, name, edition, words),
    )


def _length_of(terms: DecidedMilestone) -> dict[str, Any]:
    return {name: getattr(terms, name) for name in ("target_seconds", "target_business_days", "until")}


def _hours(terms: DecidedMilestone, words: Messages) -> str:
    hours = words(f"policy.hours.{terms.hours}")
    if terms.open_at_least is None:
        return hours
    return words("policy.open_at_least", hours=hours, span=words.span(terms.open_at_least))


def _why_none(terms: DecidedMilestone, decision: Decision, words: Messages) -> str:
    reason = Reason(
        f"no_target.{terms.reason}",
        plan=decision.entitlement.plan,
        priority=decision.priority,
        tier=decision.assigned_tier,
    )
    return words.reason(reason)


def _by(promises: Promises, milestone: str, edition: Edition, words: Messages) -> By:
    found = promises.promised_by(milestone)
    target = found.target
    if target is None:
        return By(found.place, "", "")
    source, note = (edition.remark(text, words.language) or "" for text in (target.source, target.note))
    return By(target.id or found.place, source, note)


def _ledger(
    terms: DecidedMilestone, due_at: datetime, calendar: str, rules: Rulebook, at: datetime, words: Messages
) -> Iterator[Mapping[str, Any]]:
    """Each interval from the submission to the deadline, with the reason in words."""
    hours = rules.calendars[calendar]
    target = target_of(terms, to_micros(at, "at"), hours)
    names = rules.edition.holiday_names.get(calendar, {})
    holidays = {name: text[words.language] for name, text in names.items() if words.language in text}
    for entry in ledger(
        at,
        due_at,
        timedelta(microseconds=target),
        terms.hours or "elapsed",
        hours,
        open_at_least=timedelta(seconds=terms.open_at_least or 0),
    ):
        shown = as_data(entry)
        yield {**shown, "because": because(shown, words, holidays)}


def _impossible(question: Question, edition: Edition, words: Messages) -> str:
    """That no account may be so, and by which rule, for an account that the edition calls impossible."""
    if question.who != "covered":
        return ""
    account = AccountWords(question.plan, question.account_type, question.paid, question.country)
    rule = impossible_by(edition, account)
    if rule is None:
        return ""
    said = words("policy.no_account", what=in_words(rule, words))
    note = edition.remark(rule.note, words.language)
    return said if note is None else f"{said}. {note}"
