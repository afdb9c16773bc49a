"""`frontline explain` has a true sentence, in English and in Spanish, for everything that an edition can say.

Each row is a case, and lines of its explanation in both languages.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from typing import NamedTuple

import pytest

from shared.business_time.holiday_sets import HOLIDAYS_VERSION
from shared.business_time.zones import TZDATA_VERSION
from tests.unit.explain.every_word_cases import (
    acknowledged,
    acknowledged_and_answered,
    both,
    case_at,
    case_of_account,
    chat_in_spanish,
    chat_with_a_workaround,
    migrated,
    parked,
    prolonged,
    reached,
    reached_and_reopened,
    retracted,
)
from tests.unit.explain.explained_case import ExplainedCase
from tests.unit.explain.left_over import english_words, words

FRIDAY_EVENING = datetime(2026, 12, 11, 19, tzinfo=UTC)  # 20:00 in Madrid, 13:00 in Mexico


class Row(NamedTuple):
    """A case, and lines of its explanation."""

    case: Callable[[], ExplainedCase]
    english: tuple[str, ...]
    spanish: tuple[str, ...]


VERSIONS = f"tzdata {TZDATA_VERSION}, holidays {HOLIDAYS_VERSION}"

ROWS: Mapping[str, Row] = {
    "calendar_by_rule": Row(
        lambda: case_at(language="pt"),
        (
            "edition every_word, calendar lisbon; times are in Europe/Lisbon",
            "calendar: regional_hours.rules[0] of every_word: lisbon, by rule portuguese_speakers: the language is pt; "
            f"zone Europe/Lisbon, {VERSIONS}; note “The desk in Lisbon answers in Portuguese.”",
        ),
        (
            "edición every_word, calendario lisbon; las horas son de Europe/Lisbon",
            "calendario: regional_hours.rules[0] de every_word: lisbon, por la regla "
            "portuguese_speakers: el idioma es pt; "
            f"zona Europe/Lisbon, {VERSIONS}; nota «La mesa de Lisboa responde en portugués.»",
        ),
    ),
    "calendar_by_the_other_condition_of_a_rule": Row(
        lambda: case_at(plan="premier", country="BR"),
        (
            "calendar: regional_hours.rules[0] of every_word: lisbon, by rule portuguese_speakers: "
            "the plan is Premier and "
            f"the country is BR; zone Europe/Lisbon, {VERSIONS}; note “The desk in Lisbon answers in Portuguese.”",
        ),
        (
            "calendario: regional_hours.rules[0] de every_word: lisbon, por la regla portuguese_speakers: el plan es "
            f"Premier y el país es BR; zona Europe/Lisbon, {VERSIONS}; nota «La mesa de Lisboa responde en portugués.»",
        ),
    ),
    "calendar_by_the_assigned_channel": Row(
        lambda: case_at(channel="chat"),
        (
            "calendar: regional_hours.rules[1] of every_word: lisbon, by rule chatting: the channel is chat; "
            f"zone Europe/Lisbon, {VERSIONS}",
        ),
        (
            "calendario: regional_hours.rules[1] de every_word: lisbon, por la regla chatting: el canal es «Chat con "
            f"un agente»; zona Europe/Lisbon, {VERSIONS}",
        ),
    ),
    "calendar_that_the_entitlement_names": Row(
        lambda: case_of_account("spain", language="pt"),
        (
            f"calendar: entitlement.calendar of every_word: spain, because the entitlement names it; "
            f"zone Europe/Madrid, {VERSIONS}",
        ),
        (
            "calendario: entitlement.calendar de every_word: spain, porque lo nombra la cobertura de la cuenta; "
            f"zona Europe/Madrid, {VERSIONS}",
        ),
    ),
    "calendar_that_the_entitlement_names_and_nobody_has": Row(
        lambda: case_of_account("atlantis", language="pt"),
        (
            "calendar: regional_hours.rules[0] of every_word: lisbon, by rule portuguese_speakers: "
            "the language is pt; the "
            f"entitlement names atlantis, which this edition does not have; zone Europe/Lisbon, {VERSIONS}; "
            f"note “The desk in "
            "Lisbon answers in Portuguese.”",
        ),
        (
            "calendario: regional_hours.rules[0] de every_word: lisbon, por la regla "
            "portuguese_speakers: el idioma es pt; "
            "la cobertura de la cuenta nombra atlantis, que esta edición no tiene; zona Europe/Lisbon, "
            f"{VERSIONS}; nota «La mesa de Lisboa responde en portugués.»",
        ),
    ),
    "calendar_of_the_country_where_no_rule_holds": Row(
        case_at,
        (
            "calendar: regional_hours.countries.ES of every_word: spain, because the account's country is ES; "
            f"zone Europe/Madrid, {VERSIONS}",
        ),
        (
            "calendario: regional_hours.countries.ES de every_word: spain, porque el país de la cuenta es ES; "
            f"zona Europe/Madrid, {VERSIONS}",
        ),
    ),
    "24x7_beside_9x5_beside_another_calendar": Row(
        case_at,
        (
            "first response: a commitment of 1 h, round the clock",
            "started 2026-11-23 13:00:00, due 2026-11-23 14:00:00",
            "resolution: an objective of 8 h, in the open hours of its calendar",
            "started 2026-11-23 13:00:00, due 2026-11-24 12:00:00",
            "restoration: an objective of 10 h, in the open hours of its calendar",
            "target: targets[1] of every_word: P1 on plan Premier+, by the decision; note “The backbone team works "
            "from Mexico.”",
            "calendar: calendars.backbone of every_word: backbone, because the target names it; zone "
            "America/Mexico_City, "
            f"{VERSIONS}; the deadline there is 2026-11-23 18:00:00",
            "2026-11-23 13:00:00 to 2026-11-23 15:00:00               2 h  not counted: closed",
            "2026-11-23 15:00:00 to 2026-11-24 01:00:00              10 h  counted: open",
        ),
        (
            "primera respuesta: compromiso de 1 h, a todas horas",
            "resolución: objetivo de 8 h, en el horario de su calendario",
            "restauración: objetivo de 10 h, en el horario de su calendario",
            "plazo: targets[1] de every_word: P1 con el plan Premier+, según la decisión; nota «El "
            "equipo de la red troncal "
            "trabaja desde México.»",
            "calendario: calendars.backbone de every_word: backbone, porque lo nombra el plazo; zona "
            "America/Mexico_City, "
            f"{VERSIONS}; allí el vencimiento es el 2026-11-23 18:00:00",
            "2026-11-23 13:00:00 a 2026-11-23 15:00:00               2 h  no cuenta: cerrado",
            "2026-11-23 15:00:00 a 2026-11-24 01:00:00              10 h  cuenta: abierto",
        ),
    ),
    "holiday_of_a_targets_own_calendar": Row(
        lambda: case_at(datetime(2026, 12, 24, 22, tzinfo=UTC)),
        ("2026-12-25 07:00:00 to 2026-12-26 07:00:00              24 h  not counted: holiday: Christmas Day",),
        ("2026-12-25 07:00:00 a 2026-12-26 07:00:00              24 h  no cuenta: festivo: Navidad",),
    ),
    "holiday_for_a_part_of_the_day_with_and_without_a_name": Row(
        lambda: case_of_account("stocktaking", workaround="partial"),
        (
            "2026-11-24 12:00:00 to 2026-11-25 00:00:00              12 h  not counted: holiday",
            "2026-11-25 00:00:00 to 2026-11-25 09:00:00               9 h  not counted: holiday: Stocktaking",
        ),
        ("2026-11-24 12:00:00 a 2026-11-25 00:00:00              12 h  no cuenta: festivo",),
    ),
    "business_days_to_the_end_of_the_day_in_another_zone": Row(
        lambda: case_at(FRIDAY_EVENING, workaround="partial"),
        (
            "first response: a commitment of 1 business day, until the end of the day, in the open "
            "hours of its calendar",
            "started 2026-12-11 20:00:00, due 2026-12-13 03:00:00",
            "calendar: calendars.backbone of every_word: backbone, because the target names it; zone "
            "America/Mexico_City, "
            f"{VERSIONS}; the deadline there is 2026-12-12 20:00:00",
            "2026-12-11 20:00:00 to 2026-12-12 03:00:00               7 h  counted: open",
            "2026-12-12 15:00:00 to 2026-12-13 03:00:00              12 h  counted: open",
        ),
        (
            "primera respuesta: compromiso de 1 día laborable, hasta el final del día, en el horario de su calendario",
            "empezó el 2026-12-11 20:00:00, vence el 2026-12-13 03:00:00",
            "calendario: calendars.backbone de every_word: backbone, porque lo nombra el plazo; zona "
            "America/Mexico_City, "
            f"{VERSIONS}; allí el vencimiento es el 2026-12-12 20:00:00",
        ),
    ),
    "business_days_to_the_same_time": Row(
        lambda: case_at(workaround="partial"),
        (
            "restoration: an objective of 2 business days, until the same time of day, in the open "
            "hours of its calendar",
            "started 2026-11-23 13:00:00, due 2026-11-25 13:00:00",
            "2026-11-23 18:00:00 to 2026-11-24 09:00:00              15 h  not counted: closed",
        ),
        (
            "restauración: objetivo de 2 días laborables, hasta la misma hora, en el horario de su calendario",
            "empezó el 2026-11-23 13:00:00, vence el 2026-11-25 13:00:00",
        ),
    ),
    "open_at_least": Row(
        lambda: case_at(datetime(2026, 12, 7, 16, tzinfo=UTC), impact="general"),
        (
            "first response: an objective of 2 h, round the clock, then to the next opening of its "
            "calendar, and not before "
            "3 h of open time since the start",
            "started 2026-12-07 17:00:00, due 2026-12-08 11:00:00",
            "2026-12-07 17:00:00 to 2026-12-07 19:00:00               2 h  counted: round the clock",
            "2026-12-07 19:00:00 to 2026-12-08 10:00:00              15 h  not counted: closed",
            "2026-12-08 10:00:00 to 2026-12-08 11:00:00               1 h  not counted: open, but "
            "the deadline also waits "
            "for the least open time since the start",
        ),
        (
            "primera respuesta: objetivo de 2 h, a todas horas, y luego hasta la próxima apertura de "
            "su calendario, y no "
            "antes de 3 h de apertura desde el inicio",
            "2026-12-08 10:00:00 a 2026-12-08 11:00:00               1 h  no cuenta: abierto, pero "
            "el vencimiento espera "
            "además el tiempo mínimo abierto desde el inicio",
        ),
    ),
    "target_of_a_channel_a_language_a_country_and_a_field": Row(
        chat_in_spanish,
        (
            "target: targets[8] of every_word: P1 on plan Premier+ where workaround is none, the channel is chat, the "
            "language is es-MX and the country is ES, by the decision",
            "target: targets[0] of every_word: P1 on plan Premier+, by the decision",
            "begins again on: customer replied; if it is promised later, it counts from the first unanswered message: "
            "milestones.next_response of every_word",
        ),
        (
            "plazo: targets[8] de every_word: P1 con el plan Premier+ cuando alternativa es «ninguna», el canal es "
            "«Chat con un agente», el idioma es es-MX y el país es ES, según la decisión",
            "vuelve a empezar con: respuesta del cliente; si se promete más tarde, cuenta desde el primer mensaje sin "
            "respuesta: milestones.next_response de every_word",
        ),
    ),
    "target_of_a_field_that_has_changed": Row(
        chat_with_a_workaround,
        (
            "target: targets[8] of every_word: P2 on plan Premier+ where workaround is partial, the channel is chat, "
            "the language is es-MX and the country is ES, since the case was re-prioritised; reprioritised, "
            "2026-11-23 12:11:00",
        ),
        (
            "plazo: targets[8] de every_word: P2 con el plan Premier+ cuando alternativa es «parcial», el canal es "
            "«Chat con un agente», el idioma es es-MX y el país es ES, desde que se cambió la prioridad del caso; "
            "cambio de prioridad, 2026-11-23 12:11:00",
        ),
    ),
    "opened_by_an_agent": Row(
        lambda: case_at(opened_by="agent"),
        (
            "received 2026-11-23 13:00:00, decided 2026-11-23 13:00:00; an agent opened it for the customer",
            "first response: none when it was routed (an agent opened the case and has spoken with "
            "the customer already)",
            "target: milestones.first_response.opened_by of every_word: an agent opened the case and "
            "has spoken with the "
            "customer already",
        ),
        (
            "recibido el 2026-11-23 13:00:00, decidido el 2026-11-23 13:00:00; lo abrió un agente para el cliente",
            "primera respuesta: ninguno al decidirse el caso (abrió el caso un agente, que ya habló con el cliente)",
            "plazo: milestones.first_response.opened_by de every_word: abrió el caso un agente, que "
            "ya habló con el cliente",
        ),
    ),
    "acknowledged": Row(
        acknowledged,
        (
            "nobody is called from 2026-11-23 13:40:00 to 2026-11-23 14:10:00: acknowledgement of "
            "every_word: somebody has "
            "taken the call; the calls go on after 30 min without another acknowledgement or an agent's reply",
            "2026-11-23 14:30:00  level 1, at 100% of the target: to be called, delayed by the acknowledgement: tier 2 "
            "(escalation_levels[1] · every_word)",
            "2026-11-23 13:40:00  acknowledged (by agent ana; milestone first response)",
        ),
        (
            "no se avisa a nadie de 2026-11-23 13:40:00 a 2026-11-23 14:10:00: acknowledgement de "
            "every_word: alguien ha "
            "atendido el aviso; los avisos siguen tras 30 min sin otro acuse de recibo ni respuesta del agente",
            "2026-11-23 14:30:00  nivel 1 de escalada, al 100\xa0% del plazo: pendiente de aviso, "
            "aplazado por el acuse de "
            "recibo: el nivel 2 (escalation_levels[1] · every_word)",
            "2026-11-23 13:40:00  acuse de recibo (por agente ana; hito primera respuesta)",
        ),
    ),
    "acknowledged_again": Row(
        prolonged,
        (
            "nobody is called from 2026-11-23 13:00:00 to 2026-11-23 13:50:00: acknowledgement of "
            "every_word: somebody has "
            "taken the call; the calls go on after 30 min without another acknowledgement or an agent's reply",
        ),
        (
            "no se avisa a nadie de 2026-11-23 13:00:00 a 2026-11-23 13:50:00: acknowledgement de "
            "every_word: alguien ha "
            "atendido el aviso; los avisos siguen tras 30 min sin otro acuse de recibo ni respuesta del agente",
        ),
    ),
    "acknowledged_and_answered": Row(
        acknowledged_and_answered,
        (
            "nobody is called from 2026-11-23 13:40:00 to 2026-11-23 13:50:00: acknowledgement of every_word: somebody "
            "has taken the call; the calls go on after 30 min without another acknowledgement or an agent's reply",
        ),
        (
            "no se avisa a nadie de 2026-11-23 13:40:00 a 2026-11-23 13:50:00: acknowledgement de every_word: alguien "
            "ha atendido el aviso; los avisos siguen tras 30 min sin otro acuse de recibo ni respuesta del agente",
        ),
    ),
    "a_call_that_an_acknowledgement_delayed_was_made": Row(
        lambda: acknowledged(60),
        (
            "2026-11-23 14:30:00  level 1, at 100% of the target: called: tier 2 (escalation_levels[1] · every_word)",
            "2026-11-23 15:00:00  level 2, 30 min after the deadline: to be called, delayed by the acknowledgement: "
            "technical account manager (escalation_levels[2] · every_word)",
        ),
        (
            "2026-11-23 14:30:00  nivel 1 de escalada, al 100\xa0% del plazo: avisado: el nivel 2 "
            "(escalation_levels[1] · every_word)",
        ),
    ),
    "a_status_that_will_end_by_itself": Row(
        lambda: parked(10),
        (
            "2026-11-23 13:20:00  status changed (by agent ana; to parked; until 2026-11-23 13:40:00)",
            "courtesy call: an objective of 1 h, round the clock",
            "started 2026-11-23 13:20:00, due 2026-11-23 14:20:00",
        ),
        ("2026-11-23 13:20:00  cambio de estado (por agente ana; a parked; hasta 2026-11-23 13:40:00)",),
    ),
    "a_status_that_has_ended_by_itself": Row(
        lambda: parked(30),
        (
            "2026-11-23 13:40:00  status ended by itself (to open)",
            "2026-11-23 13:40:00  courtesy call paused (status open)",
            "started 2026-11-23 13:20:00, paused with 20 min used up",
            "stands still in open: milestones.parking of every_word",
            "2026-11-23 13:40:00 to 2026-11-23 13:50:00            10 min  not counted: paused: the "
            "case had been in open "
            "since 2026-11-23 13:40:00",
        ),
        (
            "2026-11-23 13:40:00  fin del estado por sí solo (a abierto)",
            "2026-11-23 13:40:00  llamada de cortesía: se detiene (estado abierto)",
            "se detiene en abierto: milestones.parking de every_word",
            "2026-11-23 13:40:00 a 2026-11-23 13:50:00            10 min  no cuenta: pausa: el caso "
            "estaba en abierto desde "
            "2026-11-23 13:40:00",
        ),
    ),
    "a_reply_that_was_taken_back": Row(
        retracted,
        (
            "started 2026-11-23 13:00:00, due 2026-11-23 14:00:00",
            "2026-11-23 13:20:00  reply retracted (by agent ana; that of 2026-11-23 13:10:00)",
            "2026-11-23 13:00:00  first response resumed (status open)",
            "2026-11-23 13:20:00  first response restated (old met; new running; cause reply retracted)",
        ),
        (
            "2026-11-23 13:20:00  respuesta retirada (por agente ana; la del 2026-11-23 13:10:00)",
            "2026-11-23 13:00:00  primera respuesta: continúa (estado abierto)",
            "2026-11-23 13:20:00  primera respuesta: se rectifica (antes cumplido; ahora en marcha; "
            "causa: respuesta retirada)",
        ),
    ),
    "a_milestone_that_was_reached": Row(
        reached,
        (
            "2026-11-23 13:20:00  milestone reached (by agent ana; milestone root-cause report)",
            "started 2026-11-23 13:10:00, was due 2026-11-30 13:10:00",
            "fulfilled 2026-11-23 13:20:00: in time (milestone reached)",
        ),
        (
            "2026-11-23 13:20:00  hito alcanzado (por agente ana; hito informe de la causa)",
            "cumplido el 2026-11-23 13:20:00: a tiempo (hito alcanzado)",
        ),
    ),
    "a_milestone_that_was_reached_and_is_owed_again": Row(
        reached_and_reopened,
        (
            "2026-11-23 13:20:00 to 2026-11-23 13:30:00            10 min  not counted: paused: "
            "it had stopped at 2026-11-23 13:20:00 (milestone reached)",
            "never stands still; goes on when the case is reopened: milestones.root_cause_report of every_word",
        ),
        (
            "2026-11-23 13:20:00 a 2026-11-23 13:30:00            10 min  no cuenta: pausa: "
            "se había detenido el 2026-11-23 13:20:00 (hito alcanzado)",
            "no se detiene nunca; continúa si se reabre el caso: milestones.root_cause_report de every_word",
        ),
    ),
    "words_of_the_edition_that_counts_now": Row(
        migrated,
        (
            "courtesy call: an objective of 1 h, round the clock",
            "root-cause report: a commitment of 5 business days, until the same time of day, in the open hours of its "
            "calendar",
            "stands still in open: milestones.parking of every_word: policy migrated, 2026-11-23 13:10:00",
            "2026-11-23 13:10:00  courtesy call started",
        ),
        (
            "llamada de cortesía: objetivo de 1 h, a todas horas",
            "informe de la causa: compromiso de 5 días laborables, hasta la misma hora, en el horario de su calendario",
            "2026-11-23 13:10:00  llamada de cortesía: empieza",
        ),
    ),
}


@pytest.mark.parametrize("name", ROWS)
@pytest.mark.parametrize("language", ["en", "es"])
def test_what_an_edition_says_is_explained(name: str, language: str) -> None:
    """Whole lines, so that nothing false stands beside what is true."""
    row = ROWS[name]
    lines = [line.strip() for line in row.case().shown(language).splitlines()]
    missing = [line for line in (row.english if language == "en" else row.spanish) if line not in lines]
    assert missing == [], "\n".join(lines)


def test_nothing_of_it_is_left_in_english() -> None:
    """Also what is not quoted above, and the words of an edition that the case went over to."""
    foreign = english_words(both())
    for name, row in ROWS.items():
        text = row.case().shown("es")
        left = words(text) & foreign
        assert left == set(), (name, [line for line in text.splitlines() if words(line) & left])
