"""How codes and facts become sentences: names, lists, numbers, and what happens where a catalogue lacks something."""

import re
from datetime import date
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest

from shared.messages.catalogues import (
    BadCatalogue,
    accepted,
    best,
    catalogue,
    lacking,
    languages,
    load_all,
    messages_in,
)
from shared.messages.messages import Catalogue, Messages


def test_numbers_follow_the_language() -> None:
    """A comma for decimals, and a (no-break) space before the sign for per cent."""
    spanish, english = messages_in("es"), messages_in("en")
    assert (spanish.span(90.5), english.span(90.5)) == ("1 min 30,5 s", "1 min 30.5 s")
    assert (spanish.percent(0.125), english.percent(0.125)) == ("12,5\u00a0%", "12.5%")
    assert (english.span(0), english.span(93_600)) == ("0 s", "26 h")


@pytest.mark.parametrize(
    ("language", "things", "alternatives", "together"),
    [
        ("en", ["a"], "a", "a"),
        ("en", ["a", "b"], "a or b", "a and b"),
        ("en", ["a", "b", "c"], "a, b or c", "a, b and c"),
        ("es", ["a", "b", "c"], "a, b o c", "a, b y c"),
        ("es", ["siete", "ocho"], "siete u ocho", "siete y ocho"),
        ("es", ["día", "hora"], "día u hora", "día y hora"),
        ("es", ["padre", "hija"], "padre o hija", "padre e hija"),
        ("es", ["agua", "hielo"], "agua o hielo", "agua y hielo"),
    ],
)
def test_lists_follow_the_language(language: str, things: list[str], alternatives: str, together: str) -> None:
    """By CLDR; the Spanish conjunctions before their own sound are ours, as ICU has them."""
    messages = messages_in(language)
    assert (messages.one_of(things), messages.all_of(things)) == (alternatives, together)


def test_a_word_without_a_name_is_shown_as_it_is() -> None:
    """A desk makes up words of its own; those are in no catalogue."""
    assert messages_in("es").name("plan", "galaxy") == "galaxy"
    assert messages_in("es")("fact.plan", plan="galaxy") == "el plan es galaxy"


def test_own_texts_outrank_the_catalogue() -> None:
    """An edition names its own plans."""
    messages = messages_in("es").with_own({"name.plan.premier": "Oro"})
    assert messages("fact.plan", plan="premier") == "el plan es Oro"


def test_a_fact_may_be_a_reason_of_its_own() -> None:
    """`who` is a sentence within a sentence."""
    who = {"code": "who.licensed", "facts": {"role": "admin"}}
    messages = messages_in("es").with_own({"name.role.admin": "administrador"})
    assert messages("requester.nobody", who=who).endswith("cuenta como administrador con licencia")


def test_a_code_that_a_catalogue_lacks_is_shown_in_the_fallback() -> None:
    """A half-translated catalogue is better than none; `lacking` says what to translate."""
    english = Catalogue("en", "en_GB", {"a": "first", "b": "second"})
    half = Messages(Catalogue("xx", "es", {"a": "primero"}), english)
    assert (half("a"), half("b"), half("no-such-code")) == ("primero", "second", "no-such-code")
    assert (lacking("es"), lacking("en")) == (set(), set())


def test_an_instant_is_on_the_wall_clock_of_the_zone() -> None:
    """In data for programs, which has no zone, it stays as it is."""
    messages = messages_in("en")
    assert messages.at("2026-11-23T10:00:00Z") == "2026-11-23T10:00:00Z"
    assert messages.in_zone(ZoneInfo("Europe/Madrid")).at("2026-11-23T10:00:00Z") == "2026-11-23 11:00:00"
    assert messages.at(None) == "at no set time"


def test_a_day_is_named_in_the_language() -> None:
    """Not as the locale of the process has it."""
    day = date(2026, 11, 30)
    assert [messages_in(language).day(day) for language in ("en", "es")] == ["Mon 30 Nov", "lun 30 nov"]


@pytest.mark.parametrize(
    ("tag", "found"), [("es", "es"), ("es-MX", "es"), ("ES", "es"), ("fr", "en"), ("", "en"), (None, "en")]
)
def test_a_language_is_found_by_its_tag(tag: str | None, found: str) -> None:
    """Mexican Spanish is read in Spanish; a language that there is no catalogue of, in English."""
    assert best(tag) == found


@pytest.mark.parametrize(
    ("header", "language"),
    [
        (None, "en"),
        ("es", "es"),
        ("fr;q=0.9, es-MX;q=0.8, en;q=0.2", "es"),
        ("en;q=0.5, es;q=0.9", "es"),
        ("es;q=0, en", "en"),
        ("*", "en"),
        (";;;,q=x, es;q=abc", "en"),
    ],
)
def test_accept_language_is_read_by_rfc_9110(header: str | None, language: str) -> None:
    """RFC 9110: weights, zero for "not this one"; what cannot be read is ignored."""
    assert accepted(header) == language


