"""Texts for people, in the language that comes closest to theirs."""

import pytest

from shared.policy.base import in_language

TEXT = {"en": "Hello", "pt-BR": "Oi", "pt": "Olá", "es": "Hola"}


@pytest.mark.parametrize(
    ("language", "text"),
    [
        ("es", "Hola"),
        ("es-MX", "Hola"),
        ("pt-BR", "Oi"),
        ("pt-br", "Oi"),
        ("pt-BR-x-rio", "Oi"),
        ("pt-PT", "Olá"),
        ("ES", "Hola"),
        ("fr", "Hello"),
        ("e", "Hello"),
    ],
)
def test_a_text_is_in_a_less_specific_language_before_it_is_in_the_first(language: str, text: str) -> None:
    """RFC 4647, section 3.4: a Mexican reads Spanish rather than the edition's fallback."""
    assert in_language(TEXT, language) == text
