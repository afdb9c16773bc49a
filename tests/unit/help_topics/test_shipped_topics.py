"""The topics that ship: complete, in every language of the shipped editions, described by their schemas."""

import json
import tomllib
from pathlib import Path

import pytest

from shared.help_topics.answer_text import Steps, blocks
from shared.help_topics.files import SHIPPED
from shared.help_topics.schema import KINDS, schema
from shared.policy.document import Source, parse
from shared.policy.files import edition_names
from tests.harness.json_schema import problems
from tests.harness.shipped import shipped_edition
from tests.unit.help_topics.shipped import shipped_topics

ROOT = Path(__file__).parents[3]
FILES = sorted(SHIPPED.glob("*.yaml"))


@pytest.mark.parametrize("edition", edition_names())
def test_the_topics_fit_every_shipped_edition(edition: str) -> None:
    """Its languages have texts, and the channels that topics name are its channels."""
    loaded, topics = shipped_edition(edition), shipped_topics().set
    assert set(loaded.languages) <= set(topics.languages)
    assert {channel for topic in topics.topics.values() for channel in topic.channels} <= loaded.channels.keys()


@pytest.mark.parametrize("path", FILES, ids=[path.stem for path in FILES])
def test_every_file_fits_its_schema(path: Path) -> None:
    """An editor must not underline what is right."""
    kind = schema("set" if path.stem == "set" else "topic")
    text = path.read_text(encoding="utf-8")
    assert list(problems(parse(Source(path.name, text)).data, kind, kind)) == []
    assert f"$schema={'set' if path.stem == 'set' else 'topic'}.schema.json" in text


@pytest.mark.parametrize("kind", KINDS)
def test_the_schemas_for_editors_are_up_to_date(kind: str) -> None:
    """`frontline help-topics schema KIND > help_topics/KIND.schema.json` writes one again."""
    written = (SHIPPED / f"{kind}.schema.json").read_text(encoding="utf-8")
    assert written == json.dumps(schema(kind), ensure_ascii=False, indent=2) + "\n"
    assert all(field["description"] for field in schema(kind)["properties"].values())


def test_a_misshapen_field_does_not_fit() -> None:
    """The schema refuses what the loader refuses."""
    kind = schema("topic")
    text = {"title": "t", "answer": "a", "questions": ["q"]}
    assert list(problems({"topic": "x", "texts": {"en": text}}, kind, kind)) == []
    for wrong in ({"topic": "No x", "texts": {"en": text}}, {"topic": "x"}, {"topic": "x", "texts": {"e n": text}}):
        assert list(problems(wrong, kind, kind)), wrong
    assert list(problems({"topic": "x", "texts": {"en": text | {"questions": []}}}, kind, kind))


def test_every_language_says_the_same() -> None:
    """A translation that lost a step or a paragraph helps one half of the people less."""
    topics = shipped_topics().set
    for name, topic in topics.topics.items():
        shapes = {
            tuple(len(block.steps) if isinstance(block, Steps) else 0 for block in blocks(topic.text(language).answer))
            for language in topics.languages
        }
        assert len(shapes) == 1, name
        for language in topics.languages:
            assert len(topic.text(language).questions) >= 10, (name, language)


def test_the_topics_are_part_of_what_is_installed() -> None:
    """A wheel and an image without them would start and know nothing."""
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]["targets"]["wheel"]
    assert wheel["force-include"]["help_topics"] == "help_topics"
    assert "COPY help_topics help_topics\n" in (ROOT / "Dockerfile").read_text()
    assert "!help_topics\n" in (ROOT / ".dockerignore").read_text()
