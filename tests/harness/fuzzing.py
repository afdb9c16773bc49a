"""Schemathesis against a running intake: calls that its OpenAPI document admits, and calls that it does not.

It generates both from the document, and judges the answers by it. No schema can say which words an edition has, which
accounts it calls impossible, nor what Unicode alone knows (docs/contracts.md). So the calls that must be admitted come
from the same document, narrowed to what is right by the edition; those that must be refused from the document itself.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Iterable
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from shared.contracts.identifiers import PATTERN
from shared.policy.impossible_accounts import AccountWords, impossible_by
from shared.policy.model import Edition

Json = Any
SIMPLE = "^[a-z0-9]{1,20}$"  # identifiers that every Unicode knows, and that no status looks like
_FUTURE = "2999-01-01T00:00:00Z"
_COUNTRIES = ("ES", "JP", "US")
_ENDLESS = "followSupportRequest"  # its answer does not end
_ENABLED = {True: "true", False: "false"}
_CONFIGURATION = """\
[[operations]]
include-method = ["GET", "DELETE"]
phases.fuzzing.enabled = {without_body} # nothing to be random about that is wrong

[[operations]]
include-method = ["POST", "PUT"]
phases.coverage.enabled = {bounds} # each bound of each field by itself
"""
_WITHIN = 1800.0  # seconds
_ROOT = Path(__file__).parents[2]
_HOOKS = {"SCHEMATHESIS_HOOKS": "tests.harness.fuzzing_checks", "PYTHONPATH": str(_ROOT)}


class Verdict(NamedTuple):
    """Whether Schemathesis found nothing, and its report."""

    is_clean: bool
    report: str


class Fuzzing:
    """Runs Schemathesis against the intake at `url`, with so many `examples` of each call.

    `thorough` also tries each bound of each field by itself, which takes minutes. `folder` is for its files.
    """

    def __init__(self, url: str, key: str, edition: Edition, folder: Path, examples: int, thorough: bool) -> None:
        self._url = url
        self._key = key
        self._edition = edition
        self._folder = folder
        self._examples = examples
        self._thorough = thorough

    async def admitted(self) -> Verdict:
        """Calls that intake must admit: the examples of the document, random ones, and chains of calls."""
        phases = ("examples", "coverage", "fuzzing", "stateful")
        document = await self._document()
        narrow(document, self._edition)
        return await self._run(document, "positive", phases, "--exclude-operation-id", _ENDLESS)

    async def refused(self) -> Verdict:
        """Calls that intake must refuse."""
        document = await self._document()
        if not self._thorough:
            replace_pattern(document, None)  # what is refused by a document that admits more has to be refused by ours
        # This mode also varies what is not wrong: with what, only the edition knows.
        return await self._run(
            document, "negative", ("coverage", "fuzzing"), "--exclude-checks", "positive_data_acceptance"
        )

    async def _document(self) -> Json:
        async with httpx.AsyncClient() as http:
            return (await http.get(f"{self._url}/openapi.json")).raise_for_status().json()

    async def _run(self, document: Json, mode: str, phases: Iterable[str], *options: str) -> Verdict:
        file = self._folder / f"{mode}.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        enabled = {"without_body": _ENABLED[mode == "positive"], "bounds": _ENABLED[self._thorough]}
        configuration = _CONFIGURATION.format(**enabled)
        (self._folder / "schemathesis.toml").write_text(configuration, encoding="utf-8")
        seed = ["--seed", "1"] if not self._thorough else []
        arguments = [
            *("-m", "schemathesis.cli", "run", str(file), "--url", self._url, "--mode", mode, "--no-color", *options),
            *("--header", f"Authorization: Bearer {self._key}", "--generation-database", "none", *seed),
            *("--phases", ",".join(phases), "--max-examples", str(self._examples)),
        ]
        process = await asyncio.create_subprocess_exec(
            *(sys.executable, *arguments), cwd=self._folder, env={**os.environ, **_HOOKS}, stdout=PIPE, stderr=STDOUT
        )
        try:
            output, _ = await asyncio.wait_for(process.communicate(), _WITHIN)
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        return Verdict(process.returncode == 0, output.decode())


def narrow(document: Json, edition: Edition) -> None:
    """Leave of `document` what is right by `edition`, whatever was called before."""
    replace_pattern(document, SIMPLE)
    _drop_keys(document)
    _without_tokens(document)
    schemas = document["components"]["schemas"]
    fields = {name: {"enum": [*field.values]} for name, field in edition.fields.items()}
    submission, activity, entitlement = (
        schemas[name]["properties"] for name in ("Submission", "Activity", "EntitlementBody")
    )
    submission["channel"] = _one_of(edition.channels)
    for body in (submission, entitlement):
        body["country"] = _one_of(_COUNTRIES)  # else one call for each country of the world
    submission["language"] = _one_of(edition.languages)
    needed = [name for name, field in edition.fields.items() if field.default is None]
    submission["fields"] = {"type": "object", "properties": fields, "required": needed, "additionalProperties": False}
    schemas["Submission"]["required"].append("fields")
    schemas["RequesterBody"]["properties"]["role"] = _one_of(edition.roles)
    activity["at"] = {"type": "null"}  # a chain of calls knows when its case was submitted
    activity["until"] = {"enum": [_FUTURE, None]}
    activity["milestone"] = _one_of(edition.milestones)
    activity["plan"] = _one_of(edition.plans)
    activity["fields"] = {"type": "object", "properties": fields, "additionalProperties": False, "minProperties": 1}
    terms = {name: {"$ref": "#/components/schemas/TermsBody"} for name in edition.milestones}
    activity["milestones"] = {"type": "object", "properties": terms, "additionalProperties": False, "minProperties": 1}
    schemas["TermsBody"]["properties"]["calendar"] = _one_of(edition.calendars)
    entitlement["plan"] = _one_of(edition.plans)
    entitlement["account_type"] = _one_of(_possible_with_any_plan(edition))
    entitlement["paid"] = {"const": True}
    entitlement["calendar"] = _one_of(edition.calendars)
    entitlement["contacts"] |= {"maxItems": 1}  # else one may be named twice
    entitlement["valid_from"] = {"type": "null"}
    entitlement["valid_until"] = {"enum": [_FUTURE, None]}
    schemas["ContactBody"]["properties"]["role"] = _one_of(edition.roles)


def _one_of(words: Iterable[str]) -> Json:
    return {"enum": [*words]}


def _possible_with_any_plan(edition: Edition) -> list[str]:
    return [
        kind
        for kind in edition.account_types
        if not any(impossible_by(edition, AccountWords(plan, kind, True, None)) for plan in edition.plans)
    ]


def _drop_keys(document: Json) -> None:
    """Another body under a key that was used is a conflict."""
    for call in (call for methods in document["paths"].values() for call in methods.values()):
        call["parameters"] = [each for each in call.get("parameters", ()) if each["name"] != "Idempotency-Key"]


def _without_tokens(document: Json) -> None:
    """A caller with an API key sends the body of a client, not that of a signed-in person."""
    content = document["paths"]["/v1/support-requests"]["post"]["requestBody"]["content"]["application/json"]
    content["schema"] = content["schema"]["oneOf"][0]
    content["examples"].pop("own")


def replace_pattern(node: Json, pattern: str | None) -> None:
    """Identifiers by `pattern`, or of any characters: the list of those that nobody sees takes long to choose from."""
    if isinstance(node, dict):
        if node.get("pattern") == PATTERN:
            node.pop("pattern")
            node |= {} if pattern is None else {"pattern": pattern}
        for each in node.values():
            replace_pattern(each, pattern)
    elif isinstance(node, list):
        for each in node:
            replace_pattern(each, pattern)
