"""The editions of policies/vendors/: support terms of other companies, and deadlines worked by hand for them."""

import re
from datetime import datetime
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from ruamel.yaml import YAML

from services.cli.policy import commands as policy
from shared.business_time.instants import from_micros, to_micros
from shared.policy.digest import edition_from_json, edition_to_json
from shared.policy.files import POLICIES, check_edition, edition_names
from shared.policy.loader import Checked
from shared.policy.promises import CaseKind
from shared.routing.entitlement import Entitlement, covered, terms_of
from shared.routing.route import Asked, route, situation_of
from shared.routing.rulebook import Rulebook
from shared.sla.clock import Activity
from shared.sla.fold import fold
from shared.sla.pinned_edition import PinnedEdition
from tests.harness.asking import account, requester

VENDORS = POLICIES / "vendors"
NAMES = edition_names(VENDORS)
DEADLINES: dict[str, Any] = YAML(typ="safe").load(Path(__file__).with_name("vendor_deadlines.yaml"))
CASES = [
    pytest.param(vendor, {"channel": each["channel"], "role": each["role"]} | case, id=f"{vendor}-{number}")
    for vendor, each in DEADLINES.items()
    for number, case in enumerate(each["cases"], 1)
]
PAGE = (VENDORS / "README.md").read_text(encoding="utf-8")
# What is not monotone in these terms themselves; the README says why.
WARNINGS = {"aiven": 6, "amc": 2, "databricks": 1, "github": 2}


@cache
def checked(vendor: str) -> Checked:
    """The edition after that vendor's terms, and its warnings."""
    return check_edition(vendor, VENDORS)


def asked_in(vendor: str, case: dict[str, Any]) -> tuple[Asked, Entitlement, Rulebook, datetime]:
    """The request of `case`, from a paid account with a person whom it knows."""
    edition = checked(vendor).edition
    at = datetime.fromisoformat(case["received"])
    of = account(plan=case["plan"], account_type=next(iter(edition.account_types)), country=case.get("country"))
    who = covered(terms_of(of), requester(case["role"]), edition, at)
    return Asked(case["channel"], case.get("fields", {}), case.get("language")), who, Rulebook(edition), at


def due_after(
    case: dict[str, Any], asked: Asked, who: Entitlement, rulebook: Rulebook, at: datetime
) -> datetime | None:
    """When the milestone of `case` is due after its events, by the clocks of escalation: its last instance counts."""
    decision = route(asked, who, rulebook, at)
    pinned = PinnedEdition(rulebook.policy_sha256, rulebook.edition)
    kind = CaseKind(situation_of(asked, who, rulebook), decision.priority, decision.assigned_tier)
    history = [
        Activity(to_micros(datetime.fromisoformat(event["at"])), event["type"], f"{number:03}", event.get("to"))
        for number, event in enumerate(case["events"])
    ]
    found = fold(
        pinned.policy(kind, decision.calendar, automated=False), to_micros(at), "open", history, history[-1].at
    )
    due_at = [clock.due_at for clock in found if clock.milestone == case["milestone"]][-1]
    return None if due_at is None else from_micros(due_at)


@pytest.mark.parametrize(("vendor", "case"), CASES)
def test_a_deadline_is_where_the_page_puts_it_by_hand(vendor: str, case: dict[str, Any]) -> None:
    """The `why` of each case is the calculation by hand."""
    asked, who, rulebook, at = asked_in(vendor, case)
    decision = route(asked, who, rulebook, at)
    assert decision.entitlement.standing == "covered"
    assert decision.assigned_channel == case["channel"]
    due = decision.milestones[case["milestone"]].due_at
    if "events" in case:
        due = due_after(case, asked, who, rulebook, at)
    assert due == datetime.fromisoformat(case["due"]), case["why"]


