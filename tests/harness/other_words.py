"""An edition of another company: no word of it is one of the editions that ship, but for what code itself knows."""

from functools import cache

from shared.policy.assembly import MissingFile
from shared.policy.document import Source
from shared.policy.loader import load
from shared.policy.model import Edition

OTHER_WORDS = """\
edition: acme-2026
effective_from: "2026-01-01T00:00:00Z"
languages: [en, pt-BR]
title: {en: Acme support, pt-BR: Suporte Acme}
source: Acme
tiers:
  robots: {name: {en: robots, pt-BR: robôs}}
  desk: {name: {en: the desk, pt-BR: a mesa}}
channels:
  faq: {name: {en: questions and answers, pt-BR: perguntas}, staffed: false, resource: answers}
  whatsapp: {name: {en: WhatsApp, pt-BR: WhatsApp}, staffed: true, fallback: [faq]}
  hotline: {name: {en: hotline, pt-BR: linha direta}, staffed: true, fallback: [whatsapp, faq]}
plans:
  bronze: {name: {en: Bronze, pt-BR: Bronze}}
  silver: {name: {en: Silver, pt-BR: Prata}, includes: bronze, priority_response: true}
  gold: {name: {en: Gold, pt-BR: Ouro}, includes: silver, priority_response: true, automated_escalation: true}
account_types:
  shop: {name: {en: shop, pt-BR: loja}}
  chain: {name: {en: chain of shops, pt-BR: rede de lojas}}
roles:
  boss: {name: {en: boss, pt-BR: chefe}, counts_as: [clerk]}
  clerk: {name: {en: clerk, pt-BR: atendente}}
fields:
  severity:
    name: {en: severity, pt-BR: gravidade}
    question: {en: How bad is it?, pt-BR: Qual é a gravidade?}
    values:
      S1: {name: {en: nothing works, pt-BR: nada funciona}}
      S2: {name: {en: hard to work, pt-BR: difícil trabalhar}}
      S3: {name: {en: a question, pt-BR: uma pergunta}}
  product:
    name: {en: product, pt-BR: produto}
    values:
      tills: {name: {en: tills, pt-BR: caixas}}
      scales: {name: {en: scales, pt-BR: balanças}}
    default: tills
not_covered: {plan: bronze, account_type: shop, role: clerk}
access:
  - {id: everyone, plans: [bronze, silver, gold], channels: [faq], tier: robots}
  - {id: paying, plans: [silver], channels: [whatsapp, hotline], tier: desk}
priorities:
  now: {definition: {en: A shop is closed., pt-BR: Uma loja está fechada.}}
  soon: {}
priority_rules:
  - {id: closed, priority: now, any_of: [{fields: {severity: [S1]}}]}
  - {id: rest, priority: soon}
milestones:
  first_answer:
    name: {en: first answer, pt-BR: primeira resposta}
    starts: submitted
    fulfilled_by: [agent_replied]
    always_stated: true
statuses: {Waiting for parts: waiting}
targets:
  - {plans: [gold], priorities: [now], milestone: first_answer, target_seconds: 15m, hours: elapsed,
     promise: commitment}
  - {plans: [silver, gold], milestone: first_answer, target_seconds: 2h, hours: business, promise: objective}
addressees:
  shift_lead: {name: {en: shift lead, pt-BR: líder do turno}}
escalation_levels:
  - {kind: warning, level: 0, share: 0.5, called: shift_lead}
impossible_accounts:
  - {id: gold.paid, plans: [gold], paid: false, note: Gold is never given away.}
phone:
  channel: hotline
  tariff_note: {en: Calls cost extra., pt-BR: As chamadas são pagas.}
  have_at_hand: {en: Have the number of the till ready., pt-BR: Tenha à mão o número do caixa.}
  countries:
    BR:
      name: {en: Brazil, pt-BR: Brasil}
      numbers: [{as_printed: "+55 11 2626-0000", dial: "+551126260000", e164: "+551126260000"}]
resources:
  answers: {en: Answers to what is asked most., pt-BR: Respostas às perguntas mais comuns.}
regional_hours: {default: counter}
calendars:
  counter: {timezone: America/Sao_Paulo, hours: {mon: [["08:00", "20:00"]], tue: [["08:00", "20:00"]]}}
"""


class _NoFiles:
    """An edition that names no other file needs none."""

    def edition(self, name: str, named_by: Source) -> Source:
        raise MissingFile(f"{named_by.file} names {name}", None)

    part = edition

    def holidays(self, name: str, beside: str) -> Source:
        raise MissingFile(f"{beside} names {name}", None)


@cache
def other_words() -> Edition:
    """The edition."""
    return load(Source("acme-2026.yaml", OTHER_WORDS), _NoFiles())
