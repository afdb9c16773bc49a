"""`frontline settings`: has each service check the settings of this environment, and starts none of them."""

import asyncio
import os
import sys
from collections.abc import Sequence
from pathlib import Path

import msgspec

import services
from services.cli.options import BAD_INPUT, CommandFailed, Json, report
from services.cli.system import SERVICES

DONE, FAILED = 0, 1
_ROOT = str(Path(services.__file__).parents[1])  # files that settings name are relative to the current folder


def check_settings(*names: str, as_json: Json = False) -> int:
    """Check the settings of the services, without starting them.

    The settings are those of this environment. The command reads the editions, the keys and every other file that
    settings name, and connects to nothing. Exit code 2 if a setting is wrong, with one line for each; 0 if all are
    right.

    Parameters
    ----------
    names
        The services; without any, all of them.
    """
    unknown = [name for name in names if name not in SERVICES]
    if unknown:
        return report(CommandFailed(f"{unknown[0]} is not one of {', '.join(SERVICES)}", BAD_INPUT))
    chosen = names or SERVICES
    try:
        lines = asyncio.run(_wrong(chosen))
    except CommandFailed as failed:
        return report(failed)
    if as_json:
        print(msgspec.json.encode({"services": chosen, "wrong": lines}).decode())
    elif lines:
        print("\n".join(lines), file=sys.stderr)
    else:
        print(f"the settings of {', '.join(chosen)} are right")
    return BAD_INPUT if lines else DONE


async def _wrong(chosen: Sequence[str]) -> list[str]:
    """The lines of all services, each once: most settings are those of several services."""
    found = await asyncio.gather(*map(_lines_of, chosen))
    return list(dict.fromkeys(line for lines in found for line in lines))


async def _lines_of(service: str) -> list[str]:
    checking = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", f"services.{service}", "--check"),
        env={**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, (_ROOT, os.environ.get("PYTHONPATH"))))},
        stdin=asyncio.subprocess.DEVNULL,
        stderr=asyncio.subprocess.PIPE,
    )
    _, errors = await checking.communicate()
    lines = errors.decode(errors="replace").splitlines()
    if checking.returncode not in (DONE, BAD_INPUT):
        raise CommandFailed(f"{service} could not check its settings: {lines[-1:] or checking.returncode}", FAILED)
    return lines if checking.returncode == BAD_INPUT else []
