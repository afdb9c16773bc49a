"""[pure] Checks the numbers of the phone directory against the numbering plan data of `phonenumbers`."""

import re
from collections.abc import Iterator

import phonenumbers
from phonenumbers import NumberParseException, PhoneNumberFormat

from shared.policy.model import DirectoryNumber

_EXTENSION = re.compile(r"^(?P<number>.*?)\s*(?:ext\.?\s*(?P<extension>\d+))?$")
_DIAL = re.compile(r"^\+?\d+$")
_NOT_DIGIT = re.compile(r"\D")


def number_findings(country: str, number: DirectoryNumber) -> Iterator[tuple[str, str, str | None]]:
    """The mistakes of `number` in that ISO country: field, message, allowed value."""
    match = _EXTENSION.match(number.as_printed)
    printed, extension = (match["number"], match["extension"]) if match else (number.as_printed, None)
    if extension != number.extension:
        yield "extension", f"is {number.extension!r}, but {number.as_printed!r} is printed", f"{extension!r}"
    if not _DIAL.match(number.dial):
        yield "dial", f"{number.dial!r} cannot be dialled", "digits, with a + before an international number"
        return
    e164 = e164_of(country, number.dial)
    if e164 != (e164_of(country, printed) or e164) or (e164 is None and not _same_digits(printed, number.dial)):
        yield "dial", f"{number.dial!r} is another number than the printed {printed!r}", None
        return
    if number.e164 is not None and number.e164 != e164:
        yield "e164", f"{number.e164!r} is not the international form of {number.dial!r}", e164 or "null"
    if e164 is None and number.unverified is None:
        message = f"{number.dial!r} is not in the numbering plan data of {country}"
        yield "dial", message, "a number that exists, or `unverified` with the reason why this one does"
    elif e164 is not None and number.e164 is None and number.unverified is None:
        yield "e164", f"is null, but {number.dial!r} has an international form", e164


def e164_of(country: str, number: str) -> str | None:
    """The E.164 form of `number` as dialled in or printed for `country`; None if it is not a valid number there."""
    try:
        parsed = phonenumbers.parse(number, country)
    except NumberParseException:
        return None
    if not phonenumbers.is_valid_number_for_region(parsed, country):
        return None
    return phonenumbers.format_number(parsed, PhoneNumberFormat.E164)


def _same_digits(printed: str, dial: str) -> bool:
    return _NOT_DIGIT.sub("", printed).endswith(_NOT_DIGIT.sub("", dial))
