"""An edition with every word replaced, and requests, accounts and activity in these words.

The new words say nothing and are all different, so what is decided or counted by them can be put back into the words of
the edition by its text alone. If that gives what the edition itself decides, then no code knows a word.
"""

import json
import random
import re
from collections.abc import Iterable, Mapping
from typing import Any

from msgspec import structs

from shared.contracts.structs import (
    Account,
    ActivityRecorded,
    Contact,
    MilestoneTerms,
    Requester,
    SupportRequestSubmitted,
)
from shared.policy.digest import edition_to_json
from shared.policy.model import Edition

# The sections whose keys are words; those of `fields` have more words inside.
_SECTIONS = (
    *("tiers", "channels", "plans", "account_types", "roles", "fields", "priorities", "milestones", "statuses"),
    *("addressees", "calendars", "resources"),
)
# A key of a rule, and the section that its words are of.
_KEYS = {
    "plans": "plans",
    "account_types": "account_types",
    "roles": "roles",
    "channels": "channels",
    "channel": "channels",
    "tier": "tiers",
    "priority": "priorities",
    "priorities": "priorities",
    "milestone": "milestones",
    "called": "addressees",
    "calendar": "calendars",
    "resource": "resources",
    "fallback": "channels",
    "languages": "languages",
}
_COUNTED_AS = {"plans": "includes", "account_types": "counts_as", "roles": "counts_as"}
_LANGUAGES = ("qaa", "qab", "qac", "qad")  # ISO 639-2: for private use


