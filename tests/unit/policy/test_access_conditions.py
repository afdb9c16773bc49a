"""Conditions of access that let nobody in and keep nobody out: `policy check` names them."""

import pytest

from shared.messages.catalogues import languages, messages_in
from shared.policy.document import Source
from shared.policy.loader import check
from shared.policy.mistakes import PolicyWarning
from tests.unit.policy.section import section
from tests.unit.policy.small_edition import FILE, SMALL, DictShelf, changed, line_of

# The small edition: premier includes access, premier_plus includes premier; chat, web_ticket and phone are staffed.
# Here the community requires a paid account.
BASE = changed("Community}, staffed: false", "Community}, staffed: false, requires: {paid: true}", SMALL)
PLANS = "plans: [access, premier, premier_plus]"
EVERYONE = f"  - {{id: self, {PLANS}, channels: [help_center, billing], tier: self_service}}\n"
ADMINS = "any_of: [{roles: [admin]}]"


def warned(*rules: str, base: str = BASE) -> list[PolicyWarning]:
    """The warnings about these rules of access."""
    text = edition(*rules, base=base)
    found = check(Source(FILE, text), DictShelf({})).warnings
    return [each for each in found if each.reason.code.startswith("policy.warning.access_")]


def edition(*rules: str, base: str = BASE) -> str:
    """An edition with these rules of access, beside self-service."""
    written = "".join(f"  - {{{rule}, source: us}}\n" for rule in rules)
    return changed(section("access", base), f"access:\n{EVERYONE}{written}", base)


def test_a_condition_that_an_included_plan_makes_void_is_named() -> None:
    """Its author believes that only admins write; premier includes access, which opens web tickets to everyone."""
    rules = (
        "id: open, plans: [access], channels: [web_ticket], tier: tier1",
        f"id: admins, plans: [premier, premier_plus], channels: [chat, web_ticket], tier: tier1, {ADMINS}",
    )
    (found,) = warned(*rules)
    assert found.text(messages_in("en")) == (
        f"{FILE}:{line_of('id: admins', edition(*rules))}: warning: access[2].any_of[0]: has no effect for premier and "
        "premier_plus on web_ticket: rule open of the included plan access lets these people in anyway, at tier1"
    )
    assert found.reason.as_data()["facts"] == {
        "plans": ["premier", "premier_plus"],
        "channels": ["web_ticket"],
        "rule": "open",
        "included": "access",
        "tier": "tier1",
    }


@pytest.mark.parametrize("language", languages())
def test_the_sentences_are_there_in_every_language(language: str) -> None:
    """A code is not a sentence."""
    for plan in ("access", "premier"):
        (found,) = warned(
            f"id: open, plans: [{plan}], channels: [chat], tier: tier1",
            "id: admins, plans: [premier], channels: [chat], tier: tier1, any_of: [{roles: [admin]}]",
        )
        assert not messages_in(language).reason(found.reason).startswith("policy.")


OPEN = "id: open, plans: [access], channels: [chat], tier: tier1"
VOID = {
    "wider in one key": (
        OPEN + ", any_of: [{licensed: true}]",
        "id: own, plans: [premier], channels: [chat], tier: tier1, any_of: [{licensed: true, roles: [member]}]",
    ),
    "a word that counts as the one that is named": (
        OPEN + ", any_of: [{roles: [admin]}]",
        "id: own, plans: [premier], channels: [chat], tier: tier1, any_of: [{roles: [owner]}]",
    ),
    "an included plan of an included plan": (
        OPEN,
        "id: own, plans: [premier_plus], channels: [chat], tier: tier1, any_of: [{licensed: true}]",
    ),
    "the same people at a higher tier": (
        "id: open, plans: [access], channels: [chat], tier: tier2, any_of: [{licensed: true}]",
        "id: own, plans: [premier], channels: [chat], tier: tier1, any_of: [{licensed: true}]",
    ),
    "a rule of the same plan": (
        "id: open, plans: [premier], channels: [chat], tier: tier1",
        "id: own, plans: [premier], channels: [chat], tier: tier1, any_of: [{licensed: true}]",
    ),
    "wider in one key, on a channel that requires the other": (
        "id: open, plans: [access], channels: [community], tier: tier1, any_of: [{paid: true}]",
        "id: own, plans: [premier], channels: [community], tier: tier1, any_of: [{paid: true, roles: [admin]}]",
    ),
    "everyone, on a channel that requires one of two keys": (
        "id: open, plans: [access], channels: [community], tier: tier1",
        "id: own, plans: [premier], channels: [community], tier: tier1, any_of: [{paid: true, roles: [admin]}]",
    ),
    "whichever comes first": (
        "id: own, plans: [premier], channels: [chat], tier: tier1, any_of: [{licensed: true}]",
        OPEN,
    ),
}


