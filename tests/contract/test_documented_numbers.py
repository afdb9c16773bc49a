"""Times and periods that documents promise are those of the product: here nothing is clicked, and all is computed."""

import json
import re
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

from services.board.settings import Settings
from services.board.store.retention import OF_NO_CASE
from services.cli.decide import decider
from services.cli.demo_accounts import DEMO_ACCOUNTS
from shared.contracts import wire
from shared.contracts.topics import DEAD_LETTER_SUFFIX, TOPICS
from shared.policy.editions import EditionLibrary
from tests.contract.documents import read
from tests.harness.shipped import shipped_edition

README = " ".join(read("README.md").split())
PRIVACY = read("docs/privacy.md")
SATURDAY = datetime(2026, 11, 28, tzinfo=UTC)


@pytest.mark.parametrize("hour", [1, 12, 22])
def test_whoever_takes_the_tour_on_a_saturday_has_an_answer_when_the_readme_says(hour: int) -> None:
    """The account, the person and what they choose are those of the tour, by the words that stand on the form."""
    day, clock = re.findall(r"whoever asks on a Saturday sees why the answer is due on (\w+) at ([\d:]+)", README)[0]
    (account_id,) = set(re.findall(r"of `(demo-[a-z-]+)`", README))
    chosen = re.findall(r"\*([^*]+)\*", re.findall(r"Ask something\.(.*?)\*Send\*", README)[0])
    edition = shipped_edition("demo")
    fields = {
        name: value
        for name, field in edition.fields.items()
        for value, offered in field.values.items()
        if offered.choice is not None and offered.choice["en"] in chosen
    }
    assert fields.keys() == edition.fields.keys()
    asked = {
        "account": {"account_id": account_id, **DEMO_ACCOUNTS[account_id]},
        "requester": {"requester_id": "admin-licensed", "role": "admin", "licensed": True},
        "request": {"channel": chosen[-1].replace(" ", "_"), "fields": fields},
        "at": (SATURDAY + timedelta(hours=hour)).isoformat(),
    }
    decision = json.loads(wire.encode(decider(EditionLibrary.single(edition))(asked)))
    zone = ZoneInfo(edition.calendars[decision["calendar"]].timezone)
    due = datetime.fromisoformat(decision["milestones"]["first_response"]["due_at"]).astimezone(zone)
    assert SATURDAY.astimezone(zone).strftime("%A") == "Saturday"
    assert (due.date() - SATURDAY.date(), f"{due:%A}", f"{due:%H:%M}") == (timedelta(days=2), day, clock)


def test_topics_are_kept_as_long_as_the_page_of_personal_data_says() -> None:
    """Whoever answers for personal data reads it there and not in the settings of Kafka."""
    rows = [[cell.strip() for cell in row.split("|")[1:4]] for row in re.findall(r"^\| .*\|$", PRIVACY, re.MULTILINE)]
    said = {name: kept for where, _, kept in rows for name in re.findall(r"support\.[a-z]+\.v1", where)}
    (said_of_dead_letters,) = [kept for where, _, kept in rows if DEAD_LETTER_SUFFIX in where]
    for topic in TOPICS:
        kept = said_of_dead_letters if topic.name.endswith(DEAD_LETTER_SUFFIX) else said.get(topic.name)
        if topic.retention is None:
            assert kept is None or kept.endswith("(compacted)"), topic.name
        else:
            assert kept is not None, topic.name
            assert re.findall(r"^\d+ days", kept) == [f"{topic.retention.days} days"], topic.name


def test_the_board_deletes_when_the_page_of_personal_data_says() -> None:
    """With the settings that nobody has changed."""
    said = re.findall(r"`FRONTLINE_(BOARD_\w+_DAYS)` ago \((\d+)\)", PRIVACY)
    defaults = {name.upper(): field.default for name, field in Settings.model_fields.items()}
    assert {name: int(days) for name, days in said} == {
        name: defaults[name] for name in ("BOARD_TEXT_DAYS", "BOARD_KEEP_DAYS")
    }
    assert re.findall(r"nothing else came\s+within (\d+) days", PRIVACY) == [str(OF_NO_CASE.days)]
