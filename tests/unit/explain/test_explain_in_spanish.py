"""`frontline explain --lang es`: all of it in Spanish, and not a word of English left over."""

import re
from collections.abc import Iterable
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from services.cli.options import language_of
from shared.messages.catalogues import catalogue
from shared.policy.digest import policy_sha256
from shared.routing.entitlement import anonymous, not_covered
from tests.harness.asking import request, requester
from tests.harness.decided import decided
from tests.harness.shipped import shipped_library
from tests.topology.escalation.desk import LIBRARY, NEXT, TaskDesk, at, minutes
from tests.unit.explain.explained_case import ExplainedCase
from tests.unit.explain.left_over import english_words, words

SPANISH = catalogue("es").texts
BOTH = shipped_library("guidelines-2021", "objectives-2024")


def test_every_cause_of_dead_letters_is_told_in_spanish() -> None:
    """Those that docs/operations.md explains."""
    page = (Path(__file__).parents[3] / "docs" / "operations.md").read_text(encoding="utf-8")
    table = page.split("| cause | meaning |")[1].split("\n\n")[0]
    causes = {cause for line in table.splitlines()[2:] for cause in re.findall(r"`(\w+)`", line.split("|")[1])}
    prefix = "name.dead_letter."
    assert causes == {code.removeprefix(prefix) for code in SPANISH if code.startswith(prefix)}


def lived_through() -> Iterable[ExplainedCase]:
    """Cases in which, together, everything happens that there are words for."""
    desk = TaskDesk(BOTH, routed_by=LIBRARY)
    busy = ExplainedCase(desk, plan="premier", workaround="partial", language="en")
    busy.passes(timedelta(hours=2))
    busy.record_activity("status_changed", to="waiting_on_customer")
    busy.passes(timedelta(hours=1))
    busy.record_activity("escalation_requested")
    busy.record_activity("status_changed", to="open")
    busy.passes(timedelta(days=1, hours=2))
    busy.record_activity("reprioritised", impact="general")
    busy.record_activity("escalation_requested")
    busy.record_activity("escalation_requested")
    busy.passes(minutes(10))
    busy.record_activity("escalation_reviewed", accepted=False)
    busy.record_activity("agent_replied")
    busy.record_activity("agent_replied", at=at(-4))
    yield busy

    migrated = ExplainedCase(TaskDesk(BOTH, routed_by=LIBRARY), impact="significant")
    migrated.passes(minutes(30))
    migrated.record_activity("internal_note")
    migrated.record_activity(
        "policy_migrated", edition="objectives-2024", policy_sha256=policy_sha256(NEXT.editions[0])
    )
    migrated.passes(minutes(30))
    migrated.record_activity("restored")
    migrated.record_activity("resolved")
    migrated.passes(minutes(30))
    migrated.record_activity("reopened")
    migrated.record_activity("customer_replied")
    migrated.passes(minutes(30))
    migrated.record_activity("status_changed", to="waiting_on_customer")
    migrated.passes(timedelta(days=30))
    migrated.record_activity("escalation_requested")
    migrated.record_activity("escalation_reviewed", accepted=True)
    yield migrated
    migrated.record_activity("closed")
    yield migrated

    upgraded = ExplainedCase(plan="access", channel="phone", account_type="pro", country=None)
    upgraded.record_activity("entitlement_refreshed", plan="premier_plus")
    upgraded.passes(timedelta(hours=3))
    upgraded.record_activity("withdrawn")
    yield upgraded
    yield ExplainedCase(plan="premier", channel="help_center", country="PT", request_type="other")
    yield ExplainedCase(impact="information", environment="beta", requester=requester("member", False))
    edition = LIBRARY.editions[0]
    for entitlement in (anonymous(edition), not_covered("withdrawn", requester(), edition)):
        desk = TaskDesk()
        asked = request(account_id=None, request_id="c0000000000000000000000000000001")
        rules = desk.rulebooks.at(desk.driver.now)
        yield ExplainedCase(desk, decided(asked, entitlement, rules, desk.driver.now))


def test_nothing_of_it_is_left_in_english() -> None:
    """Not a heading, a reason, a name of the vocabulary, a note or a remark of the edition."""
    foreign = english_words(BOTH)
    assert {"because", "channel", "paused", "counted", "holiday", "owner"} - foreign == set()
    for case in lived_through():
        text = case.shown("es")
        left = words(text) & foreign
        assert left == set(), [line for line in text.splitlines() if words(line) & left]


