"""The default edition agrees with the vendor's guidelines, cell by cell; the expected values here are typed by hand."""

from itertools import product

import pytest

from shared.policy.condition import Condition
from shared.policy.model import Edition
from shared.policy.priority import priority_rule
from shared.policy.promises import CaseKind, Promises, promised
from tests.harness.asking import ENVIRONMENTS, IMPACTS, PLANS, PRIORITIES, WORKAROUNDS, fields, situation

ADMINS, LICENSED_ADMINS = Condition(roles=("admin",)), Condition(roles=("admin",), licensed=True)
LICENSED_MEMBERS = Condition(roles=("member",), licensed=True)
PHONE_ACCOUNTS = LICENSED_ADMINS.model_copy(update={"account_types": ("business", "education", "enterprise", "api")})

# (channel, tier) -> plan -> who: the rows "tier 1 (chat, ticket)", "tier 1 (phone)", "direct tier 2" and self-service
MATRIX: dict[tuple[str, str], dict[str, tuple[Condition, ...]]] = {
    **{
        (channel, "self_service"): dict.fromkeys(PLANS, (Condition(),))
        for channel in ("help_center", "bot", "community", "social")
    },
    ("billing", "billing"): dict.fromkeys(PLANS, (Condition(),)),
    **{
        (channel, "tier1"): {
            "access": (ADMINS, LICENSED_MEMBERS),
            "premier": (LICENSED_MEMBERS,),
            "premier_plus": (LICENSED_MEMBERS,),
        }
        for channel in ("chat", "web_ticket")
    },
    ("phone", "tier1"): {
        "access": (PHONE_ACCOUNTS,),
        "premier": (LICENSED_MEMBERS,),
        "premier_plus": (LICENSED_MEMBERS,),
    },
    **{
        (channel, "tier2"): {"access": (), "premier": (LICENSED_ADMINS,), "premier_plus": (LICENSED_ADMINS,)}
        for channel in ("chat", "web_ticket", "phone")
    },
}
RIGHTS = {
    "priority_response": (False, True, True),
    "automated_escalation": (False, False, True),
    "technical_account_manager": (False, False, True),
}


@pytest.mark.parametrize(("channel", "tier"), MATRIX, ids=" ".join)
@pytest.mark.parametrize("plan", PLANS)
def test_a_cell_of_the_matrix_lets_in_whom_the_guidelines_let_in(
    channel: str, tier: str, plan: str, guidelines: Edition
) -> None:
    """The matrix is the vendor's promise; each cell is a case of its own, so a failure names the cell."""
    given = [
        when
        for rule in guidelines.access
        if plan in rule.plans and channel in rule.channels and rule.tier == tier
        for when in rule.any_of
    ]
    assert tuple(given) == MATRIX[channel, tier][plan]


def test_no_rule_of_access_is_outside_the_matrix(guidelines: Edition) -> None:
    """A rule that the table above does not name would let in somebody whom nobody promised anything."""
    named = {(channel, rule.tier) for rule in guidelines.access for channel in rule.channels}
    assert named == set(MATRIX)


@pytest.mark.parametrize("right", RIGHTS)
def test_a_plan_brings_the_rights_of_its_column(right: str, guidelines: Edition) -> None:
    """Priority response, automated escalation and the technical account manager are rows of the matrix too."""
    assert tuple(getattr(guidelines.plans[plan], right) for plan in PLANS) == RIGHTS[right]


def test_paid_support_gives_all_that_access_gives(guidelines: Edition) -> None:
    """Read literally, the matrix takes tickets from unlicensed administrators who buy Premier."""
    assert {plan: guidelines.plans[plan].includes for plan in PLANS} == {
        "access": None,
        "premier": "access",
        "premier_plus": "access",
    }


