"""Words of a text for people that are of another language than the rest of it."""

import re

from shared.messages.catalogues import catalogue
from shared.policy.editions import EditionLibrary
from shared.routing.rendering import own_texts

# Names, not words: what desks call accounts, calendars, rules and statuses of their own in every language.
NAMES = {
    "acme",
    "spain",
    "lisbon",
    "backbone",
    "calendar",
    "triage",
    "targets",
    "parked",
    "every_word",
    "acknowledgement",
}


def words(text: str) -> set[str]:
    """The words of a text; ids, rules, statuses and the like have signs within and are none."""
    tokens = (token.strip("«»“”():;,.✓✗·\"'!?%") for token in text.split())
    return {token.casefold() for token in tokens if re.fullmatch(r"[^\W\d_]{3,}", token)} - NAMES


def english_words(library: EditionLibrary) -> set[str]:
    """What only the English catalogue, or the English texts of the editions, have."""
    english, spanish = (
        {
            word
            for text in (*catalogue(language).texts.values(), *_own(library, language))
            for word in words(_bare(text))
        }
        for language in ("en", "es")
    )
    return english - spanish


def _bare(text: str) -> str:
    """A sentence without what it has room for."""
    return re.sub(r"\{[^}]*\}", " ", text)


def _own(library: EditionLibrary, language: str) -> list[str]:
    """The texts of the editions themselves, and their remarks."""
    texts = [text for edition in library.editions for _, text in own_texts(edition, language)]
    for edition in library.editions:
        remarks = edition.translations.get("es", {})  # by what is written in the file, in English
        texts += remarks.values() if language == "es" else remarks
        texts += (
            name[language] for names in edition.holiday_names.values() for name in names.values() if language in name
        )
    return texts