def test_in_english_nothing_of_it_is_spanish() -> None:
    """The notes of a customer who writes Spanish, say."""
    text = ExplainedCase(language="es").shown("en")
    assert "note: The call may be charged at a long-distance or special rate." in text
    assert "«" not in text


def test_it_reads_as_a_support_team_would_say_it() -> None:
    """The sentences that are read most, word by word."""
    case = ExplainedCase(plan="premier", workaround="partial")
    case.passes(timedelta(hours=1))
    case.record_activity("status_changed", to="waiting_on_customer")
    case.passes(timedelta(hours=1))
    case.record_activity("status_changed", to="open")
    text = case.shown("es")
    for line in (
        "  P2, Teléfono (nivel 2), acme",
        "  recibido el 2026-11-23 13:00:00, decidido el 2026-11-23 13:00:00",
        "Por qué este canal",
        "  plan Premier, cuenta Enterprise; administrador con licencia",
        "  canal y nivel: premier.tier2 de guidelines-2021: «Teléfono» está disponible (nivel 2); "
        "fuente «tabla de canales: nivel 2 directo (chat, incidencia y teléfono), Premier y Premier+»",
        "  P2: P2 porque «alternativa» es «parcial»",
        "  restauración: objetivo de 8 h, en el horario de su calendario",
        "    empezó el 2026-11-23 13:00:00, vence el 2026-11-24 13:00:00",
        "      2026-11-23 14:00:00 a 2026-11-23 15:00:00               1 h  "
        "no cuenta: pausa: el caso estaba en waiting_on_customer desde 2026-11-23 14:00:00",
        "      2026-11-23 18:00:00 a 2026-11-24 09:00:00              15 h  no cuenta: cerrado",
        "      2026-11-24 13:00:00  nivel 1 de escalada, al 100 % del plazo: no se avisa a nadie, ni en este nivel ni "
        "por encima: el plan Premier no incluye escalada automatizada (escalation_levels[1] · guidelines-2021)",
        "  posible a partir del 2026-11-24 13:00:00; hasta entonces, todavía es pronto",
        "  2026-11-23 14:00:00  cambio de estado (por agente ana; a waiting_on_customer)",
        "  2026-11-23 14:00:00  restauración: se detiene (estado waiting_on_customer)",
    ):
        assert line in text.splitlines()


def test_keys_and_words_for_machines_are_the_same_in_every_language() -> None:
    """A script that reads one reads the other; only what people read differs."""
    for case in lived_through():
        spanish, english = (case.explained(language) for language in ("es", "en"))
        assert _skeleton(spanish) == _skeleton(english)


def _skeleton(value: Any) -> Any:
    """The data without its texts for people."""
    if isinstance(value, dict):
        for_people = {"because", "source", "note", "notes", "priority_because", "unverified"}
        return {
            name: None if name in for_people and not _of_an_event(value) else _skeleton(inner)
            for name, inner in value.items()
        }
    return [_skeleton(each) for each in value] if isinstance(value, list | tuple) else value


def _of_an_event(value: dict[str, Any]) -> bool:
    """Events of clocks have a `because` that is a word for machines."""
    return "observed_at" in value


def test_without_the_edition_what_is_left_is_in_spanish_all_the_same() -> None:
    """Its reasons and the names of its words are the edition's; what was decided and promised is in the log."""
    text = ExplainedCase().shown("es", with_edition=False)
    assert "first response: vencía el 2026-11-23 13:00:00" in text


def test_without_the_edition_the_reason_of_one_of_its_tiers_is_shown_by_its_word() -> None:
    """Its sentence is the edition's; the code of a sentence that nobody has is no answer."""
    text = ExplainedCase(channel="billing").shown("es", with_edition=False)
    assert "first response: ninguno al decidirse el caso (billing_team)" in text


@pytest.mark.parametrize(
    ("environment", "language"),
    [
        ({}, "en"),
        ({"LANG": "es_ES.UTF-8"}, "es"),
        ({"LANG": "es"}, "es"),
        ({"LANG": "de_DE.UTF-8"}, "en"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": "C"}, "en"),
        ({"LANG": "en_US.UTF-8", "LC_ALL": "es_MX.UTF-8"}, "es"),
        ({"LANG": "es_ES.UTF-8", "LC_ALL": ""}, "es"),
        ({"LANG": "en_US.UTF-8", "LC_MESSAGES": "es_ES.UTF-8"}, "es"),
    ],
)
def test_the_machine_says_which_language_people_read_here(environment: dict[str, str], language: str) -> None:
    """As POSIX has it: LC_ALL outranks LC_MESSAGES, which outranks LANG; what is empty says nothing."""
    assert language_of(environment) == language
