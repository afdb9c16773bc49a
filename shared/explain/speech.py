"""[pure] What the command line says to people about a case, in one language: sentences, names, instants and spans."""

from datetime import datetime, tzinfo

from shared.contracts.names import name_of
from shared.contracts.vocabulary import Language
from shared.explain.reason_words import REASONS
from shared.explain.view_words import VIEW

WORDS: dict[Language, dict[str, str]] = {language: {**REASONS[language], **VIEW[language]} for language in REASONS}


class Speech:
    """Sentences in one language. Instants are on the wall clock of `zone`; without one, as in JSON: ISO in UTC."""

    def __init__(self, language: Language, zone: tzinfo | None = None) -> None:
        self.language: Language = language
        self._words = WORDS[language]
        self._zone = zone

    def __call__(self, name: str, **values: object) -> str:
        """The sentence called `name`."""
        return self._words[name].format(**values)

    def knows(self, name: str) -> bool:
        """Whether there is a sentence called `name`."""
        return name in self._words

    def name(self, kind: str, word: str) -> str:
        """What people call a word of the vocabulary; a word that a desk made up stands for itself."""
        return word.replace("_", " ") if self.language == "en" else name_of(self.language, kind, word)

    def at(self, instant: str | None) -> str:
        """An instant of the data."""
        if instant is None:
            return self("no_time")
        if self._zone is None:
            return instant
        return datetime.fromisoformat(instant).astimezone(self._zone).strftime("%Y-%m-%d %H:%M:%S")

    def span(self, seconds: float) -> str:
        """Hours and minutes, and seconds where there are any."""
        minutes, rest = divmod(round(seconds, 3), 60)
        hours, minutes = divmod(int(minutes), 60)
        parts = [f"{hours} h" if hours else "", f"{minutes} min" if minutes else "", f"{rest:g} s" if rest else ""]
        text = " ".join(part for part in parts if part) or "0 s"
        return text.replace(".", ",") if self.language == "es" else text

    def share(self, share: float) -> str:
        """A part of a target: 75%."""
        text = f"{share * 100:.4g}"
        return f"{text.replace('.', ',')} %" if self.language == "es" else f"{text}%"
