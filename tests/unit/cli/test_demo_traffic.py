"""What the demo asks covers what it claims to cover."""

from itertools import islice, pairwise, product
from pathlib import Path

import pytest

from services.cli.demo.traffic import STAFFED, Ask, coverage, unknown_words, varied
from services.cli.demo_accounts import DEMO_ACCOUNTS, accounts_for
from shared.policy.files import load_edition

GUIDELINES = load_edition("guidelines-2021")
LOJA = load_edition(str(Path(__file__).parent / "data" / "loja.yaml"))
PLANS, ROLES, CHANNELS = tuple(GUIDELINES.plans), tuple(GUIDELINES.roles), tuple(GUIDELINES.channels)
PRIORITIES, ACCOUNT_TYPES = tuple(GUIDELINES.priorities), tuple(GUIDELINES.account_types)


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


def test_an_edition_of_other_words_is_told_apart() -> None:
    """`frontline demo` says what is missing instead of failing; `frontline up` loads no account that is refused."""
    assert {"access", "channel", "fields.impact", "requester.role", "P1"} <= set(unknown_words(LOJA))
    assert accounts_for((LOJA,)) == {}
