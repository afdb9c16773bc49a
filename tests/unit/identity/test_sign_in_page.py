"""docs/sign-in.md is correct: its programs make tokens that intake admits."""

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from shared.identity.minting import new_key_pair, public_part
from shared.identity.signed_tokens import SignedTokens, TokenHost
from shared.wall_clock import utc_now
from tests.harness.node import node

PAGE = (Path(__file__).parents[3] / "docs" / "sign-in.md").read_text(encoding="utf-8")


@pytest.mark.parametrize("language", ["python", "javascript"])
def test_the_program_makes_a_token_that_is_admitted(language: str, tmp_path: Path) -> None:
    """Developers of host applications copy it."""
    (program,) = re.findall(rf"```{language}\n(.*?)```", PAGE, re.DOTALL)
    command = [sys.executable, "program.py"]
    if language == "javascript":
        command = [node("the JavaScript of docs/sign-in.md"), "program.mjs"]
    (tmp_path / command[1]).write_text(program, encoding="utf-8")
    key = new_key_pair("k1")
    (tmp_path / "portal.token-key.json").write_text(json.dumps({"key": key.as_dict(private=True)}), encoding="utf-8")
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    host = TokenHost(name="portal", keys=(public_part(key),))
    person = SignedTokens((host,), "frontline").verify(done.stdout.strip(), utc_now()).person
    assert (person.requester_id, person.account_id, person.role, person.licensed) == ("u1", "acme", "admin", True)
