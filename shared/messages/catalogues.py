"""The catalogues: one gettext file for each language, `<language>.po`, in a folder.

A sentence whose words agree with a number has gettext's plural forms. Its `msgid_plural` is the name of that number
among its facts, and the header `Plural-Forms` is the language's rule (by default that of its locale).

To add a language, add a file; no code is needed. FRONTLINE_MESSAGES names a folder of more catalogues, which outrank
those that ship. A code that a catalogue lacks is shown in the fallback language, and `lacking` lists these codes.
"""

import os
from collections.abc import Callable, Mapping, Sequence
from functools import cache
from gettext import c2py
from io import BytesIO
from pathlib import Path

from babel import UnknownLocaleError
from babel.core import Locale
from babel.messages.catalog import Catalog, Message
from babel.messages.pofile import PoFileError, read_po

from shared.messages.messages import Catalogue, Messages, Plural, placeholders

FALLBACK = "en"
SHIPPED = Path(__file__).parent / "catalogues"
SETTING = "FRONTLINE_MESSAGES"


class BadCatalogue(Exception):
    """A catalogue is wrong or unreadable, or its folder is missing. The message names the file and the mistake."""


def load_all() -> None:
    """Load every catalogue, so that a mistake in one ends a process at its start. Raises BadCatalogue."""
    for language in languages():
        messages_in(language)


def languages() -> tuple[str, ...]:
    """The languages with a catalogue, the fallback first."""
    return _languages(tuple(_folders()))


def messages_in(language: str | None = None) -> Messages:
    """The sentences of a language, or of the fallback if it has no catalogue. Raises BadCatalogue."""
    wanted = best(language)
    return _messages(wanted, tuple(_folders()))


def best(language: str | None) -> str:
    """The language of the catalogue for a BCP 47 tag: `es` for `es-MX`; the fallback if there is none."""
    there = {each.casefold(): each for each in languages()}
    parts = (language or FALLBACK).casefold().split("-")
    tags = ("-".join(parts[:length]) for length in range(len(parts), 0, -1))
    return next((there[tag] for tag in tags if tag in there), FALLBACK)


def accepted(header: str | None) -> str:
    """The best language for an Accept-Language header (RFC 9110, section 12.5.4)."""
    found = ((best(tag), tag.partition("-")[0].casefold() == FALLBACK) for tag in _ranked(header))
    return next((language for language, is_fallback in found if language != FALLBACK or is_fallback), FALLBACK)


def accepted_of(header: str | None, there: Sequence[str]) -> str:
    """The same among the languages that are `there`, the first of which is the fallback."""
    known = {each.casefold(): each for each in there}
    for tag in _ranked(header):
        parts = tag.casefold().split("-")
        for length in range(len(parts), 0, -1):
            if (found := known.get("-".join(parts[:length]))) is not None:
                return found
    return there[0]


def _ranked(header: str | None) -> list[str]:
    """The tags of an Accept-Language header, the most wanted first."""
    wanted: list[tuple[float, str]] = []
    for item in (header or "").split(",")[:20]:
        tag, _, weight = item.strip().partition(";")
        quality = weight.strip().removeprefix("q=") if weight else "1"
        if tag and quality.replace(".", "", 1).isdecimal() and float(quality) > 0:
            wanted.append((-float(quality), tag.strip()))
    return [tag for _, tag in sorted(wanted, key=lambda each: each[0])]


def lacking(language: str) -> set[str]:
    """The codes that the catalogue of a language lacks, and that are shown in the fallback language."""
    folders = tuple(_folders())
    return set(_catalogue(FALLBACK, folders).texts) - set(_catalogue(language, folders).texts)


def catalogue(language: str) -> Catalogue:
    """The catalogue of a language. Raises BadCatalogue, also if there is none."""
    return _catalogue(language, tuple(_folders()))


def _folders() -> list[Path]:
    named = os.environ.get(SETTING)
    return [*([Path(named)] if named else []), SHIPPED]


