"""The examples of docs/policy.md decide and count as the page says: its commands are run, its tables are worked out.

A table with `in the line` changes the line of `gold.json` and reads the answer of `frontline decide`. `decided by`
names the key of the calendar without which the answer would differ. A table with `at` follows the case of that line
through `frontline clocks`, and `called` through the levels of the edition. Text that no pattern knows is a failure.
"""

import json
import re
import shlex
from collections.abc import Iterator
from copy import deepcopy
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any, NamedTuple

import pytest

from services.cli import clocks, decide
from services.cli.__main__ import app
from services.cli.policy import commands as policy
from services.intake.words import AnyEdition
from shared.business_time.instants import from_micros, to_micros
from shared.contracts import wire
from shared.contracts.structs import MilestoneTerms
from shared.messages.catalogues import languages, messages_in
from shared.policy.document import Source
from shared.policy.editions import EditionLibrary
from shared.policy.impossible_accounts import AccountWords
from shared.policy.loader import load
from shared.policy.mistakes import PolicyError
from shared.policy.model import Edition
from shared.sla.clock import Activity, CasePolicy
from shared.sla.effects import ClockWarned, EscalationRaised
from shared.sla.pinned_edition import PinnedEdition
from shared.sla.sla_clock import advance, apply_activity, open_case
from tests.unit.policy.small_edition import DictShelf
from tests.unit.policy.test_policy_page import FILES, LUMEN, PAGE, blocks, chapter, lumen, sections

RUNS = re.findall(r"```console\n\$ (frontline (?:decide|clocks) .+?)\n(.*?)\n```", PAGE, re.DOTALL)
GOLD: dict[str, Any] = json.loads(FILES["gold.json"])


class Example(NamedTuple):
    """A paragraph of the page: its first words, its block if it has one, and its tables."""

    name: str
    text: str

    @property
    def block(self) -> str | None:
        """Its sections of an edition."""
        return next(iter(blocks(self.text)), None)

    def tables(self, first_heading: str | None = None) -> Iterator[list[list[str]]]:
        """The rows of its tables, or of those that begin with that heading; the headings are the first row."""
        for lines in re.findall(r"(?:^\|.*\|\n)+", self.text, re.MULTILINE):
            headings, _, *rows = [[cell.strip() for cell in line.split("|")[1:-1]] for line in lines.splitlines()]
            if first_heading in (None, headings[0]):
                yield [headings, *rows]


def examples(text: str) -> list[Example]:
    """The paragraphs that begin in bold."""
    return [
        Example(re.sub(r"[.:]", "", each[1]), each[0])
        for each in re.findall(r"(^\*\*(.+?)\*\*.*?)(?=^\*\*|\Z)", text, re.DOTALL | re.MULTILINE)
    ]


TRY_IT = examples(chapter("Write an edition"))[-1]._replace(name="Try it")
MORE = examples(chapter("More that an edition can say"))
ROWS = [(each, row) for each in [TRY_IT, *MORE] for _, *rows in each.tables("in the line") for row in rows]
IN_LINES = [pytest.param(each, row[:2], id=f"{each.name}: {row[0]}") for each, row in ROWS]
BY_A_KEY = [pytest.param(each, row, id=row[2]) for each, row in ROWS if row[2:]]
KNOWN_HEADINGS = (
    r"in the line \| in the answer( \| decided by)?",
    r"at \| what happens( \| `\w+`)+",
    r"at \| what happens \| called( \| called if nobody acknowledges)?",
)
OF_CASES = [(each, table) for each in MORE for table in each.tables("at")]
HISTORIES = [pytest.param(each, table, id=each.name) for each, table in OF_CASES if table[0][2] != "called"]
LADDERS = [pytest.param(each, table, id=each.name) for each, table in OF_CASES if table[0][2] == "called"]


def test_every_example_is_used() -> None:
    """An example that is loaded and never asked may say anything. Languages have their own test below."""
    unused = [each.name for each in MORE if not re.search(r"^\| (?:in the line|at) \|", each.text, re.MULTILINE)]
    assert unused == ["A reply that is taken back", "More languages"]
    for each in [TRY_IT, *MORE]:
        for headings, *rows in each.tables():
            assert any(re.fullmatch(known, " | ".join(headings)) for known in KNOWN_HEADINGS), (each.name, headings)
            assert {len(row) for row in rows} == {len(headings)}, each.name
    assert [command for command, _ in RUNS] == [
        "frontline decide gold.json --policy lumen.yaml",
        "frontline clocks case.json --policy lumen.yaml",
    ]


