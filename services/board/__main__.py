"""`python -m services.board`: runs the board from its environment; exit codes as in `shared/process.py`."""

import sys

from services.board.app import server_of
from services.board.service import Service
from services.board.settings import Settings
from shared import process
from shared.web.server import CallServer


def main() -> int:
    """Run until SIGTERM or SIGINT; returns the exit code."""
    return process.main("board", Settings, prepare)


def prepare(settings: Settings) -> CallServer:
    """Read who is admitted, and the policy. Raises BadSettings, PolicyError."""
    return server_of(Service(settings, settings.read_callers(), settings.editions()))


if __name__ == "__main__":
    sys.exit(main())
