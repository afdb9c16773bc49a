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
languages: [es, en]
title: {es: Pequeña, en: Small}
source: nobody
tiers:
  self_service: {name: {es: autoservicio, en: self-service}}
  tier1: {name: {es: nivel 1, en: tier 1}}
  tier2: {name: {es: nivel 2, en: tier 2}}
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
    includes: "access"
    priority_response: true
    automated_escalation: true
    technical_account_manager: true
account_types:
  free: {name: {es: gratuita, en: free}}
  pro: {name: {es: Pro, en: Pro}}
  business: {name: {es: Negocio, en: Business}}
  business_plus: {name: {es: Negocio+, en: Business+}, counts_as: [business]}
roles:
  owner: {name: {es: propietario, en: owner}, counts_as: [admin]}
  admin: {name: {es: administrador, en: admin}}
  member: {name: {es: miembro, en: member}}
fields:
  impact:
    name: {es: impacto, en: impact}
    values:
      down: {name: {es: caído, en: down}}
      general: {name: {es: general, en: general}}
      information: {name: {es: consulta, en: information}}
  workaround:
    name: {es: alternativa, en: workaround}
    values:
      none: {name: {es: ninguna, en: none}}
      partial: {name: {es: parcial, en: partial}}
      full: {name: {es: completa, en: full}}
    default: none
  request_type:
    name: {es: tipo, en: type}
    values:
      technical: {name: {es: técnica, en: technical}}
      billing: {name: {es: factura, en: billing}}
    default: technical
not_covered: {plan: access, account_type: free, role: member}
access:
  - id: all.self_service
    plans: [access, premier, premier_plus]
    channels: [help_center, bot, community, billing, social]
    tier: self_service
    source: nobody
  - id: admins.tier1
    plans: [access]
    channels: [chat, web_ticket, phone]
    tier: tier1
    any_of: [{roles: [admin], licensed: true}]
    source: nobody
assignments:
  - {id: invoices, any_of: [{fields: {request_type: [billing]}}], channel: billing}
priorities:
  P1: {definition: {es: Uno, en: One}, resources: {es: Todos, en: All}}
  P2: {definition: {es: Dos, en: Two}, resources: {es: Muchos, en: Many}}
  P3: {definition: {es: Tres, en: Three}, resources: {es: Pocos, en: Few}}
  P4: {definition: {es: Cuatro, en: Four}, resources: {es: Uno, en: One}}
priority_rules:
  - {id: p4, priority: P4, any_of: [{fields: {impact: [information]}}]}
  - {id: p2, priority: P2, any_of: [{fields: {workaround: [partial, full]}}]}
  - {id: p1, priority: P1}
milestones:
  first_response:
    name: {es: primera respuesta, en: first response}
    starts: submitted
    fulfilled_by: [agent_replied]
    always_stated: true
  restoration:
    name: {es: restauración, en: restoration}
    starts: submitted
    fulfilled_by: [restored, resolved]
    reopened: resume
    paused_by: [waiting_on_customer, resolved]
statuses: {waiting_on_customer: waiting}
reopened_by: [customer_replied]
addressees:
  case_tier: {name: {es: el nivel del caso, en: the tier of the case}}
  tier1_lead: {name: {es: el jefe, en: the lead}}
  tier2: {name: {es: nivel 2, en: tier 2}}
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
    target_seconds: 9000
    hours: business
    promise: objective
escalation_levels:
  - {kind: warning, level: 0, share: 0.5, called: case_tier}
  - {kind: escalation, level: 1, share: 1.0, called: tier2}
customer_escalation:
  any_of: [{plans: [premier]}]
  requires: {fields: {request_type: [technical]}}
  wait_after_submission_seconds: 24h
  wait_after_rejection_seconds: 24h
phone:
  channel: phone
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

    def holidays(self, name: str, beside: str) -> Source:
        return self._file(name)

    def part(self, name: str, named_by: Source) -> Source:
        return self._file(name)

    def _file(self, name: str) -> Source:
        if name not in self._files:
            raise MissingFile(f"{name} is not there", one_of(self._files, name))
        return Source(name, self._files[name])


def edition(text: str = SMALL, **others: str) -> Edition:
    """The edition of `text`; `others` are files that it may name, without their .yaml (`local_ics` is local.ics)."""
    files = {_file_name(name): other for name, other in others.items()}
    return load(Source(FILE, text), DictShelf(files))


def _file_name(name: str) -> str:
    return f"{name.removesuffix('_ics')}.ics" if name.endswith("_ics") else f"{name}.yaml"


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
