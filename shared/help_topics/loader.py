"""[pure] Turns the texts of the files of a set of help topics into a `TopicSet`, or lists all of their mistakes."""

import json
from collections.abc import Collection, Iterator, Mapping
from typing import Any, NamedTuple

from pydantic import BaseModel, ValidationError

from shared.help_topics.answer_text import linked_topics, mistakes_of
from shared.help_topics.mistakes import HelpTopicsError
from shared.help_topics.model import SetFile, Topic, TopicSet
from shared.messages.language_tags import tag_meant_by
from shared.policy.document import Path, Source, Tree, parse
from shared.policy.misfits import misfits
from shared.policy.mistakes import Mistake, PolicyError, one_of

SET_NAME = "set"  # set.yaml is what is said once; each other file is a topic


class Written(NamedTuple):
    """A topic, and where each of its fields is written."""

    topic: Topic
    tree: Tree


def load(set_file: Source, topic_files: Mapping[str, Source], channels: Collection[str] | None = None) -> TopicSet:
    """The set of these files; `topic_files` by their names without ending. `channels`: those that a topic may name.

    Raises HelpTopicsError with every mistake that could be found.
    """
    mistakes: list[Mistake] = []
    common, tree = _read(set_file, SetFile, mistakes)
    written: dict[str, Written] = {}
    for name in sorted(topic_files):
        topic, topic_tree = _read(topic_files[name], Topic, mistakes)
        if topic is not None and topic_tree is not None:
            written[name] = Written(topic, topic_tree)
    if common is not None and tree is not None:
        mistakes += _of_the_set(common, tree)
    for name, each in written.items():
        mistakes += _references(name, each, topic_files.keys())
        mistakes += [] if common is None else _languages(each, common.languages)
        mistakes += _answers(each)
        mistakes += _channels(each, channels)
    mistakes += _said_twice(written)
    if mistakes or common is None:
        raise HelpTopicsError(
            sorted(mistakes, key=lambda each: (each.file != set_file.file, each.file, each.line or 0))
        )
    return TopicSet(**dict(common), topics={name: each.topic for name, each in written.items()})


def _read(source: Source, kind: type[BaseModel], mistakes: list[Mistake]) -> tuple[Any, Tree | None]:
    """What a file says and its tree, or None with its mistakes in `mistakes`."""
    try:
        tree = parse(source, "file of help topics")
    except PolicyError as error:
        mistakes += error.mistakes
        return None, None
    try:
        return kind.model_validate_json(json.dumps(tree.data), strict=True), tree
    except ValidationError as error:
        mistakes += misfits(tree, error, kind)
        return None, None


def _of_the_set(common: SetFile, tree: Tree) -> Iterator[Mistake]:
    for index, language in enumerate(common.languages):
        first = next(at for at, each in enumerate(common.languages) if each.casefold() == language.casefold())
        meant = tag_meant_by(language)
        if meant != language:
            yield tree.mistake(("languages", index), f"{language} is no BCP 47 tag", meant)
        elif first != index:
            yield tree.mistake(("languages", index), f"{language} is listed twice")
    for field in ("common_words", "same_words"):
        for language in getattr(common, field):
            if language not in common.languages:
                message = f"{language} is none of the set's languages"
                yield tree.mistake((field, language), message, one_of(common.languages, language))
    for language, groups in common.same_words.items():
        yield from _same_words(language, groups, tree)


def _same_words(language: str, groups: tuple[tuple[str, ...], ...], tree: Tree) -> Iterator[Mistake]:
    """Each is one word, and in one group: else nobody could say what a word comes to."""
    first: dict[str, int] = {}
    for at, group in enumerate(groups):
        if len(group) < 2:
            yield tree.mistake(("same_words", language, at), "needs at least two words, which mean the same")
        for index, word in enumerate(group):
            path = ("same_words", language, at, index)
            if len(word.split()) > 1:
                yield tree.mistake(path, f"{word!r} is more than one word; write a single one")
            elif first.setdefault(word.casefold(), at) != at:
                yield tree.mistake(path, f"{word!r} is in another group already; join the two groups")


def _references(name: str, written: Written, names: Collection[str]) -> Iterator[Mistake]:
    """The topic has the name of its file, and those to which it points exist."""
    topic, tree = written
    if topic.topic != name:
        yield tree.mistake(("topic",), f"must be {name!r}, since that is the name of the file")
    for index, other in enumerate(topic.see_also):
        if other == topic.topic:
            yield tree.mistake(("see_also", index), "is this topic itself; name another one or none")
        elif other not in names:
            yield tree.mistake(("see_also", index), f"there is no topic {other!r}", one_of(sorted(names), other))
        elif topic.see_also.index(other) != index:
            yield tree.mistake(("see_also", index), f"{other} is listed twice")
    for language, text in topic.texts.items():
        for other in linked_topics(text.answer):
            if other not in names:
                message = f"links to topic:{other}, which does not exist"
                yield tree.mistake(("texts", language, "answer"), message, one_of(sorted(names), other))


def _languages(written: Written, languages: tuple[str, ...]) -> Iterator[Mistake]:
    topic, tree = written
    for language in languages:
        if language not in topic.texts:
            yield tree.mistake(("texts", language), "is missing; the set has a text of each topic in this language")
    for language in topic.texts:
        if language not in languages:
            message = f"{language} is none of the languages of {SET_NAME}.yaml; add it there, or remove this text"
            yield tree.mistake(("texts", language), message, one_of(languages, language))


def _answers(written: Written) -> Iterator[Mistake]:
    for language, text in written.topic.texts.items():
        for problem in mistakes_of(text.answer):
            yield written.tree.mistake(("texts", language, "answer"), problem)


def _channels(written: Written, channels: Collection[str] | None) -> Iterator[Mistake]:
    for index, channel in enumerate(written.topic.channels):
        if channels is not None and channel not in channels:
            message = f"{channel!r} is no channel of the edition"
            yield written.tree.mistake(("channels", index), message, one_of(channels, channel))


def _said_twice(written: Mapping[str, Written]) -> Iterator[Mistake]:
    """A title or a question that two topics have would find one of them by chance."""
    first: dict[tuple[str, str], str] = {}
    for name, (topic, tree) in written.items():
        for language, text in topic.texts.items():
            fields: list[tuple[Path, str]] = [(("texts", language, "title"), text.title)]
            fields += [(("texts", language, "questions", at), said) for at, said in enumerate(text.questions)]
            for path, said in fields:
                other = first.setdefault((language, said.casefold()), name)
                if other != name:
                    yield tree.mistake(path, f"{said!r} is also in the topic {other}; ask it in one of them alone")
