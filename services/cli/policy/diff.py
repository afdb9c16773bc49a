"""[pure] The differences of two editions as data: words, whose answers change, and which fields of the document do.

The router's own functions answer for every kind of requester and every claim under both editions. So a rule that was
moved without effect is a changed field and nothing else. What one edition alone has a word for is asked of both: the
other answers that the word is not in it.
"""

import json
from collections.abc import Iterable, Iterator, Mapping
from itertools import product
from typing import Any, NamedTuple

from services.cli.policy.diff_situations import Asker, Axes, fields_of
from services.cli.policy.document_fields import document_fields
from shared.contracts.vocabulary import Language
from shared.policy.model import Edition
from shared.policy.priority import priority_rule
from shared.policy.promises import CaseKind, promised
from shared.routing.access import conditions_of_access, conditions_of_asking, right_to_ask, verdicts

NOT_IN_EDITION = "not_in_edition"  # the answer of an edition that lacks a word of the subject


class Change(NamedTuple):
    """One difference, as data: what is compared, and what each edition answers.

    | section | subject | before, after |
    | --- | --- | --- |
    | words | kind, word, of the values of a field also field | the name; null = not in that edition |
    | targets | plan, priority, milestone, situation | the terms; target_seconds null, reason |
    | priorities | situation | the priority, or all that may follow |
    | channels | channel, situation | the tier; null = closed |
    | escalation | right, situation | yes or no |
    | fields | field: its path in the document | the value; null = the document lacks the field |

    A situation has what rules depend on: plans, account_types, paid, licensed, roles, channels, languages, countries
    (null = any), and `fields` with their values; null among channels, languages or countries = another one. An answer
    is "not_in_edition" where the edition lacks a word of the subject.
    """

    section: str
    subject: Mapping[str, Any]
    before: Any
    after: Any


def differences(before: Edition, after: Edition, language: Language | None = None) -> list[Change]:
    """Every difference: those of words first, then those of answers, last those of fields.

    Words have their names in `language`, by default the first language of their edition.
    """
    both = (before, after)
    changes = [*_words(*both, language), *_targets(*both), *_priorities(*both), *_rights(*both)]
    old, new = document_fields(before), document_fields(after)
    changes += [
        Change("fields", {"field": path}, old.get(path), new.get(path))
        for path in dict.fromkeys((*old, *new))
        if old.get(path) != new.get(path)
    ]
    return changes


_KINDS = {
    "plan": "plans",
    "account_type": "account_types",
    "role": "roles",
    "channel": "channels",
    "tier": "tiers",
    "field": "fields",
    "milestone": "milestones",
    "addressee": "addressees",
}


def _words(before: Edition, after: Edition, language: Language | None) -> Iterator[Change]:
    """Words that one edition alone has."""
    old, new = (dict(_named(edition, language or edition.languages[0])) for edition in (before, after))
    for kind, word, field in dict.fromkeys((*old, *new)):
        was, now = old.get((kind, word, field)), new.get((kind, word, field))
        if (was is None) != (now is None):
            subject = {"kind": kind, "word": word} | ({} if field is None else {"field": field})
            yield Change("words", subject, was, now)


def _named(edition: Edition, language: Language) -> Iterator[tuple[tuple[str, str, str | None], str]]:
    for kind, section in _KINDS.items():
        for word, entry in getattr(edition, section).items():
            yield (kind, word, None), entry.name_in(word, language)
    for name, field in edition.fields.items():
        for value, entry in field.values.items():
            yield ("value", value, name), entry.name_in(value, language)
    for kind, words in (("priority", edition.priorities), ("status", edition.statuses)):
        for word in words:
            yield (kind, word, None), word
    for own in edition.languages:
        yield ("language", own, None), own


def _union(before: Iterable[str], after: Iterable[str]) -> list[str]:
    return list(dict.fromkeys((*before, *after)))


def _targets(before: Edition, after: Edition) -> Iterator[Change]:
    """Changed targets on staffed channels: by plan, priority and milestone, and whatever else targets ask about."""
    axes = Axes.of(before, after, lambda edition: edition.targets).without("plan")
    priorities = _union(before.priorities, after.priorities)
    milestones = _union(before.milestones, after.milestones)
    for plan, priority in product(_union(before.plans, after.plans), priorities):
        groups: dict[tuple[str, str], tuple[str, Any, Any, list[Mapping[str, Any]]]] = {}
        for chosen in axes:
            old, new = (_promised(Asker(each), {**chosen, "plan": plan}, priority) for each in (before, after))
            for milestone in milestones:
                was, now = _terms(before, old, milestone), _terms(after, new, milestone)
                if was != now and (_is_target(was) or _is_target(now) or NOT_IN_EDITION not in (was, now)):
                    groups.setdefault((milestone, json.dumps([was, now])), (milestone, was, now, []))[3].append(chosen)
        for milestone, was, now, situations in groups.values():
            subject = {"plan": plan, "priority": priority, "milestone": milestone}
            for group in axes.merged(situations):
                yield Change("targets", subject | group, was, now)


