"""Every type of event that escalation publishes has its sentences, its line in the feed and its place in the docs."""

import re

import pytest

from services.cli import feed
from services.cli.logged_event import LoggedEvent
from shared.contracts import escalation
from shared.messages.catalogues import catalogue, languages, messages_in
from tests.contract.event_json import full_tree
from tests.contract.tree import ROOT

# Fields that `frontline explain` shows otherwise than as a detail "NAME value".
SHOWN_OTHERWISE = {"met", "breached_at", "escalation_id"}
WITHOUT_A_LINE = {"clock.started"}  # the line of the decision has all deadlines


def short(model: type[escalation.EscalationEvent]) -> str:
    """The type as catalogues and pages name it."""
    return model.TYPE.removeprefix("frontline.").removesuffix(".v1")


def details(model: type[escalation.EscalationEvent]) -> set[str]:
    """The fields that only this type of event has."""
    return model.model_fields.keys() - escalation.ClockEvent.model_fields.keys() - SHOWN_OTHERWISE


@pytest.mark.parametrize("model", escalation.EVENTS, ids=short)
def test_a_type_of_event_has_sentences_a_line_in_the_feed_and_a_row_in_the_docs(
    model: type[escalation.EscalationEvent],
) -> None:
    """Whoever adds a type learns from this test all that is missing."""
    wanted = [f"event.{short(model)}", *(f"explain.detail.{name}" for name in sorted(details(model)))]
    missing = [f"{code} in {each}.po" for each in languages() for code in wanted if code not in catalogue(each).texts]
    table = (ROOT / "docs" / "clocks.md").read_text(encoding="utf-8").partition("## What is published")[2]
    rows = re.findall(r"^\| (`.+?) \|", table.partition("\n## ")[0], re.MULTILINE)
    if not any(f"`{short(model)}`" in row for row in rows):
        missing.append(f"`{short(model)}` in docs/clocks.md, What is published")
    if f"| `{model.TYPE}` |" not in (ROOT / "docs" / "contracts.md").read_text(encoding="utf-8"):
        missing.append(f"`{model.TYPE}` in docs/contracts.md")
    lines = feed.lines(LoggedEvent("1", model.TYPE, full_tree(model)), {}, messages_in("en"))
    if len(lines) != (short(model) not in WITHOUT_A_LINE):
        missing.append("one line in services/cli/feed.py")
    assert not missing, "missing:\n" + "\n".join(missing)


def test_every_sentence_of_an_event_belongs_to_a_type() -> None:
    """A sentence of a type that no longer exists would be translated for nobody."""
    codes = {code for code in catalogue("en").texts if code.startswith("event.")}
    assert codes <= {f"event.{short(model)}" for model in escalation.EVENTS}


def test_the_feed_shows_a_type_that_it_has_no_sign_for(monkeypatch: pytest.MonkeyPatch) -> None:
    """Dropping it silently would hide what the newest rule does."""

    class ClockRenamed(escalation.ClockEvent):
        """A type that no code but the contract knows."""

        TYPE = "frontline.clock.renamed.v1"

    monkeypatch.setattr(escalation, "EVENTS", (*escalation.EVENTS, ClockRenamed))
    (line,) = feed.lines(LoggedEvent("1", ClockRenamed.TYPE, full_tree(ClockRenamed)), {}, messages_in("en"))
    assert line.text.plain.endswith("event.clock.renamed")
