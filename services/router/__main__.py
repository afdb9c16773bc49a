"""`python -m services.router`: runs the router from its environment; exit codes as in `shared/process.py`."""

import sys

from services.router.app import router
from services.router.settings import RouterSettings
from shared import process
from shared.streams.service import TaskServer


def main() -> int:
    """Run until a signal or a failure ends it; returns the exit code."""
    return process.main("router", RouterSettings, prepare)


def prepare(settings: RouterSettings) -> TaskServer:
    """Load the policy. Raises PolicyError."""
    return TaskServer(router(settings.editions(), settings.partitions), settings)


if __name__ == "__main__":
    sys.exit(main())
