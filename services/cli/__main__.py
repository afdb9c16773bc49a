"""The `frontline` command: the table of its subcommands. A subcommand's module is imported only when it runs.

Data goes to standard output, everything else to standard error. Exit codes: 0 done, 1 a check failed, 2 bad input.
"""

import logging
import sys
from importlib.metadata import version

from cyclopts import App, CycloptsError
from rich.console import Console

from shared.messages.catalogues import BadCatalogue, load_all

BAD_INPUT = 2

app = App(
    name="frontline",
    help="Routes support requests by what the customer is entitled to, and keeps the promises that follow.",
    version=lambda: version("frontline"),
    error_console=Console(stderr=True),
    result_action="return_value",
)

# name -> module and function, help; in the order of `frontline --help`
COMMANDS: dict[str, tuple[str, str]] = {
    "up": ("services.cli.up:up", "Run the whole system on this machine, on a real Kafka; Ctrl-C stops it."),
    "demo": (
        "services.cli.demo.command:demo",
        "`up` with demo requests to watch; --once checks the result and ends.",
    ),
    "decide": ("services.cli.decide:decide", "Decide requests without Kafka: JSON lines in, JSON lines out."),
    "deadline": ("services.cli.deadline:deadline", "Add a target to a start in business time: JSON lines in and out."),
    "clocks": (
        "services.cli.clocks:clocks",
        "Compute the SLA clocks of cases from their events: JSON lines in and out.",
    ),
    "explain": (
        "services.cli.explain.command:explain",
        "Explain why a case got its channel, priority and deadlines, from the log.",
    ),
    "replay": ("services.cli.replay.command:replay", "Run the services again on a recorded log; compare the events."),
    "policy": ("services.cli.policy.commands:app", "Check, show and compare editions; migrate open cases."),
    "topics": ("services.cli.topics:app", "Create the topics, compare them, accept one that was recreated."),
    "dead-letters": ("services.cli.dead_letters:app", "List, show and replay records that could not be processed."),
    "token": ("services.cli.token:app", "Create API keys for the clients of intake."),
    "doctor": ("services.cli.doctor:doctor", "Check whether Frontline can run on this machine."),
}

for _name, (_where, _help) in COMMANDS.items():
    app.command(_where, name=_name, help=_help)


def main() -> None:
    """Run one command and end with its exit code: the number that it returns, or 0."""
    # The client logs each attempt; a command reports a failure once, in one sentence.
    logging.getLogger("aiokafka").setLevel(logging.CRITICAL)
    try:
        load_all()
        result = app(exit_on_error=False)
    except BadCatalogue as error:
        print(error, file=sys.stderr)
        sys.exit(BAD_INPUT)
    except CycloptsError:
        sys.exit(BAD_INPUT)
    except BrokenPipeError:
        sys.stderr.close()  # the reader has closed the pipe (`| head`), so nobody would read an error either
        sys.exit(0)
    except KeyboardInterrupt:
        sys.exit(130)
    sys.exit(result if isinstance(result, int) else 0)


if __name__ == "__main__":
    main()
