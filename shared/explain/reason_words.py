"""[pure] The reasons that `explain`, `clocks` and `deadline` give: why time counted, where a number is from."""

from collections.abc import Mapping

from shared.contracts.vocabulary import Language

REASONS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        # why an interval counted, or did not; an instant is that of the event
        "why.open": "open",
        "why.elapsed": "round the clock",
        "why.closed": "closed",
        "why.holiday": "holiday: {holiday}",
        "why.break": "break",
        "why.paused": "paused: the case was in {status} since {at}",
        "why.paused_when_submitted": "paused: the case was in {status} when it was submitted, {at}",
        "why.restored": "paused: the service was restored since {at}",
        "why.paused_by_line": "paused: {place} of the line",
        # where a number comes from
        "terms.decision": "{priority} on plan {plan}, by the decision",
        "terms.reprioritised": "{priority} on plan {plan}, since the case was re-prioritised",
        "terms.entitlement_refreshed": "{priority} on plan {plan}, since the case was given another plan",
        "terms.policy_migrated": "{priority} on plan {plan}, since the case went over to another edition",
        "terms.told": "the decision says so; the edition promises something else",
        "terms.told_by_activity": "the change of terms gives it itself",
        "behaviour": "so does every clock of this milestone",
        "calendar.kept": "the case keeps the name of its calendar; its hours are those of another edition now",
        "waits": "so everybody waits who may ask",
        # who is called when
        "call.share": "at {share} of the target",
        "call.before": "{span} before the deadline",
        "call.at": "at the deadline",
        "call.after": "{span} after the deadline",
        "call.again": "{when}, call {number}",
        "call.repeats": "{when}, and again every {every}, {times} times at most",
        "call.not_entitled": "plan {plan} has no automated escalation",
    },
    "es": {
        "why.open": "abierto",
        "why.elapsed": "a todas horas",
        "why.closed": "cerrado",
        "why.holiday": "festivo: {holiday}",
        "why.break": "descanso",
        "why.paused": "pausa: el caso estaba en {status} desde {at}",
        "why.paused_when_submitted": "pausa: el caso ya estaba en {status} al enviarse, {at}",
        "why.restored": "pausa: el servicio estaba restaurado desde {at}",
        "why.paused_by_line": "pausa: {place} de la línea",
        "terms.decision": "{priority} con el plan {plan}, según la decisión",
        "terms.reprioritised": "{priority} con el plan {plan}, desde que se cambió la prioridad del caso",
        "terms.entitlement_refreshed": "{priority} con el plan {plan}, desde que se cambió el plan del caso",
        "terms.policy_migrated": "{priority} con el plan {plan}, desde que el caso pasó a otra edición",
        "terms.told": "lo dice la decisión; la edición promete otra cosa",
        "terms.told_by_activity": "lo fija el propio cambio de condiciones",
        "behaviour": "así lo hacen todos los relojes de este hito",
        "calendar.kept": "el caso conserva el nombre de su calendario; el horario es ahora el de otra edición",
        "waits": "así espera quien puede pedirla",
        "call.share": "al {share} del plazo",
        "call.before": "{span} antes del vencimiento",
        "call.at": "al vencer el plazo",
        "call.after": "{span} después del vencimiento",
        "call.again": "{when}, llamada {number}",
        "call.repeats": "{when}, y otra vez cada {every}, {times} veces como mucho",
        "call.not_entitled": "el plan {plan} no incluye escalada automatizada",
    },
}
