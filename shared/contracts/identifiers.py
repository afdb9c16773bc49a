"""[pure] Which texts are identifiers. Intake and the tasks ask here, so what one accepts, the others do not refuse.

People compare identifiers by sight, and programs byte for byte: two that look the same must be the same. So an
identifier has no character that is invisible, or that may look like another of the same kind. Unicode's own lists say
which these are, by the version of this Python: characters that are newer than it count as unassigned.
"""

import re
import unicodedata
from collections.abc import Mapping
from typing import Literal

LONGEST = 200  # characters
Fault = Literal["field.id_length", "field.white_space", "field.invisible", "field.not_nfc"]
# The sentences of dead letters, which are in English; answers take those of the catalogues.
SENTENCES: Mapping[Fault, str] = {
    "field.id_length": "must have 1 to 200 characters",
    "field.white_space": "must not begin or end with white space",
    "field.invisible": "must not have control or invisible characters",
    "field.not_nfc": "must be in Unicode normalisation form C",
}

# Control, format, surrogate, private use, unassigned; line and paragraph separators, spaces (U+0020 alone is admitted).
_INVISIBLE_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"})
# Default_Ignorable_Code_Point of Unicode's DerivedCoreProperties.txt, as far as no category above has it: joiners,
# fillers of Hangul, inherent vowels of Khmer, variation selectors. Then the blank of Braille, and U+FFFD, which is
# what a decoder leaves of a text that it could not read.
_INVISIBLE = re.compile(
    "[\u034f\u115f\u1160\u17b4\u17b5\u180b-\u180f\u2065\u3164\ufe00-\ufe0f\uffa0\ufff0-\ufff8\U000e0000-\U000e0fff"
    "\u2800\ufffd]"
)


def identifier_fault(text: str) -> Fault | None:
    """The code of what keeps `text` from being an identifier; None if it is one."""
    if not text or len(text) > LONGEST:
        return "field.id_length"
    if text != text.strip():
        return "field.white_space"
    if text.isascii() and text.isprintable():
        return None
    if any(c != " " and unicodedata.category(c) in _INVISIBLE_CATEGORIES for c in text) or _INVISIBLE.search(text):
        return "field.invisible"
    if not unicodedata.is_normalized("NFC", text):
        return "field.not_nfc"
    return None
