"""[pure] Checks that every word which an edition uses is one that it defines, and that each is defined once.

An entry that does not fit the model is known by its word alone: what it must have is empty.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

from shared.contracts.vocabulary import ACTIVITY_TYPES, STATUS_KINDS
from shared.messages.language_tags import tag_meant_by
from shared.policy.case_rules import WITHDRAWN, fold_status
from shared.policy.condition import Condition
from shared.policy.countries import COUNTRIES
from shared.policy.document import Path
from shared.policy.findings import Finding, Findings
from shared.policy.milestones import SUBMITTED
from shared.policy.mistakes import one_of
from shared.policy.model import Edition
from shared.policy.promises import OWN_REASONS

# The sections whose keys are the edition's words, and what one of them is called.
_NAMED = {
    "tiers": "tier",
    "channels": "channel",
    "plans": "plan",
    "account_types": "account type",
    "roles": "role",
    "fields": "field",
    "priorities": "priority",
    "milestones": "milestone",
    "addressees": "addressee",
}
_MESSAGE = "{word!r} is no {kind} of this edition"


def _defined_once(section: str) -> Callable[[Edition], Findings]:
    def check(draft: Edition) -> Findings:
        yield from _twice((section,), getattr(draft, section))

    return check


def _twice(at: Path, words: Iterable[str]) -> Findings:
    """People confuse words that differ in case alone, and some systems cannot tell them apart."""
    first: dict[str, str] = {}
    for word in words:
        other = first.setdefault(word.casefold(), word)
        if other != word:
            yield Finding((*at, word), f"differs from {other} in case alone")


def _languages_are_listed_once(draft: Edition) -> Findings:
    for index, language in enumerate(draft.languages):
        other = next(each for each in draft.languages if each.casefold() == language.casefold())
        if other != language:
            yield Finding(("languages", index), f"differs from {other} in case alone")
        elif draft.languages.index(language) != index:
            yield Finding(("languages", index), f"{language} is listed twice")


def _languages_are_tags(draft: Edition) -> Findings:
    """A name such as `english` would be a language that nobody asks for: its texts were never shown."""
    for index, language in enumerate(draft.languages):
        meant = tag_meant_by(language)
        if meant != language:
            yield Finding(("languages", index), f"{language} is no BCP 47 tag", meant)


def _reasons_are_a_tiers_own(draft: Edition) -> Findings:
    """A reason code has one sentence: that of the tiers that share it, and none of those that Frontline gives."""
    first: dict[str, str] = {}
    for name, tier in draft.tiers.items():
        if tier.no_targets is None:
            continue
        at: Path = ("tiers", name, "no_targets")
        reason = tier.no_targets.reason
        if reason in OWN_REASONS:
            yield Finding((*at, "reason"), "is a reason that Frontline gives itself", "any other word")
        other = draft.tiers[first.setdefault(reason, name)].no_targets
        if other is not None and other.because != tier.no_targets.because:
            yield Finding((*at, "because"), f"is another sentence than that of {first[reason]} for the same reason")


def _impossible_accounts_ask_about_accounts(draft: Edition) -> Findings:
    for index, account in enumerate(draft.impossible_accounts):
        given = Condition.model_fields.keys() & account.model_fields_set
        for key in sorted(given.difference(_OF_ACCOUNTS)):
            yield Finding(("impossible_accounts", index, key), "is not asked of an account", ", ".join(_OF_ACCOUNTS))
        if not given and account.id:
            yield Finding(("impossible_accounts", index), "would refuse every account", ", ".join(_OF_ACCOUNTS))


_OF_ACCOUNTS = ("plans", "account_types", "paid", "countries")


def _field_values_are_defined_once(draft: Edition) -> Findings:
    for name, field in draft.fields.items():
        yield from _twice(("fields", name, "values"), field.values)
        if field.default is not None and field.default not in field.values:
            yield Finding(
                ("fields", name, "default"),
                f"{field.default!r} is no value of {name}",
                one_of(field.values, field.default),
            )


def _references(draft: Edition, at: Path, section: str, words: Iterable[str] | str | None) -> Findings:
    """A finding for each of `words` that `section` does not define; a single word stands at `at` itself."""
    known: Mapping[str, Any] = getattr(draft, section)
    single = isinstance(words, str)
    for index, word in enumerate([words] if isinstance(words, str) else words or ()):
        if word and word not in known:
            path = at if single else (*at, index)
            yield Finding(path, _MESSAGE.format(word=word, kind=_NAMED[section]), one_of(known, word))


def _conditions(draft: Edition) -> Iterator[tuple[Path, Condition]]:
    """Every condition of the sections that could be read, with its path."""
    for section in ("access", "assignments", "priority_rules"):
        for index, rule in enumerate(getattr(draft, section, ())):
            for number, when in enumerate(rule.any_of):
                yield (section, index, "any_of", number), when
    for section in ("targets", "impossible_accounts"):
        for index, when in enumerate(getattr(draft, section, ())):
            yield (section, index), when
    for name, channel in getattr(draft, "channels", {}).items():
        yield ("channels", name, "requires"), channel.requires
    asking = getattr(draft, "customer_escalation", None)
    if asking is not None:
        yield ("customer_escalation", "requires"), asking.requires
        for number, when in enumerate(asking.any_of):
            yield ("customer_escalation", "any_of", number), when
    hours = getattr(draft, "regional_hours", None)
    for index, rule in enumerate(hours.rules if hours else ()):
        for number, when in enumerate(rule.any_of):
            yield ("regional_hours", "rules", index, "any_of", number), when


def _conditions_name(key: str) -> Callable[[Edition], Findings]:
    def check(draft: Edition) -> Findings:
        for path, when in _conditions(draft):
            yield from _references(draft, (*path, key), key, getattr(when, key))

    return check


def _conditions_name_fields(draft: Edition) -> Findings:
    for path, when in _conditions(draft):
        for name, values in when.fields.items():
            at = (*path, "fields", name)
            if name not in draft.fields:
                yield Finding(at, f"{name!r} is no field of this edition", one_of(draft.fields, name) or "none")
                continue
            known = draft.fields[name].values or dict.fromkeys(values)
            for index, value in enumerate(values):
                if value not in known:
                    yield Finding((*at, index), f"{value!r} is no value of {name}", one_of(known, value))


def country_findings(at: Path, country: str) -> Findings:
    """A finding if there is no such country."""
    if country not in COUNTRIES:
        yield Finding(at, f"{country!r} is not a country", "ISO 3166-1 codes of two capital letters, such as ES")


def _conditions_name_countries(draft: Edition) -> Findings:
    for path, when in _conditions(draft):
        for index, country in enumerate(when.countries or ()):
            yield from country_findings((*path, "countries", index), country)


def _access_names_words(draft: Edition) -> Findings:
    for index, rule in enumerate(draft.access):
        yield from _references(draft, ("access", index, "plans"), "plans", rule.plans)
        yield from _references(draft, ("access", index, "channels"), "channels", rule.channels)
        yield from _references(draft, ("access", index, "tier"), "tiers", rule.tier)


def _assignments_name_channels(draft: Edition) -> Findings:
    for index, rule in enumerate(draft.assignments):
        yield from _references(draft, ("assignments", index, "channel"), "channels", rule.channel)


def _priority_rules_name_priorities(draft: Edition) -> Findings:
    for index, rule in enumerate(draft.priority_rules):
        yield from _references(draft, ("priority_rules", index, "priority"), "priorities", rule.priority)


def _targets_name_words(draft: Edition) -> Findings:
    for index, target in enumerate(draft.targets):
        yield from _references(draft, ("targets", index, "milestone"), "milestones", target.milestone)
        yield from _references(draft, ("targets", index, "priorities"), "priorities", target.priorities)


def _levels_name_addressees(draft: Edition) -> Findings:
    for index, level in enumerate(draft.escalation_levels):
        yield from _references(draft, ("escalation_levels", index, "called"), "addressees", level.called)


def _plans_name_plans(draft: Edition) -> Findings:
    for plan, policy in draft.plans.items():
        yield from _references(draft, ("plans", plan, "includes"), "plans", policy.includes)


def _counts_as_names(section: str) -> Callable[[Edition], Findings]:
    def check(draft: Edition) -> Findings:
        for word, entry in getattr(draft, section).items():
            yield from _references(draft, (section, word, "counts_as"), section, entry.counts_as)

    return check


def _not_covered_names_words(draft: Edition) -> Findings:
    for key, section in (("plan", "plans"), ("account_type", "account_types"), ("role", "roles")):
        yield from _references(draft, ("not_covered", key), section, getattr(draft.not_covered, key))


def _channels_name_words(draft: Edition) -> Findings:
    for name, channel in draft.channels.items():
        yield from _references(draft, ("channels", name, "fallback"), "channels", channel.fallback)
        if channel.resource is not None and channel.resource not in draft.resources:
            yield Finding(
                ("channels", name, "resource"),
                f"{channel.resource!r} is not among the resources",
                one_of(draft.resources, channel.resource),
            )


def _phone_names_a_channel(draft: Edition) -> Findings:
    if draft.phone is not None:
        yield from _references(draft, ("phone", "channel"), "channels", draft.phone.channel)


def _chat_names_a_channel(draft: Edition) -> Findings:
    if draft.live_chat is not None:
        yield from _references(draft, ("live_chat", "channel"), "channels", draft.live_chat.channel)


def _statuses_are_plain(draft: Edition) -> Findings:
    """A status that looks like a word of the code and is another would be taken for it by people, and not by clocks."""
    plain: dict[str, str] = {fold_status(word): word for word in (*STATUS_KINDS, WITHDRAWN)}
    for status, counts_as in draft.statuses.items():
        other = plain.setdefault(fold_status(status), status)
        if other != status:
            instead = (
                f"{other}, which counts as {other} without being listed" if other in STATUS_KINDS else "another name"
            )
            yield Finding(
                ("statuses", status),
                f"differs from {other} in case, spaces or hyphens alone: nobody could tell them apart",
                instead,
            )
        elif status in STATUS_KINDS and status != counts_as:
            yield Finding(("statuses", status), f"cannot count as {counts_as}: {status} counts as itself")
        elif status == WITHDRAWN:
            yield Finding(("statuses", status), "needs no entry: a change to it withdraws the case")


def _milestones_name_statuses(draft: Edition) -> Findings:
    known = (*STATUS_KINDS, *draft.statuses)
    for milestone, row in draft.milestones.items():
        for index, status in enumerate(row.paused_by):
            if status not in known:
                yield Finding(
                    ("milestones", milestone, "paused_by", index),
                    f"{status!r} is no status of this edition: add it to `statuses` with what it counts as",
                    one_of(known, status),
                )
        if not row.starts:
            continue
        starts = dict.fromkeys((SUBMITTED, *ACTIVITY_TYPES, *known))
        if row.starts not in starts:
            yield Finding(
                ("milestones", milestone, "starts"),
                f"{row.starts!r} starts nothing",
                one_of(starts, row.starts),
            )
        elif row.starts in draft.statuses.keys() - set(STATUS_KINDS) and row.starts in (SUBMITTED, *ACTIVITY_TYPES):
            yield Finding(
                ("milestones", milestone, "starts"),
                f"{row.starts!r} is an activity and a status of this edition: rename the status",
            )


def _people_can_read_every_word(draft: Edition) -> Findings:
    """With several languages a word needs names: shown as it is written it would be foreign to most."""
    if len(draft.languages) < 2:
        return
    for section in _NAMED:
        for word, entry in getattr(draft, section, {}).items():
            if section != "priorities" and entry.name is None:
                yield Finding((section, word, "name"), _NO_NAME.format(languages=" and ".join(draft.languages)))
    for name, field in draft.fields.items():
        for value, shown in field.values.items():
            if shown.name is None:
                at = ("fields", name, "values", value, "name")
                yield Finding(at, _NO_NAME.format(languages=" and ".join(draft.languages)))


_NO_NAME = "is missing; people read it in {languages}"

WORD_CHECKS: tuple[tuple[set[str], Callable[[Edition], Findings]], ...] = (
    *(({section}, _defined_once(section)) for section in _NAMED),
    ({"languages"}, _languages_are_listed_once),
    ({"languages"}, _languages_are_tags),
    ({"tiers"}, _reasons_are_a_tiers_own),
    ({"impossible_accounts"}, _impossible_accounts_ask_about_accounts),
    ({"fields"}, _field_values_are_defined_once),
    *(({section}, _conditions_name(section)) for section in ("plans", "account_types", "roles", "channels")),
    ({"fields"}, _conditions_name_fields),
    (set(), _conditions_name_countries),
    ({"access", "plans", "channels", "tiers"}, _access_names_words),
    ({"assignments", "channels"}, _assignments_name_channels),
    ({"priority_rules", "priorities"}, _priority_rules_name_priorities),
    ({"targets", "milestones", "priorities"}, _targets_name_words),
    ({"escalation_levels", "addressees"}, _levels_name_addressees),
    ({"plans"}, _plans_name_plans),
    *(({section}, _counts_as_names(section)) for section in ("roles", "account_types")),
    ({"not_covered", "plans", "account_types", "roles"}, _not_covered_names_words),
    ({"channels", "resources"}, _channels_name_words),
    ({"phone", "channels"}, _phone_names_a_channel),
    ({"live_chat", "channels"}, _chat_names_a_channel),
    ({"statuses"}, _statuses_are_plain),
    ({"milestones", "statuses"}, _milestones_name_statuses),
    (
        {"languages", "tiers", "channels", "plans", "account_types", "roles", "fields", "milestones", "addressees"},
        _people_can_read_every_word,
    ),
)
