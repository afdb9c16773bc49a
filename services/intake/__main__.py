"""`python -m services.intake`: runs intake from its environment; exit codes as in `shared/process.py`."""

import sys

from services.intake.app import server_of
from services.intake.service import Service
from services.intake.settings import Settings
from shared import process
from shared.web.server import CallServer


def main() -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    return process.main("intake", Settings, prepare)


def prepare(settings: Settings) -> CallServer:
    """Read who is admitted, and the policy. Raises BadSettings, PolicyError."""
    callers = settings.read_callers()
    return server_of(Service(settings, callers, settings.editions()))


if __name__ == "__main__":
    sys.exit(main())
