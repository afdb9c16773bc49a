"""[pure] The question of a what-if: who asks what, and when; read from the fields of a form, or of a shared address.

Every wrong field is named with what is allowed there, none is guessed. A form that nobody has filled in yet is the
example: a question that can be answered.
"""

import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime, tzinfo
from typing import Literal, NamedTuple, cast, get_args

from shared.contracts.base import parse_instant
from shared.contracts.vocabulary import LANGUAGE_PATTERN, Language, OpenedBy
from shared.messages.reason import Reason
from shared.pages.moments import zone_named
from shared.policy.countries import COUNTRIES
from shared.policy.impossible_accounts import AccountWords, impossible_by
from shared.policy.model import Edition

Who = Literal["covered", "unknown_account", "anonymous"]
WHO: tuple[Who, ...] = get_args(Who)
OPENED_BY: tuple[OpenedBy, ...] = get_args(OpenedBy)
YES, NO = "yes", "no"
FIELDS = "fields."  # before the name of a field of the edition
_EARLIEST, _LATEST = datetime(1970, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)
_LOCAL = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}(:\d{2})?")


class Question(NamedTuple):
    """Who asks what. Of somebody whom no account covers, the account does not count. `at` is in UTC."""

    who: Who
    plan: str
    account_type: str
    paid: bool
    country: str | None
    role: str
    licensed: bool
    channel: str
    fields: Mapping[str, str]
    language: Language | None
    opened_by: OpenedBy
    at: datetime
    zone: str


class Wrong(NamedTuple):
    """A field that cannot be used, and why: with what is allowed there."""

    field: str
    why: Reason


def example(edition: Edition, now: datetime, zone: str) -> dict[str, str]:
    """A form as it is shown first: somebody with the most that the edition sells, and the first value of each field."""
    plan, account_type = _possible(edition)
    staffed = [name for name, channel in edition.channels.items() if channel.staffed]
    return {
        "who": WHO[0],
        "plan": plan,
        "account_type": account_type,
        "paid": YES,
        "country": "",
        "role": next(iter(edition.roles)),
        "licensed": YES,
        "channel": (staffed or list(edition.channels))[-1],
        **{FIELDS + name: next(iter(field.values)) for name, field in edition.fields.items()},
        "language": "",
        "opened_by": OPENED_BY[0],
        "at": now.astimezone(_zone(zone)).strftime("%Y-%m-%dT%H:%M"),
        "zone": zone,
    }


def _possible(edition: Edition) -> tuple[str, str]:
    """The most that can be sold: the last plan, and the last account type, that go together."""
    pairs = [(plan, kind) for plan in reversed(edition.plans) for kind in reversed(edition.account_types)]
    able = (pair for pair in pairs if impossible_by(edition, AccountWords(*pair, paid=True, country=None)) is None)
    return next(able, pairs[0])


def default_zone(edition: Edition) -> str:
    """The zone of the calendar that cases have by default."""
    return edition.calendars[edition.regional_hours.default].timezone


def read(typed: Mapping[str, str], edition: Edition, now: datetime) -> Question | list[Wrong]:
    """The question that `typed` asks, or all that is wrong with it. An instant that is left out is `now`.

    `at` is RFC 3339, or a date and a time on the wall clock of `zone`.
    """
    reader = _Reader(typed, edition)
    zone = reader.zone()
    who = cast("Who", reader.word("who", WHO, WHO[0]))
    covered = who == WHO[0]
    question = Question(
        who=who,
        plan=reader.word("plan", edition.plans) if covered else "",
        account_type=reader.word("account_type", edition.account_types) if covered else "",
        paid=covered and reader.word("paid", (YES, NO)) == YES,
        country=reader.country(),
        role=reader.word("role", edition.roles) if who != "anonymous" else "",
        licensed=who != "anonymous" and reader.word("licensed", (YES, NO)) == YES,
        channel=reader.word("channel", edition.channels),
        fields=dict(reader.fields()),
        language=reader.language(),
        opened_by=cast("OpenedBy", reader.word("opened_by", OPENED_BY, OPENED_BY[0])),
        at=reader.instant(now, zone),
        zone=typed.get("zone") or default_zone(edition),
    )
    return reader.wrong or question


class _Reader:
    """Reads fields one after the other, and collects what is wrong."""

    def __init__(self, typed: Mapping[str, str], edition: Edition) -> None:
        self._typed, self._edition = typed, edition
        self.wrong: list[Wrong] = []

    def _refuse(self, field: str, why: Reason) -> None:
        self.wrong.append(Wrong(field, why))

    def word(self, field: str, allowed: Mapping[str, object] | tuple[str, ...], default: str = "") -> str:
        """One of `allowed`."""
        given = self._typed.get(field, "") or default
        if given not in allowed:
            self._refuse(field, Reason("field.one_of" if given else "field.required_one_of", allowed=list(allowed)))
        return given

    def country(self) -> str | None:
        """A country, or none."""
        given = self._typed.get("country", "")
        if given and given not in COUNTRIES:
            self._refuse("country", Reason("field.country"))
        return given or None

    def language(self) -> Language | None:
        """A language tag, or none."""
        given = self._typed.get("language", "")
        if given and not re.fullmatch(LANGUAGE_PATTERN, given):
            self._refuse("language", Reason("field.language_tag"))
        return given or None

    def fields(self) -> Iterator[tuple[str, str]]:
        """The fields of the edition that were given. One with a default may be left out."""
        known = self._edition.fields
        for name, field in known.items():
            if self._typed.get(FIELDS + name) or field.default is None:
                yield name, self.word(FIELDS + name, field.values)
        for name in self._typed:
            if name.startswith(FIELDS) and name.removeprefix(FIELDS) not in known:
                facts = {"edition": self._edition.edition, "allowed": list(known) or ["–"]}
                self._refuse(name, Reason("field.not_in_edition", **facts))

    def zone(self) -> tzinfo:
        """The zone of a time without one."""
        given = self._typed.get("zone") or default_zone(self._edition)
        zone = zone_named(given)
        if zone is None:
            self._refuse("zone", Reason("field.calendar.zone", value=given))
        return zone or UTC

    def instant(self, now: datetime, zone: tzinfo) -> datetime:
        """When the request is received."""
        given = self._typed.get("at", "")
        if not given:
            return now.astimezone(UTC)
        try:
            if _LOCAL.fullmatch(given):
                at = datetime.fromisoformat(given).replace(tzinfo=zone).astimezone(UTC)
            else:
                at = parse_instant(given)
        except (ValueError, OverflowError):
            self._refuse("at", Reason("policy.what_if.at", example="2026-11-23T10:04"))
            return now
        if not _EARLIEST <= at < _LATEST:
            facts = {"first": str(_EARLIEST.year), "last": str(_LATEST.year - 1)}
            self._refuse("at", Reason("policy.what_if.at_range", **facts))
        return at


def _zone(name: str) -> tzinfo:
    return zone_named(name) or UTC
