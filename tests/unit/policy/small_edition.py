"""The smallest complete edition, for tests of mistakes, and policy files in a dictionary."""

from collections.abc import Mapping

from shared.policy.assembly import MissingFile
from shared.policy.document import Source
from shared.policy.loader import load
from shared.policy.mistakes import Mistake, PolicyError, one_of
from shared.policy.model import Edition

FILE = "small.yaml"

SMALL = """\
edition: small
effective_from: "2026-01-01T00:00:00Z"
title: {es: Pequeña, en: Small}
source: nobody
channels:
  help_center: {name: {es: Ayuda, en: Help}, staffed: false, resource: articles}
  bot: {name: {es: Bot, en: Bot}, staffed: false}
  community: {name: {es: Comunidad, en: Community}, staffed: false}
  billing: {name: {es: Facturación, en: Billing}, staffed: false}
  social: {name: {es: Redes, en: Social}, staffed: false}
  chat: {name: {es: Chat, en: Chat}, staffed: true, fallback: [web_ticket, help_center]}
  web_ticket: {name: {es: Incidencia, en: Ticket}, staffed: true, fallback: [help_center]}
  phone: {name: {es: Teléfono, en: Phone}, staffed: true, fallback: [chat, help_center]}
plans:
  access:
    name: {es: Acceso, en: Access}
    priority_response: false
    automated_escalation: false
    technical_account_manager: false
  premier:
    name: {es: Premier, en: Premier}
    includes: access
    priority_response: true
    automated_escalation: false
    technical_account_manager: false
  premier_plus:
    name: {es: Premier+, en: Premier+}
    includes: premier
    priority_response: true
    automated_escalation: true
    technical_account_manager: true
role_counts_as: {owner: [owner, admin], admin: [admin], member: [member]}
account_type_counts_as:
  free: [free]
  pro: [pro]
  business: [business]
  business_plus: [business_plus, business]
  education: [education]
  enterprise: [enterprise]
  api: [api]
access:
  - id: all.self_service
    plans: [access, premier, premier_plus]
    channels: [help_center, bot, community, billing, social]
    tier: self_service
    any_of: [{}]
    source: nobody
  - id: admins.tier1
    plans: [access]
    channels: [chat, web_ticket, phone]
    tier: tier1
    any_of: [{roles: [admin], licensed: true}]
    source: nobody
priorities:
  P1: {definition: {es: Uno, en: One}, resources: {es: Todos, en: All}}
  P2: {definition: {es: Dos, en: Two}, resources: {es: Muchos, en: Many}}
  P3: {definition: {es: Tres, en: Three}, resources: {es: Pocos, en: Few}}
  P4: {definition: {es: Cuatro, en: Four}, resources: {es: Uno, en: One}}
priority_rules:
  - {id: p4, priority: P4, any_of: [{impacts: [information]}]}
  - {id: p2, priority: P2, any_of: [{workarounds: [partial, full]}]}
  - {id: p1, priority: P1, any_of: [{}]}
milestones: {first_response: {}, next_response: {}, periodic_update: {}, restoration: {}, resolution: {}}
targets:
  - plans: [premier]
    priorities: [P1, P2]
    milestone: first_response
    target_seconds: 1h
    hours: elapsed
    promise: objective
  - plans: [premier]
    priorities: [P3]
    milestone: first_response
    target_seconds: 90
    hours: business
    promise: objective
escalation_levels:
  - {kind: warning, level: 0, share: 0.5, called: case_tier}
  - {kind: escalation, level: 1, share: 1.0, called: tier2}
customer_escalation:
  any_of: [{plans: [premier]}]
  request_types: [technical]
  wait_after_submission_seconds: 24h
  wait_after_rejection_seconds: 24h
phone:
  tariff_note: {es: Tarifa, en: Tariff}
  have_at_hand: {es: Clave, en: Key}
  countries:
    ES:
      name: {es: España, en: Spain}
      numbers:
        - {as_printed: "+34 932207485 ext. 2", dial: "+34932207485", e164: "+34932207485", extension: "2"}
resources:
  articles: {es: Artículos, en: Articles}
regional_hours:
  countries: {ES: spain}
  regions:
    south: [PT, IT]
  default: south
calendars:
  spain:
    timezone: Europe/Madrid
    hours: {mon: [["09:00", "18:00"]]}
    holiday_set: {country: ES}
  south: {timezone: Europe/Rome, hours: {tue: [["09:00", "18:00"]]}, holidays: ["2026-12-25"]}
"""


class DictShelf:
    """Files by name; an edition NAME is the file NAME.yaml."""

    def __init__(self, files: Mapping[str, str]) -> None:
        self._files = files

    def edition(self, name: str, named_by: Source) -> Source:
        return self.part(f"{name}.yaml", named_by)

    def part(self, name: str, named_by: Source) -> Source:
        if name not in self._files:
            raise MissingFile(f"{name} is not there", one_of(self._files, name))
        return Source(name, self._files[name])


def edition(text: str = SMALL, **others: str) -> Edition:
    """The edition of `text`; `others` are files that it may name, without their .yaml."""
    return load(Source(FILE, text), DictShelf({f"{name}.yaml": other for name, other in others.items()}))


def mistakes(text: str, **others: str) -> tuple[Mistake, ...]:
    """What is wrong with `text`; none if nothing is."""
    try:
        edition(text, **others)
    except PolicyError as error:
        return error.mistakes
    return ()


def changed(old: str, new: str, text: str = SMALL) -> str:
    """`text` with the one occurrence of `old` replaced."""
    assert text.count(old) == 1, f"{text.count(old)} times: {old}"
    return text.replace(old, new)


def line_of(marker: str, text: str) -> int:
    """The line of `text`, from 1, that holds the one occurrence of `marker`, without its leading newline."""
    assert text.count(marker) == 1, f"{text.count(marker)} times: {marker}"
    return text[: text.index(marker)].count("\n") + marker.startswith("\n") + 1
