"""The `frontline` command: the table of its subcommands. A subcommand's module is imported only when it runs.

Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 a check failed, 2 bad input.
"""

import logging
import os
import sys
from collections.abc import Sequence

from cyclopts import App, CycloptsError
from rich.console import Console

from services.cli.version import frontline_version
from shared.messages.catalogues import BadCatalogue, load_all

BAD_INPUT = 2  # as in options.py, whose import would take longer than `--help`

app = App(
    name="frontline",
    help="Routes support requests by what the customer is entitled to, and keeps the promises that follow.",
    version=frontline_version,
    error_console=Console(stderr=True),
    result_action="return_value",
)

# name -> module and function, line in `frontline --help`; of a function, the first line of its docstring
COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("services.cli.up:up", "Run the whole system on a real Kafka; Ctrl-C stops it."),
    "demo": ("services.cli.demo.command:demo", "Run the whole system with demo requests; Ctrl-C stops it."),
    "decide": ("services.cli.decide:decide", "Decide requests without Kafka: JSON lines in, JSON lines out."),
    "deadline": ("services.cli.deadline:deadline", "Compute when targets are due: JSON lines in, JSON lines out."),
    "clocks": ("services.cli.clocks:clocks", "Compute SLA clocks of cases: JSON lines in, JSON lines out."),
    "cases": (
        "services.cli.cases.command:cases",
        "List the newest cases of the log, and what is due on each.",
    ),
    "explain": (
        "services.cli.explain.command:explain",
        "Explain a case's channel, priority and deadlines from the log.",
    ),
    "replay": ("services.cli.replay.command:replay", "Run the services again on a recorded log; compare the events."),
    "policy": ("services.cli.policy.commands:app", "Check, show, compare and try editions; migrate open cases."),
    "help-topics": ("services.cli.help_topics.commands:app", "Check the bot's help topics, and ask it a question."),
    "topics": ("services.cli.topics:app", "List, create and compare topics; accept lost records."),
    "dead-letters": ("services.cli.dead_letters:app", "List, show and replay records that could not be processed."),
    "board": ("services.cli.board.commands:app", "Make the board's file anew from the log."),
    "token": (
        "services.cli.token:app",
        "Create API keys, signed tokens, and the secret of ids.",
    ),
    "settings": (
        "services.cli.settings_check:check_settings",
        "Check the settings of the services, without starting them.",
    ),
    "doctor": ("services.cli.doctor:doctor", "Check whether Frontline can run on this machine."),
}

for _name, (_where, _line) in COMMANDS.items():
    app.command(_where, name=_name, help=_line)


def show_docstring(tokens: Sequence[str]) -> None:
    """Have the help of the command that `tokens` name show its docstring: its line in the list would take that place.

    Raises CycloptsError.
    """
    # cyclopts counts --help among the commands, and its help is that of `--help` in each list.
    words = [token for token in tokens if not token.startswith("-")]
    _, apps, _ = app.parse_commands(words)  # imports the command that they name alone
    for each in apps:
        if each.default_command is not None:
            each.help = None


def main() -> None:
    """Run one command and end with its exit code: the number that it returns, or 0."""
    # The client logs each attempt; a command reports a failure once, in one sentence.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        load_all()
        show_docstring(sys.argv[1:])
        result = app(exit_on_error=False)
    except BadCatalogue as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_INPUT)
    except CycloptsError:
        sys.exit(BAD_INPUT)
    except BrokenPipeError:
        # The reader has closed the pipe (`| head`) and has what it wanted. What is left to write goes nowhere: the
        # interpreter writes it out at its end, and would end with an error of its own.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(result if isinstance(result, int) else 0)


if __name__ == "__main__":
    main()
