"""`GET /v1/editions/…`: the rules behind a digest, for whoever may call intake at all."""

import hashlib
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest
from msgspec import structs
from structlog.testing import capture_logs

from services.intake.app import create_app
from services.intake.editions import Editions
from services.intake.form import form_of
from services.intake.presentation import with_sentences
from services.intake.request_status import RecentRequests
from services.intake.service import Service
from services.intake.settings import Settings
from shared.contracts import wire
from shared.contracts.structs import EditionPublished
from shared.contracts.topics import EDITIONS
from shared.kafka import serde
from shared.kafka.faults import PoisonRecord
from shared.kafka.record import Record
from shared.messages.catalogues import messages_in
from shared.policy.digest import edition_to_json, policy_sha256
from shared.policy.editions import EditionLibrary
from shared.policy.model import Edition
from shared.policy.published_edition import UnusableEdition, edition_published
from shared.web.edge import Edge
from tests.harness.asking import fields, request
from tests.harness.decided import routed
from tests.harness.intake import ID_SECRET, api_keys, editions, key_of
from tests.harness.other_words import other_words
from tests.harness.shipped import shipped_library
from tests.harness.unusable_editions import UNUSABLE

NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
BOTH = shipped_library("guidelines-2021", "objectives-2024")
GUIDELINES, OBJECTIVES = BOTH.editions
DIGEST, OTHER = policy_sha256(GUIDELINES), policy_sha256(OBJECTIVES)
UNKNOWN = "0" * 64


def record_of(event: EditionPublished, key: str | None = None) -> Record:
    """The record of an event in the topic, as the router writes it."""
    envelope = serde.Envelope("e1", "/frontline/router", EditionPublished.TYPE, NOW, event.policy_sha256)
    output = serde.to_output(EDITIONS, key or event.policy_sha256, envelope, wire.encode(event))
    return Record(output.topic, 0, 0, 0, output.key, output.value, output.headers)


@pytest.fixture
def service() -> Service:
    """An intake that has guidelines-2021 configured, and no Kafka."""
    settings = Settings(kafka_bootstrap="127.0.0.1:1", api_keys=api_keys(), id_secret=ID_SECRET)
    return Service(settings, settings.read_callers(), editions())


@pytest.fixture
def asker(service: Service) -> httpx.AsyncClient:
    """A client with a key that may submit."""
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(Edge(create_app(service))),
        base_url="http://intake",
        headers={"Authorization": f"Bearer {key_of('submit')}"},
    )


@pytest.mark.parametrize("path", ["current", DIGEST])
async def test_the_answer_has_the_digest_and_the_document_with_that_digest(asker: httpx.AsyncClient, path: str) -> None:
    """The document comes as the bytes that were hashed, so the answer proves itself."""
    answer = await asker.get(f"/v1/editions/{path}")
    assert answer.status_code == 200
    assert answer.headers["content-type"] == "application/json"
    assert (answer.json()["policy_sha256"], answer.json()["document"]["edition"]) == (DIGEST, "guidelines-2021")
    document = answer.content.partition(b'"document":')[2].removesuffix(b"}")
    assert hashlib.sha256(document).hexdigest() == DIGEST


@pytest.mark.parametrize("path", ["current", DIGEST])
async def test_the_answer_tells_a_form_what_to_ask(asker: httpx.AsyncClient, path: str) -> None:
    """Fields in the order of the form, with their values, questions and names in each language; and the channels."""
    form = (await asker.get(f"/v1/editions/{path}")).json()["form"]
    assert (form["edition"], form["languages"]) == ("guidelines-2021", ["es", "en"])
    assert [field["word"] for field in form["fields"]] == ["impact", "workaround", "environment", "request_type"]
    impact = form["fields"][0]
    assert (impact["question"], impact["default"]) == ({"es": "¿Qué efecto tiene?", "en": "What is the effect?"}, None)
    assert impact["values"][0] == {
        "word": "down",
        "name": {"es": "servicio caído", "en": "down"},
        "choice": {"es": "No funciona nada", "en": "Nothing works"},
    }
    channels = {channel["word"]: channel for channel in form["channels"]}
    assert (channels["phone"]["staffed"], channels["bot"]["staffed"]) == (True, False)
    assert channels["help_center"]["resource"]["en"].startswith("Articles of the help center")
    assert form["phone"]["channel"] == "phone"
    assert form["phone"]["have_at_hand"]["en"].startswith("Before you call, get your personal meeting ID")
    assert [entry["word"] for entry in form["plans"]] == ["access", "premier", "premier_plus"]
    assert form["priorities"][0]["definition"]["en"]