class Renaming:
    """`edition` is the renamed one. Words that the original does not have stay as they are."""

    def __init__(self, original: Edition, seed: int = 7) -> None:
        kinds = {section: list(getattr(original, section)) for section in _SECTIONS}
        kinds |= {f"values.{name}": list(field.values) for name, field in original.fields.items()}
        reasons = [tier.no_targets.reason for tier in original.tiers.values() if tier.no_targets is not None]
        kinds["reasons"] = list(dict.fromkeys(reasons))
        numbers = list(range(100, 100 + sum(map(len, kinds.values()))))
        random.Random(seed).shuffle(numbers)
        self._new: dict[str, dict[str, str]] = {
            kind: {word: f"Zq{numbers.pop()}x" for word in words} for kind, words in kinds.items()
        }
        self._new["languages"] = dict(zip(original.languages, _LANGUAGES, strict=False))
        old = {new: word for names in self._new.values() for word, new in names.items()}
        self._old = re.compile("|".join(map(re.escape, old))), old
        document = self._document(json.loads(edition_to_json(original)))
        self.edition = Edition.model_validate_json(json.dumps(document))

    def word(self, kind: str, word: str) -> str:
        """The new word for one of a section (`plans`), of the values of a field (`values.impact`) or of `reasons`."""
        return self._new.get(kind, {}).get(word, word)

    def words(self, kind: str, words: Iterable[str]) -> tuple[str, ...]:
        """The new words for some."""
        return tuple(self.word(kind, word) for word in words)

    def back(self, text: bytes | str) -> str:
        """A text, such as JSON, with the words of the original again."""
        pattern, old = self._old
        return pattern.sub(lambda found: old[found[0]], text if isinstance(text, str) else text.decode())

    # --- what is asked ------------------------------------------------------------------------------------------------

    def request(self, asked: SupportRequestSubmitted) -> SupportRequestSubmitted:
        """The same request."""
        return structs.replace(
            asked,
            channel=self.word("channels", asked.channel),
            fields=self.fields(asked.fields),
            language=self.language(asked.language),
            requester=self.requester(asked.requester),
        )

    def fields(self, fields: Mapping[str, str]) -> dict[str, str]:
        """The same claims."""
        return {self.word("fields", name): self.word(f"values.{name}", value) for name, value in fields.items()}

    def language(self, tag: str | None) -> str | None:
        """The same language, in the same region."""
        if tag is None:
            return None
        primary, *rest = tag.split("-")
        return "-".join((self.word("languages", primary), *rest))

    def requester(self, person: Requester) -> Requester:
        """The same person."""
        return structs.replace(person, role=self.word("roles", person.role))

    def account(self, account: Account) -> Account:
        """The same account."""
        return structs.replace(
            account,
            plan=self.word("plans", account.plan),
            account_type=self.word("account_types", account.account_type),
            calendar=None if account.calendar is None else self.word("calendars", account.calendar),
            contacts=tuple(self._contact(each) for each in account.contacts),
        )

    def activity(self, activity: ActivityRecorded) -> ActivityRecorded:
        """The same activity."""
        changed: dict[str, Any] = {}
        if activity.type == "status_changed" and activity.to is not None:
            changed["to"] = self.word("statuses", activity.to)
        if activity.milestone is not None:
            changed["milestone"] = self.word("milestones", activity.milestone)
        if activity.milestones is not None:
            changed["milestones"] = self.terms(activity.milestones)
        if activity.fields is not None:
            changed["fields"] = self.fields(activity.fields)
        if activity.plan is not None:
            changed["plan"] = self.word("plans", activity.plan)
        return structs.replace(activity, **changed)

    def terms(self, terms: Mapping[str, MilestoneTerms]) -> dict[str, MilestoneTerms]:
        """The same terms of milestones."""
        return {
            self.word("milestones", milestone): structs.replace(
                each,
                reason=None if each.reason is None else self.word("reasons", each.reason),
                paused_by=self.words("statuses", each.paused_by),
                calendar=None if each.calendar is None else self.word("calendars", each.calendar),
            )
            for milestone, each in terms.items()
        }

    def _contact(self, contact: Contact) -> Contact:
        return structs.replace(contact, role=self.word("roles", contact.role))

    # --- the document -------------------------------------------------------------------------------------------------

    def _document(self, old: dict[str, Any]) -> dict[str, Any]:
        new = {section: self._rule(part) for section, part in old.items()}
        for section in _SECTIONS:
            if section in old:
                new[section] = {
                    self.word(section, word): self._entry(section, word, entry) for word, entry in old[section].items()
                }
        new["languages"] = self.words("languages", old.get("languages", ()))
        new["not_covered"] = {key: self.word(f"{key}s", word) for key, word in old["not_covered"].items()}
        new["regional_hours"] |= {
            "default": self.word("calendars", old["regional_hours"]["default"]),
            **{
                group: {country: self.word("calendars", name) for country, name in countries.items()}
                for group, countries in old["regional_hours"].items()
                if group in ("countries", "regions")
            },
        }
        for by_word in ("translations", "holiday_names"):
            kind = "languages" if by_word == "translations" else "calendars"
            new[by_word] = {self.word(kind, word): self._rule(part) for word, part in old.get(by_word, {}).items()}
        return new

    def _entry(self, section: str, word: str, entry: Any) -> Any:
        """What a section says of one of its words."""
        if not isinstance(entry, dict):
            return entry
        new = self._rule(entry)
        counted = _COUNTED_AS.get(section)
        if counted in entry:
            as_ = entry[counted]
            new[counted] = self.word(section, as_) if isinstance(as_, str) else self.words(section, as_)
        if section == "fields":
            kind = f"values.{word}"
            new["values"] = {self.word(kind, value): self._rule(shown) for value, shown in entry["values"].items()}
            if "default" in entry:
                new["default"] = self.word(kind, entry["default"])
        if section == "milestones":
            new["starts"] = self.word("statuses", entry["starts"])
            new["paused_by"] = self.words("statuses", entry.get("paused_by", ()))
        if section == "tiers" and "no_targets" in entry:
            new["no_targets"]["reason"] = self.word("reasons", entry["no_targets"]["reason"])
        return new

    def _rule(self, part: Any) -> Any:
        """A part of the document, with the words under the keys that have some, and texts by the new languages."""
        if isinstance(part, list):
            return [self._rule(each) for each in part]
        if not isinstance(part, dict):
            return part
        if part and part.keys() <= self._new["languages"].keys():
            return {self.word("languages", language): text for language, text in part.items()}
        return {key: self._under(key, value) for key, value in part.items()}

    def _under(self, key: str, value: Any) -> Any:
        if key == "fields" and isinstance(value, dict):  # of a condition
            return {self.word("fields", name): self.words(f"values.{name}", values) for name, values in value.items()}
        kind = _KEYS.get(key)
        if kind is None:
            return self._rule(value)
        if isinstance(value, str):
            return self.word(kind, value)
        if isinstance(value, list):
            return [self.language(each) if kind == "languages" else self.word(kind, each) for each in value]
        return self._rule(value)
