"""`frontline policy show` and `diff` with any vendor's edition: every word, no word cut, one language."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from services.cli.policy import commands as policy
from services.cli.policy.fitted_table import FittedTable
from services.cli.policy.show import tables
from shared.messages.catalogues import catalogue, messages_in
from shared.policy.digest import policy_sha256
from shared.policy.files import POLICIES, load_edition
from tests.harness.shipped import shipped_edition

LOJA = str(Path(__file__).parent / "data" / "loja.yaml")
VENDORS = POLICIES / "vendors"
SHIPPED = ("guidelines-2021", "objectives-2024", "demo")
SHOWN = [*((name, language) for name in SHIPPED for language in ("en", "es")), (LOJA, None), (LOJA, "es")]


@pytest.fixture
def shown(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> Any:
    """What the command prints for an edition on a terminal of so many columns."""

    def shown(edition: str, language: str | None, columns: int = 80) -> str:
        monkeypatch.setenv("COLUMNS", str(columns))
        assert policy.show(edition, lang=language) == 0
        return capsys.readouterr().out

    return shown


@pytest.mark.parametrize(("edition", "language"), SHOWN)
def test_at_80_columns_no_word_is_cut_and_no_line_is_longer(shown: Any, edition: str, language: str | None) -> None:
    """Half a word, or half a rule's id, can be neither read nor searched for."""
    narrow, wide = (shown(edition, language, columns) for columns in (80, 1000))
    assert max(map(len, narrow.splitlines())) <= 80
    assert set(wide.split()) - set(narrow.split()) <= {"─" * n for n in range(1000)}


def test_words_that_do_not_fit_side_by_side_become_paragraphs(shown: Any) -> None:
    """Five columns have no room in 40: each row is then a paragraph, with the headings before what they head."""
    narrow = shown(LOJA, None, 40)
    assert "  Bronze: autoatendimento: everyone" in narrow
    assert max(map(len, narrow.splitlines())) <= 40
    assert set(rows(LOJA).split()) - set(narrow.split()) <= {"|", "/", policy_sha256(load_edition(LOJA))}


def test_a_channel_that_is_open_around_the_clock_says_so() -> None:
    """No target asks for it: people and forms read it."""
    channels = shipped_edition("guidelines-2021").channels.values()
    open_always = [each.name["en"].casefold() for each in channels if each.around_the_clock and each.name]
    cells = [row.split(" | ")[0] for row in rows("guidelines-2021").splitlines()]
    assert [cell.split(" / ")[0].casefold() for cell in cells if " / at any hour" in cell] == open_always
    assert open_always


def columns_of(text: str, title: str) -> list[str]:
    """The headings of the table with this title; several spaces are between two of them."""
    lines = text.splitlines()
    return re.split(r"\s{2,}", lines[lines.index(title) + 2].strip())


def test_a_column_that_no_row_fills_is_left_out(shown: Any) -> None:
    """A heading over nothing looks like something that is missing."""
    assert columns_of(shown("guidelines-2021", "en", 200), "Priorities") == [
        "Priority",
        "Definition",
        "What is put to work",
    ]
    assert columns_of(shown(str(VENDORS / "aws.yaml"), "en", 200), "Priorities") == ["Priority", "Definition"]
    for columns in (40, 200):  # as paragraphs too
        assert "put to work" not in shown(str(VENDORS / "aws.yaml"), "en", columns)


def texts(value: Any, language: str) -> Iterator[str]:
    """The texts of a document in a language."""
    if isinstance(value, dict):
        if isinstance(value.get(language), str):
            yield value[language]
        for inner in value.values():
            yield from texts(inner, language)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts(inner, language)


def words(text: str) -> set[str]:
    """The words of a text; ids, zones and statuses have signs within and are none."""
    tokens = (token.strip("«»“”():;,.·¿?%") for token in text.split())
    return {token.casefold() for token in tokens if re.fullmatch(r"[^\W\d_]{3,}", token)}


