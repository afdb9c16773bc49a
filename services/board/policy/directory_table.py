"""[pure] The phone directory of an edition: which numbers to call from which country, and what to know before."""

from collections.abc import Iterator
from typing import NamedTuple

from shared.explain.edition_words import EditionWords, capital
from shared.policy.model import CountryDirectory


class Number(NamedTuple):
    """A number as the edition prints it, and what to dial. `doubt`: why it is not verified; "" = it is.

    `link` is its address for a phone (RFC 3966).
    """

    as_printed: str
    dial: str
    extension: str
    link: str
    doubt: str


class CountryNumbers(NamedTuple):
    """The numbers to call from a country."""

    code: str
    name: str
    numbers: tuple[Number, ...]


class Directory(NamedTuple):
    """The whole directory: the channel that is a phone, what to know before a call, and all its numbers."""

    channel: str
    notes: tuple[str, ...]
    countries: tuple[CountryNumbers, ...]


def directory_of(view: EditionWords) -> Directory | None:
    """The directory of an edition; None if nobody is called there."""
    phone = view.edition.phone
    if phone is None:
        return None
    return Directory(
        channel=capital(view.messages.name("channel", phone.channel)),
        notes=(view.text(phone.have_at_hand), view.text(phone.tariff_note)),
        countries=tuple(
            CountryNumbers(code, view.text(entry.name), tuple(_numbers(entry, view)))
            for code, entry in phone.countries.items()
        ),
    )


def _numbers(entry: CountryDirectory, view: EditionWords) -> Iterator[Number]:
    for number in entry.numbers:
        extension = number.extension or ""
        link = f"tel:{number.e164 or number.dial}" + (f";ext={extension}" if extension else "")
        yield Number(number.as_printed, number.dial, extension, link, view.remark(number.unverified))
