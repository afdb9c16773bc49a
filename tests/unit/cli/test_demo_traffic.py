"""What the demo asks covers what it claims to cover."""

import json
from itertools import islice, pairwise, product
from pathlib import Path

import pytest

from services.cli.demo.traffic import STAFFED, Ask, coverage, unknown_words, varied
from services.cli.demo_accounts import DEMO_ACCOUNTS, accounts_for
from services.intake.entitlement import EntitlementBody, check
from services.intake.words import AnyEdition
from shared.policy.editions import EditionLibrary
from shared.policy.files import POLICIES, edition_names, load_edition
from shared.policy.model import Edition, ImpossibleAccount
from tests.harness.shipped import shipped_edition

GUIDELINES = shipped_edition("guidelines-2021")
VENDORS = POLICIES / "vendors"
LOJA_FILE = Path(__file__).parent / "data" / "loja.yaml"
LOJA = load_edition(str(LOJA_FILE))
PLANS, ROLES, CHANNELS = tuple(GUIDELINES.plans), tuple(GUIDELINES.roles), tuple(GUIDELINES.channels)
PRIORITIES, ACCOUNT_TYPES = tuple(GUIDELINES.priorities), tuple(GUIDELINES.account_types)


def words_of(edition: Edition) -> AnyEdition:
    """What intake knows with this edition alone."""
    return AnyEdition(EditionLibrary((edition,)))


def _who_and_where(ask: Ask) -> tuple[str, str, bool, str]:
    requester = ask.body["requester"]
    plan = DEMO_ACCOUNTS[ask.body["account_id"]]["plan"]
    return plan, requester["role"], requester["licensed"], ask.body["channel"]


def test_the_cover_has_every_plan_role_licence_and_channel() -> None:
    """A combination that is not asked is not shown to work."""
    asked = {_who_and_where(ask) for ask in coverage("run")}
    assert asked == set(product(PLANS, ROLES, (True, False), CHANNELS))


def test_the_cover_has_every_priority_for_every_plan() -> None:
    """A plan whose P1 is never asked could lose its promise unseen."""
    asked = {(DEMO_ACCOUNTS[ask.body["account_id"]]["plan"], ask.expected_priority) for ask in coverage("run")}
    assert asked == set(product(PLANS, PRIORITIES))


def test_the_cover_asks_from_every_account() -> None:
    """Account types differ in who may call."""
    assert {ask.body["account_id"] for ask in coverage("run")} == set(DEMO_ACCOUNTS)
    assert {account["account_type"] for account in DEMO_ACCOUNTS.values()} == set(ACCOUNT_TYPES)


def test_the_cover_is_at_least_200_requests_with_keys_of_their_own() -> None:
    """Two asks under one key would be one request."""
    keys = [ask.key for ask in coverage("run")]
    assert len(keys) == len(set(keys)) >= 200


def test_another_run_asks_under_other_keys() -> None:
    """A second run on the same log must not be dropped as a repetition."""
    assert not {ask.key for ask in coverage("a")} & {ask.key for ask in coverage("b")}


def test_the_stream_comes_through_every_combination() -> None:
    """Whoever watches long enough sees everything."""
    people = len(PLANS) * len(ROLES) * 2
    asks = islice(varied("run"), people * (len(CHANNELS) + 3 * len(STAFFED)) * len(PRIORITIES))
    seen = {(*_who_and_where(ask), ask.expected_priority) for ask in asks}
    assert len(seen) == people * len(CHANNELS) * len(PRIORITIES)


def test_neighbours_in_the_stream_differ() -> None:
    """A stream that repeats itself shows nothing."""
    asks = list(islice(varied("run"), 40))
    assert all(_who_and_where(a) != _who_and_where(b) for a, b in pairwise(asks))


@pytest.mark.parametrize("name", ["guidelines-2021", "objectives-2024", "demo"])
def test_the_shipped_editions_know_the_words_of_the_scenario(name: str) -> None:
    """Intake refuses a request with words of no edition."""
    assert unknown_words(load_edition(name)) == []
    assert accounts_for((load_edition(name),)) == DEMO_ACCOUNTS


def test_an_edition_of_other_words_is_recognised() -> None:
    """`frontline demo` says what is missing instead of failing."""
    assert {"access", "channel", "fields.impact", "requester.role", "P1"} <= set(unknown_words(LOJA))


@pytest.mark.parametrize("name", [*edition_names(VENDORS), str(LOJA_FILE)])
def test_an_edition_of_other_words_has_an_account_for_each_plan_and_account_type(name: str) -> None:
    """Without an account nobody is covered, and `frontline up` would have nothing to show of the edition's promises."""
    edition = load_edition(name, VENDORS)
    accounts = accounts_for((edition,))
    assert {(each["plan"], each["account_type"]) for each in accounts.values()} == set(
        product(edition.plans, edition.account_types)
    )
    for account in accounts.values():
        check(EntitlementBody.model_validate_json(json.dumps(account)), words_of(edition), edition, "en")
    unpaid = {each["plan"] for each in accounts.values() if not each["paid"]}
    assert unpaid == {edition.not_covered.plan}


def test_each_of_several_editions_has_accounts() -> None:
    """They may share no word; the demo's own accounts stay as they are."""
    accounts = accounts_for((GUIDELINES, LOJA))
    assert accounts.items() >= DEMO_ACCOUNTS.items()
    assert accounts.keys() >= {"demo-gold-grande", "demo-bronze-pequena"}


GOLD = """
edition: gold
extends: guidelines-2021
effective_from: "2026-01-01T00:00:00Z"
plans:
  gold: {name: {es: Oro, en: Gold}, includes: premier_plus, priority_response: true}
account_types:
  charity: {name: {es: ONG, en: charity}, counts_as: [business]}
"""


def test_the_words_that_an_edition_adds_to_a_shipped_one_have_accounts(tmp_path: Path) -> None:
    """Its author starts the system to see what the new plan promises."""
    file = tmp_path / "gold.yaml"
    file.write_text(GOLD)
    edition = load_edition(str(file))
    accounts = accounts_for((edition,))
    assert accounts.items() >= DEMO_ACCOUNTS.items()
    pairs = [(each["plan"], each["account_type"]) for each in accounts.values()]
    impossible = [("premier", "free"), ("premier_plus", "free")]
    assert sorted((*pairs, *impossible)) == sorted(product(edition.plans, edition.account_types))
    for account in accounts.values():
        check(EntitlementBody.model_validate_json(json.dumps(account)), words_of(edition), edition, "en")


def test_an_account_that_an_edition_calls_impossible_is_left_out() -> None:
    """Intake refuses it, and `frontline up` would end with that refusal."""
    paid_api = ImpossibleAccount(id="no_api", account_types=("api",), paid=True)
    edition = GUIDELINES.model_copy(update={"impossible_accounts": (*GUIDELINES.impossible_accounts, paid_api)})
    accounts = accounts_for((edition,))
    assert DEMO_ACCOUNTS.keys() - accounts.keys() == {"demo-premier-api", "demo-premier-plus-api"}
    of_type_api = [each for each in accounts.values() if each["account_type"] == "api"]
    assert [(each["plan"], each["paid"]) for each in of_type_api] == [("access", False)]  # as the edition allows
    free = [ImpossibleAccount(id=f"no_{kind}", account_types=(kind,)) for kind in LOJA.account_types]
    assert accounts_for((LOJA.model_copy(update={"impossible_accounts": tuple(free)}),)) == {}
