"""[pure] Whether the braces in an edition's own texts name facts that are known where the text is shown.

`{name}` in a sentence of a catalogue stands for a fact. An edition's texts are shown without facts, so a pair of braces
would reach a customer as `None`, and a single brace would make the sentence fail. A translation of a remark is quoted:
it may have the braces of the remark that it translates, and no others.
"""

from collections.abc import Iterator

from shared.messages.messages import placeholders
from shared.policy.document import Path
from shared.policy.model import Edition


def unknown_facts(draft: Edition) -> Iterator[tuple[Path, str, str]]:
    """Each text whose braces name an unknown fact: its path with the language, what is wrong, and what is allowed.

    The sections `tiers`, `phone` and `translations` must have been read.
    """
    for tier, entry in draft.tiers.items():
        for language, text in entry.no_targets.because.items() if entry.no_targets is not None else ():
            if wrong := _wrong(text, set()):
                yield ("tiers", tier, "no_targets", "because", language), wrong, "no braces"
    for field in ("tariff_note", "have_at_hand") if draft.phone is not None else ():
        for language, text in getattr(draft.phone, field).items():
            if wrong := _wrong(text, set()):
                yield ("phone", field, language), wrong, "no braces"
    for language, remarks in draft.translations.items():
        for remark, text in remarks.items():
            known = _facts(remark)
            if known is not None and (wrong := _wrong(text, known)):
                allowed = ", ".join(f"{{{name}}}" for name in sorted(known)) or "no braces"
                yield ("translations", language, remark), wrong, allowed


def _wrong(text: str, known: set[str]) -> str | None:
    used = _facts(text)
    if used is None:
        return "has a brace without its pair"
    unknown = sorted(used - known)
    return f"{', '.join(f'{{{name}}}' for name in unknown)} is no fact of this text" if unknown else None


def _facts(text: str) -> set[str] | None:
    """The names in braces; None where the braces do not match."""
    try:
        return placeholders(text)
    except ValueError:
        return None
