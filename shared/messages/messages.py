"""[pure] Sentences in one language, made from codes and facts.

A code such as `calendar.country_of_account` names a sentence of the catalogue, and facts fill its {placeholders}. The
kind of a fact determines how it is shown:

- A word has the name `name.<kind>.<word>`. The kind is the fact's own name (`plan`), or its entry in `KINDS`; the words
  of an edition have their names from there. A word without a name is shown as it is.
- A reason (an object or mapping with `code` and `facts`) is a sentence of its own.
- Several values are a list: `{plans:or}` joins alternatives, `{needs:and}` conditions, `{claims:list}` only by commas.
- `{seconds:span}` is a length of time, `{share:percent}` a part, `{at:instant}` an instant on the wall clock of `zone`.

A sentence whose words agree with a number has plural forms, chosen by the plural rule of its language.

Lists, numbers and percentages follow Unicode's locale data (CLDR), by Babel.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import UTC, date, datetime, tzinfo
from string import Formatter
from types import MappingProxyType
from typing import Any, NamedTuple

from babel import Locale
from babel.lists import format_list
from babel.numbers import format_decimal, format_percent

# The kind of the words in a fact, where its name differs from the fact's.
KINDS: Mapping[str, str] = {
    "account_types": "account_type",
    "channels": "channel",
    "milestones": "milestone",
    "plans": "plan",
    "roles": "role",
    "statuses": "status",
    "wanted": "channel",
}
_VALUES = ("value", "values")  # of the field that the fact `field` names

# Spanish conjunctions change before their own sound: "y" before i- or hi-, "o" before o- or ho-. CLDR's data cannot
# express this, and ICU has the same two rules in its code.
_BEFORE_ITS_OWN_SOUND = {
    ("es", "standard", "y"): ("e", ("i", "hi"), ("hia", "hie")),
    ("es", "or", "o"): ("u", ("o", "ho"), ()),
}

_FORMS = ("span", "percent", "instant")  # formats of numbers and instants only


class Plural(NamedTuple):
    """A sentence whose words agree with a number: the fact that is the number, and the forms in gettext's order."""

    fact: str
    forms: tuple[str, ...]


def _one_or_more(number: int) -> int:
    return int(number != 1)


class Catalogue(NamedTuple):
    """The sentences of one language by their codes. `locale` determines how its lists and numbers look.

    `plurals` has the sentences that agree with a number, and `texts` the last form of each. `form_of` is the language's
    plural rule: the index of the form for a number.
    """

    language: str
    locale: str
    texts: Mapping[str, str]
    plurals: Mapping[str, Plural] = MappingProxyType({})
    form_of: Callable[[int], int] = _one_or_more

    def text(self, code: str, facts: Mapping[str, Any]) -> str | None:
        """The text of a code, in the form that the number among `facts` takes; None if it has none."""
        plural = self.plurals.get(code)
        number = None if plural is None else facts.get(plural.fact)
        if plural is None or not isinstance(number, int):
            return self.texts.get(code)
        return plural.forms[self.form_of(abs(number))]


