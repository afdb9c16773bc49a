"""Which texts are tags of languages, and which tag people mean who write a name or a longer code."""

import pytest

from shared.messages.language_tags import tag_meant_by


@pytest.mark.parametrize(
    ("code", "tag"),
    [("eng", "en"), ("spa-MX", "es-MX"), ("deu", "de"), ("ger", "de"), ("zho", "zh"), ("chi", "zh"), ("zh", "zh")],
)
def test_a_language_with_a_code_of_two_letters_has_no_longer_tag(code: str, tag: str) -> None:
    """Only the shorter one is registered (RFC 5646, 2.2.1)."""
    assert tag_meant_by(code) == tag


@pytest.mark.parametrize("tag", ["cmn", "arb", "pes", "zsm", "swh-KE", "yue", "gsw"])
def test_a_registered_tag_of_three_letters_is_a_tag(tag: str) -> None:
    """Mandarin is one of the languages that `zh` means: whoever names it alone may be right."""
    assert tag_meant_by(tag) == tag
