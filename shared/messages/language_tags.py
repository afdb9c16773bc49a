"""[pure] Which BCP 47 tag somebody means who has written the name of a language, or a longer code of it."""

from difflib import get_close_matches
from functools import cache

from babel.core import Locale, get_global

_LONGEST_CODE = 3  # letters of a language in a tag; longer ones are reserved, and none is registered
_NAMED_IN = ("en", "es")


def tag_meant_by(text: str) -> str | None:
    """The tag itself, if `text` is one; else the one that is meant, or None if no language has such a name.

    `english` is `en`, and `deu-AT` is `de-AT`; `cmn` is a tag of its own. The case of the letters is left as it is.
    """
    language, *rest = text.split("-")
    if len(language) > _LONGEST_CODE:
        close = get_close_matches(language.casefold(), _by_name(), n=1, cutoff=0.8)
        meant = _by_name()[close[0]] if close else None
    else:
        meant = _SHORTER.get(language.casefold(), language) if len(language) == _LONGEST_CODE else language
    return None if meant is None else "-".join((meant, *rest))


# Registered tags of single languages (IANA Language Subtag Registry). For CLDR, they are aliases of a larger language.
# fmt: off
_REGISTERED = frozenset({
    "adp", "als", "arb", "ayr", "azj", "cls", "cmn", "cwd", "drh", "ekk", "esk", "fuc", "gaz", "gug",
    "ike", "khk", "kmr", "knc", "kng", "kpv", "lvs", "npi", "ojg", "ory", "pbu", "pes", "plt", "prp",
    "quz", "src", "swh", "uzn", "ydd", "zsm", "zyb",
})
# fmt: on
_SHORTER: dict[str, str] = {
    code: short
    for code, short in get_global("language_aliases").items()
    if len(code) == _LONGEST_CODE and len(short) == 2 and code not in _REGISTERED
}


@cache
def _by_name() -> dict[str, str]:
    """The languages by their names."""
    return {name.casefold(): code for named_in in _NAMED_IN for code, name in Locale(named_in).languages.items()}