async def test_the_form_of_an_edition_that_cannot_be_used_here_is_null(
    asker: httpx.AsyncClient, service: Service
) -> None:
    """The document is served all the same: its readers may be of another version."""
    nameless = json.loads(edition_to_json(GUIDELINES))
    nameless["title"] = nameless["plans"]["access"]["name"] = {}
    for document in (*UNUSABLE.values(), json.dumps(nameless).encode()):
        digest = hashlib.sha256(document).hexdigest()
        data = {**structs.asdict(edition_published(GUIDELINES)), "document": document.decode(), "policy_sha256": digest}
        service.published_editions.take(record_of(EditionPublished(**data)))
        answer = await asker.get(f"/v1/editions/{digest}")
        assert answer.status_code == 200
        assert answer.json()["form"] is None or answer.json()["form"]["channels"]


def _keys(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _keys(each) for name, each in value.items()}
    return [_keys(each) for each in value[:1]] if isinstance(value, list) else None


def test_the_page_shows_every_key_of_a_form() -> None:
    """Whoever writes a form writes it by the page; of a list it shows the first item."""
    page = (Path(__file__).parents[3] / "docs" / "api.md").read_text(encoding="utf-8")
    shown = json.loads(page.partition("```jsonc\n")[2].partition("```")[0])
    assert _keys(shown) == _keys(form_of(GUIDELINES).model_dump(mode="json"))


def test_a_form_asks_in_every_language_of_its_edition() -> None:
    """A word without a name is shown as it is written, and what an edition does not have is null or empty."""
    form = form_of(other_words()).model_dump(mode="json")
    tills, scales = {"en": "tills", "pt-BR": "caixas"}, {"en": "scales", "pt-BR": "balanças"}
    assert form["fields"][1] == {
        "word": "product",
        "name": {"en": "product", "pt-BR": "produto"},
        "question": None,
        "values": [
            {"word": "tills", "name": tills, "choice": tills},
            {"word": "scales", "name": scales, "choice": scales},
        ],
        "default": "tills",
    }
    bare = other_words().model_copy(update={"phone": None, "fields": {}, "languages": ("en",)})
    assert (form_of(bare).phone, form_of(bare).fields) == (None, ())
    assert {len(each.name) for each in form_of(bare).channels} == {1}


async def test_caches_keep_an_edition_by_digest_and_validate_the_current_one(
    asker: httpx.AsyncClient,
) -> None:
    """The document of a digest never changes; the edition in force does."""
    by_digest, current = await asker.get(f"/v1/editions/{DIGEST}"), await asker.get("/v1/editions/current")
    assert by_digest.headers["cache-control"] == "public, max-age=31536000, immutable"
    assert current.headers["cache-control"] == "public, max-age=0, must-revalidate"
    assert by_digest.headers["etag"] == current.headers["etag"] == f'"{DIGEST}"'
    assert current.headers["content-location"] == f"/v1/editions/{DIGEST}"


@pytest.mark.parametrize("path", ["current", DIGEST])
@pytest.mark.parametrize(
    ("known", "status"),
    [
        (f'"{DIGEST}"', 304),
        (f'W/"{DIGEST}"', 304),
        (f'"{UNKNOWN}", "{DIGEST}"', 304),
        ("*", 304),
        (f'"{OTHER}"', 200),
        (DIGEST, 200),
    ],
)
async def test_a_client_that_has_the_edition_gets_304(
    asker: httpx.AsyncClient, path: str, known: str, status: int
) -> None:
    """RFC 9110 section 13.1.2: a list of entity tags, compared weakly."""
    answer = await asker.get(f"/v1/editions/{path}", headers={"If-None-Match": known})
    assert (answer.status_code, answer.headers["etag"]) == (status, f'"{DIGEST}"')
    assert (answer.content == b"") is (status == 304)