def test_owners_count_as_administrators_and_administrators_as_members(guidelines: Edition) -> None:
    """The guidelines name owners for the phone alone, and business_plus nowhere."""
    assert {role: entry.counts_as for role, entry in guidelines.roles.items()} == {
        "owner": ("admin", "member"),
        "admin": ("member",),
        "member": (),
    }
    assert guidelines.roles_that_count_as(["admin"]) == {"owner", "admin"}
    counts_as = {kind: entry.counts_as for kind, entry in guidelines.account_types.items() if entry.counts_as}
    assert counts_as == {"business_plus": ("business",)}
    assert guidelines.account_types_that_count_as(["business"]) == {"business", "business_plus"}


def test_only_live_chat_needs_a_paid_account(guidelines: Edition) -> None:
    """The assistant hands over to an agent for paid accounts; everything else is open to free accounts as well."""
    needs = {name: channel.requires for name, channel in guidelines.channels.items() if channel.requires != Condition()}
    assert needs == {"chat": Condition(paid=True)}


def test_people_answer_on_chat_ticket_phone_and_billing_alone(guidelines: Edition) -> None:
    """Targets are promised where somebody waits for an answer."""
    staffed = {name for name, channel in guidelines.channels.items() if channel.staffed}
    assert staffed == {"chat", "web_ticket", "phone", "billing"}


def test_every_billing_request_goes_to_the_billing_team(guidelines: Edition, objectives: Edition) -> None:
    """Whatever channel was asked for; the team has a tier between self-service and tier 1, and promises no times."""
    for edition in (guidelines, objectives):
        (sent,) = edition.assignments
        assert (sent.channel, sent.any_of) == ("billing", (Condition(fields={"request_type": ("billing",)}),))
        assert tuple(edition.tiers) == ("self_service", "billing", "tier1", "tier2")
        (opened,) = [rule for rule in edition.access if rule.channels == ("billing",)]
        assert (opened.plans, opened.any_of, opened.without_account) == (PLANS, (Condition(),), True)
        for plan, priority in product(PLANS, PRIORITIES):
            promises = promises_to(edition, plan, priority, channel="billing", tier="billing")
            assert {each.reason for each in promises.terms.values()} == {"billing_team"}
            assert promises.in_the_way.place == "tiers.billing.no_targets"


def test_an_unknown_account_counts_as_a_free_members_on_access(guidelines: Edition) -> None:
    """The least that the guidelines give to anybody."""
    assert guidelines.not_covered.model_dump() == {"plan": "access", "account_type": "free", "role": "member"}


def promises_to(edition: Edition, plan: str, priority: str, channel: str = "phone", tier: str = "tier1") -> Promises:
    """What a case of such a plan and priority is promised."""
    return promised(edition, CaseKind(situation(edition, plan=plan, channel=channel), priority, tier))


def expected_priority(impact: str, workaround: str, environment: str) -> str:
    """The reading of the four definitions, as a chain of questions."""
    if environment != "production" or impact == "information":
        return "P4"
    if impact == "general" or workaround == "full":
        return "P3"
    if impact == "significant" or workaround == "partial":
        return "P2"
    return "P1"


def test_every_claim_has_the_priority_of_its_definition(guidelines: Edition, objectives: Edition) -> None:
    """All 72 combinations, in both editions."""
    for edition in (guidelines, objectives):
        for impact, workaround, environment in product(IMPACTS, WORKAROUNDS, ENVIRONMENTS):
            claims = fields(impact=impact, workaround=workaround, environment=environment)
            rule = priority_rule(edition, situation(edition, fields=claims))
            assert rule.priority == expected_priority(impact, workaround, environment)


HOUR = 3600
# priority -> first_response and restoration: seconds and hours
TARGETS: dict[str, tuple[tuple[int, str], tuple[int, str] | None]] = {
    "P1": ((1 * HOUR, "elapsed"), (4 * HOUR, "elapsed")),
    "P2": ((4 * HOUR, "business"), (8 * HOUR, "business")),
    "P3": ((24 * HOUR, "elapsed_then_next_open"), None),
    "P4": ((24 * HOUR, "elapsed_then_next_open"), None),
}


