"""The seed's matrix, read by a person and written down again here, against what the edition and the code make of it.

Nothing in this file looks at the edition's access rules: it is the independent reading of DESIGN section 3.
"""

from itertools import product

import pytest

from shared.contracts.structs import Decision
from shared.messages.catalogues import messages_in
from shared.routing.entitlement import covered, terms_of
from shared.routing.rendering import in_words_of
from shared.routing.route import route
from shared.routing.rulebook import Rulebook
from tests.harness.asking import ACCOUNT_TYPES, CHANNELS, MONDAY_NOON, PLANS, ROLES, account, request, requester

SELF_SERVICE: tuple[str, ...] = ("help_center", "bot", "community", "social")
PHONE_ON_ACCESS: tuple[str, ...] = ("business", "business_plus", "education", "enterprise", "api")

# plan, role, licensed -> tier of chat and web_ticket, tier of phone. Owners count as admins.
MATRIX: dict[tuple[str, str, bool], tuple[str | None, str | None]] = {
    ("access", "owner", True): ("tier1", "tier1"),  # phone: only the account types above
    ("access", "admin", True): ("tier1", "tier1"),
    ("access", "owner", False): ("tier1", None),
    ("access", "admin", False): ("tier1", None),
    ("access", "member", True): ("tier1", None),
    ("access", "member", False): (None, None),
    ("premier", "owner", True): ("tier2", "tier2"),
    ("premier", "admin", True): ("tier2", "tier2"),
    ("premier", "owner", False): ("tier1", None),  # paid support never gives less than access
    ("premier", "admin", False): ("tier1", None),
    ("premier", "member", True): ("tier1", "tier1"),
    ("premier", "member", False): (None, None),
    ("premier_plus", "owner", True): ("tier2", "tier2"),
    ("premier_plus", "admin", True): ("tier2", "tier2"),
    ("premier_plus", "owner", False): ("tier1", None),
    ("premier_plus", "admin", False): ("tier1", None),
    ("premier_plus", "member", True): ("tier1", "tier1"),
    ("premier_plus", "member", False): (None, None),
}
PEOPLE = list(product(PLANS, ACCOUNT_TYPES, (True, False), ROLES, (True, False)))


def expected(plan: str, account_type: str, paid: bool, role: str, licensed: bool) -> dict[str, str | None]:
    """Every channel's tier by the matrix, None where it is closed."""
    desk, phone = MATRIX[plan, role, licensed]
    if plan == "access" and account_type not in PHONE_ON_ACCESS:
        phone = None
    tiers: dict[str, str | None] = dict.fromkeys(SELF_SERVICE, "self_service")
    return tiers | {"billing": "billing", "chat": desk if paid else None, "web_ticket": desk, "phone": phone}


def decide(
    rules: Rulebook,
    channel: str,
    plan: str,
    account_type: str = "enterprise",
    paid: bool = True,
    role: str = "admin",
    licensed: bool = True,
) -> Decision:
    """The decision for such a person on such an account."""
    terms = terms_of(account(plan=plan, account_type=account_type, paid=paid))
    return route(
        request(channel=channel),
        covered(terms, requester(role, licensed), rules.edition, MONDAY_NOON),
        rules,
        MONDAY_NOON,
    )


def test_every_channel_is_as_the_matrix_says_for_everyone(any_edition: Rulebook) -> None:
    """252 kinds of people, eight channels: the whole matrix with its footnotes, not a sample of it."""
    for person in PEOPLE:
        decision = decide(any_edition, "help_center", *person)
        found = {channel: verdict.tier for channel, verdict in decision.channels.items()}
        assert found == expected(*person), person


def test_an_open_channel_is_assigned_as_asked_and_a_closed_one_replaced(any_edition: Rulebook) -> None:
    """Whoever asks for what they may have gets it; whoever does not still gets somewhere that is open to them."""
    for person, channel in product(PEOPLE, CHANNELS):
        decision = decide(any_edition, channel, *person)
        tiers = expected(*person)
        if tiers[channel] is not None:
            assert decision.assigned_channel == channel
        assert decision.assigned_tier == tiers[decision.assigned_channel]
        assert decision.needs_triage is False


