"""A third language is a file and no code: everything that people read comes out in it, with no English sentence left.

The language is made from the English catalogue: each sentence in brackets. What stands outside of them was not taken
from a catalogue.
"""

import io
import json
import re
from collections import Counter
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from functools import cache
from pathlib import Path
from typing import Any

import pytest
from rich.console import Console

from services.cli import clocks, deadline, feed
from services.cli.decide import decider
from services.cli.logged_event import LoggedEvent
from services.cli.policy import commands as policy
from services.cli.policy.migration import view as migration
from services.cli.policy.migration.command import migrate
from services.cli.replay import view as replay_view
from services.cli.replay.command import replay
from services.intake.errors import TopicsChanged
from services.replay.replay import Difference, FieldDifference, ReplayResult, Tally
from services.replay.report import Kind
from shared.contracts import wire
from shared.kafka.topic_changes import another_cluster, changes, no_topic_ids
from shared.kafka.topic_metadata import TopicFacts
from shared.messages.catalogues import FALLBACK, SETTING, SHIPPED, best, catalogue, lacking, messages_in
from shared.messages.messages import Catalogue, Messages, placeholders
from shared.messages.reason import Reason
from shared.policy.editions import EditionLibrary
from shared.web.errors import FieldError, InvalidFields
from shared.web.problem import render
from tests.harness.shipped import shipped_edition
from tests.unit.cli import bad_lines, test_decide
from tests.unit.explain.left_over import words
from tests.unit.explain.test_explain_in_spanish import lived_through
from tests.unit.explain.test_migration_preview import Case
from tests.unit.policy.small_edition import SMALL, changed

LANGUAGE = "eo"
# Ids and words of the data that happen to be English words as well.
OF_THE_DATA = {"premier", "resolved", "open", "spain", "japan", "business", "access", "enterprise", "api", "personal"}
GUIDELINES = shipped_edition("guidelines-2021")


def words_of_editions() -> set[str]:
    """The words of the shipped editions, which a diff shows as they are."""
    sections = ("plans", "account_types", "roles", "channels", "tiers", "milestones", "fields", "addressees")
    found = {word for section in sections for word in getattr(GUIDELINES, section)}
    return found | {value for field in GUIDELINES.fields.values() for value in field.values}


