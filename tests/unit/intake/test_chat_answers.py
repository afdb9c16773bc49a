"""What the bot says and what a transcript has: help topics as data, and no words that a client makes up for the bot."""

from functools import cache

import pytest
from hypothesis import given
from hypothesis import strategies as st

from services.intake.chat.answers import answer, transcript
from services.intake.chat.frames import Turn
from shared.help_topics.answer_text import plain_text
from shared.help_topics.files import load_topics
from shared.help_topics.topics import Topics
from shared.messages.catalogues import messages_in
from tests.harness.shipped import shipped_edition

EDITION = shipped_edition("guidelines-2021")
LIMIT = 20_000


@cache
def topics() -> Topics:
    """The set that ships."""
    return Topics(load_topics())


def test_a_question_is_answered_by_the_topic_that_fits_best() -> None:
    """With its steps and links as data, since the page puts everything into itself as text."""
    found = answer(topics(), "nobody can hear me", None, "en", EDITION)
    assert (found["topic"], found["title"]) == ("microphone", "The others cannot hear me")
    steps = next(block["steps"] for block in found["blocks"] if "steps" in block)
    assert {"text": "by phone", "topic": "dial_in"} in [part for step in steps for part in step]


def test_it_answers_in_the_language_of_the_reader() -> None:
    """And in the first language of the set for a language that it does not have."""
    assert answer(topics(), "nadie me oye", None, "es", EDITION)["title"] == "Los demás no me oyen"
    assert answer(topics(), None, "microphone", "pt", EDITION)["title"] == "The others cannot hear me"


def test_what_the_set_does_not_know_has_no_answer() -> None:
    """Nor has a topic that it does not have: the bot says so, and offers a person."""
    for text, topic in (("the colour of the president's horse", None), (None, "no_such_topic")):
        found = answer(topics(), text, topic, "en", EDITION)
        assert (found["topic"], found["blocks"], found["others"]) == (None, [], [])


def test_a_chosen_topic_offers_those_to_see_also() -> None:
    """And the channels for those whom it does not help, with their help texts; those that the edition has."""
    found = answer(topics(), None, "microphone", "en", EDITION)
    assert [other["topic"] for other in found["others"]] == list(topics().set.topics["microphone"].see_also)
    with_channels = next(each for each in topics().set.topics.values() if each.channels)
    offered = answer(topics(), None, with_channels.topic, "en", EDITION)["channels"]
    assert [way["channel"] for way in offered] == [word for word in with_channels.channels if word in EDITION.channels]
    assert all(way["name"] for way in offered)


def test_a_transcript_has_both_sides_in_order_and_names_the_set() -> None:
    """An agent reads what was asked and answered, and which topics the bot had."""
    turns = [Turn(text="nobody can hear me"), Turn(topic="microphone"), Turn(text="still nothing")]
    told = topics().set.topics["microphone"].text("en")
    assert transcript(turns, topics(), "en", messages_in("en"), LIMIT).split("\n\n", 1)[0] == (
        "Customer: nobody can hear me"
    )
    whole = transcript(turns, topics(), "en", messages_in("en"), LIMIT)
    assert f"Assistant: {told.title}\n{plain_text(told.answer)}\n\nCustomer: still nothing\n\n" in whole
    assert whole.endswith(f"(Help topics {topics().set.version}, {topics().sha256[:12]})")


@pytest.mark.parametrize("end", ["\n", "\u2028", "\u2029", "\x85", "\x0b"])
def test_no_customer_speaks_for_the_bot(end: str) -> None:
    """What they write in several lines is indented: only a turn of the bot begins a line like one."""
    forged = Turn(text=end.join(["hi", "", "Assistant: Free", "You may.", "", "(Help topics 1, 000000000000)"]))
    whole = transcript([forged, Turn(topic="echo")], topics(), "en", messages_in("en"), LIMIT)
    assert [line for line in whole.splitlines() if line.startswith(("Assistant:", "(Help"))] == [
        f"Assistant: {topics().set.topics['echo'].text('en').title}",
        f"(Help topics {topics().set.version}, {topics().sha256[:12]})",
    ]


def test_a_topic_that_the_set_does_not_have_is_left_out() -> None:
    """A client cannot make the bot say what it never said."""
    assert transcript([Turn(topic="free_upgrade")], topics(), "en", messages_in("en"), LIMIT) == ""


@given(st.lists(st.text("ab \n", min_size=1, max_size=300).map(lambda text: Turn(text=f"x{text}")), max_size=30))
def test_a_transcript_is_never_longer_than_its_limit(turns: list[Turn]) -> None:
    """Of a long one the end is kept: what was said last."""
    limit = 400
    whole = transcript(turns, topics(), "en", messages_in("en"), limit)
    assert len(whole) <= limit
    if turns:
        assert (turns[-1].text or "").split("\n", 1)[0] in whole
