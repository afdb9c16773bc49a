"""`frontline help-topics`: what support managers use to check their topics and to try questions."""

import json
from pathlib import Path

import pytest

from shared.help_topics.files import SHIPPED
from tests.harness.command_line import frontline_text
from tests.unit.help_topics.shipped import shipped_topics
from tests.unit.help_topics.small_set import write

ENGLISH = {"LC_ALL": "C"}


def test_the_shipped_topics_have_no_mistakes() -> None:
    """With the digest that a transcript names."""
    done = frontline_text("help-topics", "check", "--json")
    found = json.loads(done.stdout)
    assert (done.returncode, found["mistakes"]) == (0, [])
    assert found["sha256"] == shipped_topics().sha256
    assert found["topics"] == list(shipped_topics().set.topics)


def test_check_lists_every_mistake_of_a_folder(tmp_path: Path) -> None:
    """And ends with 1; the folder is an argument or FRONTLINE_HELP_TOPICS."""
    folder = write(tmp_path / "ours", "sound.yaml", "[camera]", "[cam, sound]")
    done = frontline_text("help-topics", "check", str(folder), environment=ENGLISH)
    assert done.returncode == 1
    verdict, *mistakes = done.stdout.splitlines()
    assert verdict == f"{folder}: 2 mistakes"
    assert mistakes[0].startswith(f"{folder / 'sound.yaml'}:3: see_also[0]: there is no topic 'cam'; allowed: camera")
    named = frontline_text("help-topics", "check", environment={**ENGLISH, "FRONTLINE_HELP_TOPICS": str(folder)})
    assert (named.returncode, named.stdout) == (1, done.stdout)
    data = json.loads(frontline_text("help-topics", "check", str(folder), "--json").stdout)
    assert [each["field"] for each in data["mistakes"]] == ["see_also[0]", "see_also[1]"]


def test_check_compares_the_channels_with_those_of_an_edition(tmp_path: Path) -> None:
    """By default with those of the editions in use."""
    folder = write(tmp_path / "ours", "sound.yaml", "[chat]", "[fax]")
    done = frontline_text("help-topics", "check", str(folder))
    assert done.returncode == 1
    assert "channels[0]: 'fax' is no channel of the edition; allowed: " in done.stdout


@pytest.mark.parametrize("arguments", [("nix",), (str(SHIPPED), "--policy", "nix")], ids=["folder", "edition"])
def test_what_is_not_there_is_bad_input(arguments: tuple[str, ...]) -> None:
    """Scripts tell a mistyped path (2) from a mistake in a topic (1)."""
    done = frontline_text("help-topics", "check", *arguments)
    assert done.returncode == 2
    assert "nix" in done.stdout + done.stderr


def test_ask_shows_what_the_bot_would_find() -> None:
    """The topics with their scores, and the answer of the first."""
    done = frontline_text("help-topics", "ask", "mi microfno no funciona", "--language", "es")
    assert done.returncode == 0
    assert "microphone" in done.stdout
    assert "1. Mire el símbolo del micrófono" in done.stdout
    data = json.loads(frontline_text("help-topics", "ask", "mi microfno no funciona", "--lang", "es", "--json").stdout)
    assert data["hits"][0]["topic"] == "microphone"
    assert data["hits"][0]["language"] == "es"
    assert data["hits"][0]["answer"].startswith("Lo más frecuente")


def test_ask_says_when_nothing_is_found() -> None:
    """And ends with 1; what comes nearest helps whoever looks for the reason."""
    done = frontline_text("help-topics", "ask", "my car makes a strange noise", environment=ENGLISH)
    assert done.returncode == 1
    assert "the bot says that it does not know" in done.stdout
    assert "echo" in done.stdout
    done = frontline_text("help-topics", "ask", "🎉", "--json")
    assert (done.returncode, json.loads(done.stdout)["hits"]) == (1, [])


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--lang", "pt"), "its languages are en, es"),
        (("--limit", "0"), "from 1 to 10"),
        (("--topics", "nix"), "nix: is not a folder"),
    ],
)
def test_a_wrong_option_is_bad_input(arguments: tuple[str, ...], said: str) -> None:
    """It is named with what is allowed."""
    done = frontline_text("help-topics", "ask", "sound", *arguments, environment=ENGLISH)
    assert (done.returncode, done.stdout) == (2, "")
    assert said in done.stderr


@pytest.mark.parametrize("kind", ["topic", "set"])
def test_schema_prints_the_file_that_ships(kind: str) -> None:
    """So that a set of one's own can have it too."""
    done = frontline_text("help-topics", "schema", kind)
    assert done.stdout == (SHIPPED / f"{kind}.schema.json").read_text(encoding="utf-8")