async def test_an_edition_of_the_topic_is_found_even_if_it_is_not_configured(
    asker: httpx.AsyncClient, service: Service
) -> None:
    """Cases outlive the files of their rules."""
    service.published_editions.take(record_of(edition_published(OBJECTIVES)))
    answer = await asker.get(f"/v1/editions/{OTHER}")
    assert (answer.status_code, answer.json()["document"]["edition"]) == (200, "objectives-2024")


async def test_an_unknown_digest_is_404_once_the_topic_has_been_read_and_503_before(
    asker: httpx.AsyncClient, service: Service
) -> None:
    """An intake that is still reading the topic cannot know that an edition does not exist."""
    early = await asker.get(f"/v1/editions/{UNKNOWN}")
    assert (early.status_code, early.headers["retry-after"]) == (503, "2")
    service.editions_tail.caught_up.set()
    answer = await asker.get(f"/v1/editions/{UNKNOWN}")
    assert (answer.status_code, answer.json()["type"]) == (404, "urn:frontline:problem:not_found")
    assert "no edition with this policy_sha256 decided a case" in answer.json()["detail"]
    assert "etag" not in answer.headers
    assert answer.headers["cache-control"] == "no-store"


@pytest.mark.parametrize("name", ["guidelines-2021", DIGEST.upper(), DIGEST[:-1], f"{DIGEST}0", "é" * 64])
async def test_a_name_is_404_with_the_form_of_a_digest(asker: httpx.AsyncClient, name: str) -> None:
    """A name can stand for several editions over time, so it finds none."""
    answer = await asker.get(f"/v1/editions/{name}")
    assert answer.status_code == 404
    assert "64 hexadecimal digits in lower case" in answer.json()["detail"]


@pytest.mark.parametrize("client", ["submit", "agent", "backfill", "admin"])
async def test_any_key_may_read_editions_and_a_call_without_a_key_may_not(
    asker: httpx.AsyncClient, client: str
) -> None:
    """They are what the vendor promises, no customer's data; but calls are counted by key."""
    answer = await asker.get("/v1/editions/current", headers={"Authorization": f"Bearer {key_of(client)}"})
    assert answer.status_code == 200
    assert (await asker.get("/v1/editions/current", headers={"Authorization": ""})).status_code == 401


def test_the_current_edition_is_the_configured_one_in_force() -> None:
    """Not the newest of the topic: another router may decide by editions that are not in force here."""
    view = Editions(BOTH)
    assert view.current(OBJECTIVES.effective_from - timedelta(microseconds=1)) == DIGEST
    assert view.current(OBJECTIVES.effective_from) == OTHER
    view = Editions(EditionLibrary.single(GUIDELINES))
    view.take(record_of(edition_published(OBJECTIVES)))
    assert view.current(OBJECTIVES.effective_from) == DIGEST


@pytest.mark.parametrize("wrong", ["document", "key", "type"])
def test_a_record_whose_digest_does_not_match_is_refused(wrong: str) -> None:
    """A writer of the topic must not be able to change the rules of a digest."""
    event = edition_published(OBJECTIVES)
    record = record_of(event)
    if wrong == "document":
        tampered = EditionPublished(
            **{name: getattr(event, name) for name in event.__struct_fields__} | {"document": '{"edition":"mine"}'}
        )
        record = record_of(tampered)
    elif wrong == "key":
        record = record_of(event, UNKNOWN)
    else:
        headers = tuple((name, b"acme.other" if name == "ce_type" else value) for name, value in record.headers)
        record = Record(record.topic, 0, 0, 0, record.key, record.value, headers)
    view = Editions(EditionLibrary.single(GUIDELINES))
    with pytest.raises(PoisonRecord):
        view.take(record)
    assert view.find(OTHER) is None


def test_a_tombstone_removes_no_edition() -> None:
    """The document of a digest stays the same even if somebody deletes its record."""
    view = Editions(EditionLibrary.single(GUIDELINES))
    view.take(record_of(edition_published(OBJECTIVES)))
    view.take(Record(EDITIONS.name, 0, 1, 0, OTHER.encode(), None, ()))
    assert view.find(OTHER) is not None


