"""The pages in a language of the edition for which no catalogue ships: the page works, and says truly what it is in."""

import re
from collections.abc import AsyncIterator
from dataclasses import replace
from html import unescape
from pathlib import Path

import httpx
import pytest
import pytest_asyncio

from shared.contracts import wire
from shared.contracts.structs import SupportRequestSubmitted
from shared.contracts.topics import REQUESTS
from shared.pages.visit import PERSON
from shared.policy.editions import EditionLibrary
from tests.broker.intake_calls import events_of, unique
from tests.broker.test_pages import browser, send
from tests.harness.intake import Intake, running_intake, topics_at
from tests.harness.other_words import other_words
from tests.harness.sign_in import somebody_of, token_hosts, token_of

LANGUAGE, QUESTION, VALUE = "pt-BR", "Qual é a gravidade?", "nada funciona"
TYPED = {"subject": "Caixa parada", "description": "Desde as dez.", "channel": "faq", "fields.severity": "S1"}
CATALOGUE = """\
msgid ""
msgstr ""
"Language: pt-BR\\n"
"Content-Type: text/plain; charset=UTF-8\\n"
"Plural-Forms: nplurals=2; plural=(n > 1);\\n"

msgid "page.form.title"
msgstr "Como podemos ajudar?"
"""


@pytest_asyncio.fixture(scope="module")
async def intake(bootstrap: str) -> AsyncIterator[Intake]:
    """An intake whose edition speaks English and Portuguese; the catalogues that ship have only the former."""
    await topics_at(bootstrap)
    library = EditionLibrary.single(other_words())
    async with running_intake(bootstrap, library=library, token_hosts=token_hosts()) as running:
        yield running


def boss(intake: Intake, account_id: str, language: str = LANGUAGE) -> httpx.AsyncClient:
    """A browser in `language`, of somebody whose role is one of the edition's."""
    http = browser(intake, **{"Accept-Language": language})
    http.cookies.set(PERSON, token_of(replace(somebody_of(account_id), role="boss")))
    return http


def parts(page: str, language: str) -> list[str]:
    """The texts of the elements that say to be in `language`."""
    return [unescape(text) for text in re.findall(rf'<\w+[^>]* lang="{language}"[^>]*>([^<]*)<', page)]


async def test_a_page_whose_sentences_are_missing_is_in_the_fallback_and_the_words_are_the_editions(
    intake: Intake,
) -> None:
    """A screen reader speaks what the page says it is in: English sentences, and what the edition has in Portuguese."""
    async with boss(intake, unique()) as http:
        answer = await http.get("/")
    assert ('<html lang="en">' in answer.text, answer.headers["Content-Language"]) == (True, "en")
    assert "What can we help you with?" in answer.text
    assert {QUESTION, VALUE, "linha direta"} <= set(parts(answer.text, LANGUAGE))
    assert not re.search(r"page\.\w+\.\w+", answer.text), "a code is shown where a sentence belongs"


async def test_a_request_is_sent_and_followed_in_that_language(intake: Intake) -> None:
    """Its answers are to be in the language that the customer chose, whatever the pages could say in it."""
    account = unique()
    async with boss(intake, account) as http:
        wrong = await send(http, {**TYPED, "fields.severity": ""})
        assert (wrong.status_code, '<html lang="en">' in wrong.text) == (422, True)
        sent = await send(http, TYPED)
        assert sent.status_code == 303
        page = await http.get(sent.headers["Location"])
        assert page.status_code == 200
    ((_, _, data),) = await events_of(intake, REQUESTS, account)
    assert wire.decode(SupportRequestSubmitted, data).language == LANGUAGE


async def test_the_other_languages_can_be_chosen_by_their_own_names(intake: Intake) -> None:
    """Also where the page could only say them in the fallback."""
    async with boss(intake, unique(), "en") as http:
        assert "Português (Brasil)" in parts((await http.get("/")).text, LANGUAGE)
        http.cookies.set("frontline_language", LANGUAGE)
        page = (await http.get("/")).text
    assert "English" in parts(page, "en")
    assert QUESTION in page


async def test_a_catalogue_of_a_company_is_used_sentence_by_sentence(
    intake: Intake, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """What it has is shown; what it does not have yet is in the fallback, and nothing is missing."""
    (tmp_path / f"{LANGUAGE}.po").write_text(CATALOGUE, encoding="utf-8")
    monkeypatch.setenv("FRONTLINE_MESSAGES", str(tmp_path))
    async with boss(intake, unique()) as http:
        answer = await http.get("/")
    assert (f'<html lang="{LANGUAGE}">' in answer.text, answer.headers["Content-Language"]) == (True, LANGUAGE)
    assert "Como podemos ajudar?" in answer.text
    assert ">Send</button>" in answer.text
    assert QUESTION in answer.text
