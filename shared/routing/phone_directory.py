"""[pure] Which numbers to call from a country, and the notes that go wherever one is shown."""

from typing import NamedTuple

from shared.contracts.structs import PhoneNumber, PhoneReadiness, Reason
from shared.policy.model import CountryDirectory, PhoneDirectory
from shared.routing.reasons import part

TARIFFS, HAVE_AT_HAND = part("note.tariffs"), part("note.have_at_hand")  # an edition has its own words for these
COUNTRY_UNKNOWN = part("note.country_unknown")


class Numbers(NamedTuple):
    """Numbers to call, and what to say beside them."""

    numbers: tuple[PhoneNumber, ...]
    notes: tuple[Reason, ...]


class Directory:
    """The phone directory of an edition, ready to be asked."""

    def __init__(self, directory: PhoneDirectory) -> None:
        self.channel = directory.channel
        self._by_country = {
            code: Numbers(_numbers(code, entry), (TARIFFS,)) for code, entry in directory.countries.items()
        }
        self._all = tuple(number for listed in self._by_country.values() for number in listed.numbers)
        self._of_unknown_country = Numbers(self._all, (TARIFFS, COUNTRY_UNKNOWN))

    def numbers_for(self, country: str | None) -> Numbers:
        """The numbers of `country` (ISO 3166-1), or all of them where it has none or is not known."""
        if country is None:
            return self._of_unknown_country
        listed = self._by_country.get(country)
        return listed or Numbers(self._all, (TARIFFS, part("note.whole_directory", country=country)))


def is_ready(phone: PhoneReadiness | None) -> bool:
    """Whether a caller has given everything that phone support asks for."""
    return phone is not None and phone.meeting_id_given and phone.host_key_given


def _numbers(code: str, entry: CountryDirectory) -> tuple[PhoneNumber, ...]:
    return tuple(
        PhoneNumber(
            country=code,
            as_printed=number.as_printed,
            dial=number.dial,
            e164=number.e164,
            extension=number.extension,
            unverified=number.unverified,
        )
        for number in entry.numbers
    )
