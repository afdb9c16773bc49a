"""[pure] The calendars of an edition, made when they are needed: an edition has many, and a case needs one or two."""

from collections.abc import Iterator, Mapping

from shared.business_time.calendar import BusinessCalendar
from shared.policy.model import Edition


class EditionCalendars(Mapping[str, BusinessCalendar]):
    """The calendars of an edition, each made at the first question."""

    __slots__ = ("_configs", "_made")

    def __init__(self, edition: Edition) -> None:
        self._configs = edition.calendars
        self._made: dict[str, BusinessCalendar] = {}

    def __getitem__(self, name: str) -> BusinessCalendar:
        known = self._made.get(name)
        if known is None:
            known = self._made[name] = BusinessCalendar.from_config(self._configs[name])
        return known

    def __contains__(self, name: object) -> bool:
        return name in self._configs

    def __iter__(self) -> Iterator[str]:
        return iter(self._configs)

    def __len__(self) -> int:
        return len(self._configs)