@pytest.mark.parametrize("plan", ["premier", "premier_plus"])
@pytest.mark.parametrize("priority", PRIORITIES)
def test_a_target_is_that_of_the_table(plan: str, priority: str, guidelines: Edition) -> None:
    """The table of response times, in the hours in which its definitions put people to work; all are objectives."""
    terms = promises_to(guidelines, plan, priority).terms
    first, restored = TARGETS[priority]
    assert (terms["first_response"].target_seconds, terms["first_response"].hours) == first
    assert terms["first_response"].paused_by == ("resolved",)
    restoration = terms["restoration"]
    if restored is None:
        assert (restoration.target_seconds, restoration.reason) == (None, "not_promised")
    else:
        assert (restoration.target_seconds, restoration.hours) == restored
        assert restoration.paused_by == ("waiting_on_customer", "resolved")
    assert {each.promise for each in terms.values() if each.target_seconds} == {"objective"}
    assert set(terms) == {"first_response", "restoration"}


@pytest.mark.parametrize("priority", PRIORITIES)
def test_access_has_no_targets_and_nobody_has_any_without_people(priority: str, guidelines: Edition) -> None:
    """No target is an answer, with its reason."""
    for plan in PLANS:
        unstaffed = promises_to(guidelines, plan, priority, "bot", "self_service").terms
        assert {each.reason for each in unstaffed.values()} == {"self_service"}
        assert {each.target_seconds for each in unstaffed.values()} == {None}
    access = promises_to(guidelines, "access", priority).terms
    assert {each.reason for each in access.values()} == {"no_priority_response"}


def test_levels_are_a_warning_the_deadline_and_half_a_target_later(guidelines: Edition, objectives: Edition) -> None:
    """Ours, as data: who is called when."""
    expected = [
        ("warning", 0, 0.75, "case_tier"),
        ("escalation", 1, 1.0, "tier2"),
        ("escalation", 2, 1.5, "technical_account_manager"),
    ]
    for edition in (guidelines, objectives):
        levels = [(each.kind, each.level, each.share, each.called) for each in edition.escalation_levels]
        assert levels == expected


def test_an_escalation_may_be_asked_for_by_licensed_administrators_after_a_day(
    guidelines: Edition, objectives: Edition
) -> None:
    """Premier and Premier+, or business_plus, enterprise and education; technical or billing; 24 h and 24 h."""
    for edition in (guidelines, objectives):
        asked = edition.customer_escalation
        assert asked is not None
        first, second = asked.any_of
        assert (first.roles, first.licensed, first.plans) == (("admin",), True, ("premier", "premier_plus"))
        assert first.account_types is None
        assert (second.roles, second.licensed, second.plans) == (("admin",), True, None)
        assert second.account_types == ("business_plus", "enterprise", "education")
        assert asked.requires == Condition(fields={"request_type": ("technical", "billing")})
        assert (asked.wait_after_submission_seconds, asked.wait_after_rejection_seconds) == (24 * HOUR, 24 * HOUR)


def test_people_read_every_text_in_both_languages_and_not_the_same_one(guidelines: Edition) -> None:
    """A translation that was forgotten is a copy of the other language."""
    assert guidelines.phone is not None
    texts = [text for each in guidelines.priorities.values() for text in (each.definition, each.resources) if text]
    texts += [*guidelines.resources.values(), guidelines.phone.tariff_note, guidelines.phone.have_at_hand]
    for text in texts:
        assert set(text) == {"es", "en"}
        assert text["es"] != text["en"]


def test_the_guidelines_resources_are_all_there(guidelines: Edition) -> None:
    """Help center, community, billing, social media, the assistant, tickets, phone, and the account manager."""
    assert set(guidelines.resources) == {
        *("help_center", "community", "billing", "social", "bot", "chat", "web_ticket", "phone", "account_manager")
    }
    assert {channel.resource for channel in guidelines.channels.values()} == set(guidelines.resources) - {
        "account_manager"
    }