@cache
def _languages(folders: tuple[Path, ...]) -> tuple[str, ...]:
    for folder in folders:
        if not folder.is_dir():
            raise BadCatalogue(f"{SETTING}={folder}: this folder does not exist")
    found = {path.stem for folder in folders for path in folder.glob("*.po")}
    return (FALLBACK, *sorted(found - {FALLBACK}))


@cache
def _messages(language: str, folders: tuple[Path, ...]) -> Messages:
    return Messages(_catalogue(language, folders), _catalogue(FALLBACK, folders))


@cache
def _catalogue(language: str, folders: tuple[Path, ...]) -> Catalogue:
    path = next((each for folder in folders if (each := folder / f"{language}.po").is_file()), None)
    if path is None:
        raise BadCatalogue(f"there is no catalogue {language}.po in {' or '.join(map(str, folders))}")
    try:
        read = read_po(BytesIO(path.read_bytes()), abort_invalid=True)
        locale = str(read.locale or "") or language.replace("-", "_")
        Locale.parse(locale)
        form_of = _plural_rule(read)
    except (OSError, ValueError, LookupError, PoFileError, UnknownLocaleError) as error:
        raise BadCatalogue(f"{path}: {error}") from error
    texts: dict[str, str] = {}
    plurals: dict[str, Plural] = {}
    for message in read:
        code, forms = _entry(message)
        if not code or not any(forms):
            continue
        texts[code] = forms[-1]
        if isinstance(message.id, tuple):
            plurals[code] = Plural(str(message.id[1]), forms)
    _check(path, texts, plurals)
    return Catalogue(language, locale, texts, plurals, form_of)


def _plural_rule(read: Catalog) -> Callable[[int], int]:
    """Which plural form a number takes. Raises ValueError for a rule that has no form for a number."""
    form_of: Callable[[int], int] = c2py(read.plural_expr)
    for number in range(201):  # rules of languages repeat after 100
        try:
            form = form_of(number)
        except ArithmeticError:
            form = -1
        if not 0 <= form < read.num_plurals:
            raise ValueError(f"Plural-Forms has {read.num_plurals} forms, and none of them for {number}")
    return form_of


def _entry(message: Message) -> tuple[str, tuple[str, ...]]:
    """The code of an entry and its text, or its plural forms."""
    code = message.id[0] if isinstance(message.id, tuple | list) else message.id
    forms = message.string if isinstance(message.string, tuple | list) else (message.string,)
    return str(code), tuple(str(form or "") for form in forms)


def _check(path: Path, texts: Mapping[str, str], plurals: Mapping[str, Plural]) -> None:
    """Raise BadCatalogue for the first sentence that could not be shown."""
    shipped = {} if path.parent == SHIPPED else _catalogue(FALLBACK, (SHIPPED,)).texts
    for code, last in texts.items():
        for text in plurals[code].forms if code in plurals else (last,):
            if mistake := _mistake(text, shipped.get(code)):
                raise BadCatalogue(f"{path}: {code}: {mistake}")
        if code in plurals and (mistake := _plural_mistake(plurals[code])):
            raise BadCatalogue(f"{path}: {code}: {mistake}")


def _plural_mistake(plural: Plural) -> str | None:
    """Why the plural forms of a sentence cannot be shown: one is missing, or the number is not in the last one."""
    missing = [f"msgstr[{index}]" for index, form in enumerate(plural.forms) if not form]
    if missing:
        return f"{' '.join(missing)} is missing; Plural-Forms asks for {len(plural.forms)} forms"
    if plural.fact not in placeholders(plural.forms[-1]):
        return f"msgid_plural must name the number of the sentence, and {plural.fact!r} is none of its facts"
    return None


def _mistake(text: str, shipped: str | None) -> str | None:
    """Why a text cannot be shown: its braces, or a fact that the sentence that ships under this code does not have."""
    try:
        used = placeholders(text)
    except ValueError as error:
        return str(error)
    if shipped is None:
        return None
    has = placeholders(shipped)
    unknown = sorted(used - has)
    return f"{_braced(unknown)} does not belong there; it may show {_braced(sorted(has))}" if unknown else None


def _braced(names: list[str]) -> str:
    return " ".join(f"{{{name}}}" for name in names) or "no facts"
