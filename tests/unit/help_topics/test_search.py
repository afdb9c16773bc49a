"""How a question finds a topic: whatever the accents, endings and typing mistakes, and nothing if nothing fits."""

import random
import unicodedata
from pathlib import Path

import pytest

from shared.help_topics.analysis import Analyzer
from shared.help_topics.files import load_topics
from shared.help_topics.model import Topic, TopicSet, TopicText
from shared.help_topics.topics import Topics
from tests.unit.help_topics.shipped import shipped_topics
from tests.unit.help_topics.small_set import write


@pytest.fixture
def shipped() -> Topics:
    """The topics that ship."""
    return shipped_topics()


def first(topics: Topics, question: str, language: str | None) -> str | None:
    """The id of the topic that comes first."""
    hits = topics.find(question, language)
    return hits[0].topic.topic if hits else None


def made(language: str, common_words: str = "", **questions: str) -> Topics:
    """A set in one language with a topic for each question."""
    texts = {
        name: Topic(topic=name, texts={language: TopicText(title=asked, answer="x", questions=(asked,))})
        for name, asked in questions.items()
    }
    words = {language: common_words} if common_words else {}
    return Topics(TopicSet(version="1", languages=(language,), common_words=words, topics=texts))


@pytest.mark.parametrize(
    "question",
    [
        "¿Dónde está mi grabación?",
        "donde esta mi grabacion",
        "DONDE ESTA MI GRABACION!!!",
        "mis grabaciones no aparecen",
        "donde esta mi grabasion",
        "donde esta mi garbacion",
        unicodedata.normalize("NFD", "¿dónde está mi grabación?"),
        "ｄóｎｄｅ esta mi ｇｒａｂａｃｉóｎ",
    ],
)
def test_accents_capitals_endings_and_typing_mistakes_do_not_matter(shipped: Topics, question: str) -> None:
    """People write in a hurry, on a phone, and some keyboards compose letters otherwise."""
    assert first(shipped, question, "es") == "recordings"


def test_every_title_and_question_of_a_topic_finds_it_first(shipped: Topics) -> None:
    """What a support manager has written down must work, also if it has only common words."""
    for language in shipped.set.languages:
        for name, topic in shipped.set.topics.items():
            text = topic.text(language)
            for said in (text.title, *text.questions):
                assert first(shipped, said, language) == name, (language, said)
                assert first(shipped, said.upper() + "?", language) == name, (language, said)


def test_words_that_a_set_calls_the_same_are_found_alike(tmp_path: Path) -> None:
    """A word of one country is understood in another; the topic says `mobile` alone."""
    topics = Topics(load_topics(write(tmp_path)))
    assert first(topics, "cellphone speaker", "en") == "sound"
    other = Topics(load_topics(write(tmp_path, "set.yaml", "[mobile, cellphone]", "[car, bus]")))
    assert [hit.score for hit in other.find("cellphone", "en")] < [hit.score for hit in topics.find("cellphone", "en")]


@pytest.mark.parametrize(
    "question",
    [
        "",
        " \n\t",
        "?",
        "¿?¡!",
        "🎉🔥",
        "the",
        "what is it and how do I do that",
        "<b></b>",
        "\x00\x07",
        "1234",
        "x" * 100_000,
        "\ud800",
        'OR AND NOT ( ) " * ~2 title:x',
    ],
)
def test_what_says_nothing_finds_nothing(shipped: Topics, question: str) -> None:
    """The bot says that it does not know, and never fails: there is no query language to get wrong."""
    assert shipped.find(question, "en") == ()


def test_a_question_is_read_to_a_limit(shipped: Topics) -> None:
    """Somebody pastes a log: its beginning counts, and a bound on work."""
    assert first(shipped, "my microphone is not working " + "zzz " * 100_000, "en") == "microphone"
    assert first(shipped, "zzz " * 500 + "my microphone is not working", "en") is None


def test_the_whole_of_an_answer_and_of_a_list_of_common_words_counts() -> None:
    """Only questions are read to a limit."""
    long = "zzz " * 900
    text = TopicText(title="title", answer=long + "bandwidth", questions=("other question",))
    topics = TopicSet(
        version="1",
        languages=("en",),
        common_words={"en": long + "please"},
        topics={name: Topic(topic=name, texts={"en": text}) for name in ("first", "second")},
    )
    assert Topics(topics).find("bandwidth", "en", threshold=0.05)
    assert not Topics(topics).find("please", "en", threshold=0.0)


