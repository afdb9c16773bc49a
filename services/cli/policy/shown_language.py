"""The language in which an edition is shown: its texts are in its own languages, headings in those of catalogues."""

from shared.contracts.vocabulary import Language
from shared.messages.catalogues import best, languages
from shared.messages.messages import Messages
from shared.policy.model import Edition


def language_problem(edition: Edition, language: Language | None) -> str | None:
    """Why the edition cannot be shown in `language`; None if it can."""
    known = sorted({*languages(), *edition.languages})
    if language is None or language in known:
        return None
    return f"neither edition {edition.edition} nor a catalogue has the language {language!r}; {', '.join(known)} do"


def language_note(edition: Edition, messages: Messages, language: Language | None) -> str | None:
    """That no catalogue has the language of the edition's texts, so that headings are in another; else None."""
    wanted = language or messages.language
    own = wanted if wanted in edition.languages else edition.languages[0]
    if _primary(best(own)) == _primary(own):
        return None
    return messages("policy.no_catalogue", language=own, instead=messages.language)


def _primary(language: Language) -> str:
    return language.partition("-")[0].casefold()