@pytest.mark.parametrize("edition", SHIPPED)
def test_an_edition_in_spanish_has_no_word_of_english(shown: Any, edition: str) -> None:
    """Neither of its own texts and remarks nor of the catalogue; and no code that lacks its sentence."""
    document = load_edition(edition).model_dump()
    remarks = document.pop("translations")["es"]
    english = {word for text in (*texts(document, "en"), *remarks) for word in words(text)}
    spanish = {word for text in (*texts(document, "es"), *remarks.values()) for word in words(text)}
    for language, known in (("en", english), ("es", spanish)):
        known |= {word for text in catalogue(language).texts.values() for word in words(re.sub(r"\{.*?\}", " ", text))}
    calendars = set(document["calendars"])  # names of the data, in every language
    text = shown(edition, "es")
    left = words(text) & (english - spanish) - calendars
    assert left == set(), [line for line in text.splitlines() if words(line) & left]
    assert re.findall(r"\b(?:policy|name|need|fact)\.[a-z_.]+", text) == []


def rows(edition: str) -> str:
    """What an edition says, row by row: cells and their lines beside each other."""
    found = []
    for part in tables(load_edition(edition), messages_in("en")):
        for row in part.rows if isinstance(part, FittedTable) else [(part,)]:
            cells = [" / ".join(str(cell).splitlines()) for cell in row]
            found.append(" | ".join(cells))
    return "\n".join(found)


def test_a_shown_edition_has_all_that_it_says() -> None:
    """Each section of an edition that shares no word with the shipped ones, by the edition's names."""
    text = rows(LOJA)
    for part in (
        "WhatsApp / else correio, ajuda | equipe: dono or licensed user, an account of type grande | and all of Bronze",
        "| and all of Bronze | peritos: the language pt / and all of Prata",
        "Telefone / for everyone: a paid account, the country BR or PT / else WhatsApp, ajuda | – | equipe: everyone",
        "Cobrança / else ajuda | caixa: everyone (also without an account)",
        "· Correio, WhatsApp, Bronze: O dono sempre pode escrever.",
        "· Dono counts as usuário",
        "An unknown account counts as plan Bronze, account type pequena, not paid",
        "No account may have: an account that is not paid, plan Ouro. Ouro se paga.",
        "Severidade / Quão grave é? | parado, quase parado, lento, incômodo, dúvida",
        "Assunto | loja (by default), fatura",
        "Assunto fatura / Faturas vão para o caixa. | cobrança",
        "Caixa: O caixa responde sem prazo prometido.",
        "S1 | Plan Ouro or Prata, severidade parado / Bronze nunca tem S1. | r1",
        "S5 | Otherwise | r5",
        "the channel WhatsApp / No WhatsApp é mais rápido. | S1 | primeira resposta | 15 min, round the clock",
        "| 1 h, open hours of the calendar, calendar sempre | commitment",
        "| 4 h, round the clock, then the next opening, once open for 2 h | objective",
        "| 1 business day, until the end of the day |",
        "| 3 business days, until the same time of day |",
        "Retorno | customer replied | agent replied | starts again the next time / counts from the first unanswered",
        "Primeira resposta | submitted | agent replied | only for cases that the customer opened",
        "Solução | submitted | resolved | goes on when the case is reopened / stands still in waiting, resolved",
        "Relatório de causa | resolved | milestone reached |",
        "Aguardando cliente | waiting",
        "any other | open",
        "A resolved case is reopened by: customer replied",
        "A status that counts as waiting ends with: customer replied",
        "100% | level 1 | Chefe do turno / O turno decide.",
        "6 h after the deadline, again every 1 h, 3 times at most | level 2 | Diretora",
        "An acknowledgement stops the calls until agents have been silent for 1 h.",
        "Who may ask: plan Ouro; dono, plan Prata",
        "For requests with: assunto loja",
        "Plan Ouro, the channel WhatsApp / O WhatsApp nunca fecha. | sempre | zap",
        "sempre / UTC | Mon–Sun 00:00–24:00 | – |",
        "dois_turnos / Africa/Luanda / America/Sao_Paulo | Africa/Luanda: / Mon 08:00–12:00 / 12-15–01-15: / "
        "Mon 08:00–10:00 / America/Sao_Paulo: / Mon 13:00–17:00 | 1 | AO",
        "Os artigos ajudam a qualquer hora.",
    ):
        assert part in text, part
    assert "Phone directory" not in text