@pytest.mark.parametrize(
    ("person", "wanted", "instead"),
    [
        (("access", "pro", True, "admin", True), "phone", "chat"),
        (("access", "free", False, "admin", True), "phone", "web_ticket"),
        (("access", "free", False, "admin", False), "chat", "web_ticket"),
        (("premier", "api", True, "owner", False), "phone", "chat"),
        (("premier", "api", True, "member", False), "phone", "help_center"),
        (("premier", "api", True, "member", False), "web_ticket", "help_center"),
        (("premier", "api", True, "member", False), "chat", "bot"),
    ],
)
def test_the_next_best_channel_is_the_first_open_one_that_the_policy_names(
    guidelines: Rulebook,
    person: tuple[str, str, bool, str, bool],
    wanted: str,
    instead: str,
) -> None:
    """People are sent to people as long as any are open to them, and to the nearest self-service otherwise."""
    decision = decide(guidelines, wanted, *person)
    assert decision.assigned_channel == instead
    assert decision.channels[wanted].use_instead == instead


def test_a_higher_plan_never_gives_less(any_edition: Rulebook) -> None:
    """Nobody loses a channel, a tier, a right or time by paying for more."""
    ranks = {None: 0, "self_service": 1, "billing": 2, "tier1": 3, "tier2": 4}
    for account_type, paid, role, licensed in product(ACCOUNT_TYPES, (True, False), ROLES, (True, False)):
        lower, *higher = (decide(any_edition, "web_ticket", plan, account_type, paid, role, licensed) for plan in PLANS)
        for decision in higher:
            for channel in CHANNELS:
                assert ranks[decision.channels[channel].tier] >= ranks[lower.channels[channel].tier]
            assert decision.escalation.automated >= lower.escalation.automated
            assert decision.escalation.technical_account_manager >= lower.escalation.technical_account_manager
            assert decision.escalation.customer_requested >= lower.escalation.customer_requested
            for milestone, terms in lower.milestones.items():
                if terms.target_seconds is not None and terms.hours == decision.milestones[milestone].hours:
                    assert (decision.milestones[milestone].target_seconds or 0) <= terms.target_seconds
                    assert decision.milestones[milestone].target_seconds is not None
            lower = decision


def test_a_closed_channel_says_why_and_where_to_go(any_edition: Rulebook) -> None:
    """ "No" alone helps nobody: the first failing condition with the values at hand, and a channel that is open."""
    for person in PEOPLE:
        channels = decide(any_edition, "phone", *person).channels
        assert tuple(channels) == CHANNELS
        for channel, verdict in channels.items():
            assert verdict.rule
            if verdict.eligible:
                assert (verdict.reason, verdict.use_instead) == (None, None)
                continue
            assert verdict.tier is None
            assert verdict.reason is not None
            assert verdict.reason.startswith("channel.")
            assert verdict.facts["channel"] == channel
            assert verdict.use_instead is not None
            assert channels[verdict.use_instead].eligible


@pytest.mark.parametrize(
    ("person", "channel", "rule", "because"),
    [
        (
            ("access", "free", False, "admin", True),
            "chat",
            "channel.chat.requires",
            "chat needs a paid account; the account is not paid",
        ),
        (
            ("access", "pro", True, "admin", True),
            "phone",
            "access.tier1.phone",
            "phone on plan Access needs an account of type Business, Education, Enterprise or API; "
            "the account is of type Pro",
        ),
        (
            ("access", "enterprise", True, "owner", False),
            "phone",
            "access.tier1.phone",
            "phone on plan Access needs a licence; the requester has no licence",
        ),
        (
            ("premier", "enterprise", True, "member", False),
            "phone",
            "premier.tier1",
            "phone on plan Premier needs a licence; the requester has no licence",
        ),
        (
            ("access", "enterprise", True, "member", False),
            "web_ticket",
            "access.tier1.chat_and_ticket",
            "web ticket on plan Access needs the role admin or a licence; "
            "the requester has the role member and the requester has no licence",
        ),
    ],
)
def test_the_reason_names_what_is_missing_and_what_is_there(
    guidelines: Rulebook,
    person: tuple[str, str, bool, str, bool],
    channel: str,
    rule: str,
    because: str,
) -> None:
    """An agent can read it out; of several ways in, it is the one that lacks least."""
    verdict = decide(guidelines, channel, *person).channels[channel]
    assert verdict.reason is not None
    sentences = in_words_of(messages_in("en"), guidelines.edition)
    assert (verdict.rule, sentences(verdict.reason, **verdict.facts)) == (rule, because)
