"""[pure] Conditions: what rules may ask about the account, the person and the request, and how the answer is found.

One type serves every rule of an edition. `wanted` makes its words plain, once for an edition; `facets` reduces a
situation to what a set of conditions asks about, so that answers can be remembered: few combinations exist, however
many customers there are.
"""

from collections.abc import Callable, Iterable, Mapping
from operator import itemgetter
from typing import Any, Generic, NamedTuple, Protocol, TypeVar

from shared.contracts.vocabulary import Language
from shared.policy.base import CountryCode, Rule, Some, Word, language_ranges

T = TypeVar("T")
_KEPT = 20_000  # answers; far more than the combinations that occur
_PLAIN = ("plans", "account_types", "roles", "licensed", "paid", "channels")  # in the order of a situation


class Condition(Rule):
    """Holds if every given key holds; without a key it always holds.

    `plans` is the account's own plan. `roles` and `account_types` also match words that count as them: an owner counts
    as an admin. `channels` is the channel in question: that of an access rule, the one asked for where a case is sent
    elsewhere, otherwise the assigned one. `languages` are ranges: `es` matches es-MX. `countries` asks for that of the
    account, or of the request where the account has none. `fields` names values of fields.
    """

    plans: Some[Word] | None = None
    account_types: Some[Word] | None = None
    roles: Some[Word] | None = None
    licensed: bool | None = None
    paid: bool | None = None
    channels: Some[Word] | None = None
    languages: Some[Language] | None = None
    countries: Some[CountryCode] | None = None
    fields: dict[Word, Some[Word]] = {}


class Situation(NamedTuple):
    """All that a condition may ask about. `language` and `country` are None where nobody said.

    `fields` has the edition's fields in its order.
    """

    plan: str
    account_type: str
    role: str
    licensed: bool
    paid: bool
    channel: str
    language: str | None
    country: str | None
    fields: Mapping[str, str]


class Vocabulary(Protocol):
    """What conditions need of an edition. An `Edition` is one."""

    def roles_that_count_as(self, roles: Iterable[str]) -> frozenset[str]: ...
    def account_types_that_count_as(self, account_types: Iterable[str]) -> frozenset[str]: ...


class Wanted(NamedTuple):
    """A condition with its words made plain: for each key the set of words that meet it; None = any."""

    plans: frozenset[str] | None
    account_types: frozenset[str] | None
    roles: frozenset[str] | None
    licensed: bool | None
    paid: bool | None
    channels: frozenset[str] | None
    languages: frozenset[str] | None  # ranges, in lower case
    countries: frozenset[str] | None
    fields: tuple[tuple[str, frozenset[str]], ...]

    def met_by(self, situation: Situation) -> bool:
        """Whether every given key holds."""
        return (
            (self.plans is None or situation.plan in self.plans)
            and (self.roles is None or situation.role in self.roles)
            and (self.account_types is None or situation.account_type in self.account_types)
            and (self.licensed is None or situation.licensed == self.licensed)
            and (self.paid is None or situation.paid == self.paid)
            and (self.channels is None or situation.channel in self.channels)
            and all(situation.fields.get(name) in values for name, values in self.fields)
            and (self.countries is None or situation.country in self.countries)
            and (self.languages is None or not self.languages.isdisjoint(language_ranges(situation.language)))
        )

    def covers(self, other: "Wanted") -> bool:
        """Whether this condition holds wherever `other` does."""
        also = dict(other.fields)
        return (
            _covers(self.plans, other.plans)
            and _covers(self.account_types, other.account_types)
            and _covers(self.roles, other.roles)
            and self.licensed in (None, other.licensed)
            and self.paid in (None, other.paid)
            and _covers(self.channels, other.channels)
            and _languages_cover(self.languages, other.languages)
            and _covers(self.countries, other.countries)
            and all(name in also and also[name] <= values for name, values in self.fields)
        )

    def meets(self, other: "Wanted") -> bool:
        """Whether a case can meet both conditions."""
        also = dict(other.fields)
        return (
            _meet(self.plans, other.plans)
            and _meet(self.account_types, other.account_types)
            and _meet(self.roles, other.roles)
            and (self.licensed is None or other.licensed in (None, self.licensed))
            and (self.paid is None or other.paid in (None, self.paid))
            and _meet(self.channels, other.channels)
            and _languages_meet(self.languages, other.languages)
            and _meet(self.countries, other.countries)
            and all(_meet(values, also.get(name)) for name, values in self.fields)
        )


