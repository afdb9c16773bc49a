"""Whoever writes help topics learns of every mistake at once: the file, the line, the field and what to do."""

from pathlib import Path

import pytest

from shared.help_topics.digest import topics_sha256
from shared.help_topics.files import load_topics
from shared.help_topics.mistakes import HelpTopicsError, NoHelpTopics
from shared.help_topics.settings import HelpTopicsSettings
from shared.kafka.settings import BadSettings, load
from tests.unit.help_topics.shipped import shipped_topics
from tests.unit.help_topics.small_set import FILES, mistakes, write

LONG = "x" * 121


def test_a_set_without_mistakes_is_loaded(tmp_path: Path) -> None:
    """The tests below change one thing in it."""
    topics = load_topics(write(tmp_path))
    assert list(topics.topics) == ["camera", "sound"]
    assert topics.topics["sound"].text("es").answer == "Suba el volumen."
    assert topics.topics["sound"].channels == ("chat",)


@pytest.mark.parametrize(
    ("file", "old", "new", "line", "field", "message"),
    [
        ("set.yaml", 'version: "1"', "", 1, "version", "is missing"),
        ("set.yaml", 'version: "1"', "version: 1", 1, "version", "must be text; put it in quotes"),
        ("set.yaml", 'version: "1"', 'version: " "', 1, "version", "is empty; it needs text"),
        ("set.yaml", "[en, es]", "[]", 2, "languages", "needs at least one item"),
        ("set.yaml", "[en, es]", "[en, es, en]", 2, "languages[2]", "en is listed twice"),
        ("set.yaml", "[en, es]", "[en, es, german]", 2, "languages[2]", "no BCP 47 tag; allowed: de"),
        ("set.yaml", "{en: the", "{de: the", 3, "common_words.de", "none of the set's languages; allowed: en, es"),
        ("set.yaml", "common_words", "comon_words", 3, "comon_words", "did you mean common_words?"),
        ("set.yaml", ", cellphone]", "]", 6, "same_words.en[0]", "needs at least two"),
        ("set.yaml", "cellphone", "cell phone", 6, "same_words.en[0][1]", "is more than one word"),
        ("set.yaml", "cellphone]", "cellphone]\n    - [Mobile, x]", 7, "same_words.en[1][0]", "join the two groups"),
        ("sound.yaml", "topic: sound", "topic: sounds", 1, "topic", "must be 'sound', since that is the name"),
        ("sound.yaml", "topic: sound", "topic: No sound", 1, "topic", "'No sound' has the wrong form"),
        ("sound.yaml", "channels: [chat]", "channels: chat", 2, "channels", "must be a list"),
        ("sound.yaml", "[camera]", "[sound]", 3, "see_also[0]", "is this topic itself"),
        ("sound.yaml", "[camera]", "[camra]", 3, "see_also[0]", "no topic 'camra'; allowed: camera, sound (did you"),
        ("sound.yaml", "[camera]", "[camera, camera]", 3, "see_also[1]", "camera is listed twice"),
        ("sound.yaml", "title: No sound", "titel: No sound", 6, "texts.en.titel", "did you mean title?"),
        ("sound.yaml", "title: No sound", f"title: {LONG}", 6, "texts.en.title", "at most 120 characters"),
        ("sound.yaml", "title: No sound", 'title: "No\\nsound"', 6, "texts.en.title", "write it on one"),
        ("sound.yaml", "[I hear nothing,", "['',", 12, "texts.en.questions[0]", "is empty; it needs text"),
        ("sound.yaml", "[no oigo nada, el altavoz no suena]", "[]", 17, "texts.es.questions", "at least one item"),
        ("sound.yaml", "  es:", "  pt:", 4, "texts.es", "is missing; the set has a text of each topic"),
        ("sound.yaml", "  es:", "  pt:", 14, "texts.pt", "pt is none of the languages of set.yaml; add it there, or"),
        ("sound.yaml", "up.", "<b>up</b>.", 7, "texts.en.answer", "has '<b>', which would be shown as it is"),
        ("sound.yaml", "2. Look", "3. Look", 7, "texts.en.answer", "numbers its steps 1, 3; number them 1, 2, 3"),
        ("sound.yaml", "up.\n\n", "up.\n", 7, "texts.en.answer", "put a blank line between them"),
        ("sound.yaml", "topic:camera", "topic:lens", 7, "texts.en.answer", "links to topic:lens, which does not exist"),
        ("sound.yaml", "topic:camera", "http://x.example", 7, "texts.en.answer", "a link goes to https://…, mailto:…"),
        ("sound.yaml", "topic:camera", "javascript:x", 7, "texts.en.answer", "links to 'javascript:x'; a link goes"),
        ("camera.yaml", "the camera is black", "I Hear nothing", 6, "questions[0]", "is also in the topic camera; ask"),
        ("camera.yaml", "title: No picture", "title: No sound", 6, "title", "is also in the topic camera"),
        (
            "camera.yaml",
            "topic: camera",
            "topic: camera\ntopic: x",
            2,
            "topic",
            "is given twice; the first is on line 1",
        ),
        ("camera.yaml", "topic: camera", "topic: [", 1, "", "is not YAML: "),
    ],
)
def test_a_mistake_is_named_with_its_place_and_a_way_out(
    tmp_path: Path, file: str, old: str, new: str, line: int, field: str, message: str
) -> None:
    """Support managers write topics, and nobody explains a stack trace to them."""
    found = mistakes(write(tmp_path, file, old, new))
    assert any(each.field.endswith(field) and message in str(each) for each in found), "\n".join(map(str, found))
    assert all(each.file.endswith(".yaml") for each in found)
    if file != "camera.yaml":
        assert line in [each.line for each in found]


