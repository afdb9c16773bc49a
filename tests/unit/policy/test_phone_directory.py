"""All 17 countries with every number and extension, against the vendor's print and the numbering plans."""

import re
from itertools import chain

import phonenumbers
import pytest

from shared.policy.model import PhoneDirectory

# Country by country, as the vendor prints them; "o" is the Spanish "or".
PRINTED = {
    "US": "+1.888.799.9666 ext. 2",
    "AU": "+61.1800.768.027 ext. 2",
    "AT": "+43.3162 31266 ext. 2 o +43.800802079 ext. 2",
    "BR": "0800.761.2618 ext. 2",
    "FR": "+33.800.94.64.64 ext. 2",
    "DE": "+49.30.80098621 ext. 2 o +49 0800.0010429 ext. 2",
    "HK": "+852.3002.3757",
    "IN": "000.800.050.2040 ext. 2",
    "IT": "+39 07611811003 ext. 2",
    "JP": "+81 120427732 o +81 0053.132.0070 ext. 2",
    "MY": "+60.1800.81.9551 ext. 2",
    "MX": "+52 3319304373 ext. 2",
    "NZ": "+64.800.475.039 ext. 2",
    "SG": "+65.800.321.1249 ext. 2",
    "ES": "+34 932207485 ext. 2",
    "CH": "+41.31.5607204 ext. 2 o +41.0800117799 ext. 2",
    "GB": "+44.800.368.7314 ext. 2 o +44.20.7039.8961 ext. 2",
}
UNKNOWN_TO_THE_LIBRARY = {"+81 0053.132.0070 ext. 2"}


def test_the_directory_is_the_vendors_in_its_order(directory: PhoneDirectory) -> None:
    """Character by character: people compare what they see with what they were given."""
    countries = directory.countries
    assert list(countries) == list(PRINTED)
    for country, printed in PRINTED.items():
        assert [number.as_printed for number in countries[country].numbers] == printed.split(" o "), country


@pytest.mark.parametrize("country", PRINTED)
def test_an_extension_is_the_printed_one(country: str, directory: PhoneDirectory) -> None:
    """Hong Kong's number and Japan's first have none."""
    for number in directory.countries[country].numbers:
        found = re.search(r"ext\. (\d+)$", number.as_printed)
        assert number.extension == (found[1] if found else None)


@pytest.mark.parametrize("country", PRINTED)
def test_a_number_can_be_dialled_and_is_known_or_says_why_not(country: str, directory: PhoneDirectory) -> None:
    """`e164` is what the numbering plan makes of the number; where it makes nothing, the reason is there."""
    for number in directory.countries[country].numbers:
        assert re.fullmatch(r"\+?\d+", number.dial)
        parsed = phonenumbers.parse(number.dial, country)
        if number.as_printed in UNKNOWN_TO_THE_LIBRARY:
            assert not phonenumbers.is_valid_number_for_region(parsed, country)
            assert number.e164 is None
            assert number.unverified
            continue
        assert phonenumbers.is_valid_number_for_region(parsed, country)
        assert number.e164 == phonenumbers.format_number(parsed, phonenumbers.PhoneNumberFormat.E164)
        assert number.unverified is None


def test_a_number_is_dialled_as_printed_where_the_print_can_be_dialled(directory: PhoneDirectory) -> None:
    """A zero that only domestic callers dial is dropped after a country code, and kept without one (Brazil, India)."""
    changed = {
        number.as_printed: number.dial
        for number in chain.from_iterable(each.numbers for each in directory.countries.values())
        if re.sub(r"[ .]", "", number.as_printed.split(" ext")[0]) != number.dial
    }
    assert changed == {
        "+49 0800.0010429 ext. 2": "+498000010429",
        "+41.0800117799 ext. 2": "+41800117799",
        "+81 0053.132.0070 ext. 2": "00531320070",
    }


def test_spain_is_as_agreed(directory: PhoneDirectory) -> None:
    """The one that other parts of the system are specified with."""
    (number,) = directory.countries["ES"].numbers
    assert number.model_dump(exclude_defaults=True) == {
        "as_printed": "+34 932207485 ext. 2",
        "dial": "+34932207485",
        "e164": "+34932207485",
        "extension": "2",
    }