def wanted(vocabulary: Vocabulary, when: Condition) -> Wanted:
    """`when` with the words that count as those that it names."""
    return Wanted(
        plans=_set(when.plans),
        account_types=None
        if when.account_types is None
        else vocabulary.account_types_that_count_as(when.account_types),
        roles=None if when.roles is None else vocabulary.roles_that_count_as(when.roles),
        licensed=when.licensed,
        paid=when.paid,
        channels=_set(when.channels),
        languages=None if when.languages is None else frozenset(each.lower() for each in when.languages),
        countries=_set(when.countries),
        fields=tuple((name, frozenset(values)) for name, values in when.fields.items()),
    )


def facets(conditions: Iterable[Condition], always: Iterable[str] = ()) -> Callable[[Situation], Any]:
    """What a set of conditions asks about, as a key: situations with the same key get the same answers from them.

    Keys are bounded by the edition: of a language or a country only matters whether a condition names it. `always` has
    keys that matter although no condition may ask for them.
    """
    asked, kept = tuple(conditions), set(always)
    plain = [
        index
        for index, key in enumerate(_PLAIN)
        if key in kept or any(getattr(when, key) is not None for when in asked)
    ]
    names = tuple(dict.fromkeys(name for when in asked for name in when.fields))
    languages = frozenset(each.lower() for when in asked for each in when.languages or ())
    countries = frozenset(each for when in asked for each in when.countries or ())
    of_people: Callable[[Situation], Any] = itemgetter(*plain) if plain else lambda _: None

    def of_request(situation: Situation) -> Any:
        return of_people(situation), *map(situation.fields.get, names)

    def everything(situation: Situation) -> Any:
        named = frozenset(language_ranges(situation.language)) & languages if languages else None
        return of_request(situation), named, situation.country if situation.country in countries else None

    if languages or countries:
        return everything
    return of_request if names else of_people


class Remembered(Generic[T]):
    """The answers of a function of a situation, remembered by what its conditions ask about.

    `also` are further inputs of the answer, `always` is as in `facets`. At most `_KEPT` answers are kept.
    """

    __slots__ = ("_answer", "_key", "_known")

    def __init__(self, conditions: Iterable[Condition], answer: Callable[..., T], always: Iterable[str] = ()) -> None:
        self._key = facets(conditions, always)
        self._answer = answer
        self._known: dict[Any, T] = {}

    def of(self, situation: Situation, *also: Any) -> T:
        """The answer for `situation`."""
        key = (self._key(situation), also)
        known = self._known.get(key)
        if known is None:
            if len(self._known) >= _KEPT:
                self._known.clear()
            known = self._known[key] = self._answer(situation, *also)
        return known


def _covers(words: frozenset[str] | None, others: frozenset[str] | None) -> bool:
    return words is None or (others is not None and others <= words)


def _languages_cover(ranges: frozenset[str] | None, others: frozenset[str] | None) -> bool:
    """Whether each of the other ranges lies in one of `ranges`: es-mx lies in es."""
    if ranges is None or others is None:
        return ranges is None
    return all(not ranges.isdisjoint(language_ranges(each)) for each in others)


def _meet(words: frozenset[str] | None, others: frozenset[str] | None) -> bool:
    return words is None or others is None or not words.isdisjoint(others)


def _languages_meet(asked: frozenset[str] | None, others: frozenset[str] | None) -> bool:
    """Whether a language is in a range of both: es-MX is in es and in es-mx."""
    if asked is None or others is None:
        return True
    return any(one in language_ranges(other) or other in language_ranges(one) for one in asked for other in others)


def _set(words: tuple[str, ...] | None) -> frozenset[str] | None:
    return None if words is None else frozenset(words)