def test_a_catalogue_that_cannot_be_read_names_its_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Whoever translates has to find the mistake."""
    (tmp_path / "pt.po").write_text('msgid "a\n', encoding="utf-8")
    monkeypatch.setenv("FRONTLINE_MESSAGES", str(tmp_path))
    assert "pt" in languages()
    with pytest.raises(BadCatalogue, match=r"pt\.po"):
        messages_in("pt")


@pytest.mark.parametrize(
    ("catalogue", "mistake"),
    [
        ('msgid "refusal.body_too_slow"\nmsgstr "mais de {seconds:span"\n', r"refusal\.body_too_slow: "),
        (
            'msgid "refusal.body_too_slow"\nmsgstr "mais de {second:span}"\n',
            r"refusal\.body_too_slow: .*\{second:span\}",
        ),
        ('msgid "feed.routed"\nmsgstr "{channel:span}"\n', r"feed\.routed: .*\{channel:span\}"),
        ('msgid ""\nmsgstr ""\n"Content-Type: text/plain; charset=none\\n"\n\nmsgid "a"\nmsgstr "b"\n', "none"),
    ],
)
def test_a_text_that_could_not_be_shown_is_refused_when_its_catalogue_is_loaded(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, catalogue: str, mistake: str
) -> None:
    """Otherwise the refusal that has this text fails while it is written, and the client gets no reason at all."""
    (tmp_path / "pt.po").write_text(catalogue, encoding="utf-8")
    monkeypatch.setenv("FRONTLINE_MESSAGES", str(tmp_path))
    with pytest.raises(BadCatalogue, match=rf"pt\.po: .*{mistake}"):
        load_all()


def test_a_folder_of_catalogues_that_is_not_there_is_refused(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A typing mistake in the path would pass for a folder without catalogues."""
    monkeypatch.setenv("FRONTLINE_MESSAGES", str(tmp_path / "none"))
    with pytest.raises(BadCatalogue, match=r"FRONTLINE_MESSAGES=.*none: "):
        load_all()


def test_the_catalogues_that_ship_can_all_be_loaded() -> None:
    """A process loads them at its start."""
    load_all()


def test_accept_language_finds_a_catalogue_of_a_region(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """As `best` does: a catalogue need not be of a whole language."""
    (tmp_path / "pt-BR.po").write_text('msgid "break"\nmsgstr "intervalo"\n', encoding="utf-8")
    monkeypatch.setenv("FRONTLINE_MESSAGES", str(tmp_path))
    assert (accepted("pt-BR"), best("pt-BR")) == ("pt-BR", "pt-BR")
    assert accepted("pt-PT, es;q=0.5") == "es"
    assert accepted("en-GB, pt-BR;q=0.5") == "en"


# --- plural forms


@pytest.mark.parametrize(
    ("language", "number", "sentence"),
    [
        ("en", 1, "1 field is wrong"),
        ("en", 2, "2 fields are wrong"),
        ("en", 0, "0 fields are wrong"),
        ("es", 1, "1 campo es incorrecto"),
        ("es", 2, "2 campos son incorrectos"),
    ],
)
def test_a_sentence_agrees_with_its_number(language: str, number: int, sentence: str) -> None:
    """One thing is singular in both languages."""
    assert messages_in(language)("refusal.fields", count=number) == sentence


@pytest.mark.parametrize("number", [1, 2])
def test_a_sentence_of_the_fallback_follows_the_rule_of_the_fallback(number: int) -> None:
    """The sentence is English where a catalogue lacks it, so its plural is English as well."""
    english = messages_in("en")
    polish = Messages(Catalogue("pl", "pl", {}, form_of=lambda _: 2), catalogue("en"))
    assert polish("refusal.fields", count=number) == english("refusal.fields", count=number)


POLISH = """msgid ""
msgstr ""
"Language: pl\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=3; plural=(n==1 ? 0 : n%10>=2 && n%10<=4 && (n%100<10 || n%100>=20) ? 1 : 2);\\n"

msgid "refusal.fields"
msgid_plural "count"
msgstr[0] "{count} pole jest błędne"
msgstr[1] "{count} pola są błędne"
"""


def test_a_language_may_have_more_plural_forms_than_two(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its header `Plural-Forms` is its rule; no code knows any."""
    (tmp_path / "pl.po").write_text(POLISH + 'msgstr[2] "{count} pól jest błędnych"\n', encoding="utf-8")
    monkeypatch.setenv("FRONTLINE_MESSAGES", str(tmp_path))
    shown = [messages_in("pl")("refusal.fields", count=number) for number in (1, 2, 5, 22)]
    assert shown == ["1 pole jest błędne", "2 pola są błędne", "5 pól jest błędnych", "22 pola są błędne"]


@pytest.mark.parametrize(
    ("last", "mistake"),
    [("", r"refusal\.fields: msgstr\[2\] is missing"), ('msgstr[2] "pola"\n', "msgid_plural must name the number")],
)
def test_plural_forms_that_cannot_be_shown_name_their_code(
    last: str, mistake: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A form that is missing would be an empty sentence for some numbers only; the start finds it."""
    (tmp_path / "pl.po").write_text(POLISH + last, encoding="utf-8")
    monkeypatch.setenv("FRONTLINE_MESSAGES", str(tmp_path))
    with pytest.raises(BadCatalogue, match=mistake):
        messages_in("pl")


@pytest.mark.parametrize(("rule", "number"), [("n", 2), ("n%10", 2), ("1/n", 0), ("n!=1 ? 7 : 0", 0)])
def test_a_plural_rule_without_a_form_for_some_number_is_found_at_the_start(
    rule: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the first such number would end in a traceback, long after the file was installed."""
    header = POLISH[: POLISH.index('msgid "refusal')]
    (tmp_path / "pl.po").write_text(re.sub("nplurals=.*;", f"nplurals=2; plural={rule};", header), encoding="utf-8")
    monkeypatch.setenv("FRONTLINE_MESSAGES", str(tmp_path))
    with pytest.raises(BadCatalogue, match=f"Plural-Forms has 2 forms, and none of them for {number}"):
        messages_in("pl")


def test_a_count_has_the_separators_of_the_language() -> None:
    """12,345 is twelve point three to a Spanish reader."""
    assert (messages_in("en").count(12_345), messages_in("es").count(12_345)) == ("12,345", "12.345")
