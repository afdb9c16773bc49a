"""[pure] What the bot says: the help topics that fit a question, as data that a client shows without any markup."""

from collections.abc import Iterable
from typing import Any

from services.intake.chat.frames import Turn
from services.intake.pages.offer import help_of
from shared.contracts.vocabulary import Language
from shared.help_topics.answer_text import Block, Link, Part, Steps, TopicLink, blocks, plain_text
from shared.help_topics.topics import Topics
from shared.messages.messages import Messages
from shared.policy.model import Edition

Data = dict[str, Any]
_BETWEEN = "\n\n"  # turns of a transcript


def answer(topics: Topics, text: str | None, topic: str | None, language: Language, edition: Edition) -> Data:
    """The answer to a question, or to the choice of a topic: the topic that fits best, and others that may.

    `topic` is null where the set has no answer. `channels` are those that the topic offers to whom it does not help.
    """
    spoken = topics.set.language(language)
    if topic is not None:
        found = [topics.set.topics[topic]] if topic in topics.set.topics else []
    else:
        found = [hit.topic for hit in topics.find(text or "", language)]
    if not found:
        return {"topic": None, "title": None, "blocks": [], "others": [], "channels": []}
    best, *others = found
    more = [topics.set.topics[name] for name in best.see_also] if topic is not None else others
    return {
        "topic": best.topic,
        "title": best.text(spoken).title,
        "blocks": [_block(block) for block in blocks(best.text(spoken).answer)],
        "others": [{"topic": each.topic, "title": each.text(spoken).title} for each in more],
        "channels": [channel_data(edition, word, language) for word in best.channels if word in edition.channels],
    }


def transcript(turns: Iterable[Turn], topics: Topics, language: Language, messages: Messages, limit: int) -> str:
    """The conversation as the description of a request, at most `limit` characters: the oldest turns give way.

    What the bot said is looked up, so that nobody puts words into its mouth. The last line names the set of topics.
    """
    spoken = topics.set.language(language)
    said = [line for turn in turns if (line := _line(turn, topics, spoken, messages)) is not None]
    if not said:
        return ""
    ending = messages("page.chat.transcript.set", version=topics.set.version, sha256=topics.sha256[:12])
    room, kept = limit - len(_BETWEEN) - len(ending), list[str]()
    for line in reversed(said):
        if kept and len(line) + len(_BETWEEN) > room:
            break
        kept.insert(0, line[:room])
        room -= len(line) + len(_BETWEEN)
    return _BETWEEN.join([*kept, ending])


def _line(turn: Turn, topics: Topics, language: Language, messages: Messages) -> str | None:
    """What was said in one turn; None where the set does not have its topic."""
    if turn.text is not None:  # further lines are indented: none of them reads like a turn of the bot
        return messages("page.chat.transcript.customer", text="\n    ".join(turn.text.splitlines()))
    topic = None if turn.topic is None else topics.set.topics.get(turn.topic)
    if topic is None:
        return None
    told = topic.text(language)
    return messages("page.chat.transcript.bot", text=f"{told.title}\n{plain_text(told.answer)}")


def channel_data(edition: Edition, word: str, language: Language) -> Data:
    """A channel with its name and its help text."""
    name = edition.channels[word].name_in(word, language)
    return {"channel": word, "name": name, "help": help_of(edition, word, language)}


def _block(block: Block) -> Data:
    if isinstance(block, Steps):
        return {"steps": [_parts(step) for step in block.steps]}
    return {"parts": _parts(block.parts)}


def _parts(parts: Iterable[Part]) -> list[Data]:
    return [_part(part) for part in parts]


def _part(part: Part) -> Data:
    if isinstance(part, Link):
        return {"text": part.text, "address": part.address}
    if isinstance(part, TopicLink):
        return {"text": part.text, "topic": part.topic}
    return {"text": part.text}