def _is_target(terms: Any) -> bool:
    return terms != NOT_IN_EDITION and "promise" in terms


def _promised(asker: Asker, chosen: Mapping[str, Any], priority: str) -> Mapping[str, Any] | None:
    """The terms by milestone; None where the edition lacks a word."""
    edition, situation = asker.edition, asker.situation(chosen)
    if situation is None or priority not in edition.priorities:
        return None
    return promised(edition, CaseKind(situation, priority, asker.tier_of(situation.channel))).terms


def _terms(edition: Edition, terms: Mapping[str, Any] | None, milestone: str) -> Any:
    if terms is None or milestone not in edition.milestones:
        return NOT_IN_EDITION
    each = terms.get(milestone)
    if each is None or each.promise is None:
        return {"target_seconds": None, "reason": None if each is None else each.reason}
    value = {
        "target_seconds": each.target_seconds,
        "hours": each.hours,
        "promise": each.promise,
        "paused_by": list(each.paused_by),
    }
    more = {name: getattr(each, name) for name in ("target_business_days", "until", "open_at_least", "calendar")}
    return value | {name: found for name, found in more.items() if found is not None}


def _priorities(before: Edition, after: Edition) -> Iterator[Change]:
    """Changed priorities. A field that one edition alone has is no subject: its rules may give several priorities."""

    def conditions(edition: Edition) -> Any:
        return [when for rule in edition.priority_rules for when in rule.any_of]

    axes = Axes.of(before, after, conditions).of_both(before, after)
    groups: dict[str, tuple[Any, Any, list[Mapping[str, Any]]]] = {}
    for chosen in axes:
        was, now = (_priorities_of(Asker(each), conditions(each), chosen) for each in (before, after))
        if was != now:
            groups.setdefault(json.dumps([was, now]), (was, now, []))[2].append(chosen)
    for was, now, situations in groups.values():
        for group in axes.merged(situations):
            yield Change("priorities", group, was, now)


def _priorities_of(asker: Asker, conditions: Any, chosen: Mapping[str, Any]) -> list[str] | str:
    """The priority that follows; all that may, where that depends on fields which this edition alone has."""
    if asker.situation(chosen) is None:
        return NOT_IN_EDITION
    own = [name for name in fields_of(conditions) if f"fields.{name}" not in chosen]
    values = [asker.edition.fields[name].values for name in own]
    found = set()
    for each in product(*values):
        situation = asker.situation({**chosen, **{f"fields.{n}": v for n, v in zip(own, each, strict=True)}})
        if situation is not None:
            found.add(priority_rule(asker.edition, situation).priority)
    listed = [priority for priority in asker.edition.priorities if priority in found]
    return listed[0] if len(listed) == 1 else listed


_PEOPLE = ("plan", "account_type", "paid", "role", "licensed")


def _rights(before: Edition, after: Edition) -> Iterator[Change]:
    """Changes of rights, one for all people to whom the same happens."""
    for conditions, answers in ((conditions_of_access, _channels), (conditions_of_asking, _asking)):
        axes = Axes.of(before, after, conditions, always=_PEOPLE).without("channel")
        groups: dict[tuple[str, str, Any, Any], list[Mapping[str, Any]]] = {}
        for chosen in axes:
            old, new = (answers(Asker(each), chosen) for each in (before, after))
            for key in dict.fromkeys((*old, *new)):
                was, now = (each.get(key, NOT_IN_EDITION) for each in (old, new))
                if was != now and {was, now} != {None, NOT_IN_EDITION}:  # closed, and not there: neither helps anybody
                    groups.setdefault((*key, was, now), []).append(chosen)
        order = {name: index for index, name in enumerate(_union(before.channels, after.channels))}
        for (section, right, was, now), people in sorted(groups.items(), key=lambda group: order.get(group[0][1], 99)):
            name = "channel" if section == "channels" else "right"
            for group in axes.merged(people):
                yield Change(section, {name: right, **group}, was, now)


def _channels(asker: Asker, chosen: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    """The tier of each channel, and the benefits of the plan."""
    edition, (standing, situation) = asker.edition, asker.standing(chosen)
    plan = edition.plans[situation.plan]
    covered = standing == "covered"
    return {
        **{("channels", name): verdict.tier for name, verdict in verdicts(edition, standing, situation).items()},
        ("escalation", "automated"): covered and plan.automated_escalation,
        ("escalation", "technical_account_manager"): covered and plan.technical_account_manager,
    }


def _asking(asker: Asker, chosen: Mapping[str, Any]) -> dict[tuple[str, str], Any]:
    standing, situation = asker.standing(chosen)
    return {("escalation", "customer_requested"): right_to_ask(asker.edition, standing, situation).may_ask}
