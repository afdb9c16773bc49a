"""Schemathesis against a running service: calls that its OpenAPI document admits, and calls that it does not.

It generates both from the document, and judges the answers by it. No schema can say all that is wrong: which words an
edition has, or what Unicode alone knows (docs/contracts.md). So the calls that must be admitted come from the same
document, narrowed to what is right; those that must be refused from the document itself. `fuzzed_intake.py` and
`fuzzed_board.py` narrow those of the services.
"""

import asyncio
import json
import os
import sys
from asyncio.subprocess import PIPE, STDOUT
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, NamedTuple

import httpx

from shared.contracts.identifiers import PATTERN

Json = Any
SIMPLE = "^[a-z0-9]{1,20}$"  # identifiers that every Unicode knows, and that no status looks like
_ENABLED = {True: "true", False: "false"}
_CONFIGURATION = """\
[[operations]]
include-method = ["GET", "DELETE"]
phases.fuzzing.enabled = {without_body}

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


class Fuzzed(NamedTuple):
    """A running service. `narrow` leaves of its document what is right, whatever was called before.

    The answer to the call `endless` does not end. `by_parameters`: calls without a body have parameters that may be
    wrong, so there is something to be random about.
    """

    url: str
    key: str
    narrow: Callable[[Json], None]
    endless: str
    by_parameters: bool


class Fuzzing:
    """Runs Schemathesis against a service, with so many `examples` of each call.

    `thorough` also tries each bound of each field by itself, which takes minutes. `folder` is for its files.
    """

    def __init__(self, fuzzed: Fuzzed, folder: Path, examples: int, thorough: bool) -> None:
        self._fuzzed = fuzzed
        self._folder = folder
        self._examples = examples
        self._thorough = thorough

    async def admitted(self) -> Verdict:
        """Calls that must be admitted: the examples of the document, random ones, and chains of calls."""
        phases = ("examples", "coverage", "fuzzing", "stateful")
        document = await self._document()
        self._fuzzed.narrow(document)
        return await self._run(document, "positive", phases)

    async def refused(self) -> Verdict:
        """Calls that must be refused."""
        document = await self._document()
        if not self._thorough:
            replace_pattern(document, None)  # what is refused by a document that admits more has to be refused by ours
        # This mode also varies what is not wrong: with what, only the edition knows.
        return await self._run(
            document, "negative", ("coverage", "fuzzing"), "--exclude-checks", "positive_data_acceptance"
        )

    async def _document(self) -> Json:
        async with httpx.AsyncClient() as http:
            return (await http.get(f"{self._fuzzed.url}/openapi.json")).raise_for_status().json()

    async def _run(self, document: Json, mode: str, phases: Iterable[str], *options: str) -> Verdict:
        file = self._folder / f"{mode}.json"
        file.write_text(json.dumps(document), encoding="utf-8")
        without_body = mode == "positive" or self._fuzzed.by_parameters
        configuration = _CONFIGURATION.format(without_body=_ENABLED[without_body], bounds=_ENABLED[self._thorough])
        (self._folder / "schemathesis.toml").write_text(configuration, encoding="utf-8")
        seed = ["--seed", "1"] if not self._thorough else []
        arguments = [
            *(
                "-m",
                "schemathesis.cli",
                "run",
                str(file),
                "--url",
                self._fuzzed.url,
                "--mode",
                mode,
                "--no-color",
                *options,
            ),
            *("--exclude-operation-id", self._fuzzed.endless),
            *("--header", f"Authorization: Bearer {self._fuzzed.key}", "--generation-database", "none", *seed),
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
