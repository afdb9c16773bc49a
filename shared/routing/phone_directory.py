"""[pure] Which numbers to call from a country, and what to say wherever one is shown."""

from typing import NamedTuple

from shared.contracts.structs import PhoneNumber, PhoneReadiness
from shared.contracts.vocabulary import LANGUAGES, Language
from shared.policy.model import CountryDirectory, PhoneDirectory
from shared.routing.messages import Words

_SAID_IN: dict[Language, Words] = {language: Words(language) for language in LANGUAGES}


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
            name = "phone.country_unknown" if country is None else "phone.whole_directory"
            notes.append(_SAID_IN[language](name, country=country))
        if calling and not (ready is not None and ready.meeting_id_given and ready.host_key_given):
            notes.append(self._directory.have_at_hand[language])
        return tuple(notes)

    def retold(self, note: str, language: Language) -> str:
        """One of these notes in another language; a text that is none of them stays as it is."""
        for text in (self._directory.tariff_note, self._directory.have_at_hand):
            if note in text.values():
                return text[language]
        for words in _SAID_IN.values():
            for name in ("phone.country_unknown", "phone.whole_directory"):
                said = words.read(name, note)
                if said is not None:
                    return _SAID_IN[language](name, **said)
        return note


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