# Facts of every reason for which a case is not migrated.
FACTS = ("edition", "policy_sha256", "calendar", "word", "limit", "dead_letter", "answer", "problem")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of the third language, the same for all tests: a catalogue is read once for each folder."""
    made_folder = tmp_path_factory.mktemp("catalogues")
    english = (SHIPPED / f"{FALLBACK}.po").read_text(encoding="utf-8")
    head, _, sentences = english.partition("\n\n")
    made = re.sub(r'^(msgstr\S*) "(.*)"$', r'\1 "⟦\2⟧"', sentences, flags=re.MULTILINE)
    (made_folder / f"{LANGUAGE}.po").write_text(f"{head}\n\n{made}", encoding="utf-8")
    return made_folder


@pytest.fixture(autouse=True)
def _third_language(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SETTING, str(folder))
    monkeypatch.setenv("COLUMNS", "1000")
    assert (best("eo-XX"), lacking(LANGUAGE)) == (LANGUAGE, set())


def english_left(text: str) -> set[str]:
    """English words of the catalogue that stand outside of every bracket."""
    text, before = text.replace("\n", " \n"), None
    while text != before:
        before, text = text, re.sub(r"⟦[^⟦⟧]*⟧", " ", text)
    return (words(text) & words_of_sentences()) - OF_THE_DATA


@cache
def words_of_sentences() -> frozenset[str]:
    """The words of the English catalogue."""
    texts = catalogue(FALLBACK).texts.values()
    return frozenset(word for each in texts for word in words(re.sub(r"\{[^}]*\}", " ", each)))


def sentences(value: Any) -> Iterator[str]:
    """What is for people in an answer."""
    if isinstance(value, dict):
        if "observed_at" not in value:  # an event of a clock says `because` by a word for machines
            yield from (value[name] for name in ("because", "priority_because", "text") if value.get(name))
        for inner in value.values():
            yield from sentences(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from sentences(inner)


def texts_of(value: Any) -> Iterator[str]:
    """What an edition itself says, in several words."""
    if isinstance(value, str) and " " in value:
        yield value
    elif isinstance(value, dict):
        for inner in value.values():
            yield from texts_of(inner)
    elif isinstance(value, list | tuple):
        for inner in value:
            yield from texts_of(inner)


def test_a_decision_is_in_the_third_language() -> None:
    """By the language of the line's request, and by `--lang`; the edition's own notes in its first language."""
    library = EditionLibrary.single(shipped_edition("guidelines-2021"))
    by_line = decider(library)(test_decide.line(request__language=LANGUAGE, requester__licensed=False))
    by_option = decider(library, LANGUAGE)(test_decide.line(account=None))
    for decision in (by_line, by_option):
        found = list(sentences(decision))
        assert len(found) > 8
        assert [text for text in found if english_left(text)] == []
        assert all(step["because"].startswith("⟦") for step in decision["trace"])


def test_an_explanation_is_in_the_third_language() -> None:
    """Headings, reasons, clocks, calls, what happened: for people and as data."""
    for told in lived_through():
        assert english_left(told.shown(LANGUAGE)) == set()
        assert [text for text in sentences(told.explained(LANGUAGE)) if english_left(text)] == []


def test_ledgers_are_in_the_third_language() -> None:
    """Of `frontline deadline` and `frontline clocks`."""
    calendar = {"timezone": "Europe/Madrid", "hours": {"mon": [["09:00", "18:00"]]}, "holidays": ["2026-11-30"]}
    due = deadline.answer(
        {"calendar": calendar, "start": "2026-11-23T10:00:00Z", "target_seconds": 72_000},
        with_ledger=True,
        language=LANGUAGE,
    )
    seen = clocks.answerer(EditionLibrary.single(GUIDELINES), with_ledger=True, language=LANGUAGE)(
        {
            "calendar": calendar,
            "opened_at": "2026-11-23T09:00:00Z",
            "milestones": {"restoration": {"target_seconds": 72_000}},
            "events": [{"at": "2026-11-23T10:00:00Z", "type": "resolved"}],
            "at": "2026-11-23T11:00:00Z",
        }
    )
    reasons = list(sentences(due)) + list(sentences(seen))
    assert len(reasons) > 4
    assert all(reason.startswith("⟦") and not english_left(reason) for reason in reasons)


def test_an_edition_is_shown_in_the_third_language(capsys: pytest.CaptureFixture[str]) -> None:
    """Its own texts and remarks as they are written, since nobody has translated them."""
    assert policy.show(lang=LANGUAGE) == 0
    shown = capsys.readouterr().out
    for text in sorted(texts_of(shipped_edition("guidelines-2021").model_dump()), key=len, reverse=True):
        shown = shown.replace(text, " ")
    assert shown.count("⟦") > 200
    assert english_left(shown) == set()


def test_a_diff_of_editions_is_in_the_third_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Every kind of change; words of the editions, and paths and values of their documents, stay as they are."""
    edits = {
        "{fields: {workaround: [partial, full]}}": "{fields: {workaround: [full]}, channels: [phone], languages: [es]}",
        "any_of: [{roles: [admin], licensed: true}]": "any_of: [{roles: [admin]}, {countries: [ES], languages: [es]}]",
        "any_of: [{plans: [premier]}]": "any_of: [{plans: [premier], account_types: [pro], paid: true}]",
        "automated_escalation: true": "automated_escalation: false",
        "  south: {": "  west: {timezone: Europe/Lisbon, hours: {}}\n  south: {",
        "target_seconds: 1h\n    hours: elapsed": "target_business_days: 2\n    channels: [phone]",
        "hours: business": "hours: elapsed_then_next_open\n    open_at_least: 1h",
        "  business_plus: {name": "  zenith: {name: {es: Cénit, en: Zenith}}\n  business_plus: {name",
        "statuses: {waiting_on_customer: waiting}": "statuses: {waiting_on_customer: waiting, Parked: waiting}",
        "  tier1_lead: {name: {es: el jefe, en: the lead}}\n": "",
        "      partial: {name: {es: parcial, en: partial}}\n": "",
    }
    text = SMALL
    for old, new in edits.items():
        text = changed(old, new, text)
    (tmp_path / "small.yaml").write_text(SMALL)
    (tmp_path / "new.yaml").write_text(text)
    for old, new in (("guidelines-2021", "objectives-2024"), (f"{tmp_path}/small.yaml", f"{tmp_path}/new.yaml")):
        assert policy.diff(old, new, lang=LANGUAGE) == 0
        answers, heading, fields = capsys.readouterr().out.partition("⟦Fields of the document⟧")
        assert heading
        assert "⟦(nothing)⟧" in fields
        for word in words_of_editions():
            answers = re.sub(rf"\b{word}\b", "", answers)
        assert english_left(answers) == set()


