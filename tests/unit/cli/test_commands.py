"""The table of subcommands: each has help, takes --json, and ends with exit code 2 for bad input."""

import inspect
import subprocess
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from cyclopts import App

from services.cli.__main__ import COMMANDS
from services.cli.policy.commands import NEED_KAFKA
from tests.harness.command_line import frontline_anew, frontline_text

# of those that have subcommands, the ones to ask
LEAVES = {
    "policy": ("check", "show", "diff"),
    "help-topics": ("check", "ask"),
    "topics": ("apply", "check"),
    "dead-letters": ("list", "show", "replay"),
    "token": ("key",),
    "board": ("rebuild",),
}


def _frontline(*arguments: str, **environment: str) -> subprocess.CompletedProcess[str]:
    return frontline_text(*arguments, environment=environment)


def test_an_unknown_command_is_bad_input() -> None:
    """Scripts distinguish a typing mistake (2) from a check that failed (1)."""
    done = _frontline("nonsense")
    assert (done.returncode, done.stdout) == (2, "")
    assert "nonsense" in done.stderr


@pytest.mark.parametrize("command", COMMANDS)
def test_a_command_begins_without_the_imports_of_another(command: str) -> None:
    """As its users start it; most tests run it where the imports of all commands are done."""
    done = frontline_anew(command, "--help")
    assert (done.returncode, done.stderr) == (0, b"")
    assert done.stdout


@pytest.mark.parametrize(
    "command",
    [(name, leaf) if leaf else (name,) for name in COMMANDS for leaf in LEAVES.get(name, ("",))],
    ids=" ".join,
)
def test_every_command_has_help_and_takes_json(command: tuple[str, ...]) -> None:
    """Programs read every answer, people every help page."""
    done = _frontline(*command, "--help")
    assert done.returncode == 0
    assert "--json" in done.stdout


def _target(where: str) -> Any:
    module, _, name = where.partition(":")
    return getattr(import_module(module), name)


# A lazily loaded command is listed by a line that is at hand without importing it.
LISTED = {
    **{name: command for name, command in COMMANDS.items() if not isinstance(_target(command[0]), App)},
    **{f"policy {name}": command for name, command in NEED_KAFKA.items()},
}


@pytest.mark.parametrize("command", LISTED)
def test_the_help_of_a_command_is_its_whole_docstring_and_begins_with_its_line_in_the_list(command: str) -> None:
    """The list has room for one sentence; what a command reads, prints and answers stands in its docstring alone."""
    where, line = LISTED[command]
    whole, _, _ = inspect.cleandoc(_target(where).__doc__).partition("\n\nParameters\n")
    assert whole.splitlines()[0] == line
    shown, flag_first = (
        _frontline(*arguments, COLUMNS="80").stdout
        for arguments in ((*command.split(), "--help"), ("--help", *command.split()))
    )
    assert shown == flag_first
    # Without white space, since a page breaks the lines anew; and without the marks of code, which it renders.
    assert "".join(whole.replace("`", "").split()) in "".join(shown.split())


@pytest.mark.parametrize("group", [(), *((name,) for name in LEAVES)], ids=lambda group: " ".join(group) or "all")
def test_a_list_of_commands_says_what_each_one_does(group: tuple[str, ...]) -> None:
    """A name alone does not say whether this is the command that somebody looks for."""
    shown = _frontline(*group, "--help", COLUMNS="80").stdout
    listed = [line.strip("│ ") for line in shown.partition("─ Commands ")[2].splitlines()[1:-1]]
    names = COMMANDS if not group else _target(COMMANDS[group[0]][0]).resolved_commands()
    for name in names:
        if not name.startswith("-"):
            assert any(line.startswith(f"{name} ") for line in listed), f"{name} has no description: {listed}"


def test_the_list_of_all_commands_has_one_line_for_each() -> None:
    """It is read at a glance, on a terminal of 80 columns."""
    shown = _frontline("--help", COLUMNS="80").stdout
    flag = "Display this message and exit."
    for name, (_, line) in (*COMMANDS.items(), ("--help (-h)", ("", flag))):
        assert f"│ {name:<12}  {line:<62} │" in shown


@pytest.mark.parametrize("arguments", [("--help",), ("--version",)], ids=" ".join)
def test_the_list_of_commands_imports_no_command(arguments: tuple[str, ...]) -> None:
    """Importing aiokafka and FastAPI takes several times as long as everything else that the list needs."""
    program = (
        "import sys\n"
        f"sys.argv[1:] = {arguments!r}\n"
        "from services.cli.__main__ import COMMANDS, main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        "commands = {where.partition(':')[0] for where, _ in COMMANDS.values()}\n"
        "print(*sorted({'aiokafka', 'fastapi', *commands} & sys.modules.keys()), file=sys.stderr)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, timeout=60, check=True)
    assert (bool(done.stdout), done.stderr.strip()) == (True, "")


def test_a_check_that_would_seem_to_hang_is_refused() -> None:
    """P1 takes six hours to its last escalation in the shipped guidelines; nobody waits for that."""
    done = _frontline("demo", "--once", "--policy", "guidelines-2021")
    assert (done.returncode, done.stdout) == (2, "")
    assert "21600 s" in done.stderr


def test_a_catalogue_that_cannot_be_read_is_one_line_and_bad_input(tmp_path: Path) -> None:
    """Found at the start, not by the first sentence that a command shows."""
    (tmp_path / "pt.po").write_text('msgid "ledger.break"\nmsgstr "{pausa"\n', encoding="utf-8")
    done = _frontline("policy", "show", FRONTLINE_MESSAGES=str(tmp_path))
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{tmp_path}/pt.po: ledger.break: ")
    assert done.stderr.count("\n") == 1
