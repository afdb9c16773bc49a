"""`python -m services.intake`: runs intake from its environment; exit codes as in `shared/process.py`."""

import sys

from services.intake.server import IntakeServer
from services.intake.service import Service
from services.intake.settings import Settings
from shared import process


def main() -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    return process.main("intake", Settings, prepare)


def prepare(settings: Settings) -> IntakeServer:
    """Read who is admitted, and the policy. Raises BadSettings, PolicyError."""
    callers = settings.read_callers()
    return IntakeServer(Service(settings, callers, settings.editions()))


if __name__ == "__main__":
    sys.exit(main())
