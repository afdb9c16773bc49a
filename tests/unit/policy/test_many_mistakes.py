"""One edition with many mistakes, each of another kind: one run reports all of them, with what is allowed."""

import re
from pathlib import Path

import pytest

from services.cli.policy import commands as policy
from shared.policy.document import Source
from shared.policy.loader import load
from shared.policy.mistakes import Mistake, PolicyError
from tests.unit.policy.small_edition import DictShelf

FILE = Path(__file__).with_name("many_mistakes.yaml")
TEXT = FILE.read_text(encoding="utf-8")


def expected() -> list[tuple[int, str, str, str | None]]:
    """Line, field, part of the message, part of what is allowed: as the comments of the file say."""
    found = []
    for number, line in enumerate(TEXT.splitlines(), 1):
        if "#! " in line:
            field, message, *allowed = (part.strip() for part in line.split("#! ")[1].split("|"))
            found.append((number, field, message, allowed[0] if allowed else None))
    return found


def reported() -> tuple[Mistake, ...]:
    """What one run of the loader reports."""
    with pytest.raises(PolicyError) as refused:
        load(Source(FILE.name, TEXT), DictShelf({}))
    return refused.value.mistakes


def test_one_run_reports_every_mistake_with_file_line_field_and_what_is_allowed() -> None:
    """Whoever writes a first edition makes many mistakes at once; each that hides another costs a run."""
    found = reported()
    assert len(expected()) >= 25
    for line, field, message, allowed in expected():
        here = [each for each in found if (each.file, each.line, each.field) == (FILE.name, line, field)]
        assert here, (line, field, [str(each) for each in found if each.line == line])
        assert any(message in each.message and (allowed or "") in (each.allowed or "") for each in here), here


def test_nothing_else_is_reported() -> None:
    """A mistake that is reported only because of another one would send people to the wrong line."""
    lines = {line for line, *_ in expected()}
    assert [str(each) for each in reported() if each.line not in lines] == []


def test_the_command_prints_one_line_for_each(capsys: pytest.CaptureFixture[str]) -> None:
    """In the order of the file, as `file:line: field: message; allowed: …`."""
    assert policy.check(str(FILE)) == 1
    numbers = [int(number) for number in re.findall(rf"{FILE.name}:(\d+): ", capsys.readouterr().out)]
    assert len(numbers) == len(reported())
    assert numbers == sorted(numbers)