def test_owners_count_as_admins_in_the_shipped_edition(shown: Any) -> None:
    """The matrix names admins only."""
    assert "· Owner counts as admin and member" in shown("guidelines-2021", "en")
    assert "· Propietario cuenta como administrador y miembro" in shown("guidelines-2021", "es")


def test_a_language_without_a_catalogue_is_said_once(capsys: pytest.CaptureFixture[str]) -> None:
    """The edition's texts are in its language, everything else in English; not on standard output."""
    for language in (None, "pt"):
        assert policy.show(LOJA, lang=language) == 0
        shown = capsys.readouterr()
        assert shown.err == "No catalogue has the language pt: headings and sentences are in en.\n"
        assert "Suporte da Loja" in shown.out
    assert policy.show("guidelines-2021", lang="es") == 0
    assert capsys.readouterr().err == ""


def test_a_language_that_nothing_has_is_refused(capsys: pytest.CaptureFixture[str]) -> None:
    """With the languages that there are."""
    assert policy.show(LOJA, lang="fr") == 2
    assert capsys.readouterr() == (
        "",
        "neither edition loja-2026 nor a catalogue has the language 'fr'; en, es, pt do\n",
    )


def changes(before: str, after: str, capsys: pytest.CaptureFixture[str]) -> list[dict[str, Any]]:
    """What `policy diff --json` lists."""
    assert policy.diff(before, after, as_json=True) == 0
    found: list[dict[str, Any]] = json.loads(capsys.readouterr().out)["changes"]
    return found


def test_a_diff_lists_the_words_that_one_edition_alone_has(capsys: pytest.CaptureFixture[str]) -> None:
    """Plans, fields, values and the rest, and what each edition answers where both or one know the words."""
    found = changes("guidelines-2021", LOJA, capsys)
    assert found[0] == {
        "section": "words",
        "subject": {"kind": "plan", "word": "access"},
        "before": "Acceso",
        "after": None,
    }
    alone = {(each["subject"]["kind"], each["subject"]["word"]) for each in found if each["section"] == "words"}
    assert {("field", "severidade"), ("value", "s1"), ("status", "Resolvido"), ("language", "pt")} <= alone
    by_subject = {(each["section"], json.dumps(each["subject"], sort_keys=True)): each for each in found}
    premier = {"plan": "premier", "priority": "P1", "milestone": "first_response"}
    [first] = [each for each in found if each["section"] == "targets" and premier.items() <= each["subject"].items()]
    assert (first["before"]["target_seconds"], first["after"]) == (3600, "not_in_edition")
    assert len(by_subject) == len(found)
    asking = [each for each in found if each["subject"].get("right") == "customer_requested"]
    assert {(each["before"], each["after"]) for each in asking} == {(True, False), (False, True)}


def test_a_diff_of_one_changed_rule_names_it_and_nothing_else(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """By whatever a rule may ask about: here a channel, a field, a plan."""
    text = Path(LOJA).read_text(encoding="utf-8")
    new = text.replace("target_seconds: 15m", "target_seconds: 10m").replace(
        "{fields: {severidade: [s4]}}", "{fields: {severidade: [s4]}, plans: [gold]}"
    )
    (tmp_path / "new.yaml").write_text(new, encoding="utf-8")
    found = [each for each in changes(LOJA, str(tmp_path / "new.yaml"), capsys) if each["section"] != "fields"]
    assert [(each["section"], each["before"], each["after"]) for each in found] == [
        ("targets", found[0]["before"], found[0]["after"]),
        ("priorities", "S4", "S5"),
    ]
    assert found[0]["subject"] == {
        **{"plan": "gold", "priority": "S1", "milestone": "primeira_resposta"},
        **{"account_types": None, "channels": ["whatsapp"]},
    }
    assert [each["target_seconds"] for each in (found[0]["before"], found[0]["after"])] == [900, 600]
    assert found[1]["subject"] == {"plans": ["bronze", "silver"], "fields": {"severidade": ["s4"]}}


def test_an_edition_does_not_differ_from_itself(capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever it asks about."""
    for name in (*SHIPPED, LOJA):
        assert changes(name, name, capsys) == []