class Messages:
    """The sentences of one language. `fallback` has the sentences that its catalogue lacks.

    `own` texts outrank those of the catalogue, such as an edition's names of its plans. Without a `zone`, as in data
    for programs, instants are shown unchanged: RFC 3339 in UTC.
    """

    def __init__(
        self,
        catalogue: Catalogue,
        fallback: Catalogue | None = None,
        *,
        own: Mapping[str, str] | None = None,
        zone: tzinfo | None = None,
    ) -> None:
        self.language = catalogue.language
        self._catalogue, self._fallback = catalogue, fallback or catalogue
        self._own: Mapping[str, str] = own or {}
        self._zone = zone
        self._locale = Locale.parse(catalogue.locale)

    def with_own(self, own: Mapping[str, str]) -> "Messages":
        """The same sentences, with these texts instead of the catalogue's."""
        return Messages(self._catalogue, self._fallback, own={**self._own, **own}, zone=self._zone)

    def in_zone(self, zone: tzinfo) -> "Messages":
        """The same sentences, with instants on the wall clock of `zone`."""
        return Messages(self._catalogue, self._fallback, own=self._own, zone=zone)

    @property
    def is_fallback(self) -> bool:
        """Whether this is the fallback language."""
        return self._catalogue.language == self._fallback.language

    def __call__(self, code: str, /, **facts: Any) -> str:
        """The sentence of a code. A code that no catalogue has is shown as it is."""
        text = self._own.get(code) or self._catalogue.text(code, facts) or self._fallback.text(code, facts)
        return code if text is None else "".join(self._filled(text, facts))

    def reason(self, reason: Any) -> str:
        """The sentence of a reason: an object or a mapping with `code` and `facts`."""
        code, facts = _parts(reason)
        return self(code, **facts)

    def find(self, code: str) -> str | None:
        """The text of a code with its placeholders, in its last plural form; None if no catalogue has it."""
        return self._own.get(code) or self._catalogue.texts.get(code) or self._fallback.texts.get(code)

    def knows(self, code: str) -> bool:
        """Whether there is a sentence of this code."""
        return self.find(code) is not None

    def name(self, kind: str, word: str) -> str:
        """The name of a word of the vocabulary. A word without a name is shown with spaces for its underscores."""
        return self.find(f"name.{kind}.{word}") or word.replace("_", " ")

    def one_of(self, things: Sequence[str]) -> str:
        """Alternatives: a, b or c."""
        return self._listed(things, "or")

    def all_of(self, things: Sequence[str]) -> str:
        """A list: a, b and c."""
        return self._listed(things, "standard")

    def at(self, instant: str | datetime | None) -> str:
        """An instant of the data."""
        if instant is None:
            return self("instant.none")
        if isinstance(instant, str):
            if self._zone is None:
                return instant
            instant = datetime.fromisoformat(instant)
        return instant.astimezone(self._zone or UTC).strftime("%Y-%m-%d %H:%M:%S")

    def span(self, seconds: float) -> str:
        """Hours and minutes, and seconds where there are any."""
        minutes, rest = divmod(round(seconds, 3), 60)
        hours, minutes = divmod(int(minutes), 60)
        units = {"span.hours": hours, "span.minutes": minutes, "span.seconds": rest}
        parts = [self(unit, count=self._number(count)) for unit, count in units.items() if count]
        return " ".join(parts) or self("span.seconds", count="0")

    def weekday(self, number: int) -> str:
        """The short name of a day of the week, of which Monday is 0."""
        return str(self._locale.days["stand-alone"]["abbreviated"][number])

    def day(self, day: date) -> str:
        """A day without its year: Mon 30 Nov."""
        month = self._locale.months["stand-alone"]["abbreviated"][day.month]
        return f"{self.weekday(day.weekday())} {day:%d} {month}"

    def percent(self, share: float) -> str:
        """A part of a whole: 75%."""
        return str(format_percent(round(share, 4), locale=self._locale, decimal_quantization=False))

    def _number(self, count: float) -> str:
        return str(format_decimal(count, "0.###", locale=self._locale))

    def count(self, number: int) -> str:
        """A count with the separators of the language, for tables and progress; a fact stays a number."""
        return str(format_decimal(number, locale=self._locale))

    def _filled(self, text: str, facts: Mapping[str, Any]) -> Iterator[str]:
        for literal, name, how, _ in Formatter().parse(text):
            yield literal
            if name is not None:
                yield self._shown(_kind_of(name, facts), facts.get(name), how or "")

    def _shown(self, kind: str, value: Any, how: str) -> str:
        if how == "span":
            return self.span(float(value))
        if how == "percent":
            return self.percent(float(value))
        if how == "instant":
            return self.at(value)
        if isinstance(value, list | tuple):
            things = [self._thing(kind, each) for each in value]
            return ", ".join(things) if how == "list" else self.one_of(things) if how == "or" else self.all_of(things)
        return self._thing(kind, value)

    def _thing(self, kind: str, value: Any) -> str:
        if isinstance(value, str):
            return self.find(f"name.{kind}.{value}") or value
        if isinstance(value, Mapping) or hasattr(value, "code"):
            return self.reason(value)
        return str(value)

    def _listed(self, things: Sequence[str], style: Any) -> str:
        if len(things) < 2:
            return "".join(things)
        last, shown = things[-1].casefold(), str(format_list(things, style, locale=self._locale))
        for (language, kind, word), (instead, before, but_not) in _BEFORE_ITS_OWN_SOUND.items():
            here = (language, kind) == (self._locale.language, style)
            if here and last.startswith(before) and not last.startswith(but_not):
                return shown.removesuffix(f"{word} {things[-1]}") + f"{instead} {things[-1]}"
        return shown


def _kind_of(name: str, facts: Mapping[str, Any]) -> str:
    """The kind of the words in a fact; those of a field's values are `value.<field>`."""
    return f"value.{facts.get('field')}" if name in _VALUES else KINDS.get(name, name)


def placeholders(text: str) -> set[str]:
    """The facts in a text, of those with a form of their own also that: `seconds:span`. Raises ValueError.

    The way in which a list is joined is no such form: each language has its own.
    """
    parts = Formatter().parse(text)
    return {f"{name}:{how}" if how in _FORMS else name for _, name, how, _ in parts if name is not None}


def _parts(reason: Any) -> tuple[str, Mapping[str, Any]]:
    if isinstance(reason, Mapping):
        return reason["code"], reason.get("facts", {})
    return reason.code, reason.facts
