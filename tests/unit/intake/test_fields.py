"""How intake cleans texts, and which identifiers it accepts."""

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from services.intake.fields import SUBJECT_LIMIT, TEXT_LIMIT, Country, Email, Subject, Text
from shared.web.fields import Id, identifier

TEXT, SUBJECT, ID = TypeAdapter[str](Text), TypeAdapter[str](Subject), TypeAdapter[str](Id)
texts = st.text(st.characters(exclude_categories=["Cs"]), max_size=60)


def _read(kind: TypeAdapter[str], value: str) -> str | None:
    try:
        return kind.validate_python(value)
    except ValidationError:
        return None


@given(texts)
def test_a_text_keeps_no_control_characters_but_tab_and_newline(value: str) -> None:
    """They come from clipboards, mean nothing, and break logs, terminals and other people's parsers."""
    text = _read(TEXT, value)
    if text is not None:
        assert all(unicodedata.category(c) != "Cc" or c in "\t\n" for c in text)


@given(texts)
def test_a_subject_is_one_line_without_runs_of_white_space(value: str) -> None:
    """It is shown in lists, in mails and on boards."""
    subject = _read(SUBJECT, value)
    if subject is not None:
        assert subject == " ".join(subject.split())
        assert all(unicodedata.category(c) != "Cc" for c in subject)


@pytest.mark.parametrize("kind", [TEXT, SUBJECT], ids=["text", "subject"])
@given(value=texts)
def test_cleaning_is_idempotent(kind: TypeAdapter[str], value: str) -> None:
    """Otherwise a submission that is sent again could have another digest than the first."""
    cleaned = _read(kind, value)
    assert cleaned is None or _read(kind, cleaned) == cleaned


@given(texts)
def test_text_is_in_unicode_normalisation_form_c(value: str) -> None:
    """The same words typed on two systems are the same text."""
    for kind in (TEXT, SUBJECT):
        cleaned = _read(kind, value)
        assert cleaned is None or unicodedata.is_normalized("NFC", cleaned)


@given(texts)
def test_an_identifier_is_accepted_unchanged_or_refused(value: str) -> None:
    """Two systems must agree on it byte for byte, so nothing is corrected."""
    taken = _read(ID, value)
    assert taken is None or taken == value


@pytest.mark.parametrize("value", ["acme", "ACME/eu-1", "cliente_ñ", "42", "a b", "客户"])
def test_ordinary_identifiers_are_accepted(value: str) -> None:
    """Including slashes, inner spaces and any script."""
    assert identifier(value) == value


@pytest.mark.parametrize(
    "value",
    ["", " a", "a ", "a\nb", "a\x00b", "a\u200bb", "a\u202eb", "e\u0301", "a\ufffdb", "a\u2028b", "x" * 201],
    ids=["empty", "front", "back", "newline", "nul", "zero-width", "bidi", "nfd", "broken-utf8", "line-sep", "long"],
)
def test_identifiers_that_would_be_confused_are_refused(value: str) -> None:
    """What looks the same to people must be the same to programs; the message does not repeat it."""
    with pytest.raises(ValueError, match=r"field\.") as refused:
        identifier(value)
    assert not value.strip() or value not in str(refused.value)


@pytest.mark.parametrize(("kind", "limit"), [(TEXT, TEXT_LIMIT), (SUBJECT, SUBJECT_LIMIT)], ids=["text", "subject"])
def test_limits_count_characters_and_are_inclusive(kind: TypeAdapter[str], limit: int) -> None:
    """200 and 20,000 characters as people count them, not bytes."""
    assert _read(kind, "ñ" * limit) == "ñ" * limit
    assert _read(kind, "ñ" * (limit + 1)) is None


@pytest.mark.parametrize("blank", ["", " ", "\n\t", "\x00\x07"])
def test_a_blank_text_is_refused(blank: str) -> None:
    """A required text that is blank after cleaning is missing."""
    assert _read(TEXT, blank) is None
    assert _read(SUBJECT, blank) is None


@pytest.mark.parametrize(
    ("kind", "good", "bad"),
    [
        (TypeAdapter(Email), ["a@b.test", "ana.gomez+x@mail.acme.test"], ["a", "a@", "@b", "a b@c", "a@b@c"]),
        (TypeAdapter(Country), ["ES", "US", "JP", "AQ"], ["es", "ESP", "ZZ", "", "E1"]),
    ],
    ids=["email", "country"],
)
def test_emails_and_countries_are_checked(kind: TypeAdapter[str], good: list[str], bad: list[str]) -> None:
    """As far as that is possible without another service."""
    assert [_read(kind, value) for value in good] == good
    assert [_read(kind, value) for value in bad] == [None] * len(bad)