@pytest.mark.parametrize("name", UNUSABLE)
def test_a_case_by_an_edition_that_cannot_be_used_here_stops_nothing(name: str) -> None:
    """Anybody may write to the topics: a view that ended at such a record would end at it again after a restart."""
    document = UNUSABLE[name]
    digest = hashlib.sha256(document).hexdigest()
    known = Editions(EditionLibrary.single(OBJECTIVES))
    data = {**structs.asdict(edition_published(GUIDELINES)), "document": document.decode(), "policy_sha256": digest}
    known.take(record_of(EditionPublished(**data)))
    case = routed("c1", NOW, policy_sha256=digest, fields=fields(impact="general"))
    with capture_logs() as lines:
        assert known.whole_decision(case) is None
        assert known.whole_decision(case) is None
    assert [(line["action"], line["policy_sha256"]) for line in lines] == [("edition.unusable", digest)]


def test_an_edition_whose_document_another_writer_wrote_decides_under_its_own_digest() -> None:
    """The digest is that of the bytes: what this version would write may have others."""
    document = json.dumps(json.loads(edition_to_json(GUIDELINES)), indent=1).encode()
    digest = hashlib.sha256(document).hexdigest()
    known = Editions(EditionLibrary.single(OBJECTIVES))
    data = {**structs.asdict(edition_published(GUIDELINES)), "document": document.decode(), "policy_sha256": digest}
    known.take(record_of(EditionPublished(**data)))
    decision = known.whole_decision(routed("c1", NOW, policy_sha256=digest))
    assert decision is not None
    assert (decision.policy_sha256, decision.priority) == (digest, "P1")


@pytest.mark.parametrize("language", ["en", "es"])
def test_the_sentences_of_a_decision_are_in_the_words_of_its_own_edition(language: str) -> None:
    """Found by digest: another edition can have the same name and other words."""
    assert GUIDELINES.phone is not None
    theirs = GUIDELINES.model_copy(
        update={"phone": GUIDELINES.phone.model_copy(update={"tariff_note": {"en": "Calls cost.", "es": "Cuesta."}})}
    )
    digest = policy_sha256(theirs)
    known = Editions(EditionLibrary.single(GUIDELINES))
    known.take(record_of(edition_published(theirs)))
    view = RecentRequests(10, known.whole_decision)
    view.submitted(request(request_id="c1"))
    view.routed(routed("c1", NOW, policy_sha256=digest))
    status = view.status("c1")
    assert status is not None
    decision = with_sentences(status.request, messages_in(language), known.edition)["decision"]
    assert decision["notes"][0]["text"] == {"en": "Calls cost.", "es": "Cuesta."}[language]
    assert decision["priority_because"].startswith({"en": "P1 because", "es": "P1 porque"}[language])


def test_why_a_number_is_unverified_is_said_in_the_language_of_the_client() -> None:
    """It is a remark of the edition, with a translation there."""
    known = Editions(EditionLibrary.single(GUIDELINES))
    view = RecentRequests(10, known.whole_decision)
    view.submitted(request(request_id="c1", country="JP"))
    view.routed(routed("c1", NOW, country="JP"))
    status = view.status("c1")
    assert status is not None
    decision = with_sentences(status.request, messages_in("es"), known.edition)["decision"]
    texts = [number["unverified"] for number in decision["phone_numbers"] if number.get("unverified")]
    assert texts
    assert all(text in GUIDELINES.translations["es"].values() for text in texts)


def test_a_case_at_the_end_of_the_calendar_says_nothing_about_its_edition() -> None:
    """Only this case has no deadline: its edition is fine, and a later failure of it has to be logged."""
    known = Editions(EditionLibrary.single(GUIDELINES))
    case = structs.replace(routed("c1", NOW), received_at=NOW.replace(year=9999, month=12, day=31, hour=23))
    with capture_logs() as lines:
        assert known.whole_decision(case) is None
    assert lines == []
    assert known.whole_decision(routed("c2", NOW)) is not None


def test_an_edition_that_cannot_be_read_is_read_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its bytes never change, and reading them takes longer than all else that a decision needs."""
    read: list[str] = []

    def unreadable(_document: bytes, digest: str) -> Edition:
        read.append(digest)
        raise UnusableEdition("of a later version")

    monkeypatch.setattr("services.intake.editions.read_document", unreadable)
    known = Editions(EditionLibrary.single(GUIDELINES))
    known.take(record_of(edition_published(OBJECTIVES)))
    for number in range(3):
        assert known.whole_decision(routed(f"c{number}", NOW, policy_sha256=OTHER)) is None
    assert read == [OTHER]
