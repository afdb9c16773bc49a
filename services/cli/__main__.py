"""The `frontline` command: the table of its subcommands. Each is a file of its own, imported only when it is run.

Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 a check failed, 2 bad input.
"""

import logging
import sys
from importlib.metadata import version

from cyclopts import App, CycloptsError
from rich.console import Console

from services.cli.errors import BAD_INPUT, CommandError, report

app = App(
    name="frontline",
    help="Routes support requests by what the customer is entitled to, and keeps the promises that follow.",
    version=lambda: version("frontline"),
    error_console=Console(stderr=True),
    result_action="return_value",
)

# name -> where it is; the order is the order of `frontline --help`
COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("services.cli.up:up", "The whole system on this machine, on a real Kafka; Ctrl-C stops it."),
    "demo": (
        "services.cli.demo.command:demo",
        "`up` with demo traffic to look at; --once checks the outcome and ends.",
    ),
    "decide": ("services.cli.decide:decide", "Decide requests without Kafka: JSON lines in, JSON lines out."),
    "deadline": ("services.cli.deadline:deadline", "Add a target to a start in business time: JSON lines in and out."),
    "clocks": ("services.cli.clocks:clocks", "The SLA clocks of a case's history: JSON lines in and out."),
    "explain": (
        "services.cli.explain.command:explain",
        "Why a case got its channel, priority and deadlines, from the log.",
    ),
    "replay": ("services.cli.replay.command:replay", "Fold a recorded log again; compare it with what was published."),
    "policy": ("services.cli.policy.commands:app", "Check, show and compare editions; migrate open cases."),
    "topics": ("services.cli.topics:app", "Make the topics, compare them, accept one that was created again."),
    "dead-letters": ("services.cli.dead_letters:app", "List, show and replay records that could not be processed."),
    "token": ("services.cli.token:app", "Make API keys for the clients of intake."),
    "doctor": ("services.cli.doctor:doctor", "What this machine has and lacks for running Frontline."),
}

for _name, (_where, _help) in COMMANDS.items():
    app.command(_where, name=_name, help=_help)


def main() -> None:
    """Run one command and end with its exit code: the number that it returns, or 0."""
    # A command says in a sentence of its own what went wrong; the client's chatter about each try would bury it.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        result = app(exit_on_error=False)
    except CycloptsError:
        sys.exit(BAD_INPUT)
    except CommandError as error:
        sys.exit(report(error))
    except BrokenPipeError:
        sys.stderr.close()  # the reader went away (`| head`): nothing is left to say, and nobody to say it to
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(result if isinstance(result, int) else 0)


if __name__ == "__main__":
    main()
