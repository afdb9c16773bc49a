"""`python -m services.escalation`: runs escalation from its environment; exit codes as in `shared/process.py`."""

import sys

from services.escalation.app import escalation
from services.escalation.settings import EscalationSettings
from shared import process
from shared.streams.service import TaskServer


def main() -> int:
    """Run until a signal or a failure ends it; returns the exit code."""
    return process.main("escalation", EscalationSettings, prepare)


def prepare(settings: EscalationSettings) -> TaskServer:
    """Load the policy. Raises PolicyError."""
    return TaskServer(escalation(settings.editions(), settings.partitions, settings.overdue_alarm_seconds), settings)


if __name__ == "__main__":
    sys.exit(main())
