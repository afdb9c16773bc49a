"""[pure] The vocabulary as people read it in Spanish; in English a word is its own name.

By kind of word, since one word can mean two things (`billing` is a channel and a type of request). Words that a desk
makes up itself, such as its own statuses, have no entry: they stand for themselves in every language.
"""

from collections.abc import Mapping

from shared.contracts.vocabulary import Language

SPANISH: Mapping[str, Mapping[str, str]] = {
    "plan": {"access": "Acceso", "premier": "Premier", "premier_plus": "Premier+"},
    "account_type": {  # as in "una cuenta …"
        "free": "gratuita",
        "pro": "Pro",
        "business": "Business",
        "business_plus": "Business Plus",
        "education": "Education",
        "enterprise": "Enterprise",
        "api": "API",
    },
    "role": {"owner": "propietario", "admin": "administrador", "member": "miembro"},
    "channel": {
        "help_center": "Centro de ayuda",
        "bot": "Asistente virtual",
        "community": "Comunidad",
        "billing": "Facturación",
        "social": "Redes sociales",
        "chat": "Chat con un agente",
        "web_ticket": "Incidencia web",
        "phone": "Teléfono",
    },
    "tier": {"self_service": "autoservicio", "tier1": "nivel 1", "tier2": "nivel 2"},
    "impact": {
        "down": "servicio caído",
        "severely_degraded": "servicio muy degradado",
        "critical": "daño crítico",
        "significant": "daño significativo",
        "general": "problema general",
        "information": "consulta",
    },
    "workaround": {"none": "ninguna", "partial": "parcial", "full": "completa"},
    "environment": {"production": "producción", "development": "desarrollo", "alpha": "alfa", "beta": "beta"},
    "request_type": {"technical": "técnica", "billing": "de facturación", "other": "de otro tipo"},  # "una petición …"
    "milestone": {
        "first_response": "primera respuesta",
        "next_response": "siguiente respuesta",
        "periodic_update": "actualización periódica",
        "restoration": "restauración",
        "resolution": "resolución",
    },
    "promise": {"objective": "objetivo", "commitment": "compromiso"},
    "stage": {"running": "en marcha", "paused": "en pausa", "fulfilled": "cumplido", "cancelled": "cancelado"},
    "called": {
        "case_tier": "el nivel que lleva el caso",
        "tier1_lead": "el responsable del nivel 1",
        "tier2": "el nivel 2",
        "technical_account_manager": "el gerente de cuentas técnico",
    },
    "activity": {
        "agent_replied": "respuesta del agente",
        "customer_replied": "respuesta del cliente",
        "internal_note": "nota interna",
        "status_changed": "cambio de estado",
        "reprioritised": "cambio de prioridad",
        "restored": "servicio restaurado",
        "resolved": "caso resuelto",
        "reopened": "caso reabierto",
        "closed": "caso cerrado",
        "withdrawn": "caso retirado por el cliente",
        "entitlement_refreshed": "cambio de plan",
        "escalation_requested": "petición de escalada",
        "escalation_reviewed": "revisión de la escalada pedida",
        "policy_migrated": "cambio de edición",
    },
    "refusal": {
        "not_entitled": "sin derecho a ella",
        "request_type": "no la hay para este tipo de petición",
        "case_not_open": "el caso no está abierto",
        "already_requested": "ya hay una pedida",
        "already_accepted": "ya hay una aceptada",
        "too_early": "todavía es pronto",
        "recently_rejected": "se rechazó hace poco",
    },
    "verdict": {"running": "en marcha", "met": "cumplido", "breached": "incumplido"},
    "cause": {  # of a verdict, beside the activity that can be one
        "submitted": "el envío del caso",
        "late_record": "un registro que llegó tarde",
        "deadline_passed": "el vencimiento del plazo",
    },
    "put_aside": {  # the causes of dead letters that docs/operations.md explains
        "malformed_event": "no es un evento bien formado",
        "unknown_type": "es un evento de un tipo desconocido",
        "unexpected_type": "es un evento de un tipo que no va en este tema",
        "wrong_partition": "está en una partición que no es la de su clave",
        "wrong_key": "lleva una clave que no es la suya",
        "conflict": "la misma clave de idempotencia llegó con otro contenido",
        "unknown_case": "su caso no llegó en 15 minutos",
        "case_gone": "el caso terminó hace tiempo y ya se olvidó",
        "duplicate_case": "el caso ya existía",
        "unknown_edition": "pide una edición que no está configurada",
        "unknown_calendar": "pide una edición que no tiene el calendario del caso",
        "unknown_word": "la edición del caso no conoce el plan o la descripción que pide",
        "no_escalation_requested": "revisa una escalada que nadie ha pedido",
        "bad_activity_time": "dice que ocurrió antes que su caso, o más tarde de lo que puede ser",
        "uncountable_target": "pide un plazo que no se puede contar",
        "too_much_activity": "el caso ya tiene demasiada actividad",
        "unexpected_error": "dio con un defecto de Frontline",
        "output_too_large": "lo que resulta es demasiado grande para Kafka",
        "record_too_large": "es demasiado grande sin comprimir",
        "record_unreadable": "no se puede descodificar",
    },
}


def name_of(language: Language, kind: str, word: str) -> str:
    """What people call `word`, a word of that kind."""
    return SPANISH.get(kind, {}).get(word, word) if language == "es" else word