def test_the_same_question_has_the_same_answer(shipped: Topics) -> None:
    """Also from another index of the same set, and whatever was asked before: there is no chance in it."""
    again = Topics(load_topics())
    words = ["meeting", "recording", "share", "screen", "phone", "password", "account", "licence", "sound", "host"]
    chance = random.Random(1)
    questions = [" ".join(chance.choices(words, k=3)) for _ in range(40)]
    answers = [shipped.find(each, "en") for each in questions]
    assert [again.find(each, "en") for each in reversed(questions)] == answers[::-1]


def test_scores_go_from_best_to_worst_and_end_at_the_threshold(shipped: Topics) -> None:
    """The bot answers from the first, and offers the others."""
    hits = shipped.find("no sound on my phone in the meeting", "en", limit=10, threshold=0.05)
    scores = [hit.score for hit in hits]
    assert len(hits) > 3
    assert scores == sorted(scores, reverse=True)
    assert all(0.05 <= score <= 1 for score in scores)
    assert shipped.find("no sound on my phone in the meeting", "en", limit=2, threshold=0.05) == hits[:2]


def test_a_question_in_a_language_without_texts_is_asked_in_the_first(shipped: Topics) -> None:
    """A dialect is its language; another language gets the fallback, and the hit says which that is."""
    assert [hit.language for hit in shipped.find("grabación", "es-MX", 1)] == ["es"]
    assert [hit.language for hit in shipped.find("webcam", "pt-BR", 1)] == ["en"]
    assert [hit.language for hit in shipped.find("webcam", None, 1)] == ["en"]


@pytest.mark.parametrize(
    ("language", "said", "asked"),
    [
        ("pt-BR", "onde está a configuração", "configurações"),
        ("pt", "onde está a configuração", "configuracao"),
        ("de", "meine Aufzeichnungen fehlen", "AUFZEICHNUNG"),
        ("fr", "je n'entends pas les autres", "entendu"),
        ("ru", "где моя запись", "ЗАПИСЬ"),
        ("el", "πού είναι η εγγραφή", "ΕΓΓΡΑΦΉ"),
        ("pl", "gdzie jest nagranie", "nagrania"),  # no stemmer: found as a typing mistake
        ("ja", "録画が見つかりません", "録画はどこですか"),
        ("zh-Hans", "找不到录制文件", "录制在哪里"),
        ("th", "หาไฟล์บันทึกไม่เจอ", "บันทึก"),
    ],
)
def test_other_languages_work_as_well(language: str, said: str, asked: str) -> None:
    """With a stemmer where there is one, in pairs of characters where words are not separated, else as written."""
    topics = made(language, recording=said, other="zzz yyy", third="qqq www")
    assert [hit.topic.topic for hit in topics.find(asked, language, threshold=0.1)] == ["recording"]


def test_common_words_of_the_set_find_nothing_by_themselves() -> None:
    """Such as the name of the product, which is in every question."""
    assert made("en", recording="acme recording").find("acme", "en", threshold=0.01)
    assert not made("en", common_words="acme", recording="acme recording").find("acme", "en", threshold=0.01)


@pytest.mark.parametrize("asked", ["recording please", "recording becuase", "recording shows"])
def test_a_common_word_does_not_count_against_a_topic(asked: str) -> None:
    """It says nothing: as it is, mistyped, or with another ending."""
    topics = made("en", common_words="please because show", recording="lost recording", other="zzz")
    assert topics.find(asked, "en") == topics.find("recording", "en") != ()


def test_a_word_is_found_by_its_stem_with_and_without_its_accents() -> None:
    """Portuguese endings are recognised by their accents alone, and people leave them out."""
    spanish = Analyzer("es", "la")
    assert spanish.words("La GRABACIÓN, ¡ya!") == ["la", "grabacion", "ya"]
    assert len({spanish.terms(word)[0].stems[-1] for word in ("contraseña", "CONTRASENA", "contraseñas")}) == 1
    assert spanish.terms("la") == []
    portuguese = Analyzer("pt")
    plural, singular, plain = (
        set(portuguese.terms(word)[0].stems) for word in ("configurações", "configuração", "configuracao")
    )
    assert plural & singular
    assert singular & plain
