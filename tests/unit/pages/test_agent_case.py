"""A case as an agent reads it: who said what, what is for the desk alone, who has it, and in whose words."""

from dataclasses import dataclass, field
from datetime import timedelta

from shared.contracts.structs import ActivityRecorded, Actor
from shared.contracts.vocabulary import ActivityType, ActorKind
from shared.messages.catalogues import messages_in
from shared.messages.messages import Messages
from shared.pages.case import agent_case, case_page
from shared.routing.rendering import in_words_of
from tests.harness.asking import MONDAY_NOON, request
from tests.harness.shipped import guidelines
from tests.unit.explain.explained_case import ExplainedCase


def _words(language: str = "en") -> Messages:
    return agent_case.desk_words(in_words_of(messages_in(language), guidelines(), language), guidelines())


@dataclass
class _Talk:
    """What people say, in its order."""

    activities: list[ActivityRecorded] = field(default_factory=list)

    def add(
        self, kind: ActivityType, actor: ActorKind, by: str, text: str | None = None, retracts: str | None = None
    ) -> None:
        at = MONDAY_NOON + timedelta(minutes=len(self.activities) + 1)
        self.activities.append(
            ActivityRecorded(
                case_id="c1",
                activity_id=f"a{len(self.activities)}",
                type=kind,
                at=at,
                recorded_at=at,
                client="portal",
                actor=Actor(kind=actor, id=by),
                text=text,
                retracts=retracts,
            )
        )


def test_an_agent_reads_who_said_what() -> None:
    """Their own words as theirs, those of other agents by their id, the customer's by the name of who asks."""
    talk = _Talk()
    talk.add("agent_replied", "agent", "desk-7", "Which one?")
    talk.add("customer_replied", "customer", "u1", "This one.")
    talk.add("internal_note", "agent", "desk-8", "Looks like a relay.")
    talk.add("agent_replied", "bot", "robot", "Have you tried…")
    talk.add("resolved", "agent", "desk-8", "not a message")
    found = agent_case.said(request(), talk.activities, "desk-7")
    assert [(each.by, each.who, each.is_note) for each in found] == [
        ("customer", "u1", False),
        ("me", "desk-7", False),
        ("customer", "u1", False),
        ("colleague", "desk-8", True),
        ("bot", "robot", False),
    ]


def test_what_was_taken_back_is_not_shown() -> None:
    """Nor is an activity whose text a help desk keeps to itself."""
    talk = _Talk()
    talk.add("agent_replied", "agent", "desk-7", "A mistake.")
    talk.add("reply_retracted", "agent", "desk-7", retracts="a0")
    talk.add("agent_replied", "agent", "desk-7")
    assert [each.text for each in agent_case.said(request(), talk.activities, "desk-7")] == [request().description]


def test_a_case_that_an_agent_opened_begins_with_a_colleague() -> None:
    """The customer has not written it."""
    assert agent_case.said(request(opened_by="agent"), [], "desk-7")[0].by == "colleague"


def test_what_happened_is_said_to_an_agent() -> None:
    """With what customers do not see: notes, who took it, warnings and calls; each with who it was."""
    case = ExplainedCase()
    case.record_activity("assigned", to="desk-7")
    case.record_activity("internal_note", text="for the desk")
    case.record_activity("agent_replied", text="We are on it.")
    case.record_activity("status_changed", to="waiting_on_customer")
    case.record_activity("assigned", to=None)
    case.passes(timedelta(minutes=1))
    case.record_activity("customer_replied", text="Here you are.")
    case.passes(timedelta(hours=5))
    texts = [each.text for each in agent_case.happened(case.explained("en"), _words(), "desk-7")]
    for text in (
        "sent by the customer",
        "taken by you",
        "note by ana",
        "answer by ana",
        "status: waiting on the customer",
        "given back: nobody has it",
        "restoration: little time is left",
        "restoration: level 1, tier 2 called",
    ):
        assert text in texts
    seen_by_the_customer = [each.text for each in case_page.happened(case.explained("en"), messages_in("en"))]
    assert not any("note" in text or "taken" in text or "called" in text for text in seen_by_the_customer)


def test_the_desk_is_not_addressed_as_the_customer() -> None:
    """ "Waiting for you" would be the wrong way round, in every language."""
    for language in ("en", "es"):
        customer, desk = in_words_of(messages_in(language), guidelines(), language), _words(language)
        for code in ("page.status.waiting_on_customer", "page.promise.resolved", "page.happened.customer_replied"):
            assert desk(code) != customer(code)
            assert not desk(code).startswith("desk.")