def test_a_problem_is_in_the_third_language() -> None:
    """Title, detail and each field's message."""
    errors = [
        FieldError("fields.impact", "field.one_of", {"allowed": ["down"]}),
        FieldError("subject", "field.required"),
    ]
    problem = json.loads(bytes(render(InvalidFields(errors), LANGUAGE).body))
    said = [problem["title"], problem["detail"], *(error["message"] for error in problem["errors"])]
    assert all(text.startswith("⟦") for text in said)


def test_a_preview_of_a_migration_is_in_the_third_language() -> None:
    """Each case, clock, problem and count; the names of editions, plans and priorities stay as they are."""
    case = Case(plan="premier_plus")
    case.passes(timedelta(minutes=30))
    case.record_activity("status_changed", to="waiting_on_customer")
    case.passes(timedelta(minutes=70))
    seen = case.to_edition()
    texts = catalogue(FALLBACK).texts.items()
    codes = [code for code, text in texts if code.startswith("migrate.") and placeholders(text) < set(FACTS)]
    late = Case(plan="premier_plus")
    late.passes(timedelta(minutes=100))
    breached = late.to_edition()
    assert breached["breaches"]
    previews = [seen, breached, {**seen, "edition": seen["plan"], "account_id": None}]
    previews += [{**seen, "problem": Reason(code, **dict.fromkeys(FACTS, 1))} for code in codes]
    for shown in ([], previews):
        for sent in (False, True):
            out = io.StringIO()
            migration.show(shown, Console(file=out, soft_wrap=True), messages_in(LANGUAGE), sent=sent)
            for word in ("guidelines-2021", "objectives-2024", "premier_plus"):
                assert english_left(out.getvalue().replace(word, "")) == set()


