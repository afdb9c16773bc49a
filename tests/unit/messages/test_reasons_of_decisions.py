"""Every reason that routing gives has a sentence in every language, and the facts that the sentence shows."""

from collections.abc import Iterator
from datetime import UTC, datetime
from itertools import product
from pathlib import Path
from typing import Any

import msgspec
import pytest

from shared.messages.catalogues import catalogue, languages, messages_in
from shared.messages.messages import placeholders
from shared.policy.condition import Condition
from shared.policy.files import load_edition
from shared.policy.model import Assignment, Edition
from shared.routing.access import right_to_ask
from shared.routing.demands import demands
from shared.routing.entitlement import Entitlement, anonymous, covered, not_covered, terms_of
from shared.routing.rendering import in_words_of, with_sentences
from shared.routing.route import Asked, route, situation_of
from shared.routing.rulebook import Rulebook
from tests.harness.asking import account, requester
from tests.harness.shipped import shipped_edition

LOJA = str(Path(__file__).parents[1] / "cli" / "data" / "loja.yaml")
NOW = datetime(2026, 11, 23, 12, tzinfo=UTC)
EDITIONS = ("guidelines-2021", "objectives-2024", LOJA)


def entitlements(edition: Edition) -> Iterator[Entitlement]:
    """Everybody whom the edition knows, and everybody whom no account covers."""
    for plan, kind, role, licensed, paid in product(
        edition.plans, edition.account_types, edition.roles, (True, False), (True, False)
    ):
        held = account(plan=plan, account_type=kind, paid=paid, country="BR")
        yield covered(terms_of(held), requester(role, licensed), edition, NOW)
    who = requester(next(iter(edition.roles)))
    for standing in ("unknown_account", "withdrawn", "no_account"):
        yield not_covered(standing, who, edition)
    yield anonymous(edition)
    yield covered(terms_of(account(plan="galaxy")), who, edition, NOW)
    least = edition.not_covered
    known: dict[str, Any] = {"plan": least.plan, "account_type": least.account_type}
    yield covered(terms_of(account(**known, valid_until=NOW)), who, edition, NOW)
    yield covered(terms_of(account(**known, valid_from=NOW.replace(year=2027))), who, edition, NOW)


def decisions(edition: Edition) -> Iterator[dict[str, Any]]:
    """Decisions for all of them, on every channel."""
    rules = Rulebook(edition)
    for number, (entitlement, channel) in enumerate(product(entitlements(edition), edition.channels)):
        fields = {name: list(each.values)[number % len(each.values)] for name, each in edition.fields.items()}
        language, country = (None, "pt-BR", "es")[number % 3], (None, "BR", "JP")[number % 3]
        opened_by: Any = ("customer", "agent")[number % 2]
        asked = Asked(channel, fields, language, country, None, opened_by)
        yield msgspec.to_builtins(route(asked, entitlement, rules, NOW))


def reasons(value: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    """Each code in a decision with its facts, and those within facts."""
    if isinstance(value, dict):
        code = value.get("code") or (value.get("reason") if "rule" in value else None)
        if code:
            yield code, value.get("facts", {})
        for inner in value.values():
            yield from reasons(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from reasons(inner)


def problems(found: Iterator[tuple[str, dict[str, Any]]], own: frozenset[str] = frozenset()) -> set[str]:
    """Codes without a sentence, and sentences that show a fact which the reason does not have."""
    wrong = set()
    for code, facts in found:
        for language in languages():
            known = catalogue(language)
            text = known.text(code, facts)
            if text is None:
                wrong |= set() if code in own else {f"{language}: {code}"}
                continue
            missing = {name.partition(":")[0] for name in placeholders(text)} - facts.keys()
            wrong |= {f"{language}: {code} lacks {name}" for name in missing}
    return wrong


@pytest.mark.parametrize("name", EDITIONS)
def test_every_reason_of_a_decision_has_its_sentence_and_its_facts(name: str) -> None:
    """A code without a sentence would be shown as it is, a fact that is missing as `None`."""
    edition = shipped_edition(name)
    own = frozenset(f"no_target.{tier.no_targets.reason}" for tier in edition.tiers.values() if tier.no_targets)
    assert problems((each for decision in decisions(edition) for each in reasons(decision)), own) == set()


def test_every_key_of_a_condition_has_its_sentences() -> None:
    """What it needs, and what is the case: for a condition that no shipped edition has as well."""
    edition = shipped_edition("guidelines-2021")
    when = Condition(
        plans=("premier",),
        account_types=("api",),
        roles=("admin",),
        licensed=True,
        paid=False,
        channels=("phone",),
        languages=("es",),
        countries=("ES",),
        fields={"impact": ("down", "critical")},
    )
    assert set(Condition.model_fields) == {name for name in Condition.model_fields if getattr(when, name) is not None}
    asked = Asked("chat", {"impact": "general", "workaround": "none", "environment": "beta", "request_type": "other"})
    situation = situation_of(asked, anonymous(edition), Rulebook(edition))
    for each in (situation, situation._replace(language="fr", country="FR", fields={})):
        found = [reason for demand in demands(edition, when, each) for reason in (demand.need, demand.fact)]
        assert len(found) == 18
        assert problems((reason.code, reason.facts) for reason in found) == set()
    messages = in_words_of(messages_in("en"), edition)
    said = [messages.reason(demand.need) for demand in demands(edition, when, situation)]
    assert "impact down or critical" in said
    assert [messages.reason(demand.fact) for demand in demands(edition, when, situation)][-4] == "impact is general"


def test_an_edition_without_escalation_on_request_says_so() -> None:
    """Nobody may ask, whoever they are."""
    edition = shipped_edition("guidelines-2021").model_copy(update={"customer_escalation": None})
    asked = Asked("chat", {"impact": "general", "workaround": "none", "environment": "beta", "request_type": "other"})
    situation = situation_of(asked, anonymous(edition), Rulebook(edition))
    why = right_to_ask(edition, "covered", situation).why
    assert messages_in("en")(why.code, **why.facts) == "this edition has no escalation on request"


def test_a_decision_reads_well_in_the_words_of_the_edition() -> None:
    """Names as the edition has them, also where no catalogue has its language."""
    edition = load_edition(LOJA)
    said = {}
    for kind in ("pequena", "grande"):
        held = account(plan="silver", account_type=kind, country="BR")
        entitlement = covered(terms_of(held), requester("usuario"), edition, NOW)
        asked = Asked("whatsapp", {"severidade": "s1", "assunto": "loja"}, "pt-BR")
        decision = route(asked, entitlement, Rulebook(edition), NOW)
        shown = with_sentences(decision, in_words_of(messages_in("pt-BR"), edition))
        said[kind] = {step["rule"]: step["because"] for step in shown["trace"]}
    assert said["pequena"]["bronze.correio"] == (
        "WhatsApp on plan Prata needs the role dono or an account of type grande; "
        "the requester has the role usuário and the account is of type pequena"
    )
    assert said["grande"]["r1"] == "S1 because severidade is parado and the plan is Prata"
    promised = "S1 on plan Prata: 3 business days, until the same time of day (objective)"
    assert said["grande"]["target.solucao"] == promised


def test_a_rule_that_sends_a_request_elsewhere_is_named() -> None:
    """Also where the channel that was asked for is closed."""
    edition = shipped_edition("guidelines-2021")
    sent = Assignment(id="everything", channel="help_center")
    edition = edition.model_copy(update={"assignments": (sent,)})
    found = [each for decision in decisions(edition) for each in reasons(decision) if each[0] == "channel.sent"]
    assert found
    assert problems(iter(found)) == set()