@pytest.mark.parametrize("rules", VOID.values(), ids=VOID.keys())
def test_whatever_a_condition_asks_that_others_give_anyway_is_named(rules: tuple[str, str]) -> None:
    """One of two rules: the other one is the reason."""
    (found,) = warned(*rules)
    assert found.line == line_of("id: own", edition(*rules))
    assert found.reason.facts["rule"] == "open"


def test_one_of_several_alternatives_is_named_alone() -> None:
    """The others let in people who would otherwise be kept out."""
    several = "any_of: [{roles: [admin]}, {licensed: true, paid: true}]"
    (found,) = warned(
        OPEN + ", any_of: [{licensed: true}]",
        f"id: own, plans: [premier], channels: [chat], tier: tier1, {several}",
    )
    assert found.field == "access[2].any_of[1]"


HAS_EFFECT = {
    "a higher tier": (OPEN, "id: own, plans: [premier], channels: [chat], tier: tier2, any_of: [{licensed: true}]"),
    "another channel": (OPEN, "id: own, plans: [premier], channels: [phone], tier: tier1, any_of: [{licensed: true}]"),
    "a plan that includes nothing": (
        "id: open, plans: [premier], channels: [chat], tier: tier1",
        "id: own, plans: [access], channels: [chat], tier: tier1, any_of: [{licensed: true}]",
    ),
    "other people": (
        OPEN + ", any_of: [{roles: [admin]}]",
        "id: own, plans: [premier], channels: [chat], tier: tier1, any_of: [{licensed: true}]",
    ),
    "the same condition again": (
        OPEN + ", any_of: [{roles: [admin]}, {licensed: true}]",
        "id: own, plans: [premier], channels: [chat], tier: tier1, any_of: [{licensed: true}]",
    ),
    "no condition again": (OPEN, "id: own, plans: [premier], channels: [chat], tier: tier1"),
    "people without an account": (
        OPEN,
        "id: own, plans: [access], channels: [chat], tier: tier1, any_of: [{licensed: false}], without_account: true",
    ),
    "a condition of another plan": (
        OPEN + ", any_of: [{plans: [access]}]",
        "id: own, plans: [premier], channels: [chat], tier: tier1, any_of: [{licensed: true}]",
    ),
}


@pytest.mark.parametrize("rules", HAS_EFFECT.values(), ids=HAS_EFFECT.keys())
def test_a_condition_that_decides_for_somebody_is_no_warning(rules: tuple[str, str]) -> None:
    """Nor one that says again what an included plan says, for those who read the matrix."""
    assert warned(*rules) == []


def test_a_condition_may_repeat_what_the_channel_requires() -> None:
    """Nobody else is let in by the other rule either."""
    for when in ("paid: true", "licensed: true", "roles: [admin]", "languages: [es]", "fields: {impact: [down]}"):
        requiring = changed("Chat}, staffed: true", f"Chat}}, staffed: true, requires: {{{when}}}", BASE)
        own = f"id: own, plans: [premier], channels: [chat], tier: tier1, any_of: [{{{when}}}]"
        assert len(warned(OPEN, own)) == 1
        assert warned(OPEN, own, base=requiring) == []
