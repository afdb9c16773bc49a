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

# The characters of Unicode that nobody sees, as the inside of a character class: control (Cc), format (Cf), private use
# (Co), line and paragraph separators (Zl, Zp), spaces but U+0020 (Zs), the other default-ignorable ones of
# DerivedCoreProperties.txt (joiners, fillers of Hangul, inherent vowels of Khmer, variation selectors), the blank of
# Braille, and U+FFFD, which is what a decoder leaves of a text that it could not read. Surrogates and unassigned
# characters are found by their category.
INVISIBLE = (
    "\\u0000-\\u001f\\u007f-\\u00a0\\u00ad\\u034f\\u0600-\\u0605\\u061c\\u06dd\\u070f\\u0890-\\u0891"
    "\\u08e2\\u115f-\\u1160\\u1680\\u17b4-\\u17b5\\u180b-\\u180f\\u2000-\\u200f\\u2028-\\u202f"
    "\\u205f-\\u206f\\u2800\\u3000\\u3164\\ue000-\\uf8ff\\ufe00-\\ufe0f\\ufeff\\uffa0\\ufff0-\\ufffb"
    "\\ufffd\U000110bd\U000110cd\U00013430-\U0001343f\U0001bca0-\U0001bca3\U0001d173-\U0001d17a"
    "\U000e0000-\U000e0fff\U000f0000-\U000ffffd\U00100000-\U0010fffd"
)
_INVISIBLE = re.compile(f"[{INVISIBLE}]")
_NO_CHARACTERS = frozenset({"Cs", "Cn"})
# The same in a JSON Schema, which cannot say what is unassigned, nor what is in normalisation form C.
PATTERN = f"^(?! )[^{INVISIBLE}]*[^ {INVISIBLE}]$"


def identifier_fault(text: str) -> Fault | None:
    """The code of what keeps `text` from being an identifier; None if it is one."""
    if not text or len(text) > LONGEST:
        return "field.id_length"
    if text != text.strip():
        return "field.white_space"
    if text.isascii() and text.isprintable():
        return None
    if _INVISIBLE.search(text) or any(unicodedata.category(c) in _NO_CHARACTERS for c in text):
        return "field.invisible"
    if not unicodedata.is_normalized("NFC", text):
        return "field.not_nfc"
    return None
