"""Identifiers: what looks the same to people is the same to programs, for every reader and by one function."""

import re
import sys
import unicodedata
from typing import get_args

import pytest

from shared.contracts.identifiers import INVISIBLE, LONGEST, SENTENCES, Fault, identifier_fault
from shared.messages.catalogues import messages_in
from shared.web.fields import WrongValue, identifier

# Of each range of Unicode's Default_Ignorable_Code_Point one or both ends, and what else nobody sees.
UNSEEN = {
    "soft hyphen": "\u00ad",
    "combining grapheme joiner": "\u034f",
    "arabic letter mark": "\u061c",
    "hangul filler": "\u115f",
    "khmer inherent vowel": "\u17b4",
    "mongolian variation selector": "\u180b",
    "mongolian vowel separator": "\u180e",
    "mongolian variation selector 4": "\u180f",
    "zero width space": "\u200b",
    "right-to-left override": "\u202e",
    "word joiner": "\u2060",
    "unassigned, ignorable": "\u2065",
    "isolate": "\u2066",
    "hangul filler of a syllable": "\u3164",
    "variation selector 1": "\ufe00",
    "variation selector 16": "\ufe0f",
    "byte order mark": "\ufeff",
    "halfwidth hangul filler": "\uffa0",
    "shorthand format": "\U0001bca0",
    "musical format": "\U0001d173",
    "tag": "\U000e0041",
    "variation selector 17": "\U000e0100",
    "variation selector 256": "\U000e01ef",
    "private use": "\ue000",
    "private use, plane 15": "\U000f0000",
    "unassigned": "\u0378",
    "no character": "\uffff",
    "no-break space": "\u00a0",
    "em space": "\u2003",
    "ideographic space": "\u3000",
    "blank of braille": "\u2800",
    "line separator": "\u2028",
    "delete": "\x7f",
    "escape": "\x1b",
    "lone surrogate": "\ud800",
    "replacement": "\ufffd",
}


@pytest.mark.parametrize("character", UNSEEN.values(), ids=UNSEEN)
def test_an_identifier_has_no_character_that_nobody_sees(character: str) -> None:
    """`ac me` and `acme` would be two accounts that look like one."""
    assert identifier_fault(f"ac{character}me") == "field.invisible"


@pytest.mark.parametrize(
    "text", ["acme", "a b", "ACME/eu-1", "cliente_ñ", "客户", "Ωmega", "ภาษาไทย", "हिन्दी", "서울", "🙂"]
)
def test_a_text_of_any_script_is_an_identifier(text: str) -> None:
    """Combining marks that people see belong to their scripts."""
    assert identifier_fault(unicodedata.normalize("NFC", text)) is None


def test_whatever_is_accepted_can_be_printed_and_is_in_normal_form() -> None:
    """Every character of Unicode, between two letters: what is accepted is safe in headers, logs and terminals."""
    for number in range(sys.maxunicode + 1):
        text = f"a{chr(number)}b"
        if identifier_fault(text) is None:
            assert text.isprintable()
            assert unicodedata.is_normalized("NFC", text)


def test_the_list_of_invisible_characters_has_all_of_their_categories() -> None:
    """It stands in the code so that schemas can have it; a newer Unicode adds to it."""
    for number in range(sys.maxunicode + 1):
        character = chr(number)
        if unicodedata.category(character) in {"Cc", "Cf", "Co", "Zl", "Zp", "Zs"} and character != " ":
            assert re.fullmatch(f"[{INVISIBLE}]", character), f"U+{number:04X}"


@pytest.mark.parametrize("text", ["", " a", "a ", "x" * (LONGEST + 1), "e\u0301", "a\u200bb"])
def test_intake_refuses_by_the_same_function(text: str) -> None:
    """What it acknowledges, the tasks must not dead-letter."""
    with pytest.raises(WrongValue) as refused:
        identifier(text)
    assert refused.value.code == identifier_fault(text)


def test_dead_letters_and_answers_give_the_same_reason() -> None:
    """Support finds one in the other."""
    assert set(SENTENCES) == set(get_args(Fault))
    assert {code: messages_in("en")(code) for code in SENTENCES} == SENTENCES
