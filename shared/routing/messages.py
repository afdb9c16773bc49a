"""[pure] The sentences of a decision: in English, as it is published, and in Spanish, for whoever has it explained.

The English ones are part of the contract: the trace of every decision is made of them. In English the vocabulary stands
for itself; in Spanish plans and channels have the names that the edition gives them.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

from shared.contracts.names import name_of
from shared.contracts.vocabulary import Language
from shared.policy.model import Edition, said_in

WORDS: Mapping[Language, Mapping[str, str]] = {
    "en": {
        "and": "and",
        "or": "or",
        # who asks
        "not_covered.unknown_account": "the account is not known",
        "not_covered.withdrawn": "the account's entitlement was withdrawn",
        "not_covered.no_account": "the request names no account",
        "not_covered.anonymous": "the requester is anonymous, and an anonymous requester's claims are not believed",
        "account": "the account is known: plan {plan}, type {account_type}, {paid}",
        "paid": "paid",
        "not_paid": "not paid",
        "licensed": "licensed {role}",
        "unlicensed": "unlicensed {role}",
        "requester.contact_list": "the account's contact list says who asks: {who}",
        "requester.producer_claim": "no contact list names the requester, so the producer's word counts: {who}",
        "requester.nobody": "nobody vouches for the requester, who counts as {who}",
        # which channel
        "open": "{channel} is open at {tier}",
        "instead": "{channel} is open at {tier} and takes the place of {wanted}",
        "triage": "{why}: a person has to look",
        "not_for_everyone": "{channel} is not open to everyone, and {why}",
        "channel_needs": "{channel} needs {needs}; {facts}",
        "channel_on_plan_needs": "{channel} on plan {plan} needs {needs}; {facts}",
        "plan_opens_to_nobody": "plan {plan} does not open {channel} to anyone",
        # what a condition asks for, and what is the case instead
        "need.plan": "plan {plans}",
        "need.role": "the role {roles}",
        "need.licence": "a licence",
        "need.no_licence": "a requester without a licence",
        "need.account_type": "an account of type {account_types}",
        "need.paid": "a paid account",
        "need.not_paid": "an account that is not paid",
        "fact.plan": "the plan is {plan}",
        "fact.owner": "the requester is an owner",
        "fact.admin": "the requester is an admin",
        "fact.member": "the requester is a member",
        "fact.licence": "the requester has a licence",
        "fact.no_licence": "the requester has no licence",
        "fact.account_type": "the account is of type {account_type}",
        "fact.paid": "the account is paid",
        "fact.not_paid": "the account is not paid",
        # asking for an escalation
        "may_ask": "{who} of plan {plan}, account type {account_type}, may ask ({request_type})",
        "may_not_ask": "{who} of plan {plan}, account type {account_type}, may not ask ({request_type})",
        "asking.allowed": "it asks for {needs}, which is the case",
        "asking.everyone": "whoever has an account may",
        "asking.needs": "it needs {needs}; {facts}",
        "asking.request_type": "it is for requests of type {types}; this one is {request_type}",
        # how urgent
        "priority": "{priority} because {claims}",
        "priority.no_earlier": "{priority} because no earlier rule applies to {claims}",
        "is.impact": "impact is {impact}",
        "is.workaround": "workaround is {workaround}",
        "is.environment": "environment is {environment}",
        "claim.impact": "impact {impact}",
        "claim.workaround": "workaround {workaround}",
        "claim.environment": "environment {environment}",
        # what is promised
        "target": "{priority} on plan {plan}: {seconds} s {hours} ({promise})",
        "hours.elapsed": "round the clock",
        "hours.business": "in the business hours of its calendar",
        "hours.elapsed_then_next_open": "round the clock, then to the next open instant of its calendar",
        "no_target.no_priority_response": "plan {plan} has no priority response",
        "no_target.self_service": "nobody answers on a self-service channel, so there is nothing to wait for",
        "no_target.not_promised": "plan {plan} is not promised one for {priority}",
        # which calendar
        "calendar": "{calendar}, because {because}",
        "calendar.named": "the entitlement names it",
        "calendar.no_country": "no country is known",
        "calendar.country_of_account": "the account's country is {country}",
        "calendar.country_of_requester": "the requester's country is {country}",
        "calendar.none_of_account": "country {country} of the account has no calendar of its own",
        "calendar.none_of_requester": "country {country} of the requester has no calendar of its own",
        "calendar.missing": "{because}; the entitlement names {named}, which this edition does not have",
        # beside phone numbers
        "phone.whole_directory": "There are no numbers for country {country}; these are those of all countries.",
        "phone.country_unknown": "The caller's country is not known; these are the numbers of all countries.",
    },
    "es": {
        "and": "y",
        "or": "o",
        "not_covered.unknown_account": "no se conoce la cuenta",
        "not_covered.withdrawn": "a la cuenta se le retiró la cobertura",
        "not_covered.no_account": "la petición no nombra ninguna cuenta",
        "not_covered.anonymous": "quien pregunta es anónimo, y lo que declara un anónimo no se da por cierto",
        "account": "la cuenta se conoce: plan {plan}, cuenta {account_type}, {paid}",
        "paid": "de pago",
        "not_paid": "no es de pago",
        "licensed": "{role} con licencia",
        "unlicensed": "{role} sin licencia",
        "requester.contact_list": "la lista de contactos de la cuenta dice quién pregunta: {who}",
        "requester.producer_claim": "ninguna lista de contactos nombra a quien pregunta, así que vale lo que dice el "
        "sistema que envía la petición: {who}",
        "requester.nobody": "nadie responde por quien pregunta, que cuenta como {who}",
        "open": "«{channel}» está disponible ({tier})",
        "instead": "«{channel}» está disponible ({tier}) y ocupa el lugar de «{wanted}»",
        "triage": "{why}: tiene que mirarlo una persona",
        "not_for_everyone": "«{channel}» no está disponible para todo el mundo, y {why}",
        "channel_needs": "«{channel}» exige {needs}; {facts}",
        "channel_on_plan_needs": "con el plan {plan}, «{channel}» exige {needs}; {facts}",
        "plan_opens_to_nobody": "el plan {plan} no da a nadie acceso a «{channel}»",
        "need.plan": "el plan {plans}",
        "need.role": "el rol de {roles}",
        "need.licence": "una licencia",
        "need.no_licence": "que quien pregunta no tenga licencia",
        "need.account_type": "una cuenta {account_types}",
        "need.paid": "una cuenta de pago",
        "need.not_paid": "una cuenta que no sea de pago",
        "fact.plan": "el plan es {plan}",
        "fact.owner": "quien pregunta es propietario",
        "fact.admin": "quien pregunta es administrador",
        "fact.member": "quien pregunta es miembro",
        "fact.licence": "quien pregunta tiene licencia",
        "fact.no_licence": "quien pregunta no tiene licencia",
        "fact.account_type": "la cuenta es {account_type}",
        "fact.paid": "la cuenta es de pago",
        "fact.not_paid": "la cuenta no es de pago",
        "may_ask": "{who} del plan {plan}, cuenta {account_type}: puede pedirla (petición {request_type})",
        "may_not_ask": "{who} del plan {plan}, cuenta {account_type}: no puede pedirla (petición {request_type})",
        "asking.allowed": "se exige {needs}, y se cumple",
        "asking.everyone": "puede quien tenga una cuenta",
        "asking.needs": "se exige {needs}; {facts}",
        "asking.request_type": "es para peticiones {types}; esta es {request_type}",
        "priority": "{priority} porque {claims}",
        "priority.no_earlier": "{priority} porque ninguna regla anterior vale para {claims}",
        "is.impact": "el impacto es «{impact}»",
        "is.workaround": "la alternativa es «{workaround}»",
        "is.environment": "el entorno es «{environment}»",
        "claim.impact": "impacto «{impact}»",
        "claim.workaround": "alternativa «{workaround}»",
        "claim.environment": "entorno «{environment}»",
        "target": "{priority} con el plan {plan}: {seconds} s {hours} ({promise})",
        "hours.elapsed": "a todas horas",
        "hours.business": "en el horario comercial de su calendario",
        "hours.elapsed_then_next_open": "a todas horas, y luego hasta la próxima apertura de su calendario",
        "no_target.no_priority_response": "el plan {plan} no incluye respuesta prioritaria",
        "no_target.self_service": "en un canal de autoservicio no responde nadie, así que no hay nada que esperar",
        "no_target.not_promised": "el plan {plan} no promete ninguno para {priority}",
        "calendar": "{calendar}, porque {because}",
        "calendar.named": "lo nombra la cobertura de la cuenta",
        "calendar.no_country": "no se conoce ningún país",
        "calendar.country_of_account": "el país de la cuenta es {country}",
        "calendar.country_of_requester": "el país de quien pregunta es {country}",
        "calendar.none_of_account": "el país {country} de la cuenta no tiene calendario propio",
        "calendar.none_of_requester": "el país {country} de quien pregunta no tiene calendario propio",
        "calendar.missing": "{because}; la cobertura de la cuenta nombra {named}, que esta edición no tiene",
        "phone.whole_directory": "No hay números propios para el país {country}; estos son los de todos los países.",
        "phone.country_unknown": "No se sabe desde qué país se llama; estos son los números de todos los países.",
    },
}


class Words:
    """The sentences of one language. Without an `edition`, plans and channels have their usual names."""

    def __init__(self, language: Language, edition: Edition | None = None) -> None:
        self.language: Language = language
        self._words = WORDS[language]
        self._own: dict[str, dict[str, str]] = {}
        if edition is not None and language != "en":
            self._own["plan"] = {plan: said_in(policy.name, language) for plan, policy in edition.plans.items()}
            self._own["channel"] = {
                channel: said_in(policy.name, language) for channel, policy in edition.channels.items()
            }

    def __call__(self, name: str, **values: object) -> str:
        """The sentence called `name`."""
        return self._words[name].format(**values)

    def name(self, kind: str, word: str) -> str:
        """What people call a word of the vocabulary."""
        return self._own.get(kind, {}).get(word) or name_of(self.language, kind, word)

    def one_of(self, kind: str, words: Sequence[str]) -> str:
        """Words of the vocabulary as alternatives: a, b or c."""
        names = [self.name(kind, word) for word in words]
        return names[0] if len(names) == 1 else f"{', '.join(names[:-1])} {self._or(names[-1])}"

    def any_of(self, sentences: Iterable[str]) -> str:
        """Longer alternatives."""
        return f" {self('or')} ".join(sentences)

    def all_of(self, sentences: Iterable[str]) -> str:
        """Things that hold together."""
        return f" {self('and')} ".join(sentences)

    def listed(self, things: Sequence[str]) -> str:
        """Things that hold together, as a list: a, b and c."""
        return things[0] if len(things) == 1 else f"{', '.join(things[:-1])} {self('and')} {things[-1]}"

    def read(self, name: str, text: str) -> dict[str, str] | None:
        """The values of `text` if it is the sentence called `name`, else None: the reverse of saying it."""
        parts = re.split(r"\{(\w+)\}", self._words[name])
        pattern = "".join(f"(?P<{part}>.+?)" if odd % 2 else re.escape(part) for odd, part in enumerate(parts))
        match = re.fullmatch(pattern, text, re.DOTALL)
        return None if match is None else match.groupdict()

    def _or(self, last: str) -> str:
        """The last alternative; in Spanish "o" becomes "u" before its own sound."""
        before_o = self.language == "es" and last.casefold().startswith(("o", "ho"))
        return f"u {last}" if before_o else f"{self('or')} {last}"


ENGLISH = Words("en")