def test_all_mistakes_of_all_files_are_named_at_once(tmp_path: Path) -> None:
    """In the order of reading: first what is said once, then topic by topic."""
    folder = write(
        tmp_path, "set.yaml", "[en, es]", "[en, es, en]", sound="topic: x\n", camera="[1]", third="topic: é: x"
    )
    found = mistakes(folder)
    assert [Path(each.file).name for each in found] == ["set.yaml", "camera.yaml", "sound.yaml", "third.yaml"]


def test_a_channel_must_be_one_of_the_edition(tmp_path: Path) -> None:
    """A bot that offers a way which does not exist sends people in a circle."""
    folder = write(tmp_path)
    assert load_topics(folder, ["chat", "phone"]).topics
    with pytest.raises(HelpTopicsError, match=r"sound\.yaml:2: channels\[0\]: 'chat' is no channel .* allowed: phone"):
        load_topics(folder, ["phone"])


def test_a_folder_without_a_set_is_named(tmp_path: Path) -> None:
    """It is most often a mistyped path."""
    with pytest.raises(NoHelpTopics, match="nix: is not a folder"):
        load_topics(tmp_path / "nix")
    with pytest.raises(NoHelpTopics, match=r"there is no set\.yaml"):
        load_topics(tmp_path)
    (tmp_path / "set.yaml").write_text(FILES["set.yaml"])
    with pytest.raises(HelpTopicsError, match="has no topics"):
        load_topics(tmp_path)


def test_files_that_cannot_be_read_or_would_be_overlooked_are_named(tmp_path: Path) -> None:
    """A topic that is silently left out is missed only when somebody asks."""
    folder = write(tmp_path)
    (folder / "third.yml").write_text("topic: third")
    (folder / "fourth.yaml").write_bytes(b"topic: \xff")
    text = "\n".join(map(str, mistakes(folder)))
    assert "third.yml: is not read: its name must end in .yaml" in text
    assert "fourth.yaml: is not UTF-8 text" in text


def test_the_digest_names_what_people_read_and_nothing_else(tmp_path: Path) -> None:
    """A transcript keeps it: the same digest means the same answers; a comment changes nothing."""
    first = topics_sha256(load_topics(write(tmp_path / "a")))
    assert (
        topics_sha256(load_topics(write(tmp_path / "b", "sound.yaml", "topic: sound", "# why\ntopic: sound"))) == first
    )
    assert topics_sha256(load_topics(write(tmp_path / "c", "sound.yaml", "the volume up", "the volume down"))) != first
    assert topics_sha256(load_topics(write(tmp_path / "d", "set.yaml", '"1"', '"2"'))) != first


def test_the_setting_names_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A set of one's own is used instead of the shipped one; a wrong folder stops a service at its start."""
    assert load(HelpTopicsSettings).topics() == shipped_topics().set
    monkeypatch.setenv("FRONTLINE_HELP_TOPICS", "")
    assert load(HelpTopicsSettings).help_topics is None
    monkeypatch.setenv("FRONTLINE_HELP_TOPICS", str(write(tmp_path)))
    assert load(HelpTopicsSettings).topics(["chat"]).version == "1"
    monkeypatch.setenv("FRONTLINE_HELP_TOPICS", str(tmp_path / "nix"))
    with pytest.raises(BadSettings, match="is not a folder; it should be the folder of help topics"):
        load(HelpTopicsSettings)
