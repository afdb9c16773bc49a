"""The licence is Apache-2.0, and whatever can name a licence names that one."""

import json
import tomllib
from pathlib import Path

from services.escalation.topology import EscalationTopology
from services.intake.app import create_app
from services.intake.service import Service
from services.intake.settings import Settings
from shared.kafka.asyncapi import asyncapi
from shared.kafka.settings import KafkaSettings
from tests.harness.intake import ID_SECRET, api_keys, editions

ROOT = Path(__file__).parents[2]
NAME = "Apache-2.0"


def test_the_licence_is_the_apache_license_2() -> None:
    """Whoever wants to use it has to find the whole text."""
    text = (ROOT / "LICENSE").read_text()
    assert "Apache License\n                           Version 2.0, January 2004" in text
    assert "END OF TERMS AND CONDITIONS" in text


def test_package_and_image_name_the_licence() -> None:
    """Tools that list licences read these two, and the image has the text in it."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert (project["license"], project["license-files"]) == (NAME, ["LICENSE"])
    dockerfile = (ROOT / "Dockerfile").read_text()
    assert f'org.opencontainers.image.licenses="{NAME}"' in dockerfile
    assert " LICENSE " in dockerfile
    assert "!LICENSE" in (ROOT / ".dockerignore").read_text().splitlines()


def test_the_documents_of_the_apis_name_the_licence() -> None:
    """A client that is generated from them takes it over."""
    settings = Settings(kafka_bootstrap="127.0.0.1:1", api_keys=api_keys(), id_secret=ID_SECRET)
    openapi = create_app(Service(settings, settings.read_callers(), editions())).openapi()
    assert openapi["info"]["license"]["identifier"] == NAME
    events = json.loads(asyncapi("t", "d", KafkaSettings(), EscalationTopology.sources, EscalationTopology.sinks))
    assert events["info"]["license"]["name"] == NAME