@pytest.mark.parametrize(("command", "shown"), RUNS, ids=[command for command, _ in RUNS])
def test_a_command_prints_what_the_page_shows(
    command: str, shown: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    """With the files that the page saves. The page leaves parts out (…); what it shows is there, in its order."""
    monkeypatch.chdir(tmp_path)
    for name, text in {**FILES, "lumen.yaml": LUMEN}.items():
        Path(name).write_text(text, encoding="utf-8")
    app(shlex.split(command)[1:], result_action="return_value")
    printed = capfd.readouterr().out
    for part in shown.split("…"):
        assert part in printed
        printed = printed[printed.index(part) + len(part) :]


def test_the_mistake_that_the_page_shows_is_reported_so(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Whoever reads it must recognise what is printed, and find the line."""
    (printed,) = re.findall(r"```console\n\$ frontline policy check lumen.yaml\n(.*?)```", PAGE, re.DOTALL)
    monkeypatch.chdir(tmp_path)
    right = "plans: [silver], channels: [whatsapp]"
    assert LUMEN.count(right) == 1
    Path("lumen.yaml").write_text(LUMEN.replace(right, right.replace("whatsapp", "whatsap")), encoding="utf-8")
    assert policy.check("lumen.yaml") == 1
    assert capsys.readouterr().out == printed


# --- requests ---------------------------------------------------------------------------------------------------------


@cache
def edition_of(example: Example) -> Edition:
    """`lumen.yaml` with the sections of an example in place of its own."""
    return lumen() if example.block is None else lumen(**sections(example.block))


@cache
def library_of(example: Example) -> EditionLibrary:
    """The edition alone."""
    return EditionLibrary.single(edition_of(example))


def decided(example: Example, changes: dict[str, Any], language: str | None = None) -> dict[str, Any]:
    """What `frontline decide` answers by the edition of an example."""
    return decided_by(library_of(example), changes, language)


def decided_by(library: EditionLibrary, changes: dict[str, Any], language: str | None = None) -> dict[str, Any]:
    """What `frontline decide` answers to the changed line of `gold.json`."""
    line = deepcopy(GOLD)
    for path, value in changes.items():
        *outer, name = path.split(".")
        inside: Any = line
        for step in outer:
            inside = inside[step]
        inside[name] = value
    answer: dict[str, Any] = json.loads(wire.encode(decide.decider(library, language)(line)))
    return answer


def read(code: str) -> Any:
    """A value as it is written in YAML."""
    return sections(f"value: {code}")["value"]


def spans(cell: str) -> dict[str, Any]:
    """The code of a cell, `path: value` each, and nothing else. A value is as in YAML, an instant its text."""
    assert re.fullmatch(r"`[\w.]+: [^`]+`(, `[\w.]+: [^`]+`)*", cell), cell
    named = (code.split(": ", 1) for code in re.findall(r"`([^`]+)`", cell))
    return {path: value if value[0].isdigit() else read(value) for path, value in named}


@pytest.mark.parametrize(("example", "row"), IN_LINES)
def test_a_request_is_decided_as_the_page_says(example: Example, row: list[str]) -> None:
    """Row by row."""
    changes, expected = map(spans, row)
    answer = decided(example, changes)
    assert {path: at_path(answer, path) for path in expected} == expected


def at_path(answer: Any, path: str) -> Any:
    """A value within an answer."""
    for step in path.split("."):
        answer = answer[step]
    return answer


@pytest.mark.parametrize(("example", "row"), BY_A_KEY)
def test_a_deadline_is_decided_by_the_key_that_the_page_names(example: Example, row: list[str]) -> None:
    """A row that comes out the same without the key explains nothing of it. A union without it is its first member."""
    changes, expected = map(spans, row[:2])
    key = row[2].strip("`")
    parts = sections(example.block or "")
    calendar = parts["calendars"][decided(example, changes)["calendar"]]
    removed = calendar.pop(key)
    if key == "union":
        calendar |= removed[0]
    answer = decided_by(EditionLibrary.single(lumen(**parts)), changes)
    assert all(at_path(answer, path) != value for path, value in expected.items())


@pytest.mark.parametrize(("example", "row"), IN_LINES)
def test_a_decision_of_the_page_is_explained_in_every_language(example: Example, row: list[str]) -> None:
    """Each step, each closed channel and the priority has a sentence, and no two languages have the same ones; what the
    edition itself says is in its only language.
    """
    own = {tier.no_targets.because["en"] for tier in edition_of(example).tiers.values() if tier.no_targets is not None}
    found = [sentences(decided(example, spans(row[0]), language)) for language in languages()]
    assert {len(each) for each in found} == {len(found[0])}
    for each in zip(*found, strict=True):
        assert len(set(each)) == len(found) or each[0] in own, each
        assert not [text for text in each if re.fullmatch(r"[a-z_.]*", text)]


def sentences(decision: dict[str, Any]) -> list[str]:
    """Every `because` of a decision, and its notes."""
    closed = [each["because"] for each in decision["channels"].values() if not each["eligible"]]
    steps = [step["because"] for step in decision["trace"]]
    return [*steps, *closed, decision["priority_because"], *(note["text"] for note in decision["notes"])]


# --- what happens to a case -------------------------------------------------------------------------------------------

OPENED = datetime(2026, 11, 23, 12, tzinfo=UTC)


def instant(text: str) -> datetime:
    """An instant as in the page's tables, 23 Nov 12:00."""
    return datetime.strptime(f"2026 {text}", "%Y %d %b %H:%M").replace(tzinfo=UTC)


def terms(example: Example, fields: dict[str, str]) -> dict[str, Any]:
    """The milestones of the decision for a request with these fields, as a line of `frontline clocks` takes them."""
    decision = decided(example, {"request.fields": fields})
    calendar = {"calendar": decision["calendar"]}
    return {
        milestone: (calendar if each.get("hours") != "elapsed" and each.get("reason") is None else {}) | each
        for milestone, each in decision["milestones"].items()
    }


STATUS_CHANGED = r"`(?P<type>status_changed)` to `(?P<to>[^`]+)`(?: until (?P<until>\d\d \w{3} \d\d:\d\d))?"
OF_A_MILESTONE = r"`(?P<type>acknowledged|milestone_reached)` for `(?P<milestone>\w+)`"
REPRIORITISED = r"`(?P<type>reprioritised)` with `(?P<fields>\{.+\})`"
OTHER_ACTIVITY = r"`(?P<type>(?!status_changed|acknowledged|milestone_reached|reprioritised)\w+)`"
EVENTS = (STATUS_CHANGED, OF_A_MILESTONE, REPRIORITISED, OTHER_ACTIVITY)


def event(example: Example, at: datetime, what: str) -> dict[str, Any]:
    """The event of a cell: `type`, or `type` to a status (until an instant), for a milestone, with new fields."""
    found = next((match for form in EVENTS if (match := re.fullmatch(form, what))), None)
    assert found is not None, f"unknown text: {what}"
    happened: dict[str, Any] = {"at": at.isoformat(), **found.groupdict()}
    if happened.get("until"):
        happened["until"] = instant(happened["until"]).isoformat()
    if "fields" in happened:
        happened["milestones"] = terms(example, read(happened.pop("fields")))
    return happened


@pytest.mark.parametrize(
    "what",
    [
        "`resolved` at last",
        "`resolved` for `repair`",
        "`status_changed`",
        "`status_changed` to `Solved` until noon",
        "`reprioritised`",
        "`acknowledged` for `first_answer` until 23 Nov 14:00",
        "the customer replies",
    ],
)
def test_text_of_an_event_that_the_reader_does_not_know_is_a_failure(what: str) -> None:
    """What is ignored would stand on the page and be worked out by nobody."""
    with pytest.raises(AssertionError, match="unknown text"):
        event(TRY_IT, OPENED, what)


@pytest.mark.parametrize(
    "cell", ["", "`at: 2026-11-27T23:00:00Z` (a Friday)", "at: noon", "`priority`", "`a: 1` `b: 2`"]
)
def test_text_of_a_request_that_the_reader_does_not_know_is_a_failure(cell: str) -> None:
    """As above."""
    with pytest.raises(AssertionError):
        spans(cell)


def cell_of(clock: dict[str, Any] | None) -> str:
    """A clock as in the page's tables."""
    if clock is None:
        return ""
    if clock["stage"] != "running":
        return str(clock["stage"])
    return f"due {datetime.fromisoformat(clock['due_at']):%d %b %H:%M}"


@pytest.mark.parametrize(("example", "table"), HISTORIES)
def test_the_clocks_of_a_case_stand_as_the_page_says(example: Example, table: list[list[str]]) -> None:
    """At the instant of each row; of several instances of a milestone, the last one is shown."""
    (_, _, *headings), *rows = table
    assert {heading.strip("`") for heading in headings} <= edition_of(example).milestones.keys()
    promised = terms(example, GOLD["request"]["fields"])
    line: dict[str, Any] = {"opened_at": OPENED.isoformat(), "milestones": promised, "events": []}
    answer = clocks.answerer(library_of(example))
    for at, what, *expected in rows:
        if (fields := re.fullmatch(r"with `(\{.+\})`", what)) is not None:
            assert not line["events"], "the case begins with its fields"
            line["milestones"] = terms(example, read(fields[1]))
        elif what:
            line["events"].append(event(example, instant(at), what))
        found = {each["milestone"]: each for each in answer({**line, "at": instant(at).isoformat()})["clocks"]}
        assert [cell_of(found.get(heading.strip("`"))) for heading in headings] == expected, at


@pytest.mark.parametrize(("example", "table"), LADDERS)
def test_people_are_called_when_the_page_says(example: Example, table: list[list[str]]) -> None:
    """With what happens to the case, and without where the page has a column for it."""
    headings, *rows = table
    with_events = calls(example, [(instant(at), what) for at, what, *_ in rows])
    assert with_events == [(instant(row[0]), row[2]) for row in rows if row[2]]
    assert len({at for at, _ in with_events}) == len(with_events), "no two calls at one instant"
    assert headings[3:] or not any(what for _, what, *_ in rows), "what happens is shown beside what would be without"
    if headings[3:]:
        assert calls(example, []) == [(instant(row[0]), row[3]) for row in rows if row[3]]


def calls(example: Example, happens: list[tuple[datetime, str]]) -> list[tuple[datetime, str]]:
    """Who is called for the first answer to the case of `gold.json` within a day, and when."""
    pinned = PinnedEdition("", edition_of(example))
    promised = terms(example, GOLD["request"]["fields"])["first_answer"]
    agreed = MilestoneTerms(**{name: value for name, value in promised.items() if name != "due_at"})
    calendar, automated = decided(example, {})["calendar"], pinned.edition.plans["gold"].automated_escalation
    own = pinned.calendars
    policy = CasePolicy({"first_answer": agreed}, own[calendar], pinned.rules, pinned.chain, automated, own)
    step = open_case(policy, to_micros(OPENED))
    effects = step.effects
    for place, (at, what) in enumerate(happens):
        now = to_micros(at)
        step = advance(policy, step.case, now)
        effects += step.effects
        if what:
            happened = event(example, at, what)
            activity = Activity(now, happened["type"], str(place), milestone=happened.get("milestone"))
            step = apply_activity(policy, step.case, activity, now)
            effects += step.effects
    effects += advance(policy, step.case, to_micros(OPENED + timedelta(days=1))).effects
    made = [each for each in effects if isinstance(each, ClockWarned | EscalationRaised)]
    return [(from_micros(each.at), f"`{each.called}`") for each in made]


def test_an_account_that_the_page_calls_impossible_is_refused_with_its_note() -> None:
    """The example has `impossible_accounts`; intake asks for them when an entitlement is set."""
    (example,) = [each for each in MORE if "what no account can be" in each.text]
    words = AnyEdition(library_of(example))
    gold = AccountWords("gold", "company", False, "PT")
    refused = words.contradiction(gold, edition_of(example))
    assert refused is not None
    error = refused.error("en")
    assert (error.field, "at `plan`" in example.text) == ("plan", True)
    assert "Gold is sold to paid accounts alone." in messages_in("en")(error.code, **error.facts)
    assert words.contradiction(gold._replace(paid=True), edition_of(example)) is None


def test_with_two_languages_every_word_needs_a_name_in_both() -> None:
    """As the page says of more languages: a plain text, and a word without a name, are mistakes then."""
    with pytest.raises(PolicyError) as refused:
        lumen(languages=["en", "pt"])
    wrong = {mistake.field for mistake in refused.value.mistakes}
    assert {"title", "channels.email.name", "plans.gold.name", "fields.impact.question"} <= wrong
    edition = load(
        Source("lumen.yaml", json.dumps(in_both(sections(LUMEN)) | {"languages": ["en", "pt"]})), DictShelf({})
    )
    assert edition.plans["gold"].name_in("gold", "pt") == "Gold (pt)"
    assert edition.plans["gold"].name_in("gold", "fr") == "Gold"


def in_both(part: Any) -> Any:
    """A part of `lumen.yaml` with each of its texts in both languages."""
    if isinstance(part, list):
        return [in_both(each) for each in part]
    if not isinstance(part, dict):
        return part
    return {
        key: {"en": value, "pt": f"{value} (pt)"}
        if key in ("title", "name", "question", "definition") and isinstance(value, str)
        else in_both(value)
        for key, value in part.items()
    }