@pytest.mark.parametrize(
    ("arguments", "code"),
    [
        ({"every": True}, "migrate.needs_edition"),
        ({"edition": "objectives-2024"}, "migrate.needs_cases"),
        ({"edition": "objectives-2024", "every": True, "send": True}, "migrate.needs_key"),
    ],
)
def test_arguments_of_a_migration_are_refused_in_the_third_language(
    arguments: dict[str, Any], code: str, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """On standard error, with exit code 2."""
    monkeypatch.delenv("FRONTLINE_KEY", raising=False)
    assert migrate(**arguments, lang=LANGUAGE) == 2
    assert capsys.readouterr().err == messages_in(LANGUAGE)(code, variable="FRONTLINE_KEY") + "\n"


def _replayed() -> ReplayResult:
    """A result with every kind of difference, and every reason that replay has a sentence for."""
    texts = catalogue(FALLBACK).texts
    begun = ("replay.not_", "replay.un", "replay.other_", "replay.event.", "replay.lost.", "replay.dead_letter.")
    codes = [code for code in texts if code.startswith(begun)]
    reasons = [
        Reason(code, **dict.fromkeys((name.partition(":")[0] for name in placeholders(texts[code])), 7))
        for code in codes
    ]
    values = [Reason(code) for code in texts if code.startswith("replay.value.")]
    fields = tuple(FieldDifference("due_at", value, None) for value in values)
    kinds: tuple[Kind, ...] = ("differing", "missing", "unexpected", "dead_letter")
    differences = tuple(
        Difference("router", kind, place, "0-0", "t.v1", case, reason, fields)
        for reason in reasons
        for kind in kinds
        for place, case in (("t[0]@1", "c-1"), (None, ""))
    )
    tallies = tuple(
        Tally(service, identical=1, not_replayable=1, not_replayable_reasons=Counter(reasons), digest="0" * 64)
        for service in ("router", "escalation")
    )
    return ReplayResult(tallies, differences, 3, tuple(reasons))


def test_a_replay_is_in_the_third_language() -> None:
    """Counts, notes, reasons, differences and each verdict; the data has no sentence at all."""
    result = _replayed()
    wrong = Tally("router", missing=1)
    for each in (
        result,
        replace(result, tallies=(*result.tallies, wrong)),
        ReplayResult((Tally("router"),), (), 0, ()),
    ):
        out = io.StringIO()
        replay_view.show(each, Console(file=out, soft_wrap=True), messages_in(LANGUAGE))
        assert english_left(out.getvalue()) <= {"router", "escalation"}
    data = replay_view.as_data(result)
    assert {each["reason"]["code"] for each in data["differences"]} == {each["code"] for each in data["notes"]}
    json.dumps(data)


def test_what_a_replay_refuses_is_in_the_third_language(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """Arguments, files and editions; a message of a library stands in a bracket of ours."""
    file = tmp_path / "x"
    file.write_bytes(b"nonsense")
    missing = tmp_path / "no"
    wrong: list[dict[str, Any]] = [
        {},
        {"from_file": file, "save": file},
        {"from_topic": True, "save": Path("-")},
        {"from_topic": True, "show_at_most": -1},
        {"from_file": file},
        {"from_file": missing},
    ]
    for arguments in wrong:
        assert replay(**arguments, lang=LANGUAGE) == 2
        shown = capsys.readouterr().err
        assert shown.startswith("⟦")
        assert english_left(shown) == set()


def test_a_change_of_topics_is_in_the_third_language() -> None:
    """Each kind of change, in the detail of intake's problem document; Spanish agrees with the number of partitions."""
    grown = {"a": TopicFacts("id", 1), "b": TopicFacts("another", 6)}
    found = changes(["a", "b", "c"], grown, {"a": "id", "b": "id"}, 6)
    trouble = [*found.values(), another_cluster("kafka:9092"), no_topic_ids()]
    refused = TopicsChanged("refusal.topics_changed", trouble=trouble)
    detail = json.loads(bytes(render(refused, LANGUAGE).body))["detail"]
    assert detail.count("⟦") == len(trouble) + 1
    assert english_left(detail) == set()
    spanish = json.loads(bytes(render(refused, "es").body))["detail"]
    assert spanish.startswith(
        "a tiene 1 partición, y FRONTLINE_PARTITIONS=6, b se borró y se creó de nuevo, c no existe"
    )


@pytest.mark.parametrize(("command", "line", "field"), bad_lines.LINES)
def test_what_is_wrong_with_a_line_is_in_the_third_language(command: str, line: bytes, field: str) -> None:
    """Every kind of mistake in a line of `decide`, `deadline` and `clocks`; no message of a library is shown."""
    [reply] = bad_lines.answers(command, line, LANGUAGE)
    assert reply["error"]["field"] == field
    assert reply["error"]["message"].startswith("⟦")
    assert english_left(reply["error"]["message"]) == set()
    [spanish] = bad_lines.answers(command, line, "es")
    [english] = bad_lines.answers(command, line, None)
    assert len({each["error"]["message"] for each in (reply, spanish, english)}) == 3


@pytest.mark.parametrize("code", sorted(catalogue(FALLBACK).plurals))
@pytest.mark.parametrize("number", [1, 2])
def test_every_language_agrees_about_what_is_counted(code: str, number: int) -> None:
    """Each has the forms of its own rule, of the same fact; each shows the form that its rule gives the number."""
    fact = catalogue(FALLBACK).plurals[code].fact
    for language in (FALLBACK, "es", LANGUAGE):
        plural = catalogue(language).plurals[code]
        assert (plural.fact, len(plural.forms)) == (fact, 2)
        facts = {name.partition(":")[0]: 60 for form in plural.forms for name in placeholders(form)} | {fact: number}
        expected = Messages(Catalogue(language, "en", {code: plural.forms[number - 1]}), catalogue(FALLBACK))
        assert messages_in(language)(code, **facts).replace("⟦1 min⟧", "1 min") == expected(code, **facts)


def test_the_feed_of_the_demo_is_in_the_third_language() -> None:
    """The case, and what became of it."""
    told = next(iter(lived_through()))
    told.passes(timedelta(days=2))
    messages = messages_in(LANGUAGE)
    case = LoggedEvent("1", told.case.TYPE, json.loads(wire.encode(told.case)))
    events = [LoggedEvent("1", event.TYPE, json.loads(wire.encode(event))) for event in told.log.events]
    lines = [line.text.plain for event in (case, *events) for line in feed.lines(event, {}, messages)]
    assert len(lines) > 5
    assert [line for line in lines if english_left(line)] == []
