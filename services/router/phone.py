"""[pure] Which numbers to call from a country, and what to say wherever one is shown."""

from typing import NamedTuple

from shared.contracts import wire
from shared.contracts.intake import PhoneReadiness
from shared.contracts.router import PhoneNumber
from shared.contracts.vocabulary import Language
from shared.policy.model import CountryDirectory, PhoneDirectory

_PhoneNumber = wire.struct(PhoneNumber)

_WHOLE_DIRECTORY: dict[Language, str] = {
    "es": "No hay números propios para el país {country}; estos son los de todos los países.",
    "en": "There are no numbers for country {country}; these are those of all countries.",
}
_COUNTRY_UNKNOWN: dict[Language, str] = {
    "es": "No se sabe desde qué país se llama; estos son los números de todos los países.",
    "en": "The caller's country is not known; these are the numbers of all countries.",
}


class Numbers(NamedTuple):
    """Numbers to call, the country's own or, where `listed` is false, those of the whole directory."""

    numbers: tuple[PhoneNumber, ...]
    listed: bool


class Directory:
    """The phone directory of an edition, ready to be asked."""

    def __init__(self, directory: PhoneDirectory) -> None:
        self._directory = directory
        self._by_country = {code: _numbers(code, entry) for code, entry in directory.countries.items()}
        self._all = tuple(number for numbers in self._by_country.values() for number in numbers)

    def numbers_for(self, country: str | None) -> Numbers:
        """The numbers of `country` (ISO 3166-1), or all of them where it has none or is not known."""
        own = None if country is None else self._by_country.get(country)
        return Numbers(self._all, False) if own is None else Numbers(own, True)

    def notes(
        self, country: str | None, listed: bool, language: Language, *, calling: bool, ready: PhoneReadiness | None
    ) -> tuple[str, ...]:
        """What to say beside the numbers; `calling` if this request goes by phone, so that the caller gets ready."""
        notes = [self._directory.tariff_note[language]]
        if not listed:
            texts = _COUNTRY_UNKNOWN if country is None else _WHOLE_DIRECTORY
            notes.append(texts[language].format(country=country))
        if calling and not (ready is not None and ready.meeting_id_given and ready.host_key_given):
            notes.append(self._directory.have_at_hand[language])
        return tuple(notes)


def _numbers(code: str, entry: CountryDirectory) -> tuple[PhoneNumber, ...]:
    return tuple(
        _PhoneNumber(
            country=code,
            as_printed=number.as_printed,
            dial=number.dial,
            e164=number.e164,
            extension=number.extension,
            unverified=number.unverified,
        )
        for number in entry.numbers
    )