@pytest.mark.parametrize(
    ("vendor", "plan", "role", "channel"),
    [
        ("aiven", "basic", "user", "phone"),
        ("atlassian", "standard", "organisation_admin", "portal"),
        ("atlassian", "premium", "site_admin", "phone"),
        ("aws", "basic", "primary_contact", "web_case"),
        ("aws", "developer", "user", "web_case"),
        ("bareos", "none", "user", "portal"),
        ("github", "enterprise", "member", "portal"),
        ("github", "premium", "owner", "callback"),  # by phone in English alone, and this request names no language
        ("gitlab", "free", "contact", "web_form"),
        ("gitlab", "premium", "user", "emergency_form"),
        ("redhat", "standard", "user", "web_case"),
        ("google-cloud", "basic", "contact", "case"),
        ("google-cloud", "premium", "user", "case"),
        ("sap", "enterprise_support", "user", "portal"),
        ("sourcegraph", "enterprise", "user", "slack"),
    ],
)
def test_a_channel_is_closed_to_whom_the_terms_do_not_name(vendor: str, plan: str, role: str, channel: str) -> None:
    """A plan that includes another has its access too, so a condition of the dearer plan alone closes nothing."""
    fields = {name: next(reversed(field.values)) for name, field in checked(vendor).edition.fields.items()}
    if vendor == "gitlab":
        fields["topic"] = "technical"
    case = {"plan": plan, "role": role, "channel": channel, "fields": fields, "received": "2026-11-26T12:00:00Z"}
    verdict = route(*asked_in(vendor, case)).channels[channel]
    assert not verdict.eligible


def test_every_vendor_has_at_least_five_deadlines_that_the_router_computes() -> None:
    """An edition of which nothing is computed shows nothing."""
    assert set(DEADLINES) == set(NAMES)
    for vendor, each in DEADLINES.items():
        assert len([case for case in each["cases"] if "events" not in case]) >= 5, vendor


def test_every_edition_has_a_row_of_the_page_with_what_is_left_out() -> None:
    """Of companies of different kinds."""
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| [")
    ]
    assert sorted(row[0] for row in rows) == sorted(f"[{name}]({name}.yaml)" for name in NAMES)
    assert all(row[1] and row[2].startswith("[") and row[5] for row in rows), rows
    assert {"atlassian", "aws", "frappe-helpdesk", "gitlab", "google-cloud", "latitude", "redhat", "sap"} <= set(NAMES)


@pytest.mark.parametrize("vendor", NAMES)
def test_an_edition_says_where_and_when_the_terms_were_read(vendor: str) -> None:
    """Readers compare it with the page, which changes."""
    edition = checked(vendor).edition
    assert edition.source is not None
    assert "https://" in edition.source
    assert re.search(r"2026-11-2[67]", edition.source)
    assert edition.notes


@pytest.mark.parametrize("vendor", NAMES)
def test_strict_calls_an_edition_good_or_the_page_says_why_not(vendor: str) -> None:
    """Terms of others are not always monotone; an edition says what they are."""
    assert len(checked(vendor).warnings) == WARNINGS.get(vendor, 0), checked(vendor).warnings
    (row,) = (line for line in PAGE.splitlines() if line.startswith(f"| [{vendor}]({vendor}.yaml) |"))
    count = WARNINGS.get(vendor, 0)
    assert ("| good |" in row) == (count == 0)
    assert count == 0 or f"| {count} warning" in row


@pytest.mark.parametrize("vendor", NAMES)
def test_policy_show_prints_an_edition(vendor: str, capsys: pytest.CaptureFixture[str]) -> None:
    """Whatever words and languages it has."""
    for lang in ("en", "es"):
        assert policy.show(str(VENDORS / f"{vendor}.yaml"), lang=lang) == 0
        shown = " ".join(capsys.readouterr().out.split())
        assert any(title in shown for title in checked(vendor).edition.title.values())


@pytest.mark.parametrize("vendor", NAMES)
def test_an_edition_survives_being_written_down(vendor: str) -> None:
    """The router publishes it and escalation saves it: statuses with spaces, a plan `none`, no fields at all."""
    edition = checked(vendor).edition
    written = edition_to_json(edition)
    again = edition_from_json(written)
    assert again == edition
    assert edition_to_json(again) == written


def test_the_editions_of_others_are_not_among_the_shipped_ones() -> None:
    """Nobody runs the terms of another company by its bare name."""
    assert not set(NAMES) & set(edition_names())
